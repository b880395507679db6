//! From frames to statements: gate, network, smoothing over time. Pure: no input, no output, no clock.
//!
//! A **view** is what the objective shows until the stage moves, or one file of a folder. Within a view the network's probabilities
//! are averaged, and a verdict is given once enough frames agree; a new view starts from nothing. A verdict
//! changes only after as many consecutive frames support the change ([`Settings::settle`]), so that a lamp does not flicker.
//!
//! A frame that the gate rejects has no verdict: its reason is stated at once. The view outlives a few such
//! frames ([`Settings::patience`]), so that its verdict returns with the next good frame.

mod appraisal;
mod assessor;
mod smoothing;
mod tally;
mod view;

use alloc::{
    boxed::Box,
    format,
    string::{String, ToString as _},
    sync::Arc,
    vec,
    vec::Vec,
};
use core::time::Duration;

use blastscope_shared::{
    Class, RgbPixels,
    field::gate::{Gate, Inspector, Quality, Rejection},
    judge::{
        Assessment, Judge, Scores, Thresholds,
        verdict::{Abstention, Subtype, Verdict},
    },
    sight::Observation,
};

pub use appraisal::{Appraisal, percent};
pub use assessor::shown;
pub use view::Thumbnail;
pub use {assessor::Assessor, tally::Tally};

use self::smoothing::Smoothing;
use crate::{cells::FieldCells, frame::Frame};

/// Settings of the pipeline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// The gate, or `None` to let everything through.
    pub gate: Option<Gate>,
    /// The judge of frames and views; the [classifier's](blastscope_shared::Classifier::judge).
    pub judge: Judge,
    /// Frames of a view before a verdict is given, and consecutive frames before it changes; at least 1.
    pub settle: u32,
    /// Weight of the newest frame in the exponential mean, 0..=1.
    pub newest_weight: f32,
    /// Maximum difference between frames of one view: 0 is equal, 0.6 a move by 3 % of the width, unrelated fields are above
    /// 1.1. Negative: every frame is a separate view.
    pub same_view: f32,
    /// Most consecutive rejected frames that a view outlives. One more ends it, and the next good frame starts a new one.
    pub patience: u32,
    /// A longer pause between two frames starts a new view.
    pub longest_gap: Duration,
}

impl Settings {
    /// The defaults with a judge.
    #[must_use]
    pub fn new(judge: Judge) -> Self {
        Self {
            gate: Some(Gate::default()),
            judge,
            settle: 3,
            newest_weight: 0.3,
            same_view: 0.7,
            patience: 2,
            longest_gap: Duration::from_secs(2),
        }
    }
}

/// What the device says now.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// The view is too new for a verdict.
    Settling {
        /// Frames of the view so far.
        seen: u32,
        /// Frames needed for a verdict.
        needed: u32,
    },
    /// The verdict about the view, from the averaged probabilities.
    Verdict(Verdict),
    /// The picture is not fit to be judged.
    Rejected(Rejection),
    /// There is no picture.
    NoPicture(String),
}

impl Statement {
    /// The verdict, if there is one.
    #[must_use]
    pub const fn verdict(&self) -> Option<&Verdict> {
        match self {
            Self::Verdict(verdict) => Some(verdict),
            _ => None,
        }
    }

    /// The named class, if any.
    #[must_use]
    pub const fn class(&self) -> Option<Class> {
        match self {
            Self::Verdict(verdict) => verdict.class(),
            _ => None,
        }
    }

    /// Whether the field is called benign or malignant.
    #[must_use]
    pub const fn is_said(&self) -> bool {
        matches!(self, Self::Verdict(verdict) if verdict.is_malignant().is_some())
    }

    /// Why no class is named; `None` if one is.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        match self {
            Self::Settling { seen, needed } => Some(format!("settling: {seen} of {needed} frames of this view")),
            Self::Verdict(verdict) => verdict.reason(),
            Self::Rejected(rejection) => Some(rejection.to_string()),
            Self::NoPicture(reason) => Some(reason.clone()),
        }
    }

    /// Whether both statements are equal except for their numbers.
    #[must_use]
    pub fn agrees_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Verdict(a), Self::Verdict(b)) => a.agrees_with(b),
            (Self::Rejected(a), Self::Rejected(b)) => a.name() == b.name(),
            (Self::Settling { .. }, Self::Settling { .. }) => true,
            (Self::NoPicture(a), Self::NoPicture(b)) => a == b,
            _ => false,
        }
    }
}

