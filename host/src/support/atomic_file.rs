//! Files that are written whole or not at all.

use std::path::Path;

use crate::Error;

/// Writes `bytes` to `path`, replacing an existing file; see [`blastscope_files::atomic_file::write`]. Creates a missing folder.
///
/// # Errors
/// [`Error::Io`] with `path` when the folder cannot be made, the disk is full or the system refuses.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    write_inner(path, bytes).map_err(Error::io("write", path))
}

fn write_inner(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    blastscope_files::atomic_file::write(path, bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn replaces_the_content_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("a.txt");
        write(&path, b"one").expect("written");
        write(&path, b"second").expect("written");
        assert_eq!(fs::read(&path).expect("read"), b"second");
        assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 1);
    }

    #[test]
    fn missing_folders_are_made_and_impossible_ones_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("made").join("a.txt");
        write(&path, b"one").expect("written");
        let message = write(&path.join("b.txt"), b"two").expect_err("a file is no folder").to_string();
        assert!(message.contains("a.txt"), "{message}");
    }
}
