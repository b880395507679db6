//! Key files: the secret key that signs models and the public key that devices trust.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

use blastscope_shared::artifact::signing::{MAX_TEXT_LEN, PublicKey, SecretKey};

use crate::{Error, support::atomic_file};

/// Endings of the two files of a key.
const SECRET: &str = "key";
const PUBLIC: &str = "pub";

/// The two files of a new key.
#[derive(Clone, Debug)]
pub struct KeyFiles {
    /// The secret key, which signs; readable by its owner only.
    pub secret: PathBuf,
    /// The public key, which verifies; readable by everybody.
    pub public: PathBuf,
}

impl KeyFiles {
    /// The files of the key `name`, a path without ending.
    #[must_use]
    pub fn named(name: &Path) -> Self {
        let with = |ending: &str| {
            let mut path = name.as_os_str().to_owned();
            path.push(".");
            path.push(ending);
            PathBuf::from(path)
        };
        Self { secret: with(SECRET), public: with(PUBLIC) }
    }

    /// Makes a new key and writes both files; never replaces an existing file.
    ///
    /// # Errors
    /// [`Error::Content`] when one of the files exists, [`Error::Io`] when one cannot be written, [`Error::Usage`] when the system
    /// gives no random numbers.
    pub fn generate(&self, owner: &str) -> Result<PublicKey, Error> {
        for path in [&self.secret, &self.public] {
            if path.symlink_metadata().is_ok() {
                let reason = "already exists, and a lost key cannot be made again; choose another --out";
                return Err(Error::content(path, reason));
            }
        }
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)
            .map_err(|error| Error::Usage(format!("the system gives no random numbers ({error}); try again")))?;
        let key = SecretKey::from_seed(&seed);
        let text = key.to_text(&format!("blastscope SECRET key of {owner}; whoever has it can sign models"));
        write_private(&self.secret, text.as_bytes())?;
        let public = key.public();
        atomic_file::write(&self.public, public.to_text(&format!("blastscope public key of {owner}")).as_bytes())?;
        Ok(public)
    }
}

/// Writes a new file that only its owner can read, whole or not at all.
fn write_private(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let write = || -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        // Readable by its owner only, like every temporary file.
        let mut file = tempfile::Builder::new().prefix(".writing-").suffix(".tmp").tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist_noclobber(path).map_err(|failure| failure.error)?;
        Ok(())
    };
    write().map_err(Error::io("write", path))
}

/// Reads the secret key from a file that only its owner can access.
///
/// # Errors
/// [`Error::Io`] when it cannot be read, [`Error::Content`] when others can access it or it is not a secret key.
pub fn read_secret(path: &Path) -> Result<SecretKey, Error> {
    let file = File::open(path).map_err(Error::io("read", path))?;
    let metadata = file.metadata().map_err(Error::io("read", path))?;
    let key = SecretKey::from_text(&text(file, path)?).map_err(|error| Error::content(path, error.to_string()))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(Error::content(
                path,
                format!(
                    "is open to others (mode {mode:03o}), so the key may have leaked; chmod 600 it, or make a new key"
                ),
            ));
        }
    }
    #[cfg(not(unix))]
    drop(metadata);
    Ok(key)
}

/// Reads the public key from a file.
///
/// # Errors
/// [`Error::Io`] when it cannot be read, [`Error::Content`] when it is not a public key.
pub fn read_public(path: &Path) -> Result<PublicKey, Error> {
    let file = File::open(path).map_err(Error::io("read", path))?;
    PublicKey::from_text(&text(file, path)?).map_err(|error| Error::content(path, error.to_string()))
}

fn text(file: File, path: &Path) -> Result<String, Error> {
    let mut bytes = Vec::new();
    file.take(MAX_TEXT_LEN as u64 + 1).read_to_end(&mut bytes).map_err(Error::io("read", path))?;
    // A file that is not text is not a key either: the same error.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_written_once_and_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = KeyFiles::named(&folder.path().join("lab.2026"));
        assert!(files.secret.ends_with("lab.2026.key") && files.public.ends_with("lab.2026.pub"));
        let public = files.generate("the laboratory").expect("written");
        assert_eq!(read_public(&files.public).expect("a key"), public);
        assert_eq!(read_secret(&files.secret).expect("a key").public(), public);
        let error = files.generate("the laboratory").expect_err("there already").to_string();
        assert!(error.contains("lab.2026.key") && error.contains("--out"), "{error}");
        let other = KeyFiles::named(&folder.path().join("other")).generate("the laboratory").expect("written");
        assert_ne!(other, public);
        let error = read_public(&files.secret).expect_err("secret").to_string();
        assert!(error.contains("lab.2026.key") && error.contains(".pub"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_that_others_can_read_is_refused() {
        use std::{fs, os::unix::fs::PermissionsExt as _};
        let folder = tempfile::tempdir().expect("a folder");
        let files = KeyFiles::named(&folder.path().join("lab"));
        files.generate("lab").expect("written");
        assert_eq!(fs::metadata(&files.secret).expect("there").permissions().mode() & 0o777, 0o600);
        let error = read_secret(&files.public).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("is a public key"), "{error}");
        for mode in [0o640, 0o604, 0o620] {
            fs::set_permissions(&files.secret, fs::Permissions::from_mode(mode)).expect("changed");
            let error = read_secret(&files.secret).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains("chmod 600"), "{mode:o}: {error}");
        }
    }
}
