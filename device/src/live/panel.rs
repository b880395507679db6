//! The panel: what is seen, how sure, and how the machine is doing, updated in place.

use std::{
    collections::VecDeque,
    io::{self, Write as _},
};

use blastscope_shared::{Class, classifier::Classifier, verdict::Verdict};
use crossterm::{
    cursor, queue,
    style::{Attribute, Color, Print, ResetColor, SetAttribute, SetForegroundColor},
    terminal::{self, Clear, ClearType},
};

use super::{
    Display, Session,
    lines::{sentence, summary},
    terminal::{Input, Terminal},
};
use crate::{
    RESEARCH_USE,
    classify::class_colour,
    hardware::ButtonEvent,
    model,
    pipeline::{Reading, Statement},
    source::{
        follow::Trouble,
        state::{CameraState, Change},
    },
    text::{self, wrapped},
};

/// Notes that are kept on the screen.
const NOTES: usize = 3;
/// Cells of a probability's bar.
const BAR: usize = 30;

/// A piece of text with its colour.
struct Span {
    text: String,
    colour: Option<Color>,
    bold: bool,
}

fn plain(text: impl Into<String>) -> Span {
    Span { text: text.into(), colour: None, bold: false }
}

fn faint(text: impl Into<String>) -> Span {
    Span { text: text.into(), colour: Some(Color::DarkGrey), bold: false }
}

fn strong(text: impl Into<String>, colour: Color) -> Span {
    Span { text: text.into(), colour: Some(colour), bold: true }
}

/// The panel on the terminal.
pub(super) struct Panel {
    terminal: Option<Terminal>,
    colours: bool,
    model: String,
    caution: Option<&'static str>,
    source: String,
    notes: VecDeque<String>,
    reading: Option<Reading>,
    missing: Option<String>,
    session: Session,
}

impl Panel {
    pub(super) fn open(classifier: &Classifier, source: String) -> io::Result<Self> {
        let mut panel = Self {
            terminal: Some(Terminal::borrow()?),
            colours: text::colours_wanted(),
            model: model::title(classifier),
            caution: model::caution(classifier),
            source,
            notes: VecDeque::new(),
            reading: None,
            missing: Some("waiting for the first frame".into()),
            session: Session::default(),
        };
        panel.draw()?;
        Ok(panel)
    }

    fn draw(&mut self) -> io::Result<()> {
        let (columns, rows) = terminal::size().unwrap_or((80, 24));
        let (columns, rows) = (usize::from(columns).max(20), usize::from(rows).max(4));
        let mut lines = self.lines(columns.min(100));
        lines.truncate(rows - 1);
        while lines.len() < rows - 1 {
            lines.push(Vec::new());
        }
        // The last row stays, however small the window is.
        lines.push(vec![plain(" "), strong(RESEARCH_USE, Color::Yellow)]);
        let mut out = io::stdout().lock();
        for (row, line) in lines.iter().enumerate() {
            queue!(out, cursor::MoveTo(0, row as u16))?;
            let mut left = columns;
            for span in line {
                let text: String = span.text.chars().take(left).collect();
                left -= text.chars().count();
                if let Some(colour) = span.colour.filter(|_| self.colours) {
                    queue!(out, SetForegroundColor(colour))?;
                }
                if span.bold {
                    queue!(out, SetAttribute(Attribute::Bold))?;
                }
                queue!(out, Print(text), SetAttribute(Attribute::Reset), ResetColor)?;
            }
            queue!(out, Clear(ClearType::UntilNewLine))?;
        }
        out.flush()
    }

    fn lines(&self, width: usize) -> Vec<Vec<Span>> {
        let rule = || vec![faint(format!(" {}", "─".repeat(width.saturating_sub(2))))];
        let mut lines = vec![
            vec![strong(" blastscope", Color::Cyan), faint("   model "), plain(self.model.clone())],
            vec![faint(" source "), plain(self.source.clone())],
        ];
        if let Some(caution) = self.caution {
            lines.push(vec![strong(format!(" {caution}"), Color::Yellow)]);
        }
        lines.push(rule());
        lines.extend(self.statement(width));
        lines.push(Vec::new());
        lines.extend(self.bars());
        lines.push(Vec::new());
        lines.extend(self.gate());
        lines.push(rule());
        lines.extend(self.numbers());
        lines.push(rule());
        lines.extend(self.notes.iter().map(|note| vec![faint(format!(" {note}"))]));
        while lines.len() < 21 {
            lines.push(Vec::new());
        }
        lines.push(vec![faint(" q quits")]);
        lines
    }

