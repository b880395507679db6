//! A source that is reopened after a loss.

use std::time::Duration;

use crate::source::{
    FrameSource, SourceError,
    follow::{OpenWith, Opener},
    state::Patience,
};

/// The source's opener and settings. The source itself lives in the station's thread.
pub struct Feed {
    pub(super) opener: Box<dyn Opener + Send>,
    /// Name shown until the source is open.
    pub(super) title: String,
    /// Time between attempts to open the source.
    pub(super) retry: Duration,
    /// Time limits after which a problem is reported.
    pub(super) patience: Patience,
    /// Whether every picture is a separate field: a damaged one withdraws the statement about the previous one.
    pub(super) of_pictures: bool,
}

impl Feed {
    /// A feed that `open` opens, now and after every loss.
    pub fn new(
        title: impl Into<String>,
        open: impl FnMut() -> Result<Box<dyn FrameSource>, SourceError> + Send + 'static,
    ) -> Self {
        Self::of(title, OpenWith(open))
    }

    /// As [`Self::new`], with an opener that has a name and notes.
    pub fn of(title: impl Into<String>, opener: impl Opener + Send + 'static) -> Self {
        let (retry, patience) = (Duration::from_secs(1), Patience::CAMERA);
        Self { opener: Box::new(opener), title: title.into(), retry, patience, of_pictures: false }
    }

    /// Sets the time between attempts, and the limits after which a problem is reported.
    #[must_use]
    pub const fn with_patience(mut self, retry: Duration, patience: Patience) -> Self {
        (self.retry, self.patience) = (retry, patience);
        self
    }

    /// Sets whether every picture is a separate field, as in a folder: a damaged one withdraws the previous statement.
    #[must_use]
    pub const fn of_pictures(mut self, of_pictures: bool) -> Self {
        self.of_pictures = of_pictures;
        self
    }
}
