//! The session: counts with Wilson intervals, the selected field, and the state of saving.

use blastscope_core::{
    pipeline::percent,
    session::{SessionId, SlideTold},
};
use blastscope_shared::{Class, Rate};
use ratatui::{
    Frame,
    layout::Rect,
    style::Color,
    text::{Line, Span},
    widgets::Paragraph,
};

use super::{faint, now::colour, panel, plain, strong};
use crate::{
    faces::terminal::{app::App, slide::Slide},
    record::{CheckState, Field, OpinionKind, Tally, VerdictKind},
    report::{malignant_share, share},
    station::{Left, Saving, Snapshot},
    support::text::{harmless, wrapped},
};

/// Rows from which on the panel has room for more than the most important.
const ROOMY: u16 = 18;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App) {
    let title = app.slide.as_ref().map_or_else(
        || " Session ".to_owned(),
        |slide| {
            let Slide { session, cells, .. } = slide;
            let blasts = match cells.looked_at() {
                0 => String::new(),
                _ => format!("\u{b7} {} blasts of {} cells ", cells.blasts, cells.counted()),
            };
            format!(" Session {} \u{b7} {} {blasts}", session.id, session.state.name())
        },
    );
    let block = panel(title);
    let inside = block.inner(area);
    frame.render_widget(block, area);
    let width = usize::from(inside.width);
    let mut lines = Vec::new();
    if let Some(left) = &app.snapshot.left {
        lines.extend(cut_off(left, width));
    }
    match &app.slide {
        Some(slide) => lines.extend(counted(app, slide, width, inside.height > ROOMY)),
        None if app.snapshot.left.is_none() => {
            let text = if app.records { "no session: n starts one" } else { "no record" };
            lines.push(Line::from(faint(format!(" {text}"))));
        }
        None => {}
    }
    lines.extend(saving(&app.snapshot, width));
    frame.render_widget(Paragraph::new(lines), inside);
}

fn sentence(text: &str, width: usize, colour: Color) -> Vec<Line<'static>> {
    let told = wrapped(&harmless(text), width.saturating_sub(2));
    told.into_iter().map(|line| Line::from(strong(format!(" {line}"), colour))).collect()
}

fn cut_off(left: &Left, width: usize) -> Vec<Line<'static>> {
    let what = match &left.problem {
        None => "c continues it if the same slide is there, x closes it".to_owned(),
        Some(problem) => format!("it cannot be continued: {problem}; x closes it"),
    };
    let text = format!(
        "session {} of {} was cut off: {} fields, the last {}; {what}",
        left.id,
        left.specimen,
        left.fields,
        minute(&left.last_utc)
    );
    sentence(&text, width, Color::Yellow)
}

/// `2026-11-25T04:40:07.250Z` to the minute.
fn minute(utc: &str) -> String {
    format!("{} UTC", utc.get(..16).unwrap_or(utc).replace('T', " "))
}

fn counted(app: &App, slide: &Slide, width: usize, room: bool) -> Vec<Line<'static>> {
    let Slide { session, counts, field, around, .. } = slide;
    let who = format!(" {} \u{b7} {}", harmless(&session.specimen), harmless(session.operator_now()));
    let mut lines = vec![Line::from(plain(who))];
    if let Some(since) = app.snapshot.session.as_ref().and_then(|open| open.cut_off_utc.as_ref()) {
        let text = format!("was cut off after {} and continued; another slide? end it", minute(since));
        lines.extend(sentence(&text, width, Color::Yellow));
    }
    lines.push(Line::from(faint(format!(" {:<8}{:>5}{:>6}  {}", "", "model", "corr.", "share, 95 %"))));
    let row = |name: Span<'static>, said: u64, corrected: u64, share: Option<Rate>| {
        let share = share.filter(|share| share.of > 0).map_or_else(String::new, |share| {
            format!("{:.0} % ({:.0}-{:.0})", share.value.unwrap_or(0.0) * 100.0, share.low * 100.0, share.high * 100.0)
        });
        Line::from(vec![name, plain(format!("{said:>5}{corrected:>6}  ")), plain(share)])
    };
    for class in Class::ALL {
        let name = strong(format!(" {:<8}", class.name()), colour(class));
        let (said, corrected) = (counts.said.classes[class.index()], counts.corrected.classes[class.index()]);
        lines.push(row(name, said, corrected, Some(share(&counts.corrected, class))));
    }
    let malignant = malignant_share(&counts.corrected);
    let all = |tally: &Tally| malignant_share(tally).hits as u64;
    lines.push(row(plain(format!(" {:<8}", "any ALL")), all(&counts.said), all(&counts.corrected), Some(malignant)));
    let without = |tally: &Tally| tally.abstained + tally.rejected + tally.settling + tally.not_assessable;
    lines.push(row(plain(format!(" {:<8}", "none")), without(&counts.said), without(&counts.corrected), None));
    match told_of(app, session.id) {
        Some(told) => lines.extend(whole(told, width, room)),
        None => lines.push(Line::default()),
    }
    if let Some(field) = field {
        lines.extend(spoken_of(field, session.fields, around.newest));
    }
    lines
}

