//! The signature in a model's header, which shows who made it.
//!
//! The signature is Ed25519 (RFC 8032) over a domain prefix, the header up to the signature, and the model version. The header
//! holds the body's length and SHA-256, so the signature covers every decoded byte. Signing does not change the body: the model's
//! id stays, and with it all its measurements.

use alloc::vec::Vec;
use core::num::NonZero;

use super::{
    Artifact, ArtifactError,
    header::{HEADER_LEN, Header, Seal},
};
use crate::artifact::signing::{PublicKey, SecretKey};

/// Why a file does not have a valid signature by a trusted key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The file is not a usable artifact.
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

/// Signs the file `bytes` with `key` as model version `version`, replacing any earlier signature.
///
/// # Errors
/// [`ArtifactError`] if `bytes` are not a usable artifact.
pub fn sign(bytes: &[u8], key: &SecretKey, version: NonZero<u32>) -> Result<Vec<u8>, ArtifactError> {
    Artifact::read(bytes)?;
    let mut header = Header::read(bytes)?;
    // The signed message depends on the format and model version, not on the signature.
    header.seal = Some(Seal { version: version.get(), signature: [0; 64] });
    let signature = key.sign(&header.signed());
    header.seal = Some(Seal { version: version.get(), signature });
    let mut signed = Vec::with_capacity(bytes.len());
    signed.extend_from_slice(&header.to_bytes());
    signed.extend_from_slice(&bytes[HEADER_LEN..]);
    Ok(signed)
}

/// The model version in a signed file's header, from 1; `None` for an unsigned file. Only the header's form is checked.
///
/// # Errors
/// [`ArtifactError`] if the header is invalid.
pub fn model_version(bytes: &[u8]) -> Result<Option<u32>, ArtifactError> {
    Ok(Header::read(bytes)?.seal.map(|seal| seal.version))
}

/// Index of the key in `keys` that signed the header of the file `bytes`. The body is not checked against the header; that is done
/// by [`verify`] and by [`Artifact::read`], which every use of a body goes through.
///
/// # Errors
/// [`SignatureError`] if the header is invalid or unsigned, or none of `keys` signed it.
pub fn signer(bytes: &[u8], keys: &[PublicKey]) -> Result<usize, SignatureError> {
    let header = Header::read(bytes)?;
    let Some(seal) = &header.seal else { return Err(SignatureError::Unsigned) };
    if keys.is_empty() {
        return Err(SignatureError::NoKeys);
    }
    let message = header.signed();
    keys.iter().position(|key| key.signed(&message, &seal.signature)).ok_or(SignatureError::NotTrusted)
}

/// [`signer`] for the whole file: checks that it is a usable artifact signed by one of `keys`.
///
/// # Errors
/// [`SignatureError`] for the first fault.
pub fn verify<'a>(bytes: &'a [u8], keys: &[PublicKey]) -> Result<(usize, Artifact<'a>), SignatureError> {
    let signer = signer(bytes, keys)?;
    Ok((signer, Artifact::read(bytes)?.0))
}
