//! The report as a PDF: A4, embedded font, text that can be selected and searched, and a structure for screen readers.
//!
//! ```text
//! Report --flow--> pages of Items (what lies where) --draw--> PDF, with a footer on every page
//! ```

mod draw;
mod face;
mod fallback;
mod flow;
mod gallery;
mod item;

use self::{
    face::Faces,
    flow::Flow,
    item::{Colour, WIDTH},
};
use super::{Report, ReportError, words};
use crate::RESEARCH_USE;

const INK: Colour = Colour(29, 35, 39);
const SOFT: Colour = Colour(91, 101, 108);
const LINE: Colour = Colour(205, 211, 215);
const ACCENT: Colour = Colour(11, 85, 99);
const CALM: Colour = Colour(231, 241, 236);
const CALM_EDGE: Colour = Colour(47, 125, 91);
const WARNING: Colour = Colour(255, 243, 214);
const WARNING_EDGE: Colour = Colour(183, 121, 31);
const CORRECTED: Colour = Colour(154, 75, 0);
const CONFIRMED: Colour = Colour(34, 105, 74);

/// Font size of plain text, in points.
const PLAIN: f32 = 9.5;
/// Font size of small text, in points.
const SMALL: f32 = 8.0;

/// Renders the PDF.
///
/// # Errors
/// [`ReportError::Pdf`], [`ReportError::Picture`].
pub fn document(report: &Report) -> Result<Vec<u8>, ReportError> {
    let faces = Faces::load(words::written_by_people(report)).map_err(ReportError::Pdf)?;
    let mut flow = Flow::new(&faces);
    flow.paragraph(RESEARCH_USE, PLAIN, true, ACCENT);
    flow.gap(4.0);
    flow.title(words::TITLE);
    flow.paragraph(words::NOT_A_DIAGNOSIS, PLAIN, false, SOFT);
    facts(&mut flow, "Slide", &words::slide(report));
    flow.gap(8.0);
    for banner in words::banners(report) {
        banner_box(&mut flow, &banner);
    }
    facts(&mut flow, "Session", &words::facts(report));
    counts(&mut flow, report);
    let cells = words::cells(&report.cells);
    if !cells.is_empty() {
        facts(&mut flow, "Cells", &cells);
    }
    sign_offs(&mut flow, report);
    facts(&mut flow, "Sources", &words::sources(report));
    gallery::show(&mut flow, report)?;
    let footer = format!("specimen {} · session {}", report.session.specimen, report.session.id);
    draw::document(flow.into_pages(), &faces, report, &footer).map_err(ReportError::Pdf)
}

fn banner_box(flow: &mut Flow<'_>, banner: &words::Banner) {
    let (paper, edge) = match banner.kind {
        words::BannerKind::Calm => (CALM, CALM_EDGE),
        words::BannerKind::Warning => (WARNING, WARNING_EDGE),
    };
    let word = banner.word.to_uppercase();
    let indent = 12.0 + flow.width_of(&word, PLAIN, true) + 8.0;
    let lines = flow.wrapped(&banner.sentence, PLAIN, false, WIDTH - indent - 8.0);
    let height = lines.len() as f32 * 13.5 + 9.0;
    flow.room(height + 5.0);
    flow.fill(0.0, 0.0, WIDTH, height, paper);
    flow.fill(0.0, 0.0, 3.5, height, edge);
    flow.text(12.0, 14.5, &word, PLAIN, true, INK);
    for (at, line) in lines.iter().enumerate() {
        flow.text(indent, 14.5 + at as f32 * 13.5, line, PLAIN, false, INK);
    }
    flow.down(height + 5.0);
}

/// A list of names and values; the values wrap.
fn facts(flow: &mut Flow<'_>, heading: &str, facts: &[(&str, String)]) {
    const NAMES: f32 = 128.0;
    flow.heading(heading);
    for (name, value) in facts {
        let lines = flow.wrapped(value, PLAIN, false, WIDTH - NAMES);
        flow.room(lines.len() as f32 * 13.5);
        flow.text(0.0, 10.0, name, PLAIN, false, SOFT);
        for (at, line) in lines.iter().enumerate() {
            flow.text(NAMES, 10.0 + at as f32 * 13.5, line, PLAIN, false, INK);
        }
        flow.down(lines.len() as f32 * 13.5);
    }
}

fn counts(flow: &mut Flow<'_>, report: &Report) {
    const ROW: f32 = 16.5;
    /// Right edge of the numbers and left edge of the shares, in points.
    const COLUMNS: [(f32, f32); 2] = [(200.0, 208.0), (374.0, 382.0)];
    let rows = words::rows(&report.counts);
    flow.heading("Counts");
    flow.room((rows.len() + 1) as f32 * ROW);
    flow.text(0.0, 11.0, "fields", SMALL, true, SOFT);
    flow.text(COLUMNS[0].0 - 26.0, 11.0, "as the model said", SMALL, true, SOFT);
    flow.text(COLUMNS[1].0 - 26.0, 11.0, "as corrected", SMALL, true, SOFT);
    flow.down(ROW);
    for row in &rows {
        flow.fill(0.0, 0.0, WIDTH, 0.5, LINE);
        let colour = if row.is_class { INK } else { SOFT };
        flow.text(0.0, 11.5, &row.name, PLAIN, row.is_class, colour);
        for ((fields, rate), (end, begin)) in [&row.said, &row.corrected].into_iter().zip(COLUMNS) {
            flow.text_to(end, 11.5, &fields.to_string(), PLAIN, row.is_class, colour);
            if let Some(rate) = rate {
                flow.text(begin, 11.5, &words::rate(rate), PLAIN, false, colour);
            }
        }
        flow.down(ROW);
    }
    flow.fill(0.0, 0.0, WIDTH, 0.5, LINE);
    flow.gap(5.0);
    flow.paragraph(words::INTERVALS, SMALL, false, SOFT);
}

fn sign_offs(flow: &mut Flow<'_>, report: &Report) {
    if report.session.sign_offs.is_empty() {
        return;
    }
    flow.heading("Sign-offs");
    for signed in &report.session.sign_offs {
        let when = words::marked(&signed.signed_utc, signed.clock);
        let line = format!("{} by {} on {when}, {} fields", signed.kind, signed.signed_by, signed.fields);
        flow.paragraph(&line, PLAIN, false, INK);
        flow.paragraph(&format!("log head {}", signed.head), SMALL, false, SOFT);
    }
}
