//! The one file that a model ships in: a fixed header, then a [postcard](https://postcard.jamesmunns.com) body.
//!
//! `FORMAT.md` beside this crate's manifest has the byte layout. Reading goes from the cheap checks to the dear ones: magic,
//! header checksum, format version, length, SHA-256 of the body, and only then is the body decoded. Weights are borrowed from
//! the file's bytes, lists are limited before they are allocated, and bytes that are left over are refused.
//!
//! A file may be signed: [`sign`] and [`verify`]. Reading alone does not ask who made a file.

mod card;
mod header;
mod hex;
mod limited;
mod novelty;
mod signature;
pub mod signing;

use alloc::vec::Vec;

use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};

pub use self::hex::hex;
pub use card::{Measurement, ModelCard, PICTURE_ID_LEN, Pictures, Provenance, STATEMENT};
pub use header::{FORMAT_VERSION, HEADER_LEN, MAGIC};
pub use novelty::{MAX_STAINS, Novelty, NoveltyBytes};
pub use signature::{SignatureError, model_version, sign, signer, verify};

use crate::{
    judge::{Thresholds, calibration::Calibration},
    label::Class,
    layers::{Layer, UnfitLayers, plan},
    sight::{Kind, Sight, UnknownSight},
};

/// Largest body, in bytes: far above any network here, far below what a board's memory holds.
pub const MAX_BODY_LEN: u64 = 256 << 20;
/// Most layers of a network.
pub const MAX_LAYERS: usize = 64;

/// A model and all that belongs to it. Weights borrow from the bytes it was read from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Artifact<'a> {
    /// What the model is for and what it is worth.
    pub card: ModelCard,
    /// Names of the outputs; they are those of [`Class::ALL`].
    #[serde(borrow)]
    pub classes: [&'a str; Class::COUNT],
    /// What the network is shown.
    pub sight: Sight,
    /// From input to logits.
    #[serde(borrow, deserialize_with = "layers")]
    pub layers: Vec<Layer<'a>>,
    /// See [`calibration`](crate::judge::calibration).
    pub calibration: Calibration,
    /// What a verdict needs.
    pub thresholds: Thresholds,
    /// What usual fields look like to the last layer.
    #[serde(borrow)]
    pub novelty: Novelty<'a>,
    /// Where the model comes from.
    pub provenance: Provenance,
}

fn layers<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Layer<'a>>, D::Error> {
    limited::list(deserializer, MAX_LAYERS)
}

