//! Which field is under the objective, and when it is taken. Pure.
//!
//! Frames are compared by coarse pictures ([`crate::pipeline::Thumbnail`]). A frame that differs from the one before is motion; stillness lets the
//! verdict gather agreement; what looks like a field that was counted already is that field again, whatever came in between.

mod tracker;

use alloc::{format, sync::Arc};
use core::{fmt, time::Duration};

use serde::Serialize;

pub(super) use self::tracker::Tracker;
use crate::{advice::Advice, frame::Frame, pipeline::Reading};

/// When a field is one, and when it is taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// How different two frames in a row may be while the slide stands still: fresh noise makes 0.1, a move by 2 % of the width 0.3
    /// to 0.5. From the beginning of the stillness on, twice this much.
    pub still: f32,
    /// How different two frames of one field may be: 0.6 is a move by 3 % of the width, unrelated fields are above 1.1.
    pub same_field: f32,
    /// How different a frame and a field that was counted earlier may be: a hand comes back to within 2 % of the width, 0.3 to
    /// 0.5. Stricter than for the field that is shown, because a frame is compared with all of them, and one that looks alike by chance
    /// would not be counted.
    pub known_field: f32,
    /// Frames in a row for which a class must stand.
    pub take_after: u32,
    /// The same for an abstention: the operator may still be at the fine focus.
    pub abstention_after: u32,
    /// How long a field must stand still.
    pub rest: Duration,
    /// Counted fields that are recognized when they come back.
    pub remembered: usize,
    /// How long to wait after a field could not be saved.
    pub retry: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            still: 0.25,
            same_field: 0.7,
            known_field: 0.4,
            take_after: 5,
            abstention_after: 15,
            rest: Duration::from_millis(600),
            remembered: 512,
            retry: Duration::from_secs(5),
        }
    }
}

/// Where the field is on its way to be taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(tag = "stage", rename_all = "lowercase")]
pub enum Presence {
    /// There is nothing that can be judged.
    #[default]
    Nothing,
    /// The slide moves.
    Moving,
    /// It stands still and the verdict gathers agreement.
    Judging {
        /// Frames in a row that agree.
        agreeing: u32,
        /// Frames that must agree.
        needed: u32,
    },
    /// It is on its way to the disk.
    Saving,
    /// It is on the disk and counted.
    Taken {
        /// Its number in the session.
        number: u64,
    },
}

/// Why a field is not taken although the operator asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// There is no picture.
    NoPicture,
    /// It was counted.
    Counted(u64),
    /// It is not the field that was looked at.
    Moved,
    /// It is being saved.
    BeingSaved,
}

impl NotTaken {
    /// What is wrong, and what to do about it.
    #[must_use]
    pub fn advice(self) -> Advice {
        match self {
            Self::NoPicture => Advice::new("there is no picture to take", "wait for the camera"),
            Self::Counted(number) => Advice::new(
                format!("this is field {number}, which is counted already"),
                format!("move on, or correct field {number}"),
            ),
            Self::Moved => Advice::new(
                "the picture has changed since the button was pressed, and nothing was taken",
                "look again, then take the field",
            ),
            Self::BeingSaved => Advice::new("this field is being saved already", "wait a moment"),
        }
    }
}

impl fmt::Display for NotTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.advice().fmt(f)
    }
}

impl core::error::Error for NotTaken {}

/// A number for a field until the record has given it one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Token(u64);

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A field to be recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    /// To be given back with the outcome.
    pub token: Token,
    /// Whether the operator asked.
    pub manual: bool,
    /// The sharpest frame.
    pub frame: Arc<Frame>,
    /// What is said of the field, with what was measured in the sharpest frame.
    pub reading: Reading,
}