    /// What is said: two lines at least, so that nothing below jumps.
    fn statement(&self, width: usize) -> Vec<Vec<Span>> {
        let (word, reason) = match (&self.missing, &self.reading) {
            (Some(missing), _) => (strong("  no picture", Color::Red), missing.clone()),
            (None, None) => (faint("  -"), String::new()),
            (None, Some(reading)) => {
                let word = match &reading.statement {
                    Statement::Verdict(Verdict::Class { class, probability }) => {
                        let malignant = if class.is_malignant() { "  malignant subtype" } else { "" };
                        let text =
                            format!("  {}   {:.1} %{malignant}", class.name().to_uppercase(), probability * 100.0);
                        strong(text, class_colour(*class))
                    }
                    Statement::Verdict(Verdict::Abstain(_)) => strong("  abstain", Color::Yellow),
                    Statement::Settling { .. } => strong("  …", Color::Yellow),
                    Statement::Rejected(_) | Statement::NoPicture(_) => strong("  not judged", Color::Yellow),
                };
                (word, reading.statement.reason().unwrap_or_default())
            }
        };
        let mut lines = vec![vec![word]];
        lines
            .extend(wrapped(&reason, width.saturating_sub(4)).into_iter().map(|line| vec![plain(format!("  {line}"))]));
        lines.resize_with(lines.len().max(3), Vec::new);
        lines
    }

    fn bars(&self) -> Vec<Vec<Span>> {
        let reading = self.reading.as_ref().filter(|_| self.missing.is_none());
        let probabilities = reading.and_then(|reading| reading.probabilities);
        let named = reading.and_then(|reading| reading.statement.class());
        Class::ALL
            .into_iter()
            .map(|class| {
                let name = plain(format!("  {:8}", class.name()));
                let Some(probabilities) = probabilities else {
                    return vec![name, faint("·".repeat(BAR)), faint("       -")];
                };
                let probability = probabilities[class.index()];
                let (full, rest) = bar(probability, BAR);
                let colour = if named == Some(class) { class_colour(class) } else { Color::Grey };
                vec![
                    name,
                    Span { text: full, colour: Some(colour), bold: false },
                    faint(rest),
                    plain(format!(" {:5.1} %", probability * 100.0)),
                ]
            })
            .collect()
    }

    fn gate(&self) -> Vec<Vec<Span>> {
        let Some(reading) = &self.reading else { return vec![Vec::new(), Vec::new()] };
        let quality = &reading.quality;
        let state = match &reading.frame {
            Ok(_) => strong("good picture", Color::Green),
            Err(rejection) => strong(rejection.name(), Color::Red),
        };
        let novelty = reading.frame.as_ref().map_or("-".into(), |assessment| format!("{:.2}", assessment.novelty));
        vec![
            vec![faint("  gate     "), state, faint("   novelty "), plain(novelty)],
            vec![
                faint("           sharpness "),
                plain(format!("{:.2}", quality.focus)),
                faint("   background "),
                plain(quality.background.to_string()),
                faint("   contrast "),
                plain(quality.contrast().to_string()),
                faint("   clipped "),
                plain(format!("{:.0} %", quality.clipped * 100.0)),
            ],
        ]
    }

