//! Verdicts as a table for people.

use std::io::{self, IsTerminal as _, Write};

use blastscope_core::pipeline::percent;
use blastscope_files::Printable as _;
use blastscope_shared::{Class, classifier::Classifier};
use crossterm::style::{Color, Stylize as _};

use super::{Examined, sources::Item};
use crate::{RESEARCH_USE, model, support::text};

/// Width of the column of file names, at most.
const MAX_NAME: usize = 48;
/// Width of a row without name and reason.
const BESIDE_NAME: usize = 31;
/// Progress is shown from this number of files.
const PROGRESS_FROM: usize = 20;

#[derive(Default)]
struct Counts {
    classes: [usize; Class::COUNT],
    subtype_not_sure: usize,
    abstained: usize,
    failed: usize,
    /// Folders that gave no picture.
    folders: usize,
}

/// Rows on stdout, progress on stderr if it is a terminal.
pub(super) struct Table<W> {
    out: W,
    colours: bool,
    /// Width of the reason: the rest of a terminal row.
    reason_width: usize,
    progress: bool,
    name_width: usize,
    done: usize,
    total: usize,
    counts: Counts,
}

impl<W: Write> Table<W> {
    pub(super) fn start(mut out: W, work: &[Item], classifier: &Classifier) -> io::Result<Self> {
        let terminal = io::stdout().is_terminal();
        let longest = work.iter().map(|item| item.name.printable().to_string().chars().count()).max().unwrap_or(4);
        let name_width = longest.clamp(4, MAX_NAME);
        writeln!(out, "model {}{}", model::title(classifier), suffix(model::caution(classifier)))?;
        writeln!(out, "{:name_width$}  {:9} {:>6}  {:>7}  why", "file", "verdict", "prob.", "novelty")?;
        Ok(Self {
            out,
            colours: terminal && text::colours_wanted(),
            reason_width: match crossterm::terminal::size() {
                Ok((columns, _)) if terminal => usize::from(columns).saturating_sub(name_width + BESIDE_NAME).max(12),
                _ => usize::MAX,
            },
            // On the same terminal, progress would break up the rows.
            progress: !terminal && io::stderr().is_terminal() && work.len() >= PROGRESS_FROM,
            name_width,
            done: 0,
            total: work.len(),
            counts: Counts::default(),
        })
    }

    pub(super) fn row(&mut self, item: &Item, outcome: &Result<Examined, String>) -> io::Result<()> {
        let name = shortened(&item.name.printable().to_string(), self.name_width);
        let width = self.name_width;
        match outcome {
            Ok(examined) => {
                let appraisal = &examined.appraisal;
                let colour = match appraisal.is_malignant() {
                    Some(true) => Color::Magenta,
                    Some(false) => Color::Green,
                    None => Color::Yellow,
                };
                match (appraisal.class(), appraisal.is_malignant()) {
                    (Some(class), _) => self.counts.classes[class.index()] += 1,
                    (None, Some(_)) => self.counts.subtype_not_sure += 1,
                    (None, None) => self.counts.abstained += 1,
                }
                let scores = appraisal.assessment.scores();
                let shown = |number: Option<String>| number.unwrap_or_else(|| "-".to_owned());
                let highest = || scores.map(|scores| scores.most_probable().1);
                let probability = appraisal.assessment.verdict.stated().or_else(highest);
                let probability = shown(probability.map(percent));
                let novelty = shown(scores.map(|scores| format!("{:.2}", scores.novelty())));
                let word = self.paint(&format!("{:9}", appraisal.name()), colour);
                let reason = beginning(&appraisal.reason().unwrap_or_default(), self.reason_width);
                let row = format!("{name:width$}  {word} {probability:>7} {novelty:>7}  {reason}");
                writeln!(self.out, "{}", row.trim_end())?;
            }
            Err(error) => {
                if item.is_folder {
                    self.counts.folders += 1;
                } else {
                    self.counts.failed += 1;
                }
                let word = self.paint(&format!("{:9}", "error"), Color::Red);
                let error = beginning(&error.printable().to_string(), self.reason_width);
                writeln!(self.out, "{name:width$}  {word} {:>7} {:>7}  {error}", "-", "-")?;
            }
        }
        self.done += 1;
        if self.progress {
            let _ = write!(io::stderr(), "\r{} of {}", self.done, self.total);
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        if self.progress {
            let _ = write!(io::stderr(), "\r{:30}\r", "");
        }
        let Counts { classes, subtype_not_sure, abstained, failed, folders } = self.counts;
        let named: Vec<String> =
            Class::ALL.iter().zip(&classes).map(|(class, count)| format!("{class} {count}")).collect();
        let split = match subtype_not_sure {
            0 => String::new(),
            count => format!(", malignant without a subtype {count}"),
        };
        let many = |count: usize, one: &'static str, more: &'static str| if count == 1 { one } else { more };
        let count = self.total - folders;
        let pictures = many(count, "picture", "pictures");
        let line = format!("{count} {pictures}: {}{split}, abstained {abstained}, failed {failed}", named.join(", "));
        let empty = match folders {
            0 => String::new(),
            _ => format!("; {folders} {} no picture", many(folders, "folder gives", "folders give")),
        };
        writeln!(self.out, "\n{line}{empty}\n{RESEARCH_USE}")?;
        self.out.flush()
    }

    fn paint(&self, word: &str, colour: Color) -> String {
        if self.colours { word.with(colour).bold().to_string() } else { word.to_string() }
    }
}

fn suffix(caution: Option<&str>) -> String {
    caution.map(|caution| format!(" ({caution})")).unwrap_or_default()
}

/// Shortens a long name to its end, where file names differ.
fn shortened(name: &str, width: usize) -> String {
    let length = name.chars().count();
    if length <= width {
        return name.to_string();
    }
    format!("…{}", name.chars().skip(length - width + 1).collect::<String>())
}

/// Shortens a long sentence to its beginning.
fn beginning(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_string();
    }
    format!("{}…", text.chars().take(width - 1).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_sentences_keep_their_beginning() {
        assert_eq!(beginning("too dark: turn up the lamp", 9), "too dark…");
        assert_eq!(beginning("too dark", 8), "too dark");
    }

    #[test]
    fn long_names_keep_their_end() {
        assert_eq!(shortened("folder/picture.jpg", 12), "…picture.jpg");
        assert_eq!(shortened("größe.jpg", 9), "größe.jpg");
    }
}
