//! Opens the source that the options name, and knows how patient to be with it.

use std::time::Duration;

use blastscope_files::Printable as _;

use super::run::Options;
use crate::source::{
    FrameSource, STALL, SourceError, SourceName, camera::Finder, follow::Opener, replay::Replay, state::Patience,
};

/// Time between attempts to open a lost source again.
pub(super) const RETRY: Duration = Duration::from_millis(500);

/// How patient to be with the source.
pub(super) fn patience(options: &Options) -> Patience {
    match &options.source {
        SourceName::Camera(_) if options.camera.detect_frozen => Patience::CAMERA,
        SourceName::Camera(_) => Patience { frozen: None, ..Patience::CAMERA },
        // A slow folder is not a stalled one.
        SourceName::Folder(_) => Patience { stall: STALL.max(options.rate.period() * 2), ..Patience::REPLAY },
    }
}

/// Opens what the options name.
pub(super) struct SourceOpener {
    options: Options,
    finder: Option<Finder>,
    /// What was opened, for a person.
    title: String,
    /// What there is to say of a folder.
    notes: Vec<String>,
}

impl SourceOpener {
    pub(super) fn new(options: Options) -> Self {
        let (finder, title) = match &options.source {
            SourceName::Camera(name) => {
                (Some(Finder::new(name.clone(), options.camera.lock_exposure)), format!("camera {name}"))
            }
            SourceName::Folder(folder) => (None, folder.printable().to_string()),
        };
        Self { options, finder, title, notes: Vec::new() }
    }
}

impl Opener for SourceOpener {
    fn open(&mut self) -> Result<Box<dyn FrameSource>, SourceError> {
        if let Some(finder) = &mut self.finder {
            return Ok(Box::new(finder.open()?));
        }
        let SourceName::Folder(folder) = &self.options.source else { return Err(SourceError::NoCamera) };
        let mut replay = Replay::open(folder)?.hold(self.options.hold).at_rate(self.options.rate);
        if self.options.repeat {
            replay = replay.repeat();
        }
        self.title = format!("{} ({} pictures)", folder.printable(), replay.len());
        self.notes.extend_from_slice(replay.notes());
        Ok(Box::new(replay.play()?))
    }

    fn title(&self) -> Option<String> {
        let camera = self.finder.as_ref().and_then(Finder::known);
        Some(camera.map_or_else(|| self.title.clone(), |camera| camera.name))
    }

    fn notes(&mut self) -> Vec<String> {
        let mut notes = std::mem::take(&mut self.notes);
        notes.extend(self.finder.as_ref().map(Finder::notes).into_iter().flatten());
        notes
    }
}
