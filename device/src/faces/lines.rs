//! The station as printed lines: text for people, or JSON for programs.

mod json;
mod plain;

use std::{io, time::Instant};

use blastscope_core::{
    pipeline::{Reading, percent},
    session::SlideTold,
};
use blastscope_shared::{Class, classifier::Classifier};

use crate::{
    board::ButtonEvent,
    source::state::{CameraState, Change},
    station::{Face, News, Snapshot},
    support::notify,
};

/// Format of the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One line of text a frame.
    Plain,
    /// One JSON object a frame.
    Json,
}

/// Writes lines in one format.
trait Printer {
    /// Called after each frame.
    fn show(&mut self, reading: &Reading, shown: &Snapshot) -> io::Result<()>;
    /// The camera changed its state.
    fn camera(&mut self, change: &Change, shown: &Snapshot) -> io::Result<()>;
    /// A button was pressed.
    fn button(&mut self, event: ButtonEvent, shown: &Snapshot) -> io::Result<()>;
    /// A note to print.
    fn note(&mut self, message: &str, shown: &Snapshot) -> io::Result<()>;
    /// Called at the end.
    fn finish(&mut self, shown: &Snapshot) -> io::Result<()>;
}

/// Lines on stdout and stderr.
pub(crate) struct Lines {
    printer: Box<dyn Printer>,
    /// Whether frames come from a camera, whose states are printed; for a folder only problems are.
    camera: bool,
    /// Stop after this many frames.
    frames: Option<u64>,
    alive: notify::Watchdog,
}

impl Lines {
    /// Starts by printing model and source. Stops after `frames` frames, if set.
    pub(crate) fn start(
        form: Form,
        classifier: &Classifier,
        source: &str,
        camera: bool,
        frames: Option<u64>,
    ) -> io::Result<Self> {
        let printer: Box<dyn Printer> = match form {
            Form::Plain => Box::new(plain::Plain::start(classifier, source)?),
            Form::Json => Box::new(json::Json::start(classifier)),
        };
        Ok(Self::with(printer, camera, frames))
    }

    fn with(printer: Box<dyn Printer>, camera: bool, frames: Option<u64>) -> Self {
        Self { printer, camera, frames, alive: notify::Watchdog::from_environment() }
    }

    /// Prints a note.
    pub(crate) fn note(&mut self, message: &str) -> io::Result<()> {
        self.printer.note(message, &Snapshot::default())
    }

    /// Prints the summary.
    pub(crate) fn finish(&mut self, shown: &Snapshot) -> io::Result<()> {
        self.printer.finish(shown)
    }
}

impl Face for Lines {
    fn goes_on(&mut self, shown: &Snapshot) -> bool {
        self.alive.beat(Instant::now());
        self.frames.is_none_or(|frames| shown.tally.frames < frames)
    }

    fn tell(&mut self, news: News<'_>, shown: &Snapshot) -> io::Result<()> {
        match news {
            News::Frame(reading) => self.printer.show(reading, shown),
            News::Source(change) if self.camera => self.printer.camera(change, shown),
            News::Source(Change { reason: Some(reason), state, .. }) if *state != CameraState::Corrupt => {
                self.printer.note(reason, shown)
            }
            // Every damaged picture of a folder has its own note.
            News::Source(_) => Ok(()),
            News::Damage(message) | News::Note(message) => self.printer.note(message, shown),
            News::Button(event) => self.printer.button(event, shown),
        }
    }
}

/// The summary of a run, as a sentence.
pub(crate) fn summary(shown: &Snapshot) -> String {
    let (tally, trouble) = (&shown.tally, &shown.flow.trouble);
    let named: Vec<String> =
        Class::ALL.iter().zip(&tally.classes).map(|(class, count)| format!("{class} {count}")).collect();
    let average = tally.frames as f64 / shown.elapsed.as_secs_f64().max(1e-3);
    format!(
        "{} frames of {} views in {:.1} s ({average:.1} a second): {}, doubtful {}, unfamiliar {}, without cells {}, not a number {}, settling {}, rejected {}; \
         dropped {}, corrupt {}, stalls {}, freezes {}, losses {}",
        tally.frames,
        tally.views,
        shown.elapsed.as_secs_f64(),
        named.join(", "),
        tally.doubtful,
        tally.unfamiliar,
        tally.without_cells,
        tally.not_finite,
        tally.settling,
        tally.rejected,
        trouble.dropped,
        trouble.corrupt,
        trouble.stalls,
        trouble.freezes,
        trouble.losses,
    )
}

/// What the fields say of the slide together, as a sentence.
pub(crate) fn whole(told: &SlideTold) -> String {
    let probability = told.probability.map(|share| format!(", probability {}", percent(share))).unwrap_or_default();
    let missing = told.missing.as_ref().map(|missing| format!(": {missing}")).unwrap_or_default();
    let against = match told.against.len() {
        0 => String::new(),
        1 => "; 1 field speaks against it".into(),
        fields => format!("; {fields} fields speak against it"),
    };
    format!("slide: {}{probability}{missing}; {}{against}; not a diagnosis", told.name(), told.basis())
}

/// A change of the camera's state, as a phrase.
pub(crate) fn sentence(change: &Change) -> String {
    let reason = change.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("camera {}{reason}", change.state)
}

#[cfg(test)]
mod tests;
