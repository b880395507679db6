//! The command `live`: frames from a source through the pipeline onto a screen or into lines.

mod lines;
mod panel;
pub mod served;
mod terminal;

use std::{
    io,
    path::PathBuf,
    str::FromStr,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use blastscope_shared::classifier::Classifier;

use crate::{
    interrupt, model,
    pipeline::{Action, Assessor, Pipeline, Reading, Settings, Statement, Tally},
    source::{
        FrameSource, STALL, SourceError, camera,
        replay::{Rate, Replay},
    },
};

/// Where frames come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceName {
    /// A camera, the first one without a number.
    Camera(Option<u32>),
    /// A folder of pictures.
    Folder(PathBuf),
}

impl FromStr for SourceName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("camera") {
            Some("") => Ok(Self::Camera(None)),
            Some(rest) if rest.starts_with(':') => match rest[1..].parse() {
                Ok(number) => Ok(Self::Camera(Some(number))),
                Err(_) => Err("a camera's number follows the colon, such as camera:0".into()),
            },
            _ if text.is_empty() => Err("name a folder or a camera".into()),
            _ => Ok(Self::Folder(text.into())),
        }
    }
}

/// What becomes of the readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// A panel on a terminal.
    Panel,
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
    /// Rate of a folder.
    pub rate: Rate,
    /// Stop after so many frames.
    pub frames: Option<u64>,
    /// Frames for each picture of a folder.
    pub hold: u32,
    /// Start a folder again after its end.
    pub repeat: bool,
    /// As [`Settings::settle`].
    pub settle: Option<u32>,
    /// What becomes of the readings.
    pub output: Output,
}

/// A session in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Session {
    /// What the pipeline counted.
    pub tally: Tally,
    /// Frames that came and were not looked at, because a newer one was there.
    pub dropped: u64,
    /// Frames that could not be decoded.
    pub corrupt: u64,
    /// Times that no frame came for [`STALL`].
    pub stalls: u64,
    /// Times that the source was lost.
    pub losses: u64,
    /// Frames looked at in a second, over the last ones.
    pub rate: f64,
    /// Time since the start.
    pub elapsed: Duration,
}

/// Shows a session to somebody.
pub(crate) trait Display {
    /// After each frame.
    fn show(&mut self, reading: &Reading, session: &Session) -> io::Result<()>;
    /// No frames come, and why; until the next frame.
    fn no_picture(&mut self, reason: &str, session: &Session) -> io::Result<()>;
    /// Something is worth a note.
    fn note(&mut self, message: &str, session: &Session) -> io::Result<()>;
    /// Whether the person asked to stop; also the moment to notice a resized window.
    fn wants_to_stop(&mut self) -> io::Result<bool>;
    /// At the end.
    fn finish(&mut self, session: &Session) -> io::Result<()>;
}

/// Opens the source and runs until the end, the wanted number of frames, or a request to stop.
///
/// # Errors
/// The outer error is one of writing to the terminal or to stdout; the inner one concerns the source.
pub fn run(options: &Options, classifier: &Classifier) -> io::Result<Result<(), SourceError>> {
    let (mut source, title) = match open(options) {
        Ok(opened) => opened,
        Err(error) => return Ok(Err(error)),
    };
    let stop = interrupt::flag();
    let mut settings = Settings::new(*classifier.thresholds());
    if matches!(options.source, SourceName::Folder(_)) && options.hold == 1 && options.settle.is_none() {
        // Each picture of a folder is a field of its own: it speaks for itself, even when the next looks alike.
        settings.settle = 1;
        settings.same_view = -1.0;
    }
    settings.settle = options.settle.unwrap_or(settings.settle);
    let mut pipeline = Pipeline::new(model::Loaded::new(classifier), settings);
    let mut display: Box<dyn Display> = match options.output {
        Output::Panel => Box::new(panel::Panel::open(classifier, title)?),
        Output::Lines => Box::new(lines::Plain::start(classifier, &title)?),
        Output::Json => Box::new(lines::Json::start(classifier)),
    };
    let mut reopen = || open(options).ok().map(|(source, _)| source);
    let limits = Limits { frames: options.frames, stall: STALL, retry: Duration::from_secs(1) };
    let ended = watch(&mut source, &mut reopen, &mut pipeline, display.as_mut(), limits, &stop);
    // The panel gives the terminal back when it is dropped, whatever happened.
    drop(display);
    ended.map(|error| error.map_or(Ok(()), Err))
}

fn open(options: &Options) -> Result<(Box<dyn FrameSource>, String), SourceError> {
    match &options.source {
        SourceName::Camera(number) => {
            let (camera, source) = camera::open(*number)?;
            Ok((Box::new(source), camera.name))
        }
        SourceName::Folder(folder) => {
            let mut replay = Replay::open(folder)?.hold(options.hold).at_rate(options.rate);
            if options.repeat {
                replay = replay.repeat();
            }
            let title = format!("{} ({} pictures)", folder.display(), replay.len());
            Ok((Box::new(replay.play()?), title))
        }
    }
}

