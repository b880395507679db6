//! Where frames come from.
//!
//! ```text
//! Capture (camera, folder; maybe wrapped by fault) --RawFrame--> one-slot mailbox --decode--> Frame
//! ```
//! A [`Capture`] delivers bytes as they come. [`Background`] runs it in a thread of its own and keeps only the latest frame, so
//! that a slow consumer sees the present and never a queue of the past; decoding happens on the consumer's side and so is
//! never spent on a frame that is thrown away. [`Inline`] runs the same without a thread, for tests that must repeat exactly.

pub mod background;
pub mod camera;
pub mod fault;
pub mod follow;
mod name;
pub mod opener;
pub mod raw;
pub mod replay;
pub mod state;

use std::{path::PathBuf, time::Duration};

use blastscope_files::Printable as _;

pub use background::{Background, Guard};
pub use name::SourceName;
pub use raw::{Encoding, RawFrame};

use blastscope_core::frame::Frame;

/// How long a source may be silent before it counts as stalled.
pub const STALL: Duration = Duration::from_millis(1500);

/// Why there is no frame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// Nothing came in time; the source may still recover.
    #[error("no frame for {:.1} s: check the camera's cable and that no other program holds it", after.as_secs_f32())]
    Stalled {
        /// How long was waited.
        after: Duration,
    },
    /// A frame came but is unusable; the next one may be fine.
    #[error("{what} {reason}")]
    Corrupt {
        /// Which frame.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The source is gone.
    #[error("the camera is gone ({0}): plug it in again")]
    Lost(String),
    /// The source has no more frames.
    #[error("there are no more frames")]
    End,
    /// No camera is connected.
    #[error(
        "no camera was found: connect one, or replay a folder of pictures with `blastscope live --source FOLDER --fps 5`"
    )]
    NoCamera,
    /// The camera asked for is not among those connected.
    #[error("there is no camera {wanted}; connected: {found}")]
    NoSuchCamera {
        /// What was asked for.
        wanted: String,
        /// What is there.
        found: String,
    },
    /// The camera cannot be used.
    #[error("camera {name} cannot be used: {reason}")]
    Unusable {
        /// Its name.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// A folder has no pictures or cannot be read.
    #[error("{}: {reason}", path.printable())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

impl SourceError {
    /// Whether waiting for the next frame makes sense.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Stalled { .. } | Self::Corrupt { .. })
    }
}

/// Something that frames come from.
pub trait FrameSource {
    /// Waits for the next frame, at most `timeout`.
    ///
    /// # Errors
    /// [`SourceError::Stalled`] after `timeout`, and whatever else keeps a frame from coming.
    fn next_frame(&mut self, timeout: Duration) -> Result<Frame, SourceError>;

    /// Whether it has been opened. One whose opening takes long, or fails after long, has not.
    fn is_open(&self) -> bool {
        true
    }

    /// Frames that came and were replaced by newer ones before anybody asked for them.
    fn dropped(&self) -> u64 {
        0
    }

    /// For how long, up to the last frame, all frames were equal to the last bit. Frames that were replaced count too.
    fn unchanged(&self) -> Duration {
        Duration::ZERO
    }
}

/// The producing side of a source: blocks until the next frame's bytes are there.
pub trait Capture {
    /// The next frame, as it comes. `Ok(None)` when nothing came for about [`STALL`], so that the caller can look around.
    ///
    /// # Errors
    /// A passing error concerns this frame only; any other ends the source.
    fn capture(&mut self) -> Result<Option<RawFrame>, SourceError>;
}

/// A [`Capture`] as a source without a thread in between: no frame is dropped, nothing depends on the clock.
#[derive(Debug)]
pub struct Inline<C>(pub C);

impl<C: Capture> FrameSource for Inline<C> {
    fn next_frame(&mut self, timeout: Duration) -> Result<Frame, SourceError> {
        self.0.capture()?.ok_or(SourceError::Stalled { after: timeout })?.decode()
    }
}
