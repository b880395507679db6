//! A field: one picture, and what the model said about it.

use std::time::{Duration, SystemTime};

use blastscope_core::{
    cells::FieldCells,
    pipeline::{Reading, Statement},
};
use blastscope_shared::{
    Class,
    field::gate::{Quality, Rejection},
    judge::{
        Assessment,
        slide::{SlideField, Spoken},
        verdict::Verdict,
    },
};
use serde::Serialize;

use super::{
    PictureFormat, PictureOrigin, RecordError, StoredPicture,
    opinion::{Opinion, OpinionKind},
    text_rules,
};
use crate::support::clock::ClockTrust;

/// Kind of a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum VerdictKind {
    /// Benign, or a malignant class.
    Class,
    /// Malignant, but no subtype was probable enough.
    Malignant,
    /// The model abstained.
    Abstain,
    /// The gate rejected the picture.
    Rejected,
    /// The view was too new.
    Settling,
}

impl VerdictKind {
    /// Whether the field was called benign or malignant.
    #[must_use]
    pub const fn is_judged(self) -> bool {
        matches!(self, Self::Class | Self::Malignant)
    }

    /// All kinds.
    pub const ALL: [Self; 5] = [Self::Class, Self::Malignant, Self::Abstain, Self::Rejected, Self::Settling];

    /// `class`, `malignant`, `abstain`, `rejected` or `settling`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Class => "class",
            Self::Malignant => "malignant",
            Self::Abstain => "abstain",
            Self::Rejected => "rejected",
            Self::Settling => "settling",
        }
    }
}

/// A verdict as stored.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Said {
    /// Class, malignant without a subtype, or why nothing was said.
    pub kind: VerdictKind,
    /// The class; only for [`VerdictKind::Class`].
    pub class: Option<Class>,
    /// Calibrated probability of the class, or of malignancy for [`VerdictKind::Malignant`], 0..=1.
    pub probability: Option<f32>,
    /// Why there is no class, as a sentence.
    pub reason: Option<String>,
}

impl Said {
    /// The verdict of a statement; `None` if there is no picture to store.
    #[must_use]
    pub fn of(statement: &Statement) -> Option<Self> {
        let kind = match statement {
            Statement::Settling { .. } => VerdictKind::Settling,
            Statement::Verdict(Verdict::Malignant { subtype, .. }) if subtype.class().is_none() => {
                VerdictKind::Malignant
            }
            Statement::Verdict(Verdict::Benign { .. } | Verdict::Malignant { .. }) => VerdictKind::Class,
            Statement::Verdict(Verdict::Abstain(_)) => VerdictKind::Abstain,
            Statement::Rejected(_) => VerdictKind::Rejected,
            Statement::NoPicture(_) => return None,
        };
        let probability = statement.verdict().and_then(Verdict::stated);
        Some(Self { kind, class: statement.class(), probability, reason: statement.reason() })
    }
}

/// Measurements of one frame, independent of earlier frames.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Measured {
    /// The network's logits; `None` if the gate rejected the frame or nothing was seen.
    pub(crate) logits: Option<[f32; Class::COUNT]>,
    /// Novelty; `None` if the network saw nothing.
    pub(crate) novelty: Option<f32>,
    /// `passed`, or the [name](Rejection::name) of the rejection.
    pub(crate) gate: &'static str,
}

impl Measured {
    pub(crate) fn of(frame: &Result<Assessment, Rejection>) -> Self {
        let assessment = frame.as_ref().ok();
        Self {
            logits: assessment.and_then(Assessment::logits),
            novelty: assessment.and_then(Assessment::novelty),
            gate: frame.as_ref().err().map_or("passed", Rejection::name),
        }
    }
}

