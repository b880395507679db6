//! A field: one picture and what the model said about it.

use std::time::{Duration, SystemTime};

use blastscope_shared::{
    Class,
    field::gate::{Quality, Rejection},
    judge::{Assessment, verdict::Verdict},
};
use serde::Serialize;

use super::{PictureFormat, PictureOrigin, RecordError, StoredPicture, opinion::Opinion, text_rules};
use crate::{
    clock::ClockTrust,
    pipeline::{Reading, Statement},
};

/// Which kind of statement was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum VerdictKind {
    /// A class was named.
    Class,
    /// The model would rather not say.
    Abstain,
    /// The gate found the picture unfit.
    Rejected,
    /// The view was too new.
    Settling,
}

impl VerdictKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Class, Self::Abstain, Self::Rejected, Self::Settling];

    /// `class`, `abstain`, `rejected` or `settling`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Class => "class",
            Self::Abstain => "abstain",
            Self::Rejected => "rejected",
            Self::Settling => "settling",
        }
    }
}

/// What was said, as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Said {
    /// Class, or why there is none.
    pub kind: VerdictKind,
    /// The class, of [`VerdictKind::Class`] only.
    pub class: Option<Class>,
    /// Its calibrated probability, 0..=1.
    pub probability: Option<f32>,
    /// Why no class is named, as a sentence for people.
    pub reason: Option<String>,
}

impl Said {
    /// What a statement says; `None` where there is no picture that could be kept.
    #[must_use]
    pub fn of(statement: &Statement) -> Option<Self> {
        let kind = match statement {
            Statement::Settling { .. } => VerdictKind::Settling,
            Statement::Verdict(Verdict::Class { .. }) => VerdictKind::Class,
            Statement::Verdict(Verdict::Abstain(_)) => VerdictKind::Abstain,
            Statement::Rejected(_) => VerdictKind::Rejected,
            Statement::NoPicture(_) => return None,
        };
        let probability = match statement {
            Statement::Verdict(Verdict::Class { probability, .. }) => Some(*probability),
            _ => None,
        };
        Some(Self { kind, class: statement.class(), probability, reason: statement.reason() })
    }
}

/// What is measured in one frame, whatever came before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Measured {
    /// The network's outputs; `None` where the gate rejected the frame or nothing was seen.
    pub(super) logits: Option<[f32; Class::COUNT]>,
    /// Novelty; `None` where the network saw nothing.
    pub(super) novelty: Option<f32>,
    /// `passed`, or the [name](Rejection::name) of the rejection.
    pub(super) gate: &'static str,
}

impl Measured {
    pub(super) fn of(frame: &Result<Assessment, Rejection>) -> Self {
        let assessment = frame.as_ref().ok();
        Self {
            logits: assessment.and_then(Assessment::logits),
            novelty: assessment.and_then(Assessment::novelty),
            gate: frame.as_ref().err().map_or("passed", Rejection::name),
        }
    }
}

/// Everything the program judged of a field.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Judgement {
    /// The verdict that was shown.
    #[serde(flatten)]
    pub said: Said,
    /// The view's averaged probabilities, in the order of [`Class::ALL`]; `None` where nothing was seen.
    pub probabilities: Option<[f32; Class::COUNT]>,
    /// The network's outputs for this frame; `None` where the gate rejected it or nothing was seen.
    pub logits: Option<[f32; Class::COUNT]>,
    /// Novelty of this frame; `None` where the network saw nothing.
    pub novelty: Option<f32>,
    /// `passed`, or the [name](Rejection::name) of the rejection.
    pub gate: String,
    /// What the gate measured.
    pub quality: Quality,
    /// Identity of the model, 64 hexadecimal digits.
    pub model_sha256: String,
    /// Number of the view's frames that voted.
    pub frames: u32,
}

impl Judgement {
    /// What a reading of the pipeline says; `None` where there was no picture.
    #[must_use]
    pub fn of(reading: &Reading, model_sha256: &str) -> Option<Self> {
        let Measured { logits, novelty, gate } = Measured::of(&reading.frame);
        Some(Self {
            said: Said::of(&reading.statement)?,
            probabilities: reading.probabilities,
            logits,
            novelty,
            gate: gate.into(),
            quality: reading.quality,
            model_sha256: model_sha256.into(),
            frames: reading.frames_in_view,
        })
    }

    pub(super) fn check(&self) -> Result<(), RecordError> {
        text_rules::sha256("model", &self.model_sha256)?;
        text_rules::line("gate", &self.gate)?;
        text_rules::note("reason", self.said.reason.as_deref().unwrap_or_default())?;
        if (self.said.kind == VerdictKind::Class) != self.said.class.is_some() {
            let remedy = "a verdict of the kind class names one, and no other does";
            return Err(RecordError::invalid("verdict", self.said.kind.name(), remedy));
        }
        let quality = [self.quality.focus, self.quality.clipped, self.quality.foreign, self.quality.stained];
        let optional = [self.said.probability, self.novelty].into_iter().flatten();
        let by_class = [self.probabilities, self.logits].into_iter().flatten().flatten();
        match quality.into_iter().chain(optional).chain(by_class).find(|number| !number.is_finite()) {
            Some(number) => {
                Err(RecordError::invalid("measure", &number.to_string(), "every number of a field must be finite"))
            }
            None => Ok(()),
        }
    }
}

/// A field to be kept.
#[derive(Clone, Debug, PartialEq)]
pub struct NewField {
    /// When the frame was taken, by the wall clock.
    pub taken: SystemTime,
    /// The same by a clock that is never set, since the session's start.
    pub since_start: Duration,
    /// What was judged.
    pub judgement: Judgement,
    /// The frame.
    pub picture: StoredPicture,
}

/// A field as it is kept, without its picture.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Field {
    /// Number in its session, from 1, without gaps.
    pub sequence: u64,
    /// When the frame was taken, RFC 3339.
    pub taken_utc: String,
    /// Whether the device trusted its clock then.
    pub clock: ClockTrust,
    /// Milliseconds since the session's start.
    pub since_start_ms: u64,
    /// What was judged.
    #[serde(flatten)]
    pub judgement: Judgement,
    /// Format of the picture.
    pub picture_format: PictureFormat,
    /// Whether the picture is the source's own file.
    pub picture_origin: PictureOrigin,
    /// Size of the picture, in bytes.
    pub picture_bytes: u64,
    /// What people said, oldest first; the last one counts.
    pub opinions: Vec<Opinion>,
}

impl Field {
    /// The opinion that counts.
    #[must_use]
    pub fn opinion(&self) -> Option<&Opinion> {
        self.opinions.last()
    }
}
