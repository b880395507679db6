//! The token that opens the page, kept between starts: a phone that was logged in reaches the page again after a loss of power, and
//! `blastscope token` can show it if nobody saw the start.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use blastscope_files::atomic_file;

use super::access::random;

/// Name of the file in the folder of the record; only its owner may read it.
const FILE: &str = "page-token";
/// Hexadecimal digits of a token: 128 bits.
const DIGITS: usize = 32;

/// Path of the token of a record's page.
#[must_use]
pub fn path_in(data_dir: &Path) -> PathBuf {
    data_dir.join(FILE)
}

/// Reads the token from `path`; `None` without a file, or if the file does not hold a valid token.
///
/// # Errors
/// If the file exists and cannot be read.
pub fn read(path: &Path) -> io::Result<Option<String>> {
    let text = match fs::read(path) {
        Ok(bytes) => String::from_utf8(bytes).unwrap_or_default(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let token = text.trim();
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    Ok((token.len() == DIGITS && token.bytes().all(digit)).then(|| token.to_owned()))
}

/// Makes the file `path` readable for its owner only; returns a sentence if others could read it.
///
/// # Errors
/// If the permissions cannot be changed: the file belongs to another user.
pub fn tightened(path: &Path) -> io::Result<Option<String>> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = match fs::metadata(path) {
            Ok(metadata) => metadata.permissions().mode() & 0o777,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if mode & 0o077 != 0 {
            fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
            return Ok(Some(format!(
                "{} could be read by others on this machine (mode {mode:04o}); now only its owner can. If somebody may have read the \
                 token, draw another one: `blastscope token --forget`, then restart `blastscope live`",
                path.display()
            )));
        }
    }
    Ok(None)
}

/// Reads the token in `path`, or draws and stores a new one.
pub(super) fn kept_or_new(path: &Path) -> io::Result<String> {
    if let Some(sentence) = tightened(path)? {
        crate::support::terminal::note(sentence);
    }
    if let Some(token) = read(path)? {
        return Ok(token);
    }
    let token = random()?;
    atomic_file::write_for_owner(path, format!("{token}\n").as_bytes())?;
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_drawn_once_and_kept_for_its_owner_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = path_in(folder.path());
        assert_eq!(read(&path).expect("readable"), None);
        let token = kept_or_new(&path).expect("written");
        assert_eq!(kept_or_new(&path).expect("read"), token);
        assert_eq!(read(&path).expect("readable"), Some(token.clone()));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 1);
        #[cfg(unix)]
        for mode in [0o644, 0o640, 0o604, 0o660, 0o777] {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("set");
            let sentence = tightened(&path).expect("mine").expect("others could read it");
            assert!(sentence.contains(&format!("mode {mode:04o}")) && sentence.contains("--forget"), "{sentence}");
            assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
            assert_eq!(tightened(&path).expect("mine"), None);
            assert_eq!(kept_or_new(&path).expect("read"), token);
        }
        // A file damaged by a loss of power or a person holds no token: a new one is drawn.
        for spoiled in ["", "0123", &"g".repeat(DIGITS), &token.to_uppercase().replace(char::is_numeric, "A")] {
            fs::write(&path, spoiled).expect("written");
            assert_eq!(read(&path).expect("readable"), None, "{spoiled:?}");
            let other = kept_or_new(&path).expect("written");
            assert!(other != token && read(&path).expect("readable") == Some(other.clone()));
        }
        assert!(kept_or_new(&path_in(&folder.path().join("absent"))).is_err());
    }
}
