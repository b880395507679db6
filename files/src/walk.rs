//! Finds the pictures below a folder.
//!
//! One set of rules for every command:
//! - Only regular files count, by their extension ([`PICTURE_EXTENSIONS`]). Pipes, sockets and devices are never opened.
//! - Every folder is entered once and every file counted once, however many links lead there. A link back to where the walk came
//!   from ends there. Real folders come before links, so a link never takes a picture away from the folder that holds it.
//! - An entry that cannot be read is one [`Failure`]; the rest is found all the same.
//! - What is left out is counted and named by the reason ([`LeftOut`]).
//! - The order is that of the paths, whatever the file system's is.

mod left_out;

use std::{
    collections::{HashMap, HashSet, VecDeque, hash_map::Entry},
    ffi::OsStr,
    fs::{self, DirEntry, Metadata},
    io,
    path::{Path, PathBuf},
};

pub use left_out::{Left, LeftOut};

/// File name extensions that count as pictures, in lower case: JPEG, PNG, TIFF and BMP.
pub const PICTURE_EXTENSIONS: [&str; 8] = ["jpg", "jpeg", "jpe", "jfif", "png", "tif", "tiff", "bmp"];

/// Extensions of pictures that no command reads, in lower case.
const UNREAD_EXTENSIONS: [&str; 22] = [
    "webp", "heic", "heif", "avif", "gif", "jp2", "j2k", "jpx", "jxl", "dng", "cr2", "cr3", "nef", "arw", "raf", "svs",
    "ndpi", "czi", "lif", "vsi", "scn", "nd2",
];

/// Files and folders that systems and archivers leave behind, in lower case.
const OF_THE_SYSTEM: [&str; 8] = [
    "thumbs.db",
    "ehthumbs.db",
    "desktop.ini",
    "__macosx",
    "@eadir",
    "$recycle.bin",
    "system volume information",
    "lost+found",
];

/// An entry that could not be read.
#[derive(Debug)]
pub struct Failure {
    /// The file or folder.
    pub path: PathBuf,
    /// The system's reason.
    pub error: io::Error,
}

/// What lies below a folder.
#[derive(Debug, Default)]
pub struct Found {
    /// The pictures, in the order of their paths.
    pub pictures: Vec<PathBuf>,
    /// What could not be read, in the order of the paths.
    pub failures: Vec<Failure>,
    /// What was passed over, and why.
    pub left_out: LeftOut,
}

/// Whether a file's name ends as a picture's does, in any case.
#[must_use]
pub fn is_picture_name(path: &Path) -> bool {
    has_extension(path, &PICTURE_EXTENSIONS)
}

/// Why an entry is passed over for its name alone: hidden files, and what systems and archivers leave behind.
#[must_use]
pub fn passed_over_by_name(name: &OsStr) -> Option<Left> {
    // Before hidden files: the name says more.
    if OF_THE_SYSTEM.iter().any(|known| name.eq_ignore_ascii_case(known)) {
        return Some(Left::OfTheSystem);
    }
    name.as_encoded_bytes().starts_with(b".").then_some(Left::Hidden)
}

/// The paths of what is in `folder` itself, sorted, without what is [passed over by its name](passed_over_by_name).
///
/// # Errors
/// When `folder` or an entry of it cannot be listed.
pub fn listed(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if passed_over_by_name(&entry.file_name()).is_none() {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// The pictures below `folder`, at any depth.
///
/// # Errors
/// When `folder` itself cannot be listed.
pub fn pictures_below(folder: &Path) -> io::Result<Found> {
    pictures_below_each(&[folder]).pop().unwrap_or_else(|| Ok(Found::default()))
}

/// The pictures below each of `folders`, none of which lies in another. A picture that links lead to as well counts where it lies, and
/// one outside of all folders in the first that links to it.
///
/// The error of a folder says that it cannot be listed itself.
#[must_use]
pub fn pictures_below_each(folders: &[&Path]) -> Vec<io::Result<Found>> {
    let mut walk = Walk::default();
    let mut roots: Vec<io::Result<Found>> = folders.iter().map(|folder| walk.enter_root(folder)).collect();
    for (at, folder) in folders.iter().enumerate() {
        if let Ok(found) = &mut roots[at]
            && let Err(error) = walk.below(at, folder.to_path_buf(), found)
        {
            roots[at] = Err(error);
        }
    }
    while let Some((at, link)) = walk.links.pop_front() {
        if let Ok(found) = &mut roots[at] {
            walk.follow(at, link, found);
        }
    }
    for found in roots.iter_mut().flatten() {
        found.pictures.sort();
        found.failures.sort_by(|a, b| a.path.cmp(&b.path));
        found.left_out.sort();
    }
    roots
}

/// What a file or folder is, whatever path leads to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Identity {
    /// Device and inode.
    #[cfg(unix)]
    Inode(u64, u64),
    /// Where the system tells no inode: the path without links.
    Path(PathBuf),
}

impl Identity {
    fn of(path: &Path, metadata: &Metadata) -> io::Result<Self> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            // Some network file systems know no inodes and call all of them 0.
            if metadata.ino() != 0 {
                return Ok(Self::Inode(metadata.dev(), metadata.ino()));
            }
        }
        let _ = metadata;
        fs::canonicalize(path).map(Self::Path)
    }
}

