//! Which field is under the objective, and when it is taken. Pure.
//!
//! Frames are compared by thumbnails ([`crate::pipeline::Thumbnail`]). A frame that differs from the previous one is motion. While
//! the slide stands still, frames must agree on the verdict. A view that looks like a counted field is that field again, whatever
//! came in between.

mod tracker;

use alloc::{format, sync::Arc};
use core::{fmt, time::Duration};

use serde::Serialize;

pub(super) use self::tracker::Tracker;
use crate::{advice::Advice, frame::Frame, pipeline::Reading};

/// Rules for recognizing and taking fields.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// Maximum difference between consecutive frames while the slide stands still: fresh noise gives 0.1, a move by 2 % of the
    /// width 0.3 to 0.5. Every frame may differ from the first one of the stillness by twice this.
    pub still: f32,
    /// Maximum difference between frames of one field: 0.6 is a move by 3 % of the width, unrelated fields are above 1.1.
    pub same_field: f32,
    /// Maximum difference between a frame and a field counted earlier: a hand comes back to within 2 % of the width, 0.3 to
    /// 0.5. Stricter than for the current field, because a frame is compared with all of them, and a chance match
    /// would not be counted.
    pub known_field: f32,
    /// Consecutive frames with the same class before the field is taken.
    pub take_after: u32,
    /// The same for an abstention: the operator may still be focusing.
    pub abstention_after: u32,
    /// Minimum time that a field must stand still.
    pub rest: Duration,
    /// Number of counted fields that are recognized when they come back.
    pub remembered: usize,
    /// Waiting time after a field could not be saved.
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

/// Progress of a field towards being taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(tag = "stage", rename_all = "lowercase")]
pub enum Presence {
    /// Nothing can be judged.
    #[default]
    Nothing,
    /// The slide moves.
    Moving,
    /// It stands still; frames are counted that agree on the verdict.
    Judging {
        /// Consecutive frames that agree.
        agreeing: u32,
        /// Frames that must agree.
        needed: u32,
    },
    /// It is being saved.
    Saving,
    /// It is saved and counted.
    Taken {
        /// Its number in the session.
        number: u64,
    },
}

/// Why an order to take a field is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// There is no picture.
    NoPicture,
    /// The field is counted already.
    Counted(u64),
    /// The picture is no longer the one that the operator looked at.
    Moved,
    /// It is being saved.
    BeingSaved,
}

impl NotTaken {
    /// The reason and the remedy.
    #[must_use]
    pub fn advice(self) -> Advice {
        match self {
            Self::NoPicture => Advice::new("there is no picture to take", "wait for the camera"),
            Self::Counted(number) => Advice::new(
                format!("this is field {number}, which is counted already"),
                format!("move on, or correct field {number}"),
            ),
            Self::Moved => Advice::new(
                "the picture has changed since the button was pressed; nothing was taken",
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

/// Temporary number of a field until the record assigns one.
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
    /// Token to report the outcome with.
    pub token: Token,
    /// Whether the operator ordered it.
    pub manual: bool,
    /// The sharpest frame.
    pub frame: Arc<Frame>,
    /// The statement about the field, with the measurements of the sharpest frame.
    pub reading: Reading,
}