/// All results after a frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// [`Frame::sequence`].
    pub sequence: u64,
    /// [`Frame::time`].
    pub time: Duration,
    /// [`Frame::name`].
    pub name: Option<String>,
    /// The frame on a coarse grid, to compare frames.
    pub thumbnail: Thumbnail,
    /// The gate's measurements.
    pub quality: Quality,
    /// Assessment of this frame alone, or why there is none.
    pub frame: Result<Assessment, Rejection>,
    /// Number of the view, from 1; 0 before the first.
    pub view: u64,
    /// Assessed frames of the view; 0 once the view has ended.
    pub frames_in_view: u32,
    /// The view's averaged probabilities; `None` for a frame that the gate rejected, before the network first sees something, and
    /// once it sees nothing any more.
    pub probabilities: Option<[f32; Class::COUNT]>,
    /// The cells that the network saw in this frame; `None` if the gate rejected it, or it does not see cells.
    pub cells: Option<Arc<FieldCells>>,
    /// The statement.
    pub statement: Statement,
}

/// Actions that the caller must take after a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Show this reading; one for every frame.
    Show(Box<Reading>),
    /// The statement has changed: switch lamps, sound, record.
    Announce(Statement),
}

/// The pipeline.
#[derive(Debug)]
pub struct Pipeline<A> {
    assessor: A,
    inspector: Inspector,
    settings: Settings,
    tally: Tally,
    view: u64,
    reference: Option<Thumbnail>,
    /// [`Frame::name`] of the last frame.
    file: Option<String>,
    smoothing: Smoothing,
    spoken: Option<Verdict>,
    /// A verdict that would replace the current one, and how many consecutive frames support it.
    challenger: Option<(Verdict, u32)>,
    rejected_in_a_row: u32,
    last_frame: Option<Duration>,
    announced: Option<Statement>,
}

impl<A: Assessor> Pipeline<A> {
    /// A new pipeline, without frames.
    pub fn new(assessor: A, settings: Settings) -> Self {
        Self {
            assessor,
            inspector: Inspector::new(),
            settings,
            tally: Tally::new(),
            view: 0,
            reference: None,
            file: None,
            smoothing: Smoothing::new(settings.judge, settings.newest_weight),
            spoken: None,
            challenger: None,
            rejected_in_a_row: 0,
            last_frame: None,
            announced: None,
        }
    }

    /// Counts so far.
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Takes a frame at the time `now`, which must not decrease.
    pub fn step(&mut self, frame: &Frame, now: Duration) -> Vec<Action> {
        if self.last_frame.is_some_and(|last| now.saturating_sub(last) > self.settings.longest_gap) {
            self.leave_view();
        }
        self.last_frame = Some(now);
        // Results of one file do not apply to another.
        if self.file != frame.name {
            self.leave_view();
            self.file.clone_from(&frame.name);
        }
        if self.every_frame_is_a_view() {
            self.enter_view(None);
        }
        let thumbnail = Thumbnail::of(&frame.picture);
        let quality = self.inspector.inspect(&frame.picture);
        let judged = self.settings.gate.map_or(Ok(()), |gate| gate.judge(&quality));
        let (outcome, statement) = match judged {
            Err(rejection) => (Err(rejection), self.reject(rejection)),
            Ok(()) => {
                let assessment = self.look(&frame.picture, &thumbnail);
                (Ok(assessment), self.state())
            }
        };
        self.tally.count(&outcome, &statement);
        let cells =
            outcome.as_ref().ok().and_then(|assessment| Some(Arc::new(known(self.assessor.cells()?, assessment))));
        let probabilities = self.mean().observed().filter(|_| outcome.is_ok()).map(|mean| mean.probabilities());
        let reading = Reading {
            sequence: frame.sequence,
            time: frame.time,
            name: frame.name.clone(),
            thumbnail,
            quality,
            frame: outcome,
            view: self.view,
            frames_in_view: self.smoothing.frames(),
            probabilities,
            cells,
            statement: statement.clone(),
        };
        let mut actions = vec![Action::Show(Box::new(reading))];
        actions.extend(self.announce(statement));
        actions
    }

    /// Notes that no frames come, and why: this withdraws the old verdict.
    pub fn interrupt(&mut self, reason: &str) -> Vec<Action> {
        self.leave_view();
        self.announce(Statement::NoPicture(reason.to_string())).into_iter().collect()
    }

    fn announce(&mut self, statement: Statement) -> Option<Action> {
        let changed = !self.announced.as_ref().is_some_and(|announced| announced.agrees_with(&statement));
        self.announced = Some(statement.clone());
        changed.then_some(Action::Announce(statement))
    }

