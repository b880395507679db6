//! Sources of pictures: files, folders and standard input.

use std::{
    ffi::{OsStr, OsString},
    fs,
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
};

use blastscope_files::{Found, Printable as _, pictures_below};
use sha2::{Digest as _, Sha256};

use crate::{source::replay::no_pictures, support::files};

/// The argument that stands for standard input, as in other programs.
const STANDARD_INPUT: &str = "-";

/// Where a picture's bytes come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    File(PathBuf),
    StandardInput,
}

/// Identity of a source, independent of the working folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    /// Its file's name without extension.
    pub stem: OsString,
    /// SHA-256 of the file's path with links resolved; for standard input, of the content.
    pub sha256: [u8; 32],
}

impl Source {
    /// The bytes of the picture.
    ///
    /// # Errors
    /// A clause that continues the picture's name.
    pub fn read(&self) -> Result<Vec<u8>, String> {
        match self {
            Self::File(path) => files::read(path),
            Self::StandardInput if io::stdin().is_terminal() => {
                Err("is this terminal; pipe a picture in, as in `blastscope classify - < field.jpg`".into())
            }
            Self::StandardInput => files::read_picture(io::stdin().lock(), 0),
        }
    }

    /// Identity of the source; `bytes` are its content.
    pub fn identity(&self, bytes: &[u8]) -> Identity {
        match self {
            Self::File(path) => {
                let whole = fs::canonicalize(path).or_else(|_| std::path::absolute(path));
                let whole = whole.unwrap_or_else(|_| path.clone());
                let stem = path.file_stem().unwrap_or(path.as_os_str()).to_os_string();
                Identity { stem, sha256: Sha256::digest(whole.as_os_str().as_encoded_bytes()).into() }
            }
            Self::StandardInput => Identity { stem: "standard-input".into(), sha256: Sha256::digest(bytes).into() },
        }
    }
}

/// Something to classify, or why it cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    /// Name as displayed.
    pub name: OsString,
    /// The source, or an error clause that continues the name.
    pub source: Result<Source, String>,
    /// Whether it stands for a whole folder that gave no picture.
    pub is_folder: bool,
}

impl Item {
    fn file(path: PathBuf) -> Self {
        Self { name: path.clone().into(), source: Ok(Source::File(path)), is_folder: false }
    }

    fn standard_input() -> Self {
        Self { name: STANDARD_INPUT.into(), source: Ok(Source::StandardInput), is_folder: false }
    }

    fn failed(path: PathBuf, reason: String) -> Self {
        Self { name: path.into(), source: Err(reason), is_folder: false }
    }

    fn folder(path: PathBuf, reason: String) -> Self {
        Self { is_folder: true, ..Self::failed(path, reason) }
    }
}

/// All sources in `paths`, in their order; pictures of a folder are sorted by path. Other content of folders is reported to
/// `note`.
pub(super) fn find(paths: &[PathBuf], note: impl Fn(String)) -> Vec<Item> {
    let mut items = Vec::new();
    for path in paths {
        if path.as_os_str() == OsStr::new(STANDARD_INPUT) {
            items.push(Item::standard_input());
        } else if fs::metadata(path).is_ok_and(|metadata| metadata.is_dir()) {
            match pictures_below(path) {
                Ok(found) => items.extend(of_folder(path, found, &note)),
                Err(error) => items.push(Item::folder(path.clone(), files::reason(&error))),
            }
        } else {
            items.push(Item::file(path.clone()));
        }
    }
    items
}

fn of_folder(folder: &Path, found: Found, note: impl Fn(String)) -> Vec<Item> {
    let Found { pictures, failures, left_out } = found;
    if pictures.is_empty() && failures.is_empty() {
        return vec![Item::folder(folder.to_path_buf(), no_pictures(folder, &left_out))];
    }
    if !left_out.is_empty() {
        note(format!("{}: left out {}", folder.printable(), left_out.below(folder)));
    }
    let failures = failures.into_iter().map(|failure| Item::failed(failure.path, files::reason(&failure.error)));
    let mut items: Vec<Item> = pictures.into_iter().map(Item::file).chain(failures).collect();
    items.sort_by(|a, b| Path::new(&a.name).cmp(Path::new(&b.name)));
    items
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn files_folders_and_standard_input_stay_in_their_order() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["slides/b.jfif", "slides/a/c.jpe", "slides/.hidden.jpg", "slides/notes.txt", "empty/x.webp"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
            fs::write(path, name).expect("a file");
        }
        let at = |name: &str| folder.path().join(name);
        let notes = RefCell::new(Vec::new());
        let paths = [at("absent.jpg"), "-".into(), at("slides"), at("empty")];
        let items = find(&paths, |note| notes.borrow_mut().push(note));
        let expected = [
            Item::file(at("absent.jpg")),
            Item::standard_input(),
            Item::file(at("slides/a/c.jpe")),
            Item::file(at("slides/b.jfif")),
        ];
        assert_eq!(items[..4], expected);
        assert!(items[4].is_folder);
        let reason = items[4].source.as_ref().expect_err("no pictures");
        assert!(reason.contains("holds no pictures") && reason.contains("save as PNG (x.webp)"), "{reason}");
        let notes = notes.into_inner();
        assert!(notes[0].ends_with("left out 1 not a picture (notes.txt), 1 hidden (.hidden.jpg)"), "{notes:?}");
    }

    #[test]
    fn one_source_has_one_identity_whatever_path_leads_to_it() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["a", "b"] {
            fs::create_dir(folder.path().join(name)).expect("a folder");
            fs::write(folder.path().join(name).join("1.jpg"), b"x").expect("a file");
        }
        let identity = |path: &str| Source::File(folder.path().join(path)).identity(b"x");
        assert_eq!(identity("a/1.jpg"), identity("b/../a/./1.jpg"));
        assert_ne!(identity("a/1.jpg"), identity("b/1.jpg"));
        let input = |bytes: &[u8]| Source::StandardInput.identity(bytes);
        assert!(input(b"x") == input(b"x") && input(b"x") != input(b"y"));
    }
}
