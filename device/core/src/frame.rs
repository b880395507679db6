//! A frame: one picture of the field under the objective.

use alloc::{string::String, vec::Vec};
use core::time::Duration;

use blastscope_shared::RgbPixels;

/// One picture with its place in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What the camera saw.
    pub picture: RgbPixels,
    /// Number of the frame in its source, from 0; numbers are missing where frames were dropped.
    pub sequence: u64,
    /// When it was taken, since the source was started.
    pub time: Duration,
    /// The file it comes from, where it comes from a file.
    pub name: Option<String>,
    /// The picture file that it was decoded from: a camera's JPEG or a replayed file; `None` where the camera sends bare pixels.
    pub original: Option<Vec<u8>>,
}
