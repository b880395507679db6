//! Adapts a model to this microscope with the labels that people gave to the fields in the record:
//! [`blastscope_shared::adaptation`] on the device, without the host.

use std::{
    collections::{BTreeMap, HashSet},
    path::Path,
};

use blastscope_files::Printable as _;
use blastscope_files::atomic_file;
use blastscope_shared::{
    Class, Classifier,
    adaptation::{self, AdaptationError, FOLDS, Fitted, Site, folds, head::Labelled},
    artifact::{Artifact, PICTURE_ID_LEN, hex},
};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::{
    record::{Opinion, RecordError, RecordReader, SessionId, verify},
    support::{files, progress::Progress},
};

/// Result of an adaptation.
#[derive(Clone, Debug, Serialize)]
pub struct Adapted {
    /// Identity of the base model, 64 hexadecimal digits.
    pub base: String,
    /// Identity of the adapted model.
    pub adapted: String,
    /// Whether cross-validation held out whole specimens. If not, it held out single fields, because a class came from one specimen
    /// only; then the losses are better than they will be on the next slide.
    pub by_specimen: bool,
    /// Fields left out because nobody named their class: unanswered, malignant without a subtype, not assessable or excluded.
    pub without_label: u64,
    /// Fields left out because their picture equals an earlier one.
    pub copies: u64,
    /// The fit and its losses.
    pub fitted: Fitted,
}

/// Why the adaptation failed.
#[derive(Debug, thiserror::Error)]
pub enum AdaptError {
    /// The record cannot be read or was changed.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A picture in the record is broken.
    #[error("field {sequence} of session {session} {reason}; see `blastscope verify`")]
    Picture {
        /// The session.
        session: SessionId,
        /// The field's number.
        sequence: u64,
        /// The error.
        reason: String,
    },
    /// Too few fields, or no usable model.
    #[error("{path}: {source}")]
    Adaptation {
        /// The record or the model.
        path: String,
        /// What is wrong.
        source: AdaptationError,
    },
    /// The model cannot be read, or the adapted model cannot be written.
    #[error("{path} {reason}")]
    File {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
}

/// The labelled fields of a record as network inputs.
#[derive(Default)]
struct Seen {
    fields: Vec<Vec<Labelled>>,
    /// Class and specimen, in the same order.
    origins: Vec<(Class, u32)>,
    pictures: Vec<[u8; PICTURE_ID_LEN]>,
    without_label: u64,
    copies: u64,
}

/// Adapts the model in the file `base` to the labelled fields of `sessions`, or of all sessions if empty, and writes the
/// new model to `out` atomically.
///
/// # Errors
/// [`AdaptError`]; its message names the record, the model or the file.
pub fn adapt(base: &Path, reader: &RecordReader, sessions: &[SessionId], out: &Path) -> Result<Adapted, AdaptError> {
    let failed = |path: &Path, reason: String| AdaptError::File { path: path.printable().to_string(), reason };
    let unusable = |source: AdaptationError| {
        let path = if source.is_of_the_model() { base } else { reader.path() };
        AdaptError::Adaptation { path: path.printable().to_string(), source }
    };
    if out.exists() && std::fs::canonicalize(out).ok() == std::fs::canonicalize(base).ok() {
        return Err(failed(out, "is the model to start from; choose another --out".into()));
    }
    let bytes = std::fs::read(base).map_err(|error| failed(base, files::reason(&error)))?;
    let artifact = Artifact::read(&bytes).map_err(|error| unusable(error.into()))?.0;
    let model = Classifier::read(&bytes).map_err(|error| unusable(error.into()))?;
    let scales = adaptation::scales(&artifact).map_err(unusable)?;
    verify::intact(reader)?;
    let seen = look(&model, &scales, reader, sessions)?;
    let by_specimen = folds::groups_suffice(&seen.origins);
    let origins: Vec<(Class, u32)> = if by_specimen {
        seen.origins
    } else {
        seen.origins.iter().zip(0..).map(|((class, _), field)| (*class, field)).collect()
    };
    let folds = folds::grouped(&origins, FOLDS);
    let fields = adaptation::by_juror(scales.len(), seen.fields);
    let site = Site { fields: &fields, folds: &folds, pictures: &seen.pictures };
    let mut progress = Progress::start();
    let mut watch = |done: usize, all: usize| progress.show("fitting the last layer", done as u64, all as u64);
    let (bytes, fitted) = adaptation::adapt(&bytes, &site, &mut watch).map_err(unusable)?;
    let (_, adapted) = Artifact::read(&bytes).map_err(|error| unusable(error.into()))?;
    atomic_file::write(out, &bytes).map_err(|error| failed(out, files::reason(&error)))?;
    Ok(Adapted {
        base: model.model_id().into(),
        adapted: hex(&adapted),
        by_specimen,
        without_label: seen.without_label,
        copies: seen.copies,
        fitted,
    })
}

fn look(model: &Classifier, scales: &[f32], reader: &RecordReader, sessions: &[SessionId]) -> Result<Seen, AdaptError> {
    let chosen = match sessions {
        [] => reader.chosen(None)?,
        ids => ids.iter().map(|&id| reader.session(id)).collect::<Result<_, _>>()?,
    };
    let mut met = HashSet::new();
    let mut specimens: BTreeMap<String, u32> = BTreeMap::new();
    let mut workspace = model.workspace();
    let mut seen = Seen::default();
    reader.each_field(&chosen, |session, field| {
        let Some(class) = field.opinion().and_then(Opinion::class) else {
            seen.without_label += 1;
            return Ok(());
        };
        let kept = reader.picture(session.id, field.sequence)?;
        let hash: [u8; 32] = Sha256::digest(&kept.bytes).into();
        if !met.insert(hash) {
            seen.copies += 1;
            return Ok(());
        }
        seen.pictures.push(std::array::from_fn(|at| hash[at]));
        let picture = kept.pixels().map_err(|error| AdaptError::Picture {
            session: session.id,
            sequence: field.sequence,
            reason: error.to_string(),
        })?;
        if let Some(labelled) = adaptation::look(model, scales, &picture, class, &mut workspace) {
            seen.fields.push(labelled);
            let next = specimens.len() as u32;
            seen.origins.push((class, *specimens.entry(session.specimen.clone()).or_insert(next)));
        }
        Ok::<(), AdaptError>(())
    })?;
    Ok(seen)
}
