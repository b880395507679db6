//! One line of JSON.

use blastscope_shared::{Class, gate::Quality, verdict::Verdict};
use serde::{Serialize, Serializer, ser::SerializeMap as _};

use super::{Examined, explain::Drawn};

/// A number for each class, written as an object with the classes' names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ByClass<T>(pub [T; Class::COUNT]);

impl<T: Serialize> Serialize for ByClass<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(Class::COUNT))?;
        for (class, value) in Class::ALL.iter().zip(&self.0) {
            map.serialize_entry(class.name(), value)?;
        }
        map.end()
    }
}

/// A picture that was examined. What the network computed is there even when the gate rejects the picture.
#[derive(Serialize)]
pub(super) struct Record<'a> {
    file: &'a str,
    verdict: &'static str,
    reason: Option<String>,
    probabilities: ByClass<f32>,
    logits: [f32; Class::COUNT],
    /// None where the network saw nothing.
    novelty: Option<f32>,
    quality: &'a Quality,
    model: &'a str,
    /// What the file says and was not applied to its pixels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<Explained<'a>>,
}

/// What spoke for a class, or why that cannot be said.
#[derive(Serialize)]
#[serde(untagged)]
enum Explained<'a> {
    Drawn {
        class: &'static str,
        /// The overlay.
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
    fn new(outcome: &'a Result<Drawn, String>) -> Self {
        match outcome {
            Ok(Drawn { explanation, file, peak }) => {
                let rows = explanation.values().chunks(explanation.width());
                let thousandths = |value: &f32| (value * 1000.0).round() / 1000.0;
                Self::Drawn {
                    class: explanation.class().name(),
                    file: file.display().to_string(),
                    peak: *peak,
                    map: rows.map(|row| row.iter().map(thousandths).collect()).collect(),
                }
            }
            Err(error) => Self::Failed { error },
        }
    }
}

impl<'a> Record<'a> {
    pub(super) fn new(file: &'a str, examined: &'a Examined, model: &'a str) -> Self {
        let assessment = &examined.assessment;
        Self {
            file,
            verdict: examined.class().map_or("abstain", Class::name),
            reason: examined.reason(),
            probabilities: ByClass(assessment.probabilities),
            logits: assessment.logits,
            novelty: assessment.is_seen().then_some(assessment.novelty),
            quality: &examined.quality,
            model,
            notes: examined.notes.iter().map(ToString::to_string).collect(),
            explanation: examined.explanation.as_ref().map(Explained::new),
        }
    }
}

impl Examined {
    /// The class that is named, if any: neither the gate nor the thresholds object.
    pub(super) fn class(&self) -> Option<Class> {
        if self.rejection.is_some() { None } else { self.assessment.verdict.class() }
    }

    /// Why no class is named.
    pub(super) fn reason(&self) -> Option<String> {
        if let Some(rejection) = &self.rejection {
            return Some(rejection.to_string());
        }
        match self.assessment.verdict {
            Verdict::Abstain(abstention) => Some(abstention.to_string()),
            Verdict::Class { .. } => None,
        }
    }
}

/// A file that could not be examined.
#[derive(Serialize)]
pub(super) struct Failure<'a> {
    pub file: &'a str,
    pub error: &'a str,
}