/// What is told of the slide, if the session on display is the running one.
fn told_of(app: &App, session: SessionId) -> Option<&SlideTold> {
    let running = app.snapshot.session.as_ref()?.id;
    app.snapshot.slide.as_ref().filter(|_| running == session)
}

/// What the fields say of the slide together, or what is missing, on one line; below it what that rests on, where there is `room`.
fn whole(told: &SlideTold, width: usize, room: bool) -> Vec<Line<'static>> {
    let shade = match told.malignant {
        Some(true) => told.subtype.map_or(Color::Magenta, colour),
        Some(false) => colour(Class::Benign),
        None => Color::White,
    };
    let probability = told.probability.map(|share| format!("  {}", percent(share))).unwrap_or_default();
    let text = match (&told.missing, told.more) {
        (Some(_), Some(more)) => format!("{more} more with a verdict wanted"),
        (Some(_), None) => "Not enough: ask an expert".to_owned(),
        (None, _) => format!("{}{probability}", told.name()),
    };
    let mut lines = vec![Line::from(vec![plain(" Slide  "), strong(text, shade)])];
    if room {
        let numbers: Vec<String> = told.against.iter().map(u64::to_string).collect();
        let against = if numbers.is_empty() { String::new() } else { format!("; against it: {}", numbers.join(", ")) };
        let missing = told.missing.as_ref().map(|missing| format!("{missing}; ")).unwrap_or_default();
        let rest = format!("{missing}{}{against}; not a diagnosis", told.basis());
        let rest = wrapped(&rest, width.saturating_sub(2));
        lines.extend(rest.into_iter().map(|line| Line::from(faint(format!(" {line}")))));
    }
    lines
}

fn spoken_of(field: &Field, fields: u64, newest: Option<u64>) -> [Line<'static>; 2] {
    // After a salvage, numbers may have gaps.
    let of = if newest == Some(fields) { format!(" of {fields}") } else { format!(", {fields} in all") };
    let said = &field.judgement.said;
    let probability = said.probability.map(|share| format!(" {}", percent(share))).unwrap_or_default();
    let model = match (said.kind, said.class) {
        (_, Some(class)) => strong(format!("{}{probability}", class.name()), colour(class)),
        (VerdictKind::Malignant, _) => strong(format!("Malignant{probability}"), Color::Magenta),
        (VerdictKind::Rejected, _) => plain("not judged"),
        (VerdictKind::Settling, _) => plain("not settled"),
        _ => plain("unsure"),
    };
    let person = match field.standing() {
        Some(opinion) if opinion.kind == OpinionKind::Exclusion => {
            strong(format!("excluded, {}", harmless(&opinion.given_by)), Color::Yellow)
        }
        None => faint("no answer yet"),
        Some(opinion) if opinion.label.is_none() => faint("no answer yet"),
        Some(opinion) if opinion.confirms() => {
            strong(format!("confirmed, {}", harmless(&opinion.given_by)), Color::Green)
        }
        Some(opinion) => strong(format!("{}, {}", opinion.name(), harmless(&opinion.given_by)), Color::Cyan),
    };
    [
        Line::from(vec![plain(format!(" Field {}{of}  model ", field.sequence)), model]),
        Line::from(vec![faint(" operator  "), person]),
    ]
}

fn saving(snapshot: &Snapshot, width: usize) -> Vec<Line<'static>> {
    let mut lines = match &snapshot.saving {
        Saving::Idle => Vec::new(),
        Saving::Writing => vec![Line::from(faint(" record    saving \u{2026}"))],
        Saving::Saved => vec![Line::from(vec![faint(" record    "), strong("saved", Color::Green)])],
        Saving::Failed { reason } => sentence(&format!("NOT SAVED: {reason}"), width, Color::Red),
    };
    match &snapshot.record_check {
        Some(CheckState::Damaged { reason } | CheckState::Failed { reason }) => {
            lines.extend(sentence(reason, width, Color::Red));
        }
        Some(CheckState::Running { .. } | CheckState::Intact { .. }) | None => {}
    }
    if let Some(reason) = &snapshot.clock_reason {
        lines.extend(sentence(reason, width, Color::Yellow));
    }
    if snapshot.unsaved > 0 {
        lines.extend(sentence(&format!("{} fields were not saved", snapshot.unsaved), width, Color::Red));
    }
    lines
}
