//! The current view: verdict, probabilities, focus, and how close the field is to being taken.

use blastscope_core::{field::Presence, pipeline::percent};
use blastscope_shared::Class;
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Color,
    text::{Line, Span},
    widgets::Paragraph,
};

use super::{faint, panel, plain, strong, style};
use crate::{faces::terminal::app::App, record::VerdictKind, station::Snapshot, support::text::wrapped};

/// Colour of a class; none of the four is told by its colour alone.
pub(super) const fn colour(class: Class) -> Color {
    if class.is_malignant() { Color::Magenta } else { Color::Green }
}

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App) {
    let block = panel(" Now ".into());
    let inside = block.inner(area);
    frame.render_widget(block, area);
    let [verdict, bars, rest] =
        Layout::vertical([Constraint::Length(4), Constraint::Length(5), Constraint::Min(0)]).areas(inside);
    let width = usize::from(inside.width);
    frame.render_widget(Paragraph::new(said(&app.snapshot, width)), verdict);
    frame.render_widget(Paragraph::new(probabilities(&app.snapshot, width)), bars);
    frame.render_widget(Paragraph::new(below(&app.snapshot, width)), rest);
}

/// The verdict and its reason: four lines at most, so that nothing below jumps.
fn said(snapshot: &Snapshot, width: usize) -> Vec<Line<'static>> {
    let (word, reason) = match &snapshot.said {
        None => {
            let waiting = "waiting for the first frame".to_owned();
            (strong(" no picture", Color::Red), snapshot.source_reason.clone().unwrap_or(waiting))
        }
        Some(said) => {
            let word = match (said.kind, said.class) {
                (VerdictKind::Class, Some(class)) => {
                    let means = if class.is_malignant() { "  malignant subtype" } else { "" };
                    let probability = said.probability.map(|share| format!("  {}", percent(share)));
                    let probability = probability.unwrap_or_default();
                    strong(format!(" {}{probability}{means}", class.name().to_uppercase()), colour(class))
                }
                (VerdictKind::Malignant, _) => {
                    let probability = said.probability.map(|share| format!("  {}", percent(share)));
                    strong(format!(" MALIGNANT{}", probability.unwrap_or_default()), Color::Magenta)
                }
                (VerdictKind::Settling, _) => strong(" looking \u{2026}", Color::Yellow),
                (VerdictKind::Rejected, _) => strong(" not judged", Color::Yellow),
                _ => strong(" unsure", Color::Yellow),
            };
            (word, said.reason.clone().unwrap_or_default())
        }
    };
    let mut lines = vec![Line::from(word)];
    let told = wrapped(&reason, width.saturating_sub(2));
    lines.extend(told.into_iter().take(3).map(|line| Line::from(plain(format!(" {line}")))));
    lines
}

fn probabilities(snapshot: &Snapshot, width: usize) -> Vec<Line<'static>> {
    let cells = width.saturating_sub(19).clamp(4, 40);
    let named = snapshot.said.as_ref().and_then(|said| said.class);
    let row = |class: Class| {
        let name = format!(" {:8}", class.name());
        let name = if named == Some(class) { strong(name, colour(class)) } else { plain(name) };
        let Some(all) = snapshot.probabilities else {
            return Line::from(vec![name, faint("\u{b7}".repeat(cells)), faint("       -")]);
        };
        let probability = all[class.index()];
        let (full, rest) = bar(probability, cells);
        let colour = if named == Some(class) { colour(class) } else { Color::Gray };
        let number = plain(format!(" {:5.1} %", probability * 100.0));
        Line::from(vec![name, Span::styled(full, style(colour)), faint(rest), number])
    };
    Class::ALL.into_iter().map(row).collect()
}

fn below(snapshot: &Snapshot, width: usize) -> Vec<Line<'static>> {
    let mut lines = focus(snapshot, width);
    let (stage, colour) = match (&snapshot.session, snapshot.field) {
        (None, _) => ("no session, not recorded".to_owned(), Color::Gray),
        (_, Presence::Nothing) => ("nothing to take".into(), Color::Gray),
        (_, Presence::Moving) => ("the slide is moving".into(), Color::Gray),
        (_, Presence::Judging { agreeing, needed }) if agreeing >= needed => ("steady".into(), Color::Cyan),
        (_, Presence::Judging { agreeing, needed }) => (format!("hold still: {agreeing} of {needed}"), Color::Cyan),
        (_, Presence::Saving) => ("saving this field \u{2026}".into(), Color::Yellow),
        (_, Presence::Taken { number }) => (format!("field {number} is saved: move on"), Color::Green),
    };
    lines.push(Line::from(vec![plain(" Field   "), strong(stage, colour)]));
    if let Some(gate) = snapshot.gate {
        let novelty = snapshot.novelty.map_or("-".into(), |novelty| format!("{novelty:.2}"));
        lines.push(Line::from(faint(format!(" Gate    {gate}, novelty {novelty}"))));
    }
    lines
}

fn focus(snapshot: &Snapshot, width: usize) -> Vec<Line<'static>> {
    let cells = width.saturating_sub(19).clamp(4, 40);
    let threshold = snapshot.focus.threshold;
    let Some(level) = snapshot.focus.level else {
        return vec![Line::from(vec![plain(" Focus   "), faint("\u{b7}".repeat(cells)), faint("       -")])];
    };
    let (word, colour) = match level {
        level if level < threshold => ("too soft", Color::Yellow),
        level if level < 0.9 => ("good", Color::Green),
        _ => ("sharp", Color::Green),
    };
    let (full, rest) = bar(level, cells);
    // The mark is the threshold at which pictures are judged.
    let at = ((threshold * cells as f32) as usize).min(cells - 1);
    let cell = |(index, letter): (usize, char)| {
        let span = if index == at {
            strong("\u{2502}", Color::White)
        } else {
            Span::styled(letter.to_string(), style(colour))
        };
        if letter == '\u{b7}' && index != at { faint(letter) } else { span }
    };
    let mut spans = vec![plain(" Focus   ")];
    spans.extend(full.chars().chain(rest.chars()).enumerate().map(cell));
    spans.push(strong(format!(" {word:<8}"), colour));
    vec![Line::from(spans)]
}

/// The full and the empty part of a bar; the full part ends in eighths of a cell.
fn bar(share: f32, cells: usize) -> (String, String) {
    const EIGHTHS: [&str; 8] = ["", "\u{258f}", "\u{258e}", "\u{258d}", "\u{258c}", "\u{258b}", "\u{258a}", "\u{2589}"];
    let eighths = (share.clamp(0.0, 1.0) * (cells * 8) as f32 + 0.5) as usize;
    let part = EIGHTHS[eighths % 8];
    let used = eighths / 8 + usize::from(!part.is_empty());
    (format!("{}{part}", "\u{2588}".repeat(eighths / 8)), "\u{b7}".repeat(cells - used))
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
