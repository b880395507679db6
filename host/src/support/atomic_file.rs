//! Files that are there whole or not at all.

use std::{fs::File, io::Write, path::Path};

use crate::Error;

/// Writes `bytes` to `path`, replacing what was there. The folder is made when it is missing.
///
/// The bytes go to a temporary file in the same folder, which is synced to the disk and then renamed: whoever opens `path`,
/// after a loss of power too, finds the old content or the new one, never a part. The temporary file's name begins with a
/// dot and ends in `.tmp`.
///
/// # Errors
/// [`Error::Io`] with `path` when the folder cannot be made, the disk is full or the system refuses.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    write_inner(path, bytes).map_err(Error::io("write", path))
}

fn write_inner(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".writing-").suffix(".tmp");
    // A temporary file is private to its user by default; the finished one is as any other file.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|failure| failure.error)?;
    sync_folder(folder)
}

/// Makes the rename last. Folders cannot be opened on Windows, where the rename itself is written through.
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
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