    fn numbers(&self) -> Vec<Vec<Span>> {
        let Session { tally, trouble: Trouble { dropped, corrupt, stalls, .. }, rate, elapsed, camera } = &self.session;
        let mut counts = vec![faint("  frames  ")];
        for class in Class::ALL {
            counts.push(faint(format!(" {} ", class.name())));
            counts.push(plain(format!("{:<5}", tally.classes[class.index()])));
        }
        let view = self.reading.as_ref().map_or(0, |reading| reading.view);
        let in_view = self.reading.as_ref().map_or(0, |reading| reading.frames_in_view);
        let name = self.reading.as_ref().and_then(|reading| reading.name.as_ref());
        let seconds = elapsed.as_secs();
        vec![
            counts,
            vec![
                faint("           abstained "),
                plain(format!("{:<5}", tally.abstained())),
                faint(" rejected "),
                plain(format!("{:<5}", tally.rejected)),
                faint(" settling "),
                plain(tally.settling.to_string()),
            ],
            vec![
                faint("  view     "),
                plain(view.to_string()),
                faint(format!(", {in_view} frame{} of it", if in_view == 1 { "" } else { "s" })),
                faint(name.map(|name| format!("   {name}")).unwrap_or_default()),
            ],
            vec![
                faint("  camera   "),
                camera_span(*camera),
                plain(format!("   {rate:.1}")),
                faint(" frames a second   "),
                plain(dropped.to_string()),
                faint(" dropped   "),
                plain(corrupt.to_string()),
                faint(" corrupt   "),
                plain(stalls.to_string()),
                faint(" stalls   "),
                plain(format!("{:02}:{:02}", seconds / 60, seconds % 60)),
            ],
        ]
    }
}

impl Display for Panel {
    fn show(&mut self, reading: &Reading, session: &Session) -> io::Result<()> {
        self.reading = Some(reading.clone());
        self.missing = None;
        self.session = *session;
        self.draw()
    }

    fn no_picture(&mut self, reason: &str, session: &Session) -> io::Result<()> {
        self.missing = Some(reason.to_string());
        self.session = *session;
        self.draw()
    }

    fn camera(&mut self, change: &Change, session: &Session) -> io::Result<()> {
        self.note(&sentence(change), session)
    }

    fn button(&mut self, event: ButtonEvent, session: &Session) -> io::Result<()> {
        self.note(&format!("button {}", event.button), session)
    }

    fn note(&mut self, message: &str, session: &Session) -> io::Result<()> {
        let seconds = session.elapsed.as_secs();
        self.notes.push_back(format!("{:02}:{:02} {message}", seconds / 60, seconds % 60));
        if self.notes.len() > NOTES {
            self.notes.pop_front();
        }
        self.session = *session;
        self.draw()
    }

    fn wants_to_stop(&mut self) -> io::Result<bool> {
        let input = self.terminal.as_ref().map_or(Ok(Input::Nothing), Terminal::input)?;
        match input {
            Input::Nothing => Ok(false),
            Input::Quit => Ok(true),
            Input::Resized => {
                queue!(io::stdout(), Clear(ClearType::All))?;
                self.draw().map(|()| false)
            }
        }
    }

    fn finish(&mut self, session: &Session) -> io::Result<()> {
        self.terminal = None;
        writeln!(io::stdout().lock(), "{}\n{RESEARCH_USE}", summary(session))
    }
}

fn camera_span(state: CameraState) -> Span {
    let colour = match state {
        CameraState::Streaming => Color::Green,
        CameraState::Opening | CameraState::Corrupt => Color::Yellow,
        CameraState::Stalled | CameraState::Frozen | CameraState::Lost | CameraState::Absent | CameraState::Ended => {
            Color::Red
        }
    };
    strong(state.name(), colour)
}

/// The full and the empty part of a bar; the full part ends in eighths of a cell.
fn bar(share: f32, cells: usize) -> (String, String) {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (share.clamp(0.0, 1.0) * (cells * 8) as f32 + 0.5) as usize;
    let part = EIGHTHS[eighths % 8];
    let used = eighths / 8 + usize::from(!part.is_empty());
    (format!("{}{part}", "█".repeat(eighths / 8)), "·".repeat(cells - used))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_full_empty_and_in_between() {
        assert_eq!(bar(0.0, 4), (String::new(), "····".into()));
        assert_eq!(bar(1.0, 4), ("████".into(), String::new()));
        assert_eq!(bar(0.5, 4), ("██".into(), "··".into()));
        assert_eq!(bar(0.4, 4), ("█▋".into(), "··".into()));
        assert_eq!(bar(f32::NAN, 4).0, "");
    }
}
