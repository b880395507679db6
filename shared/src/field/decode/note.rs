//! Information in a file that is not applied to the pixels.

use alloc::{string::String, vec::Vec};
use core::fmt;

/// Most notes kept per file; a file may give rise to thousands.
const MOST: usize = 8;

/// Adds `note` to `notes`, unless it is there already or the list is full.
pub(super) fn add(notes: &mut Vec<Note>, note: Note) {
    if notes.len() < MOST && !notes.contains(&note) {
        notes.push(note);
    }
}

/// Something that decoding ignored and the user should know.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Note {
    /// A colour profile other than sRGB, with its name if it has one: the colours are taken as sRGB.
    ColourProfile(String),
    /// Primaries, white point or transfer function other than sRGB's: the colours are taken as sRGB.
    ColourSpace(&'static str),
    /// Several frames: only the first is decoded.
    Animation {
        /// Number of frames.
        frames: u32,
    },
    /// A declared largest sample value below the range of its bits: white is taken to be the end of that range.
    SampleRange {
        /// The largest value declared in the file.
        largest: u64,
        /// The largest value of that many bits.
        taken: u64,
    },
}

impl fmt::Display for Note {
    /// A clause that follows the file's name.
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
                write!(f, "is an animation of {frames} frames: only the first one is used")
            }
            Self::SampleRange { largest, taken } => {
                write!(f, "declares {largest} as its largest value; white is taken to be {taken}")
            }
        }
    }
}
