//! Lines of text.

use std::io::{self, Write as _};

use blastscope_core::pipeline::{Reading, percent};
use blastscope_files::Printable as _;
use blastscope_shared::{Verdict, classifier::Classifier, judge::calibration::most_probable};

use super::{Printer, sentence, summary, whole};
use crate::{
    RESEARCH_USE, board::ButtonEvent, model, source::state::Change, station::Snapshot, support::terminal::note,
};

/// Lines of text.
pub(super) struct Plain;

impl Plain {
    pub(super) fn start(classifier: &Classifier, source: &str) -> io::Result<Self> {
        let mut out = io::stdout().lock();
        let caution = model::caution(classifier).map(|caution| format!(" ({caution})")).unwrap_or_default();
        writeln!(out, "source {}\nmodel {}{caution}\n{RESEARCH_USE}", source.printable(), model::title(classifier))?;
        writeln!(out, "{:>6} {:>8} {:>5}  {:9} {:>7}  why", "frame", "time", "view", "verdict", "prob.")?;
        Ok(Self)
    }
}

impl Printer for Plain {
    fn show(&mut self, reading: &Reading, _: &Snapshot) -> io::Result<()> {
        let verdict = reading.statement.verdict();
        let word = verdict.map_or("abstain", Verdict::name);
        let highest = || most_probable(&reading.probabilities?).map(|(_, highest)| highest);
        let probability = verdict.and_then(Verdict::stated).or_else(highest);
        let probability = probability.map_or("-".into(), percent);
        let why = [reading.statement.reason(), reading.name.as_ref().map(|name| format!("[{}]", name.printable()))];
        let line = format!(
            "{:>6} {:>7.2}s {:>5}  {word:9} {probability:>7}  {}",
            reading.sequence,
            reading.time.as_secs_f64(),
            reading.view,
            why.into_iter().flatten().collect::<Vec<_>>().join("  "),
        );
        writeln!(io::stdout().lock(), "{}", line.trim_end())
    }

    fn camera(&mut self, change: &Change, shown: &Snapshot) -> io::Result<()> {
        self.note(&sentence(change), shown)
    }

    fn button(&mut self, event: ButtonEvent, shown: &Snapshot) -> io::Result<()> {
        self.note(&format!("button {}", event.button), shown)
    }

    fn note(&mut self, message: &str, _: &Snapshot) -> io::Result<()> {
        note(message);
        Ok(())
    }

    fn finish(&mut self, shown: &Snapshot) -> io::Result<()> {
        let slide = shown.slide.as_ref().map(|told| format!("{}\n", whole(told))).unwrap_or_default();
        writeln!(io::stdout().lock(), "{}\n{slide}{RESEARCH_USE}", summary(shown))
    }
}
