//! Sources of frames.
//!
//! ```text
//! Capture (camera, folder; maybe wrapped by fault) --RawFrame--> one-slot mailbox --decode--> Frame
//! ```
//! A [`Capture`] delivers undecoded bytes. [`Background`] runs it in a separate thread and keeps only the latest frame, so
//! that a slow consumer sees the present and never a queue of the past. The consumer decodes, so no time is
//! spent on dropped frames. [`Inline`] does the same without a thread, for tests that must repeat exactly.

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

/// Silence after which a source counts as stalled.
pub const STALL: Duration = Duration::from_millis(1500);

/// Why there is no frame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// No frame came in time; the source may recover.
    #[error("no frame for {:.1} s: check the camera's cable and that no other program holds it", after.as_secs_f32())]
    Stalled {
        /// The waiting time.
        after: Duration,
    },
    /// A frame is unusable; the next one may be good.
    #[error("{what} {reason}")]
    Corrupt {
        /// The frame.
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
        "no camera found: connect one, or replay a folder of pictures with `blastscope live --source FOLDER --fps 5`"
    )]
    NoCamera,
    /// The requested camera is not connected.
    #[error("there is no camera {wanted}; connected: {found}")]
    NoSuchCamera {
        /// The requested camera.
        wanted: String,
        /// The connected cameras.
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
    /// Whether the next frame may succeed.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Stalled { .. } | Self::Corrupt { .. })
    }
}

/// A source of frames.
pub trait FrameSource {
    /// Waits for the next frame, at most `timeout`.
    ///
    /// # Errors
    /// [`SourceError::Stalled`] after `timeout`; other errors if there is no usable frame.
    fn next_frame(&mut self, timeout: Duration) -> Result<Frame, SourceError>;

    /// Whether it is open: false while a slow opening is under way, or if that failed.
    fn is_open(&self) -> bool {
        true
    }

    /// Frames that were replaced by newer ones before they were read.
    fn dropped(&self) -> u64 {
        0
    }

    /// For how long, up to the last frame, all frames were bit-identical. Dropped frames count too.
    fn unchanged(&self) -> Duration {
        Duration::ZERO
    }
}

/// The producing side of a source: blocks until the next frame arrives.
pub trait Capture {
    /// The next frame, undecoded. `Ok(None)` after about [`STALL`] without a frame, so that the caller regains control.
    ///
    /// # Errors
    /// A passing error concerns only this frame; any other ends the source.
    fn capture(&mut self) -> Result<Option<RawFrame>, SourceError>;
}

/// A [`Capture`] as a source without a thread: no frame is dropped, nothing depends on the clock.
#[derive(Debug)]
pub struct Inline<C>(pub C);

impl<C: Capture> FrameSource for Inline<C> {
    fn next_frame(&mut self, timeout: Duration) -> Result<Frame, SourceError> {
        self.0.capture()?.ok_or(SourceError::Stalled { after: timeout })?.decode()
    }
}