/// Everything that the program measured and judged of a field.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Judgement {
    /// The displayed verdict.
    #[serde(flatten)]
    pub said: Said,
    /// The view's averaged probabilities, in the order of [`Class::ALL`]; `None` if nothing was seen.
    pub probabilities: Option<[f32; Class::COUNT]>,
    /// The network's logits for this frame; `None` if the gate rejected it or nothing was seen.
    pub logits: Option<[f32; Class::COUNT]>,
    /// Novelty of this frame; `None` if the network saw nothing.
    pub novelty: Option<f32>,
    /// `passed`, or the [name](Rejection::name) of the rejection.
    pub gate: String,
    /// Measurements of the gate.
    pub quality: Quality,
    /// Identity of the model, 64 hexadecimal digits.
    pub model_sha256: String,
    /// Number of frames of the view that voted.
    pub frames: u32,
    /// The cells that the network saw in this frame; `None` if it does not see cells. In JSON: how many.
    #[serde(serialize_with = "number_of_cells")]
    pub seen_cells: Option<FieldCells>,
}

impl Judgement {
    /// The judgement of a reading of the pipeline; `None` without a picture.
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
            seen_cells: reading.cells.as_deref().cloned(),
        })
    }

    /// What the field says of its slide.
    #[must_use]
    pub fn of_slide(&self) -> SlideField {
        of_slide(self.said.kind, self.said.class, self.probabilities, self.seen_cells.as_ref().map(FieldCells::count))
    }

    pub(super) fn check(&self) -> Result<(), RecordError> {
        text_rules::sha256("model", &self.model_sha256)?;
        text_rules::line("gate", &self.gate)?;
        text_rules::note("reason", self.said.reason.as_deref().unwrap_or_default())?;
        if (self.said.kind == VerdictKind::Class) != self.said.class.is_some() {
            let remedy = "a verdict of the kind class names a class, and no other kind does";
            return Err(RecordError::invalid("verdict", self.said.kind.name(), remedy));
        }
        if self.seen_cells.as_ref().is_some_and(|cells| !cells.is_sound()) {
            let remedy = "places, sizes and leanings of cells are 0 to 1";
            return Err(RecordError::invalid("cells", &format!("{:?}", self.seen_cells), remedy));
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

fn number_of_cells<S: serde::Serializer>(cells: &Option<FieldCells>, serializer: S) -> Result<S::Ok, S::Error> {
    cells.as_ref().map(FieldCells::count).serialize(serializer)
}

/// What a field says of its slide.
pub(super) fn of_slide(
    kind: VerdictKind,
    class: Option<Class>,
    probabilities: Option<[f32; Class::COUNT]>,
    cells: Option<u32>,
) -> SlideField {
    let subtype = class.filter(|class| class.is_malignant());
    let spoken = probabilities.filter(|_| kind.is_judged()).map(|of| Spoken::new(&of, subtype));
    SlideField { spoken, cells }
}

/// A field to store.
#[derive(Clone, Debug, PartialEq)]
pub struct NewField {
    /// When the frame was taken, by the wall clock.
    pub taken: SystemTime,
    /// Time since the session's start, by the monotonic clock.
    pub since_start: Duration,
    /// The judgement.
    pub judgement: Judgement,
    /// The frame.
    pub picture: StoredPicture,
}

/// A stored field, without its picture.
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
    /// The judgement.
    #[serde(flatten)]
    pub judgement: Judgement,
    /// Format of the picture.
    pub picture_format: PictureFormat,
    /// Whether the picture is the source's own file.
    pub picture_origin: PictureOrigin,
    /// Size of the picture, in bytes.
    pub picture_bytes: u64,
    /// Opinions, oldest first; [`Field::standing`] says which one counts.
    pub opinions: Vec<Opinion>,
}

impl Field {
    /// The newest opinion that nobody has undone.
    #[must_use]
    pub fn standing(&self) -> Option<&Opinion> {
        let is_undone = |id: u64| self.opinions.iter().any(|opinion| opinion.undoes == Some(id));
        self.opinions.iter().rev().find(|opinion| opinion.kind != OpinionKind::Undo && !is_undone(opinion.id))
    }

    /// The confirmation or correction that counts; `None` without one, and of an excluded field.
    #[must_use]
    pub fn opinion(&self) -> Option<&Opinion> {
        self.standing().filter(|opinion| opinion.label.is_some())
    }

    /// The opinion by which the field counts nowhere.
    #[must_use]
    pub fn exclusion(&self) -> Option<&Opinion> {
        self.standing().filter(|opinion| opinion.kind == OpinionKind::Exclusion)
    }
}
