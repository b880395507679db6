//! A folder of pictures that behaves like a camera: frames come by the clock, whether the consumer is ready or not.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use blastscope_files::{LeftOut, Printable as _, pictures_below, walk::PICTURE_EXTENSIONS};

use super::{Background, Capture, Encoding, RawFrame, SourceError};
use crate::support::files;

/// Frames per second, above 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate(f64);

impl Rate {
    /// `None` unless `frames_per_second` is between 0.001 and 1000.
    #[must_use]
    pub fn new(frames_per_second: f64) -> Option<Self> {
        (0.001..=1000.0).contains(&frames_per_second).then_some(Self(frames_per_second))
    }

    /// Time between frames.
    #[must_use]
    pub fn period(self) -> Duration {
        Duration::from_secs_f64(1.0 / self.0)
    }
}

/// Plays the pictures below a folder, sorted by name, each for a number of frames.
#[derive(Debug)]
pub struct Replay {
    root: PathBuf,
    files: Vec<PathBuf>,
    hold: u64,
    period: Option<Duration>,
    start: Instant,
    sequence: u64,
    end: Option<u64>,
    /// Notes about other content of the folder.
    notes: Vec<String>,
}

impl Replay {
    /// Finds the pictures below `folder`; class folders inside it are followed.
    ///
    /// # Errors
    /// [`SourceError::Folder`] when it cannot be read or has no pictures.
    pub fn open(folder: &Path) -> Result<Self, SourceError> {
        let fail = |reason: String| SourceError::Folder { path: folder.to_path_buf(), reason };
        let metadata = fs::metadata(folder).map_err(|error| fail(files::reason(&error)))?;
        if !metadata.is_dir() {
            return Err(fail("is not a folder: --source takes a folder of pictures, `camera` or `camera:N`".into()));
        }
        let found = pictures_below(folder).map_err(|error| fail(files::reason(&error)))?;
        let unreadable = |failure: &blastscope_files::Failure| {
            format!("{} {}", failure.path.printable(), files::reason(&failure.error))
        };
        let mut notes: Vec<String> = found.failures.iter().map(unreadable).collect();
        let files = found.pictures;
        if files.is_empty() {
            return Err(fail(match notes.first() {
                Some(first) => format!("holds no pictures that can be read: {first}"),
                None => no_pictures(folder, &found.left_out),
            }));
        }
        if !found.left_out.is_empty() {
            notes.push(format!("{}: left out {}", folder.printable(), found.left_out.below(folder)));
        }
        let (root, end) = (folder.to_path_buf(), Some(files.len() as u64));
        Ok(Self { root, files, hold: 1, period: None, start: Instant::now(), sequence: 0, end, notes })
    }

    /// Notes about other content of the folder and unreadable parts, in sentences.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Shows each picture for `frames` frames instead of one.
    #[must_use]
    pub fn hold(mut self, frames: u32) -> Self {
        self.hold = u64::from(frames.max(1));
        self.end = self.end.map(|_| self.files.len() as u64 * self.hold);
        self
    }

    /// Repeats the pictures endlessly.
    #[must_use]
    pub fn repeat(mut self) -> Self {
        self.end = None;
        self
    }

    /// Delivers by the clock at `rate`, the first frame after one period; without it, as fast as frames are requested.
    #[must_use]
    pub fn at_rate(mut self, rate: Rate) -> Self {
        self.period = Some(rate.period());
        self
    }

    /// Number of pictures.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there are no pictures; never true after [`Self::open`].
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Plays in the background: a frame that is not read in time is replaced by the next.
    ///
    /// # Errors
    /// As [`Background::start`].
    pub fn play(self) -> Result<Background, SourceError> {
        Background::start(move || Ok(Self { start: Instant::now(), ..self }))
    }
}

impl Capture for Replay {
    fn capture(&mut self) -> Result<Option<RawFrame>, SourceError> {
        if self.end.is_some_and(|end| self.sequence >= end) {
            return Err(SourceError::End);
        }
        let sequence = self.sequence;
        self.sequence += 1;
        let time = match self.period {
            Some(period) => {
                let due = period.mul_f64((sequence + 1) as f64);
                thread::sleep(due.saturating_sub(self.start.elapsed()));
                due
            }
            None => Duration::from_millis(sequence * 100),
        };
        let at = (sequence / self.hold) as usize % self.files.len();
        let path = &self.files[at];
        let name = path.strip_prefix(&self.root).unwrap_or(path).to_string_lossy().into_owned();
        match files::read(path) {
            Ok(bytes) => Ok(Some(RawFrame { bytes, encoding: Encoding::File, sequence, time, name: Some(name) })),
            Err(reason) => Err(SourceError::Corrupt { what: name.printable().to_string(), reason }),
        }
    }
}

/// Message for a folder without pictures: the known extensions, and what it holds instead.
pub(crate) fn no_pictures(folder: &Path, left_out: &LeftOut) -> String {
    let known = PICTURE_EXTENSIONS.join(", ");
    if left_out.is_empty() {
        format!("holds no pictures ({known})")
    } else {
        format!("holds no pictures ({known}); left out {}", left_out.below(folder))
    }
}