/// When to stop and how long to wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub frames: Option<u64>,
    /// Silence that counts as a stall.
    pub stall: Duration,
    /// Time between attempts to open a lost source again.
    pub retry: Duration,
}

/// How long to wait for a frame before looking for a request to stop.
const LOOK_AROUND: Duration = Duration::from_millis(50);

/// The loop. A camera that is lost is opened again by `reopen`; a source that fails otherwise ends the session with its error.
fn watch(
    source: &mut Box<dyn FrameSource>,
    reopen: &mut dyn FnMut() -> Option<Box<dyn FrameSource>>,
    pipeline: &mut Pipeline<impl Assessor>,
    display: &mut dyn Display,
    limits: Limits,
    stop: &AtomicBool,
) -> io::Result<Option<SourceError>> {
    let start = Instant::now();
    let mut session = Session::default();
    let mut dropped_before = 0;
    // A source that was opened again counts from 0; the session goes on.
    let (mut sequence_before, mut time_before, mut next_sequence) = (0, Duration::ZERO, 0);
    let mut last_sign = start;
    let mut stalled = false;
    let mut ended = None;
    while !stop.load(Ordering::Relaxed) && !display.wants_to_stop()? {
        if limits.frames.is_some_and(|frames| session.tally.frames >= frames) {
            break;
        }
        let outcome = source.next_frame(LOOK_AROUND.min(limits.stall));
        let before = session.elapsed;
        session.elapsed = start.elapsed();
        session.dropped = dropped_before + source.dropped();
        match outcome {
            Ok(mut frame) => {
                frame.sequence += sequence_before;
                frame.time += time_before;
                next_sequence = frame.sequence + 1;
                (last_sign, stalled) = (Instant::now(), false);
                let actions = pipeline.step(&frame, session.elapsed);
                session.tally = *pipeline.tally();
                session.elapsed = start.elapsed();
                session.rate = smoothed_rate(session.rate, session.elapsed.saturating_sub(before));
                for action in &actions {
                    if let Action::Show(reading) = action {
                        display.show(reading, &session)?;
                    }
                }
            }
            Err(SourceError::Stalled { .. }) => {
                // The time until the next frame counts from the last frame, not from the last look.
                session.elapsed = before;
                if !stalled && last_sign.elapsed() >= limits.stall {
                    stalled = true;
                    session.stalls += 1;
                    let error = SourceError::Stalled { after: last_sign.elapsed() };
                    interrupt(pipeline, display, &mut session, &error)?;
                }
            }
            Err(error @ SourceError::Corrupt { .. }) => {
                (last_sign, stalled) = (Instant::now(), false);
                session.corrupt += 1;
                display.note(&error.to_string(), &session)?;
            }
            Err(SourceError::End) => break,
            Err(error @ SourceError::Lost(_)) => {
                session.losses += 1;
                interrupt(pipeline, display, &mut session, &error)?;
                dropped_before = session.dropped;
                let Some(again) = wait_for(reopen, display, limits.retry, stop)? else { break };
                *source = again;
                (sequence_before, time_before) = (next_sequence, start.elapsed());
                (last_sign, stalled) = (Instant::now(), false);
                display.note("the camera is back", &session)?;
            }
            Err(error) => {
                ended = Some(error);
                break;
            }
        }
    }
    session.elapsed = start.elapsed();
    display.finish(&session)?;
    Ok(ended)
}

/// Tells pipeline and person that no frames come.
fn interrupt(
    pipeline: &mut Pipeline<impl Assessor>,
    display: &mut dyn Display,
    session: &mut Session,
    error: &SourceError,
) -> io::Result<()> {
    session.rate = 0.0;
    for action in pipeline.interrupt(&error.to_string()) {
        if let Action::Announce(Statement::NoPicture(reason)) = action {
            display.no_picture(&reason, session)?;
        }
    }
    Ok(())
}

/// Tries to open a lost source until it succeeds; `None` when somebody asks to stop.
fn wait_for(
    reopen: &mut dyn FnMut() -> Option<Box<dyn FrameSource>>,
    display: &mut dyn Display,
    retry: Duration,
    stop: &AtomicBool,
) -> io::Result<Option<Box<dyn FrameSource>>> {
    loop {
        if let Some(source) = reopen() {
            return Ok(Some(source));
        }
        let since = Instant::now();
        while since.elapsed() < retry {
            if stop.load(Ordering::Relaxed) || display.wants_to_stop()? {
                stop.store(true, Ordering::Relaxed);
                return Ok(None);
            }
            std::thread::sleep(LOOK_AROUND.min(retry));
        }
    }
}

/// Frames a second as an exponential mean of the time between frames.
fn smoothed_rate(rate: f64, between: Duration) -> f64 {
    let now = 1.0 / between.as_secs_f64().max(1e-6);
    if rate == 0.0 { now } else { 1.0 / (0.9 / rate + 0.1 / now) }
}

#[cfg(test)]
mod tests;
