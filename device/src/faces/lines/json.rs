//! One JSON object a line, for programs.

use std::io::{self, Write as _};

use blastscope_core::{
    pipeline::{Reading, Statement},
    session::SlideTold,
};
use blastscope_shared::{ByClass, Class, Verdict, classifier::Classifier, field::gate::Quality, judge::Assessment};
use serde::Serialize;

use super::{Printer, sentence, summary, whole};
use crate::{
    RESEARCH_USE, board::ButtonEvent, model, source::state::Change, station::Snapshot, support::terminal::note,
};

/// The object of a frame.
pub(super) struct Json {
    model: String,
}

#[derive(Serialize)]
struct Line<'a> {
    frame: u64,
    seconds: f64,
    file: Option<&'a str>,
    view: u64,
    verdict: &'static str,
    /// The named malignant class.
    subtype: Option<&'static str>,
    reason: Option<String>,
    settled: bool,
    /// Averaged over the view.
    probabilities: Option<ByClass<f32>>,
    /// For this frame alone.
    frame_verdict: &'static str,
    frame_probabilities: Option<ByClass<f32>>,
    logits: Option<[f32; Class::COUNT]>,
    novelty: Option<f32>,
    quality: &'a Quality,
    dropped: u64,
    corrupt: u64,
    /// What the distinct fields so far say of the slide together.
    slide: Option<&'a SlideTold>,
    model: &'a str,
}

/// Anything but a frame, with the time since the start.
#[derive(Serialize)]
struct Event<E> {
    #[serde(flatten)]
    event: E,
    seconds: f64,
}

impl<E> Event<E> {
    fn new(event: E, shown: &Snapshot) -> Self {
        Self { event, seconds: (shown.elapsed.as_secs_f64() * 1000.0).round() / 1000.0 }
    }
}

/// Writes a whole line at once, so that a reader never sees half of one.
fn write_line(line: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    let mut out = io::stdout().lock();
    out.write_all(&text)?;
    out.flush()
}

impl Json {
    pub(super) fn start(classifier: &Classifier) -> Self {
        if let Some(caution) = model::caution(classifier) {
            note(caution);
        }
        Self { model: classifier.model_id().to_string() }
    }
}

impl Printer for Json {
    fn show(&mut self, reading: &Reading, shown: &Snapshot) -> io::Result<()> {
        let assessment = reading.frame.as_ref().ok();
        let line = Line {
            frame: reading.sequence,
            seconds: reading.time.as_secs_f64(),
            file: reading.name.as_deref(),
            view: reading.view,
            verdict: reading.statement.verdict().map_or("abstain", Verdict::name),
            subtype: reading.statement.verdict().and_then(Verdict::subtype).map(Class::name),
            reason: reading.statement.reason(),
            settled: matches!(reading.statement, Statement::Verdict(_)),
            probabilities: reading.probabilities.map(ByClass),
            frame_verdict: assessment.map_or("rejected", |assessment| assessment.verdict.name()),
            frame_probabilities: assessment.and_then(Assessment::probabilities).map(ByClass),
            logits: assessment.and_then(Assessment::logits),
            novelty: assessment.and_then(Assessment::novelty),
            quality: &reading.quality,
            dropped: shown.flow.trouble.dropped,
            corrupt: shown.flow.trouble.corrupt,
            slide: shown.slide.as_ref(),
            model: &self.model,
        };
        write_line(&line)
    }

    fn camera(&mut self, change: &Change, shown: &Snapshot) -> io::Result<()> {
        note(sentence(change));
        write_line(&Event::new(change, shown))
    }

    fn button(&mut self, event: ButtonEvent, shown: &Snapshot) -> io::Result<()> {
        write_line(&Event::new(event, shown))
    }

    fn note(&mut self, message: &str, _: &Snapshot) -> io::Result<()> {
        note(message);
        Ok(())
    }

    fn finish(&mut self, shown: &Snapshot) -> io::Result<()> {
        note(summary(shown));
        shown.slide.as_ref().map(whole).into_iter().for_each(note);
        note(RESEARCH_USE);
        Ok(())
    }
}
