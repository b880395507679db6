//! A frame: one picture of the field under the objective.

use alloc::{string::String, vec::Vec};
use core::time::Duration;

use blastscope_shared::RgbPixels;

/// One picture with its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The pixels.
    pub picture: RgbPixels,
    /// Number of the frame in its source, from 0; dropped frames leave gaps.
    pub sequence: u64,
    /// Time since the start of the source.
    pub time: Duration,
    /// Its file, if it comes from a file.
    pub name: Option<String>,
    /// The encoded picture: a camera's JPEG or a replayed file; `None` if the camera sends raw pixels.
    pub original: Option<Vec<u8>>,
}
