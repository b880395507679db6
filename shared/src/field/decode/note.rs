//! What a file says about its picture and is not applied to the pixels.

use alloc::{string::String, vec::Vec};
use core::fmt;

/// Notes that are kept of one file; a file may say thousands of things.
const MOST: usize = 8;

/// Adds `note` to `notes`, unless it is there already or there are many.
pub(super) fn add(notes: &mut Vec<Note>, note: Note) {
    if notes.len() < MOST && !notes.contains(&note) {
        notes.push(note);
    }
}

/// Something that was left out while decoding, which a reader of the result should know.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Note {
    /// A colour profile other than sRGB, by its own name where it has one: the colours are taken as sRGB.
    ColourProfile(String),
    /// Primaries, white point or transfer function other than sRGB's: the colours are taken as sRGB.
    ColourSpace(&'static str),
    /// More frames than one: only the first is decoded.
    Animation {
        /// How many there are.
        frames: u32,
    },
    /// A largest sample value below what its bits can hold: black to white is taken to be all that they can hold.
    SampleRange {
        /// The largest value, as the file says.
        largest: u64,
        /// The largest value that the bits can hold.
        taken: u64,
    },
}

impl fmt::Display for Note {
    /// A clause that continues the file's name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ColourProfile(name) if name.is_empty() => {
                f.write_str("has a colour profile, which is not applied: its colours are taken as sRGB")
            }
            Self::ColourProfile(name) => {
                write!(f, "has the colour profile \"{name}\", which is not applied: its colours are taken as sRGB")
            }
            Self::ColourSpace(what) => write!(f, "has {what}, which is not applied: its colours are taken as sRGB"),
            Self::Animation { frames } => {
                write!(f, "is an animation of {frames} frames: only the first picture is looked at")
            }
            Self::SampleRange { largest, taken } => {
                write!(f, "says that its largest value is {largest}; white is taken to be {taken}")
            }
        }
    }
}
