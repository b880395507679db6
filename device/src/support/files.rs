//! Reads picture files, with errors in words.

use std::{
    io::{self, Read as _},
    path::Path,
};

use blastscope_shared::field::decode::DecodeError;

/// Largest file that is read, in bytes.
pub const MAX_BYTES: u64 = blastscope_shared::field::decode::MAX_FILE_BYTES;

/// The bytes of a picture file.
///
/// # Errors
/// A clause that continues the file's name: "cannot be read (...)".
pub fn read(path: &Path) -> Result<Vec<u8>, String> {
    let file = blastscope_files::open_regular(path).map_err(|error| reason(&error))?;
    let length = file.metadata().map_err(|error| reason(&error))?.len();
    read_picture(file, length)
}

/// The bytes of a picture from another source, such as standard input; `length` is the expected number of bytes.
///
/// # Errors
/// As [`read()`].
pub fn read_picture(source: impl io::Read, length: u64) -> Result<Vec<u8>, String> {
    let too_large = |bytes| DecodeError::TooManyBytes { bytes }.to_string();
    if length > MAX_BYTES {
        return Err(too_large(length));
    }
    let mut bytes = Vec::with_capacity(length as usize);
    source.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| reason(&error))?;
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
        // Such as "is not a file but a pipe".
        io::ErrorKind::InvalidInput => error.to_string(),
        io::ErrorKind::PermissionDenied => "cannot be read (permission denied)".into(),
        _ => format!("cannot be read ({error})"),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn unreadable_files_say_why() {
        let folder = tempfile::tempdir().expect("a folder");
        let empty = folder.path().join("empty.jpg");
        fs::write(&empty, b"").expect("a file");
        assert_eq!(read(&empty), Err("is empty".into()));
        assert_eq!(read(folder.path()), Err("is not a file but a folder".into()));
        assert_eq!(read(&folder.path().join("absent.jpg")), Err("does not exist".into()));
        assert_eq!(read_picture(io::repeat(1), 0).map_err(|error| error.contains("MB")), Err(true));
    }
}
