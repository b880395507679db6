//! The one file that a model ships in: a fixed header, then a [postcard](https://postcard.jamesmunns.com) body.
//!
//! `FORMAT.md` beside this crate's manifest has the byte layout. Reading runs the cheap checks first: magic, header checksum,
//! format version, length, SHA-256 of the body; only then is the body decoded. Weights are borrowed from the file's bytes, list
//! lengths are checked before allocation, and leftover bytes are refused.
//!
//! A file may be signed: see [`sign`] and [`verify`]. Reading alone does not check the signature.

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
    judge::{
        Thresholds,
        calibration::Calibration,
        jury::{Jury, MAX_JURORS, Voice},
        novelty::NoveltyStatistics,
        slide::SlidePooling,
    },
    label::Class,
    layers::{Layer, UnfitLayers, plan},
    sight::{Kind, Sight},
};

/// Largest body, in bytes: far above any network here, far below a board's memory.
pub const MAX_BODY_LEN: u64 = 256 << 20;
/// Most layers of a network.
pub const MAX_LAYERS: usize = 64;

/// A model with all its data. Weights borrow from the bytes it was read from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Artifact<'a> {
    /// The model's purpose, origin and results.
    pub card: ModelCard,
    /// Names of the outputs: those of [`Class::ALL`].
    #[serde(borrow)]
    pub classes: [&'a str; Class::COUNT],
    /// The networks that look at a field, at most [`MAX_JURORS`]. The first draws the maps.
    #[serde(borrow, deserialize_with = "jurors")]
    pub jurors: Vec<Juror<'a>>,
    /// How the jurors are pooled.
    pub pooling: Pooling,
    /// Thresholds of a verdict.
    pub thresholds: Thresholds,
    /// How the fields of a slide are pooled.
    pub slide: SlidePooling,
    /// The model's origin.
    pub provenance: Provenance,
}

/// One network with all that it needs to see a field and to say something about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Juror<'a> {
    /// What the network is shown.
    pub sight: Sight,
    /// The layers from input to logits.
    #[serde(borrow, deserialize_with = "layers")]
    pub layers: Vec<Layer<'a>>,
    /// See [`calibration`](crate::judge::calibration).
    pub calibration: Calibration,
    /// Statistics of usual fields.
    #[serde(borrow)]
    pub novelty: Novelty<'a>,
    /// Its part in the pooling.
    pub voice: Voice,
}

/// How several jurors are pooled; a single one needs no pooling. See [`jury`](crate::judge::jury).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pooling {
    /// How many jurors must be fit to speak; 1 to their number.
    pub quorum: u8,
    /// The calibration of the pooled opinion.
    pub calibration: Calibration,
}

impl Pooling {
    /// That of a single juror.
    pub const ALONE: Self = Self { quorum: 1, calibration: Calibration::NONE };
}

fn jurors<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Juror<'a>>, D::Error> {
    limited::list(deserializer, MAX_JURORS)
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
    /// The format predates the first release.
    #[error(
        "has format {found}, which this program no longer reads; rebuild the model with this version's blastscope-host quantize"
    )]
    OlderFormat {
        /// The file's format version.
        found: u16,
    },
    /// The format is newer than this program supports.
    #[error(
        "has format {found}, but this program reads formats up to {FORMAT_VERSION} only; update blastscope to use it"
    )]
    NewerFormat {
        /// The file's format version.
        found: u16,
    },
    /// No program ever wrote this format.
    #[error("has an unknown format {found}")]
    UnknownFormat {
        /// The file's format version.
        found: u16,
    },
    /// The header uses something that this format does not define.
    #[error("carries a signature or a flag that this program cannot check; update blastscope to use it")]
    UnknownFeature,
    /// The file's length differs from the header's.
    #[error("is {found} bytes long and should be {expected}; copy it again from its source")]
    WrongLength {
        /// Length by the header, in bytes.
        expected: u64,
        /// Length of the file, in bytes.
        found: u64,
    },
    /// The body's SHA-256 does not match the header.
    #[error("is damaged: its checksum does not match; copy it again from its source")]
    WrongHash,
    /// The body is not a postcard encoding of an artifact.
    #[error("has a body that cannot be decoded")]
    Undecodable,
    /// A network is shown fields in a way that this program does not know.
    #[error(
        "shows its network fields in a way that this program does not know (sight {0}); update blastscope, or train and pack the model \
         again with this version's blastscope-host"
    )]
    UnknownSight(u16),
    /// The body decodes, but its content is invalid.
    #[error("cannot be used: {0}")]
    Invalid(&'static str),
    /// A stain is invalid: every field, or those of another stain, would count as familiar.
    #[error("cannot be used: stain {number} of its novelty statistics {reason}")]
    InvalidStain {
        /// Number of the stain, from 1.
        number: usize,
        /// Its fault.
        reason: &'static str,
    },
    /// The palette of a sitting is invalid: every lamp and stain would count as familiar.
    #[error("cannot be used: sitting {number} of its novelty statistics {reason}")]
    InvalidSitting {
        /// Number of the sitting, from 1.
        number: usize,
        /// Its fault.
        reason: &'static str,
    },
    /// A texture is invalid: every magnification would count as familiar.
    #[error("cannot be used: texture {number} of its novelty statistics {reason}")]
    InvalidTexture {
        /// Number of the texture, from 1.
        number: usize,
        /// Its fault.
        reason: &'static str,
    },
}

