//! A session as lines: to be read, or as JSON for other programs.

use std::io::{self, Write as _};

use blastscope_files::Printable as _;
use blastscope_shared::{
    ByClass, Class,
    classifier::Classifier,
    field::gate::Quality,
    judge::{Assessment, calibration::most_probable},
};
use serde::Serialize;

use super::{Display, Session};
use crate::{
    RESEARCH_USE,
    cli::note,
    hardware::ButtonEvent,
    model,
    pipeline::{Reading, Statement},
    source::state::Change,
};

/// A summary of a session for people.
pub(super) fn summary(session: &Session) -> String {
    let tally = &session.tally;
    let named: Vec<String> =
        Class::ALL.iter().zip(&tally.classes).map(|(class, count)| format!("{class} {count}")).collect();
    let average = tally.frames as f64 / session.elapsed.as_secs_f64().max(1e-3);
    format!(
        "{} frames of {} views in {:.1} s ({average:.1} a second): {}, doubtful {}, unfamiliar {}, without cells {}, not a number {}, settling {}, rejected {}; \
         dropped {}, corrupt {}, stalls {}, freezes {}, losses {}",
        tally.frames,
        tally.views,
        session.elapsed.as_secs_f64(),
        named.join(", "),
        tally.doubtful,
        tally.unfamiliar,
        tally.without_cells,
        tally.not_finite,
        tally.settling,
        tally.rejected,
        session.trouble.dropped,
        session.trouble.corrupt,
        session.trouble.stalls,
        session.trouble.freezes,
        session.trouble.losses,
    )
}

/// A change of the camera for people.
pub(super) fn sentence(change: &Change) -> String {
    let reason = change.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("camera {}{reason}", change.state)
}

/// Lines to be read.
pub(super) struct Plain;

impl Plain {
    pub(super) fn start(classifier: &Classifier, source: &str) -> io::Result<Self> {
        let mut out = io::stdout().lock();
        let caution = model::caution(classifier).map(|caution| format!(" ({caution})")).unwrap_or_default();
        writeln!(out, "source {}\nmodel {}{caution}\n{RESEARCH_USE}", source.printable(), model::title(classifier))?;
        writeln!(out, "{:>6} {:>8} {:>5}  {:8} {:>7}  why", "frame", "time", "view", "verdict", "prob.")?;
        Ok(Self)
    }
}

impl Display for Plain {
    fn show(&mut self, reading: &Reading, _: &Session) -> io::Result<()> {
        let word = reading.statement.class().map_or("abstain", Class::name);
        let highest = reading.probabilities.and_then(|all| most_probable(&all));
        let probability = highest.map_or("-".into(), |(_, highest)| format!("{:.1} %", highest * 100.0));
        let why = [reading.statement.reason(), reading.name.as_ref().map(|name| format!("[{}]", name.printable()))];
        let line = format!(
            "{:>6} {:>7.2}s {:>5}  {word:8} {probability:>7}  {}",
            reading.sequence,
            reading.time.as_secs_f64(),
            reading.view,
            why.into_iter().flatten().collect::<Vec<_>>().join("  "),
        );
        writeln!(io::stdout().lock(), "{}", line.trim_end())
    }

    fn camera(&mut self, change: &Change, session: &Session) -> io::Result<()> {
        self.note(&sentence(change), session)
    }

    fn button(&mut self, event: ButtonEvent, session: &Session) -> io::Result<()> {
        self.note(&format!("button {}", event.button), session)
    }

    fn note(&mut self, message: &str, _: &Session) -> io::Result<()> {
        note(message);
        Ok(())
    }

    fn finish(&mut self, session: &Session) -> io::Result<()> {
        writeln!(io::stdout().lock(), "{}\n{RESEARCH_USE}", summary(session))
    }
}

/// One object a frame.
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
    reason: Option<String>,
    settled: bool,
    /// Averaged over the view.
    probabilities: Option<ByClass<f32>>,
    /// Of this frame alone.
    frame_verdict: &'static str,
    frame_probabilities: Option<ByClass<f32>>,
    logits: Option<[f32; Class::COUNT]>,
    novelty: Option<f32>,
    quality: &'a Quality,
    dropped: u64,
    corrupt: u64,
    model: &'a str,
}

/// Something other than a frame, with its time since the start.
#[derive(Serialize)]
struct Event<E> {
    #[serde(flatten)]
    event: E,
    seconds: f64,
}

impl<E> Event<E> {
    fn new(event: E, session: &Session) -> Self {
        Self { event, seconds: (session.elapsed.as_secs_f64() * 1000.0).round() / 1000.0 }
    }
}

/// Writes a whole line at once, for whoever follows.
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

impl Display for Json {
    fn show(&mut self, reading: &Reading, session: &Session) -> io::Result<()> {
        let assessment = reading.frame.as_ref().ok();
        let line = Line {
            frame: reading.sequence,
            seconds: reading.time.as_secs_f64(),
            file: reading.name.as_deref(),
            view: reading.view,
            verdict: reading.statement.class().map_or("abstain", Class::name),
            reason: reading.statement.reason(),
            settled: matches!(reading.statement, Statement::Verdict(_)),
            probabilities: reading.probabilities.map(ByClass),
            frame_verdict: assessment.map_or("rejected", |assessment| assessment.verdict.name()),
            frame_probabilities: assessment.and_then(Assessment::probabilities).map(ByClass),
            logits: assessment.and_then(Assessment::logits),
            novelty: assessment.and_then(Assessment::novelty),
            quality: &reading.quality,
            dropped: session.trouble.dropped,
            corrupt: session.trouble.corrupt,
            model: &self.model,
        };
        write_line(&line)
    }

    fn camera(&mut self, change: &Change, session: &Session) -> io::Result<()> {
        note(sentence(change));
        write_line(&Event::new(change, session))
    }

    fn button(&mut self, event: ButtonEvent, session: &Session) -> io::Result<()> {
        write_line(&Event::new(event, session))
    }

    fn note(&mut self, message: &str, _: &Session) -> io::Result<()> {
        note(message);
        Ok(())
    }

    fn finish(&mut self, session: &Session) -> io::Result<()> {
        note(summary(session));
        note(RESEARCH_USE);
        Ok(())
    }
}
