//! Picture files on disk: which there are, and their bytes.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use blastscope_shared::decode::DecodeError;

/// File name extensions that count as pictures, in lower case.
pub const EXTENSIONS: [&str; 6] = ["jpg", "jpeg", "png", "bmp", "tif", "tiff"];

/// Largest file that is read, in bytes.
pub const MAX_BYTES: u64 = blastscope_shared::decode::MAX_FILE_BYTES;

/// The pictures below `folder`, sorted by path. Hidden files and links to folders are left out.
///
/// # Errors
/// When a folder cannot be read.
pub fn pictures_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            if hidden {
                continue;
            }
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if is_picture_name(&entry.path()) {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

fn is_picture_name(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(extension)))
}

/// The bytes of a picture file.
///
/// # Errors
/// A clause that continues the file's name: "cannot be read (...)".
pub fn read(path: &Path) -> Result<Vec<u8>, String> {
    // A pipe would block for ever when opened: look first.
    let metadata = fs::metadata(path).map_err(|error| reason(&error))?;
    if !metadata.is_file() {
        return Err("is not a file".into());
    }
    let too_large = |bytes| DecodeError::TooManyBytes { bytes }.to_string();
    if metadata.len() > MAX_BYTES {
        return Err(too_large(metadata.len()));
    }
    let mut bytes = Vec::with_capacity(metadata.len() as usize);
    let file = File::open(path).map_err(|error| reason(&error))?;
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| reason(&error))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(too_large(bytes.len() as u64));
    }
    if bytes.is_empty() {
        return Err("is empty".into());
    }
    Ok(bytes)
}

/// An input error as a clause that continues the file's name.
#[must_use]
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "does not exist".into(),
        io::ErrorKind::PermissionDenied => "cannot be read (permission denied)".into(),
        _ => format!("cannot be read ({error})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_found_in_class_folders_in_order_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["b/2.JPG", "b/1.png", "a/z.tiff", "c.bmp", "notes.txt", ".hidden.jpg", "b/.git/x.png", "jpg"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
            fs::write(path, b"x").expect("a file");
        }
        let found = pictures_below(folder.path()).expect("readable");
        let names: Vec<_> = found.iter().map(|path| path.strip_prefix(folder.path()).expect("below")).collect();
        assert_eq!(names, ["a/z.tiff", "b/1.png", "b/2.JPG", "c.bmp"].map(Path::new));
    }

    #[test]
    fn unreadable_files_say_why() {
        let folder = tempfile::tempdir().expect("a folder");
        let empty = folder.path().join("empty.jpg");
        fs::write(&empty, b"").expect("a file");
        assert_eq!(read(&empty), Err("is empty".into()));
        assert_eq!(read(folder.path()), Err("is not a file".into()));
        assert_eq!(read(&folder.path().join("absent.jpg")), Err("does not exist".into()));
    }
}