/// Why a file is not a usable artifact.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArtifactError {
    /// The file is shorter than a header or does not start with [`MAGIC`].
    #[error("is not a blastscope model")]
    NotAModel,
    /// The header's checksum does not match.
    #[error("has a damaged header; copy it again from its source")]
    DamagedHeader,
    /// The format is one of before the first release.
    #[error(
        "has format {found}, which this program no longer reads; make the model anew with this version's blastscope-host quantize"
    )]
    OlderFormat {
        /// The file's format version.
        found: u16,
    },
    /// The format is newer than this program.
    #[error(
        "has format {found}, but this program reads formats up to {FORMAT_VERSION} only; update blastscope to use it"
    )]
    NewerFormat {
        /// The file's format version.
        found: u16,
    },
    /// The format is one that no program wrote.
    #[error("has an unknown format {found}")]
    UnknownFormat {
        /// The file's format version.
        found: u16,
    },
    /// The header asks for something that this format does not define.
    #[error("carries a signature or a flag that this program cannot check; update blastscope to use it")]
    UnknownFeature,
    /// The file's length is not what its header says.
    #[error("is {found} bytes long and should be {expected}; copy it again from its source")]
    WrongLength {
        /// Length that the header gives, in bytes.
        expected: u64,
        /// Length of the file, in bytes.
        found: u64,
    },
    /// The body's SHA-256 does not match the header.
    #[error("is damaged: its checksum does not match; copy it again from its source")]
    WrongHash,
    /// The body is no postcard encoding of an artifact.
    #[error("has a body that cannot be decoded")]
    Undecodable,
    /// The body decodes, but something in it makes no sense.
    #[error("cannot be used: {0}")]
    Invalid(&'static str),
    /// No distance from a stain can be measured: every field, or those of another stain, would count as familiar.
    #[error("cannot be used: stain {number} of its novelty statistics {reason}")]
    InvalidStain {
        /// Number of the stain, from 1.
        number: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// What comes before everything that a sight decides.
#[derive(Deserialize)]
#[allow(dead_code, reason = "what is not read is there to be decoded")]
struct Head<'a> {
    card: ModelCard,
    #[serde(borrow)]
    classes: [&'a str; Class::COUNT],
    sight: u16,
}

/// Why a body cannot be decoded: it may be of a sight that a newer program knows.
fn undecodable(body: &[u8]) -> ArtifactError {
    match postcard::take_from_bytes::<Head<'_>>(body) {
        Ok((head, _)) if Kind::of_version(head.sight).is_none() => UnknownSight.into(),
        _ => ArtifactError::Undecodable,
    }
}

impl From<UnknownSight> for ArtifactError {
    fn from(_: UnknownSight) -> Self {
        Self::Invalid(UnknownSight::REASON)
    }
}

impl From<UnfitLayers> for ArtifactError {
    fn from(UnfitLayers(reason): UnfitLayers) -> Self {
        Self::Invalid(reason)
    }
}

impl<'a> Artifact<'a> {
    /// Reads a whole file's `bytes`; gives the artifact and the SHA-256 of its body.
    ///
    /// # Errors
    /// [`ArtifactError`], the first thing that is wrong; nothing is decoded before length and hash were right.
    pub fn read(bytes: &'a [u8]) -> Result<(Self, [u8; 32]), ArtifactError> {
        let header = header::Header::read(bytes)?;
        let body = &bytes[HEADER_LEN..];
        if body.len() as u64 != header.body_len {
            let header_len = HEADER_LEN as u64;
            return Err(ArtifactError::WrongLength {
                expected: header.body_len.saturating_add(header_len),
                found: bytes.len() as u64,
            });
        }
        if <[u8; 32]>::from(Sha256::digest(body)) != header.body_hash {
            return Err(ArtifactError::WrongHash);
        }
        let (artifact, rest) = postcard::take_from_bytes::<Self>(body).map_err(|_| undecodable(body))?;
        if !rest.is_empty() {
            return Err(ArtifactError::Invalid("bytes are left over after its last field"));
        }
        artifact.check()?;
        Ok((artifact, header.body_hash))
    }

    /// The bytes of a whole file that is not signed; [`sign`] signs them.
    ///
    /// # Errors
    /// [`ArtifactError::Invalid`] when a reader would refuse the result.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ArtifactError> {
        self.check()?;
        let hidden_len = plan::check(self.sight.shape(), &self.layers)?.hidden_len;
        self.novelty.statistics(hidden_len)?;
        let body = postcard::to_allocvec(self).map_err(|_| ArtifactError::Invalid("it cannot be encoded"))?;
        let header =
            header::Header { body_len: body.len() as u64, body_hash: Sha256::digest(&body).into(), seal: None };
        let mut bytes = Vec::with_capacity(HEADER_LEN + body.len());
        bytes.extend_from_slice(&header.to_bytes());
        bytes.extend_from_slice(&body);
        Ok(bytes)
    }

    /// What can be checked without packing the network.
    pub(crate) fn check(&self) -> Result<(), ArtifactError> {
        self.card.check()?;
        self.provenance.check()?;
        if self.classes != Class::ALL.map(Class::name) {
            return Err(ArtifactError::Invalid("its classes are not Benign, Early, Pre and Pro"));
        }
        self.sight.framing.check().map_err(ArtifactError::Invalid)?;
        if self.layers.len() > MAX_LAYERS {
            return Err(ArtifactError::Invalid("it has more than 64 layers"));
        }
        if !self.calibration.is_usable() {
            return Err(ArtifactError::Invalid(
                "its temperature must be a finite number above 0, and its biases must be finite",
            ));
        }
        let Thresholds { min_probability, max_novelty } = self.thresholds;
        // NaN lies outside every range.
        if !(0.0..=1.0).contains(&min_probability) {
            return Err(ArtifactError::Invalid("its least probability of a verdict does not lie from 0 to 1"));
        }
        if !(f32::MIN_POSITIVE..=f32::MAX).contains(&max_novelty) {
            return Err(ArtifactError::Invalid("its largest novelty is not a finite number above 0"));
        }
        self.novelty.check()
    }
}
