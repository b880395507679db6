//! Files that appear whole or not at all.

use std::{io::Write, path::Path};

use crate::Error;

/// Writes `bytes` to `path` through a temporary file in the same folder, `fsync` and a rename: whoever reads `path` sees the old
/// content or the new one, even after a power cut. The folder is made when it is missing.
///
/// # Errors
/// [`Error::Io`] with the path, when the folder cannot be made or the file cannot be written.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(folder).map_err(Error::io("create the folder", folder))?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(Error::io("write into", folder))?;
    file.write_all(bytes).map_err(Error::io("write", path))?;
    file.as_file().sync_all().map_err(Error::io("write", path))?;
    file.persist(path).map_err(|error| Error::io("write", path)(error.error))?;
    #[cfg(unix)]
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(Error::io("write", folder))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_else_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deeper").join("split.csv");
        for text in ["first", "second, longer"] {
            write(&path, text.as_bytes()).expect("written");
            assert_eq!(std::fs::read_to_string(&path).expect("read"), text);
        }
        assert_eq!(std::fs::read_dir(folder.path().join("deeper")).expect("listed").count(), 1);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        write(&file, b"").expect("written");
        let error = write(&file.join("below"), b"").expect_err("a file is no folder");
        assert!(error.to_string().contains("file"), "{error}");
    }
}
