//! The keys whose models this machine accepts.

use std::{io, path::Path};

use blastscope_files::Printable as _;
use blastscope_shared::artifact::{SignatureError, signer, signing::PublicKey};

use crate::support::{disk::Disk, files};

/// File extension of a public key.
pub const EXTENSION: &str = "pub";

/// A public key and its name.
#[derive(Clone, Debug)]
pub struct TrustedKey {
    /// File name without extension.
    pub name: String,
    /// The key.
    pub key: PublicKey,
}

impl TrustedKey {
    /// The key in a file.
    ///
    /// # Errors
    /// A clause that continues the file's name.
    pub fn read(disk: &dyn Disk, path: &Path) -> Result<Self, String> {
        let bytes = disk.read(path).map_err(|error| files::reason(&error))?;
        let key = PublicKey::from_text(&String::from_utf8_lossy(&bytes)).map_err(|error| error.to_string())?;
        Ok(Self { name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), key })
    }

    /// Name and id, such as `laboratory (6b1e55bb2b4b2c0c)`.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} ({})", self.name, self.key.id())
    }
}

/// The keys in `folder`, and a sentence for each file that is not a valid key.
///
/// # Errors
/// When the folder exists but cannot be listed.
pub fn trusted(disk: &dyn Disk, folder: &Path) -> io::Result<(Vec<TrustedKey>, Vec<String>)> {
    let (mut keys, mut passed_over) = (Vec::new(), Vec::new());
    for path in disk.list(folder)? {
        if path.extension().is_none_or(|extension| extension != EXTENSION) {
            continue;
        }
        match TrustedKey::read(disk, &path) {
            Ok(key) => keys.push(key),
            Err(reason) => passed_over.push(format!("the key {} {reason}; it is not trusted", path.printable())),
        }
    }
    Ok((keys, passed_over))
}

/// Which of `keys` signed the header of the model file `bytes`; the caller checks the body when reading it.
///
/// # Errors
/// As [`signer`].
pub fn signer_of<'a>(bytes: &[u8], keys: &'a [TrustedKey]) -> Result<&'a TrustedKey, SignatureError> {
    let public: Vec<PublicKey> = keys.iter().map(|key| key.key.clone()).collect();
    signer(bytes, &public).map(|index| &keys[index])
}
