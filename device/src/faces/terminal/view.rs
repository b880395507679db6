//! The layout: camera at the top, the view on the left, the session on the right, messages and keys below. Fits 80 x 24.

mod now;
mod session;

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Color, Modifier, Style},
    text::{Line, Span},
    widgets::{Block, BorderType, Clear, Paragraph, Wrap},
};

use super::{app::App, prompt::Prompt};
use crate::{RESEARCH_USE, source::state::CameraState, support::text};

/// With fewer columns, only the view is shown and not the session.
const NARROW: u16 = 70;

/// Draws everything.
pub(super) fn draw(frame: &mut Frame<'_>, app: &App) {
    let area = frame.area();
    // The last row always stays, however small the window is.
    let [head, body, messages, keys, notice] = Layout::vertical([
        Constraint::Length(if app.caution.is_some() { 3 } else { 2 }),
        Constraint::Min(0),
        Constraint::Length(3.min(area.height.saturating_sub(18))),
        Constraint::Length(3.min(area.height.saturating_sub(8))),
        Constraint::Length(1),
    ])
    .areas(area);
    frame.render_widget(Paragraph::new(header(app)), head);
    if area.width < NARROW {
        now::draw(frame, body, app);
    } else {
        let [left, right] = Layout::horizontal([Constraint::Fill(1), Constraint::Length(42)]).areas(body);
        now::draw(frame, left, app);
        session::draw(frame, right, app);
    }
    frame.render_widget(Paragraph::new(told(app, messages.height)), messages);
    frame.render_widget(Paragraph::new(key_lines(app)), keys);
    let notice_line = Line::from(strong(format!(" {RESEARCH_USE}"), Color::Yellow));
    frame.render_widget(Paragraph::new(notice_line), notice);
    if let Some(prompt) = &app.prompt {
        ask(frame, area, prompt, app);
    }
}

/// A colour, unless colours are off.
fn style(colour: Color) -> Style {
    if text::colours_wanted() { Style::new().fg(colour) } else { Style::new() }
}

fn strong(text: impl Into<String>, colour: Color) -> Span<'static> {
    Span::styled(text.into(), style(colour).add_modifier(Modifier::BOLD))
}

fn faint(text: impl Into<String>) -> Span<'static> {
    Span::styled(text.into(), style(Color::Gray))
}

fn plain(text: impl Into<String>) -> Span<'static> {
    Span::raw(text.into())
}

fn panel(title: String) -> Block<'static> {
    Block::bordered().border_type(BorderType::Rounded).border_style(style(Color::DarkGray)).title(title)
}

fn header(app: &App) -> Vec<Line<'static>> {
    let snapshot = &app.snapshot;
    let state = snapshot.source_state;
    let colour = match state {
        CameraState::Streaming => Color::Green,
        CameraState::Opening | CameraState::Corrupt => Color::Yellow,
        _ => Color::Red,
    };
    let rate =
        if state == CameraState::Streaming { format!(" {:.1} a second", snapshot.flow.rate) } else { String::new() };
    let mut lines = vec![
        Line::from(vec![strong(" blastscope", Color::Cyan), faint("  model "), plain(app.model.clone())]),
        Line::from(vec![
            faint(" camera "),
            strong(state.name(), colour),
            plain(rate),
            faint("  "),
            faint(text::harmless(&snapshot.source)),
        ]),
    ];
    lines.extend(app.caution.map(|caution| Line::from(strong(format!(" {caution}"), Color::Yellow))));
    lines
}

fn told(app: &App, rows: u16) -> Vec<Line<'static>> {
    let skipped = app.messages.len().saturating_sub(usize::from(rows));
    let line = |message: &super::app::Message| {
        let seconds = message.at.as_secs();
        let text = text::harmless(&message.text);
        let said = if message.wrong { strong(text, Color::Red) } else { plain(text) };
        Line::from(vec![faint(format!(" {:02}:{:02} ", seconds / 60, seconds % 60)), said])
    };
    app.messages.iter().skip(skipped).map(line).collect()
}