/// How many names a file has on its disk, as far as the system tells.
fn names_of(metadata: &Metadata) -> u64 {
    #[cfg(unix)]
    return std::os::unix::fs::MetadataExt::nlink(metadata);
    #[cfg(not(unix))]
    {
        let _ = metadata;
        1
    }
}

#[derive(Default)]
struct Walk {
    /// Folders that were entered or will be, and those above the roots.
    folders: HashSet<Identity>,
    /// Pictures that count, with the root that they lie below.
    files: HashMap<Identity, usize>,
    /// Links, to be followed when all real folders were seen, with the root that they lie below.
    links: VecDeque<(usize, PathBuf)>,
}

impl Walk {
    /// Takes note of a root and of all folders above it: no link may lead there.
    fn enter_root(&mut self, folder: &Path) -> io::Result<Found> {
        let canonical = fs::canonicalize(folder)?;
        for above in canonical.ancestors() {
            // A folder above that must not be looked at cannot be entered by a link either.
            if let Ok(identity) = fs::metadata(above).and_then(|metadata| Identity::of(above, &metadata)) {
                self.folders.insert(identity);
            }
        }
        Ok(Found::default())
    }

    /// Finds what lies in `folder` and the real folders below it. Only a `folder` that cannot be listed is an error.
    fn below(&mut self, root: usize, folder: PathBuf, found: &mut Found) -> io::Result<()> {
        let mut folders = vec![folder];
        let mut is_first = true;
        while let Some(folder) = folders.pop() {
            match entries(&folder, found) {
                Ok(entries) => {
                    for entry in entries {
                        if let Err(error) = self.look(root, &entry, found, &mut folders) {
                            found.failures.push(Failure { path: entry.path(), error });
                        }
                    }
                }
                Err(error) if is_first => return Err(error),
                Err(error) => found.failures.push(Failure { path: folder, error }),
            }
            is_first = false;
        }
        Ok(())
    }

    /// Decides about one entry.
    fn look(&mut self, root: usize, entry: &DirEntry, found: &mut Found, folders: &mut Vec<PathBuf>) -> io::Result<()> {
        let path = entry.path();
        if let Some(reason) = passed_over_by_name(&entry.file_name()) {
            found.left_out.add(reason, path);
            return Ok(());
        }
        let kind = entry.file_type()?;
        if kind.is_symlink() {
            self.links.push_back((root, path));
        } else if kind.is_dir() {
            if self.folders.insert(Identity::of(&path, &entry.metadata()?)?) {
                folders.push(path);
            } else {
                found.left_out.add(Left::SeenElsewhere, path);
            }
        } else if !kind.is_file() {
            found.left_out.add(Left::NotRegular, path);
        } else if is_picture_name(&path) {
            let metadata = entry.metadata()?;
            let before = self.files.insert(Identity::of(&path, &metadata)?, root);
            // A second name below another root is kept: the two may say different things of the picture.
            if before == Some(root) && names_of(&metadata) > 1 {
                found.left_out.add(Left::SeenElsewhere, path);
            } else {
                found.pictures.push(path);
            }
        } else {
            found.left_out.add(other_file(&path), path);
        }
        Ok(())
    }

    /// Decides about a link.
    fn follow(&mut self, root: usize, path: PathBuf, found: &mut Found) {
        let target = fs::metadata(&path).and_then(|metadata| Ok((Identity::of(&path, &metadata)?, metadata)));
        let (identity, metadata) = match target {
            Ok(target) => target,
            // What was no picture anyhow is not missed.
            Err(_) if path.extension().is_some() && !is_picture_name(&path) => {
                return found.left_out.add(other_file(&path), path);
            }
            Err(error) => return found.failures.push(Failure { path, error }),
        };
        if metadata.is_dir() {
            if !self.folders.insert(identity) {
                found.left_out.add(Left::SeenElsewhere, path);
            } else if let Err(error) = self.below(root, path.clone(), found) {
                found.failures.push(Failure { path, error });
            }
        } else if !metadata.is_file() {
            found.left_out.add(Left::NotRegular, path);
        } else if !is_picture_name(&path) {
            found.left_out.add(other_file(&path), path);
        } else if let Entry::Vacant(place) = self.files.entry(identity) {
            place.insert(root);
            found.pictures.push(path);
        } else {
            found.left_out.add(Left::SeenElsewhere, path);
        }
    }
}

/// What is in a folder, by name. An entry that the system fails to name is a failure of the folder, and the others count.
fn entries(folder: &Path, found: &mut Found) -> io::Result<Vec<DirEntry>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder)? {
        match entry {
            Ok(entry) => entries.push(entry),
            Err(error) => found.failures.push(Failure { path: folder.to_path_buf(), error }),
        }
    }
    entries.sort_by_key(DirEntry::file_name);
    Ok(entries)
}

/// Why a file without a picture's extension is left out.
fn other_file(path: &Path) -> Left {
    if has_extension(path, &UNREAD_EXTENSIONS) { Left::UnreadFormat } else { Left::NoPicture }
}

fn has_extension(path: &Path, known: &[&str]) -> bool {
    path.extension().is_some_and(|extension| known.iter().any(|known| extension.eq_ignore_ascii_case(known)))
}

#[cfg(test)]
pub(crate) mod tests;
