//! Opens the named source with suitable time limits.

use std::time::Duration;

use blastscope_files::Printable as _;

use super::{
    FrameSource, STALL, SourceError, SourceName,
    camera::Finder,
    follow::Opener,
    replay::{Rate, Replay},
    state::Patience,
};

/// The source and its settings.
#[derive(Clone, Debug)]
pub struct Options {
    /// The source.
    pub name: SourceName,
    /// Wait for a camera that is missing at the start, instead of ending.
    pub wait: bool,
    /// Lock the camera's exposure, gain and white balance.
    pub lock_exposure: bool,
    /// Treat identical frames as a frozen camera.
    pub detect_frozen: bool,
    /// Frame rate of a folder.
    pub rate: Rate,
    /// Frames per picture of a folder.
    pub hold: u32,
    /// Start a folder again after its end.
    pub repeat: bool,
}

impl Options {
    /// Whether it is a camera; else a folder.
    #[must_use]
    pub const fn is_camera(&self) -> bool {
        matches!(self.name, SourceName::Camera(_))
    }

    /// Its time limits.
    #[must_use]
    pub fn patience(&self) -> Patience {
        match &self.name {
            SourceName::Camera(_) if self.detect_frozen => Patience::CAMERA,
            SourceName::Camera(_) => Patience { frozen: None, ..Patience::CAMERA },
            // A slow folder must not count as stalled.
            SourceName::Folder(_) => Patience { stall: STALL.max(self.rate.period() * 2), ..Patience::REPLAY },
        }
    }
}

/// Time between attempts to reopen a lost source.
pub const RETRY: Duration = Duration::from_millis(500);

/// Opens the source of its options.
pub struct SourceOpener {
    options: Options,
    finder: Option<Finder>,
    /// Name of the source for people.
    title: String,
    /// Notes about a folder.
    notes: Vec<String>,
}

impl SourceOpener {
    /// For `options`; opens nothing yet.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let (finder, title) = match &options.name {
            SourceName::Camera(name) => {
                (Some(Finder::new(name.clone(), options.lock_exposure)), format!("camera {name}"))
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
        let SourceName::Folder(folder) = &self.options.name else { return Err(SourceError::NoCamera) };
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