fn key_lines(app: &App) -> Vec<Line<'static>> {
    let keys = |pairs: &[(&str, &str)]| {
        let spans =
            pairs.iter().flat_map(|(key, does)| [strong(format!(" {key}"), Color::Cyan), faint(format!(" {does} "))]);
        Line::from(spans.collect::<Vec<_>>())
    };
    let who: String = match text::harmless(&app.operator) {
        name if name.is_empty() => "enter your name".to_owned(),
        name => name.chars().take(16).collect(),
    };
    let mut second = vec![("n", "new session"), ("s", "sign off"), ("e", "end")];
    if app.snapshot.left.is_some() {
        second = vec![("c", "continue"), ("x", "close"), ("n", "new session")];
    }
    second.push(("o", who.as_str()));
    if app.page.is_some() {
        second.push(("p", "page"));
    }
    second.push(("q", "quit"));
    if !app.records {
        return vec![
            keys(&[("q", "quit")]),
            Line::from(faint(" nothing is recorded: --tui --data-dir DIR records sessions")),
        ];
    }
    vec![
        keys(&[
            ("t", "take"),
            ("Enter", "confirm"),
            ("1-4", "Benign Early Pre Pro"),
            ("5", "malignant"),
            ("0", "not assessable"),
        ]),
        keys(&[("u", "undo"), ("w", "no answer"), ("d", "exclude"), ("\u{2190}\u{2192}", "field")]),
        keys(&second),
    ]
}

/// Draws a question over everything but the notice.
fn ask(frame: &mut Frame<'_>, area: Rect, prompt: &Prompt, app: &App) {
    let typed = |name: &str, text: &str, here: bool| {
        let cursor = if here { "\u{2588}" } else { "" };
        Line::from(vec![faint(format!(" {name:<10}")), plain(text.to_owned()), strong(cursor, Color::Cyan)])
    };
    let hint = |text: &str| Line::from(faint(format!(" {text}")));
    let (title, lines) = match prompt {
        Prompt::Start { specimen, operator, second } => (
            " New session ",
            vec![
                typed("Specimen", specimen, !second),
                typed("Operator", operator, *second),
                hint("a pseudonym (A-Z a-z 0-9 . _ -), never a person's name"),
                hint("Enter: next, Tab: switch, Esc: cancel"),
            ],
        ),
        Prompt::SignOff { session, by, fields } => {
            let shown = app.slide.as_ref().filter(|slide| slide.session.id == *session).map(|slide| slide.counts);
            let answers = match shown {
                Some(counts) if counts.fields == *fields => {
                    format!("{} confirmed, {} corrected", counts.confirmed_fields, counts.corrected_fields)
                }
                _ => "now there are others: Esc, look at them".into(),
            };
            let lines = vec![
                hint(&format!("session {session}, {fields} fields: {answers}")),
                typed("Initials", by, true),
                hint("then no field can be added; Enter: sign, Esc: cancel"),
            ];
            (" Sign off ", lines)
        }
        Prompt::Operator { name } => (
            " Who is working here? ",
            vec![
                typed("Name", name, true),
                hint("your name or initials, saved with every answer from this terminal"),
                hint("Enter: save, Esc: cancel"),
            ],
        ),
        Prompt::Sure { asks, .. } => {
            let mut lines: Vec<_> = text::wrapped(&text::harmless(asks), 56).iter().map(|line| hint(line)).collect();
            lines.push(hint("y: yes; any other key: no"));
            (" Sure? ", lines)
        }
        Prompt::Quit { session } => (
            " Quit ",
            vec![hint(&format!("session {session} is open: quit and end it?")), hint("y: quit; any other key: stay")],
        ),
        Prompt::Page => {
            let text = app.page.as_deref().unwrap_or_default();
            (" The page ", text.lines().map(|line| Line::from(plain(line.to_owned()))).collect())
        }
    };
    let widest = lines.iter().map(Line::width).max().unwrap_or(0).max(58) as u16;
    let (width, height) = ((widest + 2).min(area.width), (lines.len() as u16 + 2).min(area.height.saturating_sub(1)));
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + area.height.saturating_sub(1).saturating_sub(height) / 2,
        width,
        height,
    };
    frame.render_widget(Clear, place);
    let block = panel(title.into()).border_style(style(Color::Cyan));
    frame.render_widget(Paragraph::new(lines).block(block).wrap(Wrap { trim: false }), place);
}

#[cfg(test)]
mod tests;
