//! A session as a table for spreadsheets and statistics.

use std::{borrow::Cow, path::Path};

use blastscope_files::atomic_file;
use serde::Serialize;

use super::{
    Field, Opinion, RecordError, RecordReader, Session, SessionId, reader::MAX_PAGE, spreadsheet::cell, verify,
};
use crate::RESEARCH_USE;

/// Format of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableStyle {
    /// Column separator, a single byte.
    pub separator: u8,
    /// Whether a byte order mark marks the file as UTF-8.
    pub byte_order_mark: bool,
    /// Whether fractions have a decimal comma.
    pub decimal_comma: bool,
}

impl TableStyle {
    /// For programs: commas, decimal points, no mark (RFC 4180).
    pub const PLAIN: Self = Self { separator: b',', byte_order_mark: false, decimal_comma: false };
    /// For spreadsheet programs with a decimal comma, as in most of Europe: semicolons, decimal commas, and the mark without which
    /// Excel misreads UTF-8.
    pub const EXCEL: Self = Self { separator: b';', byte_order_mark: true, decimal_comma: true };
}

impl Default for TableStyle {
    fn default() -> Self {
        Self::PLAIN
    }
}

/// Columns with fractions.
const FRACTIONS: [&str; 14] = [
    "probability",
    "p_benign",
    "p_early",
    "p_pre",
    "p_pro",
    "logit_benign",
    "logit_early",
    "logit_pre",
    "logit_pro",
    "novelty",
    "focus",
    "clipped",
    "foreign",
    "stained",
];

/// One line: the model's verdict, then a person's last answer.
#[derive(Serialize)]
struct Line<'a> {
    session: SessionId,
    specimen: Cow<'a, str>,
    state: &'static str,
    sequence: u64,
    taken_utc: &'a str,
    clock: &'static str,
    since_start_ms: u64,
    verdict: &'static str,
    class: Option<&'static str>,
    probability: Option<f32>,
    reason: Option<Cow<'a, str>>,
    p_benign: Option<f32>,
    p_early: Option<f32>,
    p_pre: Option<f32>,
    p_pro: Option<f32>,
    logit_benign: Option<f32>,
    logit_early: Option<f32>,
    logit_pre: Option<f32>,
    logit_pro: Option<f32>,
    novelty: Option<f32>,
    gate: Cow<'a, str>,
    focus: f32,
    background: u8,
    cells: u8,
    clipped: f32,
    foreign: f32,
    stained: f32,
    frames: u32,
    model_sha256: &'a str,
    opinion: Option<&'static str>,
    label: Option<&'static str>,
    labelled_by: Option<Cow<'a, str>>,
    labelled_utc: Option<&'a str>,
    note: Option<Cow<'a, str>>,
    record_head: String,
    notice: &'static str,
}

/// Writes the fields of a session to `file`, one line each without excluded ones, completely or not at all. Returns their number. Texts that a
/// spreadsheet would read as formulas get a leading apostrophe.
///
/// # Errors
/// [`RecordError::NoSession`]; [`RecordError::Changed`] if the record fails verification; errors of reading and writing.
pub fn export_csv(
    reader: &RecordReader,
    session: SessionId,
    file: &Path,
    style: TableStyle,
) -> Result<u64, RecordError> {
    let session = reader.session(session)?;
    let head = verify::session_intact(reader, session.id)?.head.to_string();
    let mut table = csv::Writer::from_writer(Vec::new());
    let failed = |reason: String| RecordError::Io { path: file.to_path_buf(), action: "written", reason };
    let (mut last, mut lines) = (0, 0);
    loop {
        let page = reader.fields(session.id, last, MAX_PAGE)?;
        let Some(newest) = page.last() else { break };
        last = newest.sequence;
        for field in page.iter().filter(|field| field.exclusion().is_none()) {
            table.serialize(line(&session, field, &head)).map_err(|error| failed(error.to_string()))?;
            lines += 1;
        }
        reader.tell("fields", lines, session.fields);
    }
    let bytes = table.into_inner().map_err(|error| failed(error.to_string()))?;
    let bytes = styled(bytes, style).map_err(|error| failed(error.to_string()))?;
    atomic_file::write(file, &bytes).map_err(|error| RecordError::io(file, "written", &error))?;
    Ok(lines)
}

/// Converts a plain table to another style.
fn styled(plain: Vec<u8>, style: TableStyle) -> csv::Result<Vec<u8>> {
    if style == TableStyle::PLAIN {
        return Ok(plain);
    }
    let mut lines = csv::Reader::from_reader(plain.as_slice());
    let names = lines.headers()?.clone();
    let start = if style.byte_order_mark { "\u{feff}".as_bytes().to_vec() } else { Vec::new() };
    let mut table =
        csv::WriterBuilder::new().delimiter(style.separator).terminator(csv::Terminator::CRLF).from_writer(start);
    table.write_record(&names)?;
    for line in lines.records() {
        let line = line?;
        let cells = names.iter().zip(&line).map(|(name, cell)| {
            let fraction = style.decimal_comma && FRACTIONS.contains(&name);
            if fraction { Cow::Owned(cell.replace('.', ",")) } else { Cow::Borrowed(cell) }
        });
        table.write_record(cells.map(Cow::into_owned))?;
    }
    table.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

fn line<'a>(session: &'a Session, field: &'a Field, head: &str) -> Line<'a> {
    let judgement = &field.judgement;
    let by_class = |values: Option<[f32; 4]>| values.map_or([None; 4], |values| values.map(Some));
    let [p_benign, p_early, p_pre, p_pro] = by_class(judgement.probabilities);
    let [logit_benign, logit_early, logit_pre, logit_pro] = by_class(judgement.logits);
    let opinion = field.opinion();
    Line {
        session: session.id,
        specimen: cell(&session.specimen),
        state: session.state.name(),
        sequence: field.sequence,
        taken_utc: &field.taken_utc,
        clock: field.clock.name(),
        since_start_ms: field.since_start_ms,
        verdict: judgement.said.kind.name(),
        class: judgement.said.class.map(blastscope_shared::Class::name),
        probability: judgement.said.probability,
        reason: judgement.said.reason.as_deref().map(cell),
        p_benign,
        p_early,
        p_pre,
        p_pro,
        logit_benign,
        logit_early,
        logit_pre,
        logit_pro,
        novelty: judgement.novelty,
        gate: cell(&judgement.gate),
        focus: judgement.quality.focus,
        background: judgement.quality.background,
        cells: judgement.quality.cells,
        clipped: judgement.quality.clipped,
        foreign: judgement.quality.foreign,
        stained: judgement.quality.stained,
        frames: judgement.frames,
        model_sha256: &judgement.model_sha256,
        opinion: opinion.map(|opinion| opinion.kind.name()),
        label: opinion.map(Opinion::name),
        labelled_by: opinion.map(|opinion| cell(&opinion.given_by)),
        labelled_utc: opinion.map(|opinion| opinion.given_utc.as_str()),
        note: opinion.map(|opinion| opinion.note.as_str()).filter(|note| !note.is_empty()).map(cell),
        record_head: head.to_string(),
        notice: RESEARCH_USE,
    }
}
