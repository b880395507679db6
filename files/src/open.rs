//! Opens paths that may not be regular files.

use std::{
    fs::{self, File, FileType, Metadata, OpenOptions},
    io,
    path::Path,
};

/// Opens a regular file for reading; follows links.
///
/// Pipes, sockets and devices are never opened: a pipe blocks until somebody writes, and opening a device may act on it. A file
/// that becomes a pipe between the check and the opening is opened without blocking, then refused.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`], as a clause such as `is not a file but a pipe`, for what is not a regular file; otherwise the
/// system's reason.
pub fn open_regular(path: &Path) -> io::Result<File> {
    require_regular(&fs::metadata(path)?)?;
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use nix::fcntl::OFlag;
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, (OFlag::O_NONBLOCK | OFlag::O_NOCTTY).bits());
    }
    let file = options.open(path)?;
    require_regular(&file.metadata()?)?;
    Ok(file)
}

fn require_regular(metadata: &Metadata) -> io::Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    let reason = format!("is not a file but {}", kind_of(metadata.file_type()));
    Err(io::Error::new(io::ErrorKind::InvalidInput, reason))
}

/// Name of a kind of non-regular file, with its article.
#[must_use]
pub fn kind_of(kind: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if kind.is_fifo() {
            return "a pipe";
        }
        if kind.is_socket() {
            return "a socket";
        }
        if kind.is_char_device() || kind.is_block_device() {
            return "a device";
        }
    }
    if kind.is_dir() { "a folder" } else { "something else" }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn a_file_is_read_and_a_folder_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.jpg");
        fs::write(&path, b"bytes").expect("written");
        let mut text = String::new();
        open_regular(&path).expect("opened").read_to_string(&mut text).expect("read");
        assert_eq!(text, "bytes");
        let error = open_regular(folder.path()).expect_err("a folder");
        assert_eq!(
            (error.kind(), error.to_string().as_str()),
            (io::ErrorKind::InvalidInput, "is not a file but a folder")
        );
        assert_eq!(open_regular(&folder.path().join("absent")).expect_err("absent").kind(), io::ErrorKind::NotFound);
    }

    #[cfg(unix)]
    #[test]
    fn pipes_sockets_and_devices_are_refused_at_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("b.jpg");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
        assert_eq!(open_regular(&socket).expect_err("a socket").to_string(), "is not a file but a socket");
        assert_eq!(
            open_regular(Path::new("/dev/zero")).expect_err("a device").to_string(),
            "is not a file but a device"
        );
        let pipe = crate::walk::tests::pipe(&folder.path().join("c.jpg"));
        assert_eq!(open_regular(&pipe).expect_err("a pipe").to_string(), "is not a file but a pipe");
    }
}
