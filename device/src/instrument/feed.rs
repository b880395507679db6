//! A source that is opened, and opened again when it is lost.

use std::time::Duration;

use crate::{
    instrument::snapshot::SourceState,
    source::{FrameSource, SourceError},
};

/// Opens the source.
type Open = dyn FnMut() -> Result<Box<dyn FrameSource>, SourceError> + Send;

/// Where frames come from. The source itself lives in the instrument's thread.
pub struct Feed {
    pub(super) open: Box<Open>,
    /// What is shown as its name.
    pub(super) title: String,
    /// Time between attempts to open it.
    pub(super) retry: Duration,
    /// Silence that is a stall.
    pub(super) stall: Duration,
}

impl Feed {
    /// A feed that `open` opens, now and whenever it was lost.
    pub fn new(
        title: impl Into<String>,
        open: impl FnMut() -> Result<Box<dyn FrameSource>, SourceError> + Send + 'static,
    ) -> Self {
        let (retry, stall) = (Duration::from_secs(1), crate::source::STALL);
        Self { open: Box::new(open), title: title.into(), retry, stall }
    }

    /// Sets how long to wait between attempts, and which silence is a stall.
    #[must_use]
    pub const fn with_patience(mut self, retry: Duration, stall: Duration) -> Self {
        (self.retry, self.stall) = (retry, stall);
        self
    }
}

/// What an error says about the source, and whether opening it again may help.
pub(super) const fn state_of(error: &SourceError) -> (SourceState, bool) {
    match error {
        SourceError::Stalled { .. } => (SourceState::Stalled, false),
        SourceError::Corrupt { .. } => (SourceState::Corrupt, false),
        SourceError::Lost(_) => (SourceState::Lost, true),
        SourceError::End => (SourceState::Ended, false),
        _ => (SourceState::Absent, true),
    }
}
