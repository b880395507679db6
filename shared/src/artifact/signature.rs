//! Who made a model: the signature in its header.
//!
//! The signature is Ed25519 (RFC 8032) over a domain prefix, the header up to the signature, and the model version. The header holds
//! the body's length and SHA-256, so that every byte that is decoded is covered. The body of a signed file is that of the
//! unsigned one: its id stays, and with it all that was measured of it.

use alloc::vec::Vec;
use core::num::NonZero;

use super::{
    Artifact, ArtifactError,
    header::{HEADER_LEN, Header, Seal},
};
use crate::artifact::signing::{PublicKey, SecretKey};

/// Why a file is not one that a trusted key signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The file is no usable artifact at all.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// It carries no signature.
    #[error("is not signed; take a signed one, or sign it with `blastscope-host sign`")]
    Unsigned,
    /// There is no key to check with.
    #[error("is signed, but no public key is trusted here")]
    NoKeys,
    /// The signature fits none of the keys.
    #[error("has a signature that no trusted key fits: another key made it, or the file was changed")]
    NotTrusted,
}

/// The file `bytes` with a signature by `key` as the model version `version`; a signature that it had is replaced.
///
/// # Errors
/// [`ArtifactError`] when `bytes` are no usable artifact: what cannot be used is not signed.
pub fn sign(bytes: &[u8], key: &SecretKey, version: NonZero<u32>) -> Result<Vec<u8>, ArtifactError> {
    Artifact::read(bytes)?;
    let mut header = Header::read(bytes)?;
    // What is signed depends on whether and as which version, not on the signature.
    header.seal = Some(Seal { version: version.get(), signature: [0; 64] });
    let signature = key.sign(&header.signed());
    header.seal = Some(Seal { version: version.get(), signature });
    let mut signed = Vec::with_capacity(bytes.len());
    signed.extend_from_slice(&header.to_bytes());
    signed.extend_from_slice(&bytes[HEADER_LEN..]);
    Ok(signed)
}

/// The model version that the header of a signed file gives, from 1 up; `None` when it is not signed. Nothing is checked but the
/// header's form.
///
/// # Errors
/// [`ArtifactError`] when the header is invalid.
pub fn model_version(bytes: &[u8]) -> Result<Option<u32>, ArtifactError> {
    Ok(Header::read(bytes)?.seal.map(|seal| seal.version))
}

/// Which of `keys`, counted from 0, signed the header of the file `bytes`. Whether the body is the one that the header announces is
/// not looked at: that is for [`Artifact::read`], which everything that uses a body goes through, and for [`verify`].
///
/// # Errors
/// [`SignatureError`] when the header is invalid or not signed, or when none of `keys` signed it.
pub fn signer(bytes: &[u8], keys: &[PublicKey]) -> Result<usize, SignatureError> {
    let header = Header::read(bytes)?;
    let Some(seal) = &header.seal else { return Err(SignatureError::Unsigned) };
    if keys.is_empty() {
        return Err(SignatureError::NoKeys);
    }
    let message = header.signed();
    keys.iter().position(|key| key.signed(&message, &seal.signature)).ok_or(SignatureError::NotTrusted)
}

/// [`signer`], and the whole file is read: a usable artifact that one of `keys` signed.
///
/// # Errors
/// [`SignatureError`], the first thing that is wrong.
pub fn verify<'a>(bytes: &'a [u8], keys: &[PublicKey]) -> Result<(usize, Artifact<'a>), SignatureError> {
    let signer = signer(bytes, keys)?;
    Ok((signer, Artifact::read(bytes)?.0))
}
