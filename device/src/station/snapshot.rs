//! What a station shows of itself: immutable, whole, and as JSON.

use std::{sync::Arc, time::Duration};

use blastscope_core::{
    FocusBar,
    field::Presence,
    frame::Frame,
    pipeline::{Reading, Tally},
    session::{Left, OpenSession, Saving},
};
use blastscope_shared::{Class, field::gate::Quality};
use serde::Serialize;

use crate::{
    RESEARCH_USE,
    record::{CheckState, Said},
    source::{follow::Trouble, state::CameraState},
    support::clock::ClockTrust,
};
use blastscope_shared::ByClass;

/// Frames in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Flow {
    /// Frames that were looked at.
    pub frames: u64,
    /// Frames a second, over the last ones.
    pub rate: f64,
    /// What went wrong with the source.
    #[serde(flatten)]
    pub trouble: Trouble,
}

/// Something that source, hardware or buttons had to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Grows by one with every note.
    pub number: u64,
    /// The sentence.
    pub text: String,
}

/// Notes that are kept.
const NOTES: usize = 4;

/// Everything that can be shown.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Snapshot {
    /// What the source is called.
    pub source: String,
    /// How it is.
    pub source_state: CameraState,
    /// Why it is not streaming.
    pub source_reason: Option<String>,
    /// Frames in numbers.
    pub flow: Flow,
    /// Number of the newest frame in the source.
    pub sequence: Option<u64>,
    /// Time since the start.
    #[serde(serialize_with = "milliseconds", rename = "elapsed_ms")]
    pub elapsed: Duration,
    /// What is said now; `None` while there is no picture.
    pub said: Option<Said>,
    /// The view's averaged probabilities.
    #[serde(serialize_with = "by_class")]
    pub probabilities: Option<[f32; Class::COUNT]>,
    /// Novelty of the newest frame.
    pub novelty: Option<f32>,
    /// What the gate measured in the newest frame.
    pub quality: Option<Quality>,
    /// `passed`, or the name of the rejection.
    pub gate: Option<&'static str>,
    /// Frames that voted.
    pub frames_in_view: u32,
    /// The focus bar.
    pub focus: FocusBar,
    /// Where the field is on its way to be taken.
    pub field: Presence,
    /// The session that goes on.
    pub session: Option<OpenSession>,
    /// A session that was left open when the program was cut off, and waits to go on or to be closed.
    pub left: Option<Left>,
    /// How saving goes.
    pub saving: Saving,
    /// Fields that could not be saved since the session's start.
    pub unsaved: u64,
    /// What the check of the whole record found; `None` where there is none.
    pub record_check: Option<CheckState>,
    /// Whether the device trusts its clock.
    pub clock: ClockTrust,
    /// Why it does not, as a sentence.
    pub clock_reason: Option<String>,
    /// Grows with everything that is saved: time to read the record again.
    pub record_version: u64,
    /// What was seen, frame by frame.
    #[serde(skip)]
    pub tally: Tally,
    /// The frame that [`Self::sequence`] counts and everything here is said of: whoever shows both shows what belongs together.
    #[serde(skip)]
    pub frame: Option<Arc<Frame>>,
    /// The last notes, oldest first.
    #[serde(skip)]
    pub notes: Vec<Note>,
}

impl Snapshot {
    /// What must stand on every view of it.
    pub const NOTICE: &str = RESEARCH_USE;

    /// Keeps a note.
    pub(super) fn note(&mut self, text: String) {
        let number = self.notes.last().map_or(1, |note| note.number + 1);
        if self.notes.len() >= NOTES {
            self.notes.remove(0);
        }
        self.notes.push(Note { number, text });
    }

    /// Takes over what a reading says.
    pub(super) fn read(&mut self, reading: &Reading) {
        let assessment = reading.frame.as_ref().ok();
        self.sequence = Some(reading.sequence);
        self.said = Said::of(&reading.statement);
        self.probabilities = reading.probabilities;
        self.novelty = assessment.and_then(blastscope_shared::judge::Assessment::novelty);
        self.quality = Some(reading.quality);
        self.gate =
            Some(reading.frame.as_ref().err().map_or("passed", blastscope_shared::field::gate::Rejection::name));
        self.frames_in_view = reading.frames_in_view;
    }

    /// There is no picture: nothing of the last one may stand.
    pub(super) fn forget_picture(&mut self) {
        (self.sequence, self.frame, self.said, self.probabilities) = (None, None, None, None);
        (self.novelty, self.quality, self.gate, self.frames_in_view) = (None, None, None, 0);
    }
}

fn milliseconds<S: serde::Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

fn by_class<S: serde::Serializer>(
    probabilities: &Option<[f32; Class::COUNT]>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    probabilities.map(ByClass).serialize(serializer)
}