    fn leave_view(&mut self) {
        self.reference = None;
        self.smoothing.clear();
        self.spoken = None;
        self.challenger = None;
    }

    fn every_frame_is_a_view(&self) -> bool {
        self.settings.same_view < 0.0
    }

    fn enter_view(&mut self, reference: Option<Thumbnail>) {
        self.leave_view();
        self.view += 1;
        self.tally.views += 1;
        self.reference = reference;
    }

    fn reject(&mut self, rejection: Rejection) -> Statement {
        self.rejected_in_a_row += 1;
        if self.rejected_in_a_row > self.settings.patience {
            self.leave_view();
        }
        Statement::Rejected(rejection)
    }

    /// Assesses the inspected picture and adds it to its view.
    fn look(&mut self, picture: &RgbPixels, thumbnail: &Thumbnail) -> Assessment {
        self.rejected_in_a_row = 0;
        if !self.every_frame_is_a_view() {
            let same = |reference: &Thumbnail| reference.difference(thumbnail) <= self.settings.same_view;
            if !self.reference.as_ref().is_some_and(same) {
                self.enter_view(Some(thumbnail.clone()));
            }
        }
        let shown = shown(picture, &self.inspector, self.assessor.squashes_to());
        let sight = self.assessor.look(shown);
        self.smoothing.add(sight);
        self.settings.judge.assess(sight)
    }

    /// The mean over the view; nothing if all frames, or as many consecutive ones as a verdict needs, showed nothing.
    fn mean(&self) -> Observation<Scores> {
        self.smoothing.mean(self.settings.settle.max(1))
    }

    /// The statement about the view now.
    fn state(&mut self) -> Statement {
        let (seen, needed) = (self.smoothing.frames(), self.settings.settle.max(1));
        if seen < needed {
            return Statement::Settling { seen, needed };
        }
        let judge = self.settings.judge;
        let mean = self.mean();
        let candidate = judge.verdict(&mean);
        let spoken = match self.spoken {
            Some(spoken) if !spoken.agrees_with(&candidate) => {
                let times = match self.challenger {
                    Some((challenger, times)) if challenger.agrees_with(&candidate) => times + 1,
                    _ => 1,
                };
                match mean {
                    Observation::Observed(mean) if times < needed => {
                        self.challenger = Some((candidate, times));
                        held(spoken, &mean, judge.thresholds())
                    }
                    // The change has enough support; frames in which nothing was seen are in the mean already.
                    _ => {
                        self.challenger = None;
                        candidate
                    }
                }
            }
            _ => {
                self.challenger = None;
                candidate
            }
        };
        self.spoken = Some(spoken);
        Statement::Verdict(spoken)
    }
}

/// The cells of a frame; without leanings if the networks do not know such a field, because then they know no cell of it either.
fn known(cells: FieldCells, assessment: &Assessment) -> FieldCells {
    match assessment.verdict {
        Verdict::Abstain(Abstention::Unfamiliar { .. } | Abstention::NotFinite) => cells.without_leanings(),
        _ => cells,
    }
}

/// What was said is held, with its current probability, only while it is nearly as probable as required; else doubt is stated at once.
const HELD_SHARE: f32 = 0.75;

/// The statement while a challenger has too few frames.
fn held(spoken: Verdict, mean: &Scores, thresholds: &Thresholds) -> Verdict {
    let Thresholds { min_probability: threshold, min_subtype, .. } = *thresholds;
    let malignancy = mean.malignancy();
    let probability = match spoken {
        Verdict::Benign { .. } => mean.probabilities()[Class::Benign.index()],
        Verdict::Malignant { .. } => malignancy,
        abstention @ Verdict::Abstain(_) => return abstention,
    };
    match spoken {
        _ if probability < HELD_SHARE * threshold => {
            Verdict::Abstain(Abstention::LowConfidence { probability, threshold })
        }
        Verdict::Malignant { subtype, .. } => {
            let likely = subtype.likely();
            let share = mean.probabilities()[likely.index()] / malignancy;
            let subtype = match subtype {
                Subtype::Named { class, .. } if share >= HELD_SHARE * min_subtype => Subtype::Named { class, share },
                disputed @ Subtype::Disputed { .. } if share >= min_subtype => disputed,
                _ => Subtype::NotSure { likely, share, threshold: min_subtype },
            };
            Verdict::Malignant { probability, subtype }
        }
        _ => Verdict::Benign { probability },
    }
}

#[cfg(test)]
pub(crate) mod tests;
