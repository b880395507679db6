//! The model card: a model's purpose, origin and results (Mitchell et al., "Model Cards for Model Reporting", 2019).

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Deserializer, Serialize};

use super::{ArtifactError, limited};
use crate::rate::Rate;

/// Most measurements in a card.
const MAX_MEASUREMENTS: usize = 64;

/// The sentence on every screen, report and export.
pub const STATEMENT: &str = "For Research Use Only. Not for use in diagnostic procedures.";

/// What users should know before they use a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelCard {
    /// Short name, such as `allcnn`.
    pub name: String,
    /// [`STATEMENT`].
    pub statement: String,
    /// Whether the model was trained on drawn fields: it demonstrates the loop and says nothing about real smears.
    pub drawn: bool,
    /// What the model may be used for.
    pub intended_use: String,
    /// Origin and number of its images.
    pub data: String,
    /// Its training: split, optimizer, epochs, hardware.
    pub training: String,
    /// What was measured.
    #[serde(deserialize_with = "measurements")]
    pub results: Vec<Measurement>,
    /// Known faults and gaps.
    pub limits: String,
}

fn measurements<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Measurement>, D::Error> {
    limited::list(deserializer, MAX_MEASUREMENTS)
}

/// A measured share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// Name of the measure, such as `accuracy, int8`.
    pub what: String,
    /// The fields it was measured on, such as `test part, grouped split`.
    pub part: String,
    /// The share, 0..=1.
    pub value: f32,
    /// Lower end of the 95 % interval.
    pub low: f32,
    /// Upper end of the 95 % interval.
    pub high: f32,
    /// Number of fields it was measured on.
    pub count: u32,
}

/// A model's origin, so that it can be rebuilt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// SHA-256 over the data set's file names, classes and contents.
    pub manifest_hash: [u8; 32],
    /// SHA-256 of the split table.
    pub split_hash: [u8; 32],
    /// Version of the program that wrote the model.
    pub code_version: String,
    /// The training configuration as JSON.
    pub configuration: String,
    /// The pictures the model was made from.
    pub pictures: Pictures,
}

/// The pictures of each part of the split, identified by content: under any name, a program can tell whether the model has seen a
/// picture. Each list holds the first [`PICTURE_ID_LEN`] bytes of each file's SHA-256, one after another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pictures {
    /// Used to fit the weights.
    #[serde(with = "serde_bytes")]
    pub train: Vec<u8>,
    /// Used to choose the best epoch, the temperature and the thresholds.
    #[serde(with = "serde_bytes")]
    pub validation: Vec<u8>,
    /// Used for measuring only; nothing was chosen on these.
    #[serde(with = "serde_bytes")]
    pub test: Vec<u8>,
}

/// Bytes of a file's SHA-256 that identify it in [`Pictures`].
pub const PICTURE_ID_LEN: usize = 8;

impl Rate {
    /// The rate for a model card; 0 without cases.
    #[must_use]
    pub fn measurement(&self, what: &str, part: &str) -> Measurement {
        Measurement {
            what: what.into(),
            part: part.into(),
            value: self.value.unwrap_or(0.0) as f32,
            low: self.low as f32,
            high: self.high as f32,
            count: self.of as u32,
        }
    }
}

impl ModelCard {
    pub(super) fn check(&self) -> Result<(), ArtifactError> {
        if self.statement != STATEMENT {
            return Err(ArtifactError::Invalid("its model card does not say that it is for research use only"));
        }
        let empty = |text: &String| text.trim().is_empty();
        if [&self.name, &self.intended_use, &self.data, &self.training, &self.limits].into_iter().any(empty) {
            return Err(ArtifactError::Invalid("its model card is missing or incomplete"));
        }
        let shares = self.results.iter().flat_map(|result| [result.value, result.low, result.high]);
        // NaN lies outside every range.
        if !shares.into_iter().all(|share| (0.0..=1.0).contains(&share)) {
            return Err(ArtifactError::Invalid("a result in its model card is not a share from 0 to 1"));
        }
        Ok(())
    }
}

impl Provenance {
    pub(super) fn check(&self) -> Result<(), ArtifactError> {
        let Pictures { train, validation, test } = &self.pictures;
        if [train, validation, test].into_iter().all(|list| list.len().is_multiple_of(PICTURE_ID_LEN)) {
            Ok(())
        } else {
            Err(ArtifactError::Invalid("its list of pictures is cut off"))
        }
    }
}
