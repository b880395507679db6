//! Keys that sign models: Ed25519 (RFC 8032), and their text.
//!
//! A key's text is one line of comment and one line of Base64. The Base64 encodes two letters for the kind of key, the first 8
//! bytes of the public key's SHA-256 (the key's id, which also catches typing errors), and 32 bytes of key:
//!
//! ```text
//! # blastscope public key of the laboratory, 6b1e55bb2b4b2c0c
//! YnBrHlW7K0ssDA...
//! ```

use alloc::{format, string::String, vec::Vec};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

use crate::hex;

/// First bytes of an encoded key, by kind.
const PUBLIC: &[u8; 2] = b"bp";
const SECRET: &[u8; 2] = b"bs";

/// Longest text of a key, in bytes.
pub const MAX_TEXT_LEN: usize = 4096;

/// Why a text is not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The text does not have exactly one line that is not a comment.
    #[error("is not a key: a key is one line of comment and one line of Base64")]
    NotAKey,
    /// The line is not Base64 of the right length.
    #[error("holds a key that is cut off or mistyped; copy it again from its source")]
    Damaged,
    /// A secret key in place of a public one.
    #[error("is a secret key; give the public one, which ends in .pub, and keep this one to yourself")]
    IsSecret,
    /// A public key in place of a secret one.
    #[error("is a public key; signing needs the secret one, which `blastscope-host keygen` wrote beside it")]
    IsPublic,
    /// A point of small order, which makes signatures meaningless.
    #[error("holds a weak key, which accepts anybody's signature; make another with `blastscope-host keygen`")]
    Weak,
}

/// Checks signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// Makes signatures. Its memory is overwritten when it is dropped.
pub struct SecretKey(SigningKey);

impl PublicKey {
    /// The key of a text that [`Self::to_text`] wrote.
    ///
    /// # Errors
    /// [`KeyError`], a clause that continues the file's name.
    pub fn from_text(text: &str) -> Result<Self, KeyError> {
        let Encoded { kind, id, key } = decode(text)?;
        match &kind {
            PUBLIC => {}
            SECRET => return Err(KeyError::IsSecret),
            _ => return Err(KeyError::NotAKey),
        }
        let key = Self(VerifyingKey::from_bytes(&key).map_err(|_| KeyError::Damaged)?);
        if key.id_bytes() != id {
            return Err(KeyError::Damaged);
        }
        if key.0.is_weak() {
            return Err(KeyError::Weak);
        }
        Ok(key)
    }

    /// Two lines of text: `comment` with the key's id, and the key.
    #[must_use]
    pub fn to_text(&self, comment: &str) -> String {
        let comment = one_line(comment);
        format!("# {comment}, {}\n{}\n", self.id(), encode(*PUBLIC, self.id_bytes(), self.0.as_bytes()))
    }

    /// The key's id: the first 8 bytes of its SHA-256 as 16 hexadecimal digits.
    #[must_use]
    pub fn id(&self) -> String {
        hex(&self.id_bytes())
    }

    fn id_bytes(&self) -> [u8; 8] {
        let mut id = [0; 8];
        id.copy_from_slice(&Sha256::digest(self.0.as_bytes())[..8]);
        id
    }

    /// Whether `signature` is this key's signature of `message`. Strict, as RFC 8032 allows: only the canonical encoding passes.
    pub(crate) fn signed(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }
}

impl SecretKey {
    /// The key from a seed of 32 unpredictable bytes.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The key of a text that [`Self::to_text`] wrote.
    ///
    /// # Errors
    /// [`KeyError`], a clause that continues the file's name.
    pub fn from_text(text: &str) -> Result<Self, KeyError> {
        let Encoded { kind, id, key: seed } = decode(text)?;
        match &kind {
            SECRET => {}
            PUBLIC => return Err(KeyError::IsPublic),
            _ => return Err(KeyError::NotAKey),
        }
        let key = Self::from_seed(&seed);
        if key.public().id_bytes() == id { Ok(key) } else { Err(KeyError::Damaged) }
    }

