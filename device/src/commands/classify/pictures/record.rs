//! The verdict on one picture as a line of JSON.

use blastscope_core::pipeline::Appraisal;
use blastscope_shared::{ByClass, Class, field::gate::Quality};
use serde::Serialize;

use super::{Examined, explain::Drawn};

/// A picture that was examined. The network's numbers are present even if the gate rejects the picture, and null if the network
/// saw nothing.
#[derive(Serialize)]
pub(super) struct Record<'a> {
    file: &'a str,
    verdict: &'static str,
    /// The named malignant class.
    subtype: Option<&'static str>,
    reason: Option<String>,
    probabilities: Option<ByClass<f32>>,
    logits: Option<[f32; Class::COUNT]>,
    novelty: Option<f32>,
    quality: &'a Quality,
    model: &'a str,
    /// Properties of the file that were not applied to the pixels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<Option<Explained<'a>>>,
}

/// The explanation of a class, or why it failed.
#[derive(Serialize)]
#[serde(untagged)]
enum Explained<'a> {
    Drawn {
        class: &'static str,
        /// Path of the overlay.
        file: String,
        /// Column and row in the picture.
        peak: Option<(usize, usize)>,
        /// Rows from the top, 0..=1, in thousandths.
        map: Vec<Vec<f32>>,
    },
    Failed {
        error: &'a str,
    },
}

impl<'a> Explained<'a> {
    /// `None` if the network saw nothing.
    fn new(outcome: &'a Result<Option<Drawn>, String>) -> Option<Self> {
        let Drawn { explanation, file, peak } = match outcome {
            Ok(drawn) => drawn.as_ref()?,
            Err(error) => return Some(Self::Failed { error }),
        };
        let rows = explanation.values().chunks(explanation.width());
        let thousandths = |value: &f32| (value * 1000.0).round() / 1000.0;
        Some(Self::Drawn {
            class: explanation.class().name(),
            file: file.to_string_lossy().into_owned(),
            peak: *peak,
            map: rows.map(|row| row.iter().map(thousandths).collect()).collect(),
        })
    }
}

impl<'a> Record<'a> {
    pub(super) fn new(file: &'a str, examined: &'a Examined, model: &'a str) -> Self {
        let Appraisal { quality, assessment, .. } = &examined.appraisal;
        Self {
            file,
            verdict: examined.appraisal.name(),
            subtype: examined.appraisal.class().filter(|class| class.is_malignant()).map(Class::name),
            reason: examined.appraisal.reason(),
            probabilities: assessment.probabilities().map(ByClass),
            logits: assessment.logits(),
            novelty: assessment.novelty(),
            quality,
            model,
            notes: examined.notes.iter().map(ToString::to_string).collect(),
            explanation: examined.explanation.as_ref().map(Explained::new),
        }
    }
}

/// A file that could not be examined.
#[derive(Serialize)]
pub(super) struct Failure<'a> {
    pub file: &'a str,
    pub error: &'a str,
}
