//! The visible state of a station: immutable, complete, and serializable as JSON.

use std::{sync::Arc, time::Duration};

use blastscope_core::{
    FocusBar,
    field::Presence,
    frame::Frame,
    pipeline::{Reading, Tally},
    session::{Left, OpenSession, Saving, SlideTold},
};
use blastscope_shared::{ByClass, Class, field::gate::Quality};
use serde::Serialize;

use crate::{
    record::{CheckState, Said},
    source::{follow::Trouble, state::CameraState},
    support::clock::ClockTrust,
};

/// Frame counts and rates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Flow {
    /// Frames judged.
    pub frames: u64,
    /// Recent frames per second.
    pub rate: f64,
    /// Problems of the source.
    #[serde(flatten)]
    pub trouble: Trouble,
}

/// A note from source, hardware or buttons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Grows by one with every note.
    pub number: u64,
    /// The sentence.
    pub text: String,
}

/// Number of notes kept.
const NOTES: usize = 4;

/// The complete visible state.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Snapshot {
    /// Name of the source.
    pub source: String,
    /// State of the source.
    pub source_state: CameraState,
    /// Why it is not streaming.
    pub source_reason: Option<String>,
    /// Frame counts and rates.
    pub flow: Flow,
    /// Number of the newest frame in the source.
    pub sequence: Option<u64>,
    /// Time since the start.
    #[serde(serialize_with = "milliseconds", rename = "elapsed_ms")]
    pub elapsed: Duration,
    /// The current statement; `None` without a picture.
    pub said: Option<Said>,
    /// The view's averaged probabilities.
    #[serde(serialize_with = "by_class")]
    pub probabilities: Option<[f32; Class::COUNT]>,
    /// Novelty of the newest frame.
    pub novelty: Option<f32>,
    /// The gate's measurements of the newest frame.
    pub quality: Option<Quality>,
    /// `passed`, or the name of the rejection.
    pub gate: Option<&'static str>,
    /// Frames in the average.
    pub frames_in_view: u32,
    /// The focus bar.
    pub focus: FocusBar,
    /// Progress of the current field.
    pub field: Presence,
    /// The open session.
    pub session: Option<OpenSession>,
    /// What the fields of the open session say of the slide together.
    pub slide: Option<SlideTold>,
    /// A session that was left open when the program was cut off, and waits to be resumed or closed.
    pub left: Option<Left>,
    /// State of saving.
    pub saving: Saving,
    /// Fields that could not be saved since the session's start.
    pub unsaved: u64,
    /// Result of the check of the whole record; `None` without a check.
    pub record_check: Option<CheckState>,
    /// Whether the device trusts its clock.
    pub clock: ClockTrust,
    /// Why the clock is not trusted, as a sentence.
    pub clock_reason: Option<String>,
    /// Grows with every save: then read the record again.
    pub record_version: u64,
    /// Counts of frames by statement.
    #[serde(skip)]
    pub tally: Tally,
    /// The frame with the number [`Self::sequence`], to which everything here applies: show both together.
    #[serde(skip)]
    pub frame: Option<Arc<Frame>>,
    /// The last notes, oldest first.
    #[serde(skip)]
    pub notes: Vec<Note>,
}

impl Snapshot {
    /// Adds a note.
    pub(super) fn note(&mut self, text: String) {
        let number = self.notes.last().map_or(1, |note| note.number + 1);
        if self.notes.len() >= NOTES {
            self.notes.remove(0);
        }
        self.notes.push(Note { number, text });
    }

    /// Copies a reading.
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

    /// The picture is lost: clears everything about the last one.
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