    /// Two lines of text: `comment` with the key's id, and the key. Anyone who has this text can sign.
    #[must_use]
    pub fn to_text(&self, comment: &str) -> String {
        let (public, comment) = (self.public(), one_line(comment));
        format!("# {comment}, {}\n{}\n", public.id(), encode(*SECRET, public.id_bytes(), self.0.as_bytes()))
    }

    /// The matching public key.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

/// Keeps a comment on one line.
fn one_line(comment: &str) -> String {
    comment.chars().filter(|letter| !letter.is_control()).collect()
}

fn encode(kind: [u8; 2], id: [u8; 8], key: &[u8; 32]) -> String {
    let mut bytes = Vec::with_capacity(42);
    bytes.extend(kind);
    bytes.extend(id);
    bytes.extend(key);
    BASE64_STANDARD.encode(bytes)
}

/// The decoded content of a key's text.
struct Encoded {
    kind: [u8; 2],
    id: [u8; 8],
    key: [u8; 32],
}

fn decode(text: &str) -> Result<Encoded, KeyError> {
    if text.len() > MAX_TEXT_LEN {
        return Err(KeyError::NotAKey);
    }
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let (Some(line), None) = (lines.next(), lines.next()) else { return Err(KeyError::NotAKey) };
    let bytes = BASE64_STANDARD.decode(line).map_err(|_| KeyError::Damaged)?;
    let Some((&kind, rest)) = bytes.split_first_chunk() else { return Err(KeyError::Damaged) };
    let Some((&id, key)) = rest.split_first_chunk() else { return Err(KeyError::Damaged) };
    Ok(Encoded { kind, id, key: key.try_into().map_err(|_| KeyError::Damaged)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> SecretKey {
        SecretKey::from_seed(&[7; 32])
    }

    /// RFC 8032, 7.1, test 1.
    #[test]
    fn signatures_are_those_of_the_standard() {
        let hex = |text: &str| -> Vec<u8> {
            (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).expect("hex")).collect()
        };
        let seed = hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
        let expected = hex(concat!(
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155",
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ));
        let key = SecretKey::from_seed(&seed.try_into().expect("32 bytes"));
        let signature = key.sign(b"");
        assert_eq!(signature[..], expected);
        assert!(key.public().signed(b"", &signature) && !key.public().signed(b"x", &signature));
    }

    #[test]
    fn keys_are_read_as_they_were_written() {
        let (secret, public) = (secret(), secret().public());
        let text = public.to_text("blastscope public key\nof two lines");
        assert_eq!(text.lines().count(), 2);
        assert!(text.contains(&public.id()), "{text}");
        assert_eq!(PublicKey::from_text(&text), Ok(public.clone()));
        assert_eq!(PublicKey::from_text(&text.replace('\n', "\r\n")), Ok(public.clone()));
        let again = SecretKey::from_text(&secret.to_text("secret")).expect("a key");
        assert_eq!(again.public(), public);
    }

    #[test]
    fn rejects_the_other_key_and_every_typing_error() {
        let (secret, public) = (secret().to_text("s"), secret().public().to_text("p"));
        assert_eq!(PublicKey::from_text(&secret).err(), Some(KeyError::IsSecret));
        assert_eq!(SecretKey::from_text(&public).err(), Some(KeyError::IsPublic));
        assert_eq!(PublicKey::from_text("").err(), Some(KeyError::NotAKey));
        assert_eq!(PublicKey::from_text(&format!("{public}{public}")).err(), Some(KeyError::NotAKey));
        let begin = public.find('\n').expect("two lines") + 1;
        for at in begin..public.len() - 1 {
            for letter in ['A', 'z', '-'].into_iter().filter(|letter| !public[at..].starts_with(*letter)) {
                let mut typed = public.clone();
                typed.replace_range(at..=at, letter.encode_utf8(&mut [0; 4]));
                assert!(PublicKey::from_text(&typed).is_err(), "letter {at} is {letter}");
            }
            assert!(PublicKey::from_text(&public[..at]).is_err(), "{at} letters");
        }
    }
}
