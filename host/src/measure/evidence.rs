//! Measurements of a model, as a file: every measuring command writes one with `--json`, and the model's card is written from them.

use std::path::Path;

use blastscope_shared::{Classifier, hex};
use serde::{Deserialize, Serialize};

use crate::{
    Error,
    data::{dataset::Dataset, picture::read_file},
    measure::{evaluation::Evaluation, paired::Paired, stress::Stress},
};

/// What was measured, and on which pictures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// [`Classifier::model_id`] of the model; 64 hexadecimal digits.
    pub model: String,
    /// The model's name in its card.
    pub name: String,
    /// [`Dataset::manifest_hash`] in hexadecimal, which identifies the pictures of the data set.
    pub data: String,
    /// The measured ones of these, in words.
    pub pictures: String,
    /// Version of the program that measured.
    pub program: String,
}

impl Origin {
    /// The origin of a measurement of `classifier` on some pictures of `data`.
    #[must_use]
    pub fn new(classifier: &Classifier, data: &Dataset, pictures: impl Into<String>) -> Self {
        Self {
            model: classifier.model_id().to_owned(),
            name: classifier.card().name.clone(),
            data: hex(&data.manifest_hash()),
            pictures: pictures.into(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

/// What a measuring command found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "evidence", rename_all = "kebab-case")]
pub enum Evidence {
    /// From `evaluate`.
    Evaluate {
        /// What was measured; `None` for a run's float network.
        origin: Option<Origin>,
        /// The scores.
        #[serde(flatten)]
        evaluation: Box<Evaluation>,
        /// The scores of six colour numbers on the same pictures, if the training pictures were available.
        colour_baseline: Option<Box<Evaluation>>,
    },
    /// From `stress`.
    Stress {
        /// What was measured.
        origin: Origin,
        /// The scores by degradation and severity.
        #[serde(flatten)]
        stress: Box<Stress>,
    },
    /// From `compare`.
    Compare {
        /// The two models, in the order of the comparison.
        origins: [Origin; 2],
        /// The differences.
        #[serde(flatten)]
        paired: Box<Paired>,
    },
    /// From a command that measures how models are made, not one model, such as a cross-validation: tables as they are shown.
    Tables {
        /// The section's title in the card.
        title: String,
        /// What was measured, on what and how, a paragraph each.
        paragraphs: Vec<String>,
        /// The tables.
        tables: Vec<ShownTable>,
    },
}

/// A table of text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownTable {
    /// What it shows.
    pub caption: Option<String>,
    /// Headings; the first column holds text and the others numbers.
    pub columns: Vec<String>,
    /// Rows of as many cells.
    pub rows: Vec<Vec<String>>,
}

impl Evidence {
    /// Reads a file that a measuring command wrote.
    ///
    /// # Errors
    /// When it cannot be read or is not evidence; the sentence names the file.
    pub fn read(path: &Path) -> Result<Self, Error> {
        serde_json::from_slice(&read_file(path)?).map_err(|error| {
            let reason = format!("is not what evaluate, stress or compare print with --json ({error}); measure again");
            Error::content(path, reason)
        })
    }

    /// The file's text.
    ///
    /// # Errors
    /// None in practice; the type saves the caller from panicking.
    pub fn json(&self) -> Result<String, Error> {
        serde_json::to_string_pretty(self).map_err(|error| Error::Usage(format!("the evidence has no JSON: {error}")))
    }

    /// The models it is about; none for [`Self::Tables`], which are not about a single model.
    #[must_use]
    pub fn origins(&self) -> Vec<&Origin> {
        match self {
            Self::Evaluate { origin, .. } => origin.iter().collect(),
            Self::Stress { origin, .. } => vec![origin],
            Self::Compare { origins, .. } => origins.iter().collect(),
            Self::Tables { .. } => Vec::new(),
        }
    }
}
