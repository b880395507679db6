//! A source that is opened, and opened again when it is lost.

use std::time::Duration;

use crate::source::{
    FrameSource, SourceError,
    follow::{OpenWith, Opener},
    state::Patience,
};

/// Where frames come from. The source itself lives in the station's thread.
pub struct Feed {
    pub(super) opener: Box<dyn Opener + Send>,
    /// What is shown as its name until it is opened.
    pub(super) title: String,
    /// Time between attempts to open it.
    pub(super) retry: Duration,
    /// When its state is called by its name.
    pub(super) patience: Patience,
    /// Whether every picture speaks for itself: a damaged one takes back what was said of the one before.
    pub(super) of_pictures: bool,
}

impl Feed {
    /// A feed that `open` opens, now and whenever it was lost.
    pub fn new(
        title: impl Into<String>,
        open: impl FnMut() -> Result<Box<dyn FrameSource>, SourceError> + Send + 'static,
    ) -> Self {
        Self::of(title, OpenWith(open))
    }

    /// As [`Self::new`], with an opener that has a name and something to say.
    pub fn of(title: impl Into<String>, opener: impl Opener + Send + 'static) -> Self {
        let (retry, patience) = (Duration::from_secs(1), Patience::CAMERA);
        Self { opener: Box::new(opener), title: title.into(), retry, patience, of_pictures: false }
    }

    /// Sets how long to wait between attempts, and when the source's state is called by its name.
    #[must_use]
    pub const fn with_patience(mut self, retry: Duration, patience: Patience) -> Self {
        (self.retry, self.patience) = (retry, patience);
        self
    }

    /// Sets whether every picture speaks for itself, as those of a folder do: a damaged one takes back what was said before.
    #[must_use]
    pub const fn of_pictures(mut self, of_pictures: bool) -> Self {
        self.of_pictures = of_pictures;
        self
    }
}
