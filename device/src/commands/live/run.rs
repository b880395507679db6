//! The command `live`: frames from a source through the pipeline into lines, or through the instrument onto a page and a terminal.

use std::{io, time::Duration};

use blastscope_core::pipeline::{Pipeline, Reading, Settings, Tally};
use blastscope_shared::classifier::Classifier;

use crate::{
    board::{Attached, ButtonEvent, Configuration, Instrument, NoHardware},
    commands::live::{
        opener::{RETRY, SourceOpener, patience},
        watch::{Limits, Watch},
    },
    faces::lines,
    model,
    source::{
        SourceError, SourceName,
        follow::{Opener as _, Trouble},
        replay::Rate,
        state::{CameraState, Change},
    },
    support::{interrupt, notify},
};

/// What becomes of the readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// A line a frame, to be read.
    Lines,
    /// A JSON object a frame.
    Json,
}

/// How to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where frames come from.
    pub source: SourceName,
    /// How a camera is treated.
    pub camera: CameraOptions,
    /// Lamps, buzzer and buttons.
    pub hardware: Option<Configuration>,
    /// Rate of a folder.
    pub rate: Rate,
    /// Stop after so many frames.
    pub frames: Option<u64>,
    /// Frames for each picture of a folder.
    pub hold: u32,
    /// Start a folder again after its end.
    pub repeat: bool,
    /// As [`Settings::settle`].
    pub settle: u32,
    /// Each picture of a folder is a field of its own: it speaks for itself, even when the next looks alike.
    pub picture_by_picture: bool,
    /// What is to be said about the model, in sentences.
    pub warnings: Vec<String>,
    /// What becomes of the readings.
    pub output: Output,
}

impl Options {
    /// The pipeline's settings; the judge is the classifier's, so that maps and reports say what is said of the live picture.
    pub(super) fn settings(&self, classifier: &Classifier) -> Settings {
        let usual = Settings::new(*classifier.judge());
        if self.picture_by_picture {
            Settings { settle: 1, same_view: -1.0, ..usual }
        } else {
            Settings { settle: self.settle, ..usual }
        }
    }
}

/// How a camera is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CameraOptions {
    /// Wait for one that is not there when the program starts, instead of ending.
    pub wait: bool,
    /// Lock exposure, gain and white balance.
    pub lock_exposure: bool,
    /// Take equal frames for a frozen camera.
    pub detect_frozen: bool,
}

/// A session in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Session {
    /// What the pipeline counted.
    pub tally: Tally,
    /// What went wrong with the source.
    pub trouble: Trouble,
    /// What the camera is doing.
    pub camera: CameraState,
    /// Frames looked at in a second, over the last ones.
    pub rate: f64,
    /// Time since the start.
    pub elapsed: Duration,
}

/// Shows a session to somebody.
pub(crate) trait Display {
    /// After each frame.
    fn show(&mut self, reading: &Reading, session: &Session) -> io::Result<()>;
    /// The camera does something else now.
    fn camera(&mut self, change: &Change, session: &Session) -> io::Result<()>;
    /// A button was pressed.
    fn button(&mut self, event: ButtonEvent, session: &Session) -> io::Result<()>;
    /// Something is worth a note.
    fn note(&mut self, message: &str, session: &Session) -> io::Result<()>;
    /// At the end.
    fn finish(&mut self, session: &Session) -> io::Result<()>;
}

/// Opens the source and runs until the end, the wanted number of frames, or a request to stop.
///
/// # Errors
/// The outer error is one of writing to the terminal or to stdout; the inner one concerns the source.
pub fn run(options: &Options, classifier: &Classifier) -> io::Result<Result<(), SourceError>> {
    let mut opener = SourceOpener::new(options.clone());
    let source = match opener.open() {
        Ok(opened) => Some(opened),
        Err(SourceError::NoCamera | SourceError::NoSuchCamera { .. }) if options.camera.wait => None,
        Err(error) => return Ok(Err(error)),
    };
    let stop = interrupt::flag();
    let mut pipeline = Pipeline::new(model::Loaded::new(classifier), options.settings(classifier));
    let title = opener.title().unwrap_or_default();
    let mut display: Box<dyn Display> = match options.output {
        Output::Lines => Box::new(lines::Plain::start(classifier, &title)?),
        Output::Json => Box::new(lines::Json::start(classifier)),
    };
    for warning in &options.warnings {
        display.note(warning, &Session::default())?;
    }
    // Dropped on every way out, a panic included: the lamps go dark.
    let mut instrument: Box<dyn Instrument> = match &options.hardware {
        Some(configuration) => Box::new(Attached::start(configuration)),
        None => Box::new(NoHardware),
    };
    let limits = Limits {
        frames: options.frames,
        camera: matches!(options.source, SourceName::Camera(_)),
        patience: patience(options),
        retry: RETRY,
    };
    let watch = Watch {
        pipeline: &mut pipeline,
        display: display.as_mut(),
        instrument: instrument.as_mut(),
        opener: &mut opener,
        limits,
        stop: &stop,
    };
    tracing::info!(target: "live", model = classifier.model_id(), "watching");
    notify::ready();
    let ended = watch.run(source);
    notify::stopping();
    tracing::info!(target: "live", frames = pipeline.tally().frames, "stopped");
    ended.map(|error| error.map_or(Ok(()), Err))
}

#[cfg(test)]
mod tests;