/// The fields of a body up to the first juror's sight.
#[derive(Deserialize)]
#[allow(dead_code, reason = "unread fields must still be decoded")]
struct Head<'a> {
    card: ModelCard,
    #[serde(borrow)]
    classes: [&'a str; Class::COUNT],
    jurors: u8,
    sight: u16,
}

/// Why a body cannot be decoded: it may use a sight of a newer program.
fn undecodable(body: &[u8]) -> ArtifactError {
    match postcard::take_from_bytes::<Head<'_>>(body) {
        Ok((Head { sight, .. }, _)) if Kind::of_version(sight).is_none() => ArtifactError::UnknownSight(sight),
        _ => ArtifactError::Undecodable,
    }
}

impl From<UnfitLayers> for ArtifactError {
    fn from(UnfitLayers(reason): UnfitLayers) -> Self {
        Self::Invalid(reason)
    }
}

impl<'a> Artifact<'a> {
    /// Reads a whole file's `bytes`. Returns the artifact and the SHA-256 of its body.
    ///
    /// # Errors
    /// [`ArtifactError`] for the first fault; nothing is decoded before length and hash are verified.
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

    /// The bytes of a whole unsigned file; [`sign`] signs them.
    ///
    /// # Errors
    /// [`ArtifactError::Invalid`] if a reader would refuse the result.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ArtifactError> {
        self.check()?;
        for juror in &self.jurors {
            juror.statistics()?;
        }
        let body = postcard::to_allocvec(self).map_err(|_| ArtifactError::Invalid("it cannot be encoded"))?;
        let header =
            header::Header { body_len: body.len() as u64, body_hash: Sha256::digest(&body).into(), seal: None };
        let mut bytes = Vec::with_capacity(HEADER_LEN + body.len());
        bytes.extend_from_slice(&header.to_bytes());
        bytes.extend_from_slice(&body);
        Ok(bytes)
    }

    /// Checks everything that does not require packing the network.
    pub(crate) fn check(&self) -> Result<(), ArtifactError> {
        self.card.check()?;
        self.provenance.check()?;
        if self.classes != Class::ALL.map(Class::name) {
            return Err(ArtifactError::Invalid("its classes are not Benign, Early, Pre and Pro"));
        }
        self.jurors.iter().try_for_each(Juror::check)?;
        self.jury()?;
        let Thresholds { min_probability, min_subtype, max_novelty } = self.thresholds;
        // NaN lies outside every range.
        if !(0.0..=1.0).contains(&min_probability) {
            return Err(ArtifactError::Invalid("its least probability of a verdict is not between 0 and 1"));
        }
        if !(0.0..=1.0).contains(&min_subtype) {
            return Err(ArtifactError::Invalid("its least share of a subtype is not between 0 and 1"));
        }
        if !(f32::MIN_POSITIVE..=f32::MAX).contains(&max_novelty) {
            return Err(ArtifactError::Invalid("its largest novelty is not a finite number above 0"));
        }
        if !self.slide.is_usable() {
            return Err(ArtifactError::Invalid(
                "its pooling of a slide must have a correlation and a least share of verdicts between 0 and 1, a clip above 0 and at \
                 most 100, 1 to 100 fields, and a least probability from 0.5 to below 1",
            ));
        }
        Ok(())
    }

    /// The jury.
    ///
    /// # Errors
    /// [`ArtifactError::Invalid`] if there is no juror, there are too many or fewer than the quorum, a weight is not a finite number
    /// above 0, or the calibration is not usable.
    pub fn jury(&self) -> Result<Jury, ArtifactError> {
        let voices: Vec<Voice> = self.jurors.iter().map(|juror| juror.voice).collect();
        Jury::new(&voices, self.pooling.quorum.into(), self.pooling.calibration).ok_or(ArtifactError::Invalid(
            "its jury must have 1 to 4 networks, a quorum of 1 to their number, weights that are finite numbers above 0, and a \
             temperature above 0",
        ))
    }

    /// The juror that draws the maps.
    ///
    /// # Panics
    /// If the artifact was built without a juror; none is read or written so.
    #[must_use]
    pub fn lead(&self) -> &Juror<'a> {
        &self.jurors[0]
    }
}

impl Juror<'_> {
    fn check(&self) -> Result<(), ArtifactError> {
        self.sight.framing.check().map_err(ArtifactError::Invalid)?;
        if self.layers.len() > MAX_LAYERS {
            return Err(ArtifactError::Invalid("it has more than 64 layers"));
        }
        if !self.calibration.is_usable() {
            return Err(ArtifactError::Invalid(
                "its temperature must be a finite number above 0, and its biases must be finite",
            ));
        }
        self.novelty.check()
    }

    /// The statistics of usual fields, checked against the network.
    ///
    /// # Errors
    /// [`ArtifactError::Invalid`] if the layers do not fit each other, or the statistics do not fit the network.
    pub fn statistics(&self) -> Result<NoveltyStatistics, ArtifactError> {
        self.novelty.statistics(plan::check(self.sight.shape(), &self.layers)?.hidden_len)
    }
}
