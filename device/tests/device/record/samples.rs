//! Sample sessions, fields and pictures.

use std::{
    fs,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use blastscope::record::{
    CellId, CellLabel, Decision, FieldCells, Hash, Judgement, Label, NewCellLabels, NewField, NewOpinion, NewSession,
    Receipt, Record, Said, Says, SeenCell, SessionId, StoredPicture, VerdictKind, path_in,
};
use blastscope_shared::{Class, RgbPixels, field::gate::Quality};
use rusqlite::Connection;
use tempfile::TempDir;

/// 2026-11-25 plus `seconds`.
pub fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_564_800 + seconds)
}

pub fn new_session(specimen: &str) -> NewSession {
    NewSession {
        specimen: specimen.into(),
        operator: "A. B.".into(),
        started: at(0),
        model_name: "allcnn".into(),
        model_sha256: "0a".repeat(32),
        config_sha256: "0b".repeat(32),
        program_version: "0.1.0".into(),
        code_hash: "0123456789abcdef".into(),
        device_id: "scope-1".into(),
        slide: blastscope_shared::judge::slide::SlidePooling::UNMEASURED,
    }
}

/// A picture that depends on `seed`.
pub fn picture(width: usize, height: usize, seed: u64) -> RgbPixels {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut byte = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    RgbPixels::new(width, height, (0..width * height * 3).map(|_| byte()).collect()).expect("three bytes a pixel")
}

pub fn judgement(said: Said) -> Judgement {
    Judgement {
        said,
        probabilities: Some([0.0625, 0.125, 0.75, 0.0625]),
        logits: Some([-1.5, 0.25, 3.5, -1.25]),
        novelty: Some(1.125),
        gate: "passed".into(),
        quality: Quality { focus: 0.4, background: 231, cells: 77, clipped: 0.01, foreign: 0.002, stained: 0.3 },
        model_sha256: "0a".repeat(32),
        frames: 5,
        seen_cells: None,
    }
}

pub fn named(class: Class) -> Said {
    Said { kind: VerdictKind::Class, class: Some(class), probability: Some(0.75), reason: None }
}

pub fn without_class(kind: VerdictKind, reason: &str) -> Said {
    Said { kind, class: None, probability: None, reason: Some(reason.into()) }
}

pub fn field(said: Said, seed: u64) -> NewField {
    NewField {
        taken: at(seed),
        since_start: Duration::from_millis(seed * 1000 + 17),
        judgement: judgement(said),
        picture: StoredPicture::lossless(&picture(24, 16, seed)).expect("encoded"),
    }
}

/// A field of which the network saw `count` cells, from left to right, each leaning more than the one before.
pub fn field_with_cells(said: Said, seed: u64, count: u32) -> NewField {
    let pixels = picture(24, 16, seed);
    let share = |cell: u32| (cell as f32 + 0.5) / count as f32;
    let cells = (0..count).map(|cell| SeenCell { x: share(cell), y: 0.5, leaning: Some(share(cell)) });
    let cells = FieldCells { width: 0.25, height: 0.375, cells: cells.collect() };
    let new = field(said, seed);
    let picture = new.picture.with_cells(&pixels, Some(&cells)).expect("encoded");
    let judgement = Judgement { seen_cells: Some(cells), ..new.judgement };
    NewField { judgement, picture, ..new }
}

/// Labels of cells of one field.
pub fn cell_labels(by: &str, label: Option<CellLabel>, field: u64, cells: &[u32]) -> NewCellLabels {
    let cells = cells.iter().map(|&cell| CellId { field, cell }).collect();
    NewCellLabels { at: at(510), by: by.into(), label, cells }
}

pub fn rejected_field(seed: u64) -> NewField {
    let mut field = field(without_class(VerdictKind::Rejected, "too dark: turn up the lamp"), seed);
    field.judgement.gate = "too dark".into();
    (field.judgement.probabilities, field.judgement.logits, field.judgement.novelty) = (None, None, None);
    field
}

pub fn opinion(by: &str, says: Says) -> NewOpinion {
    NewOpinion { at: at(500), by: by.into(), says, note: "large nucleoli".into() }
}

/// Two sessions with everything that can happen. Session 1 has the fields Pre (corrected to Early), Benign (confirmed), rejected
/// (not assessable), unsure (corrected to Pro), Pro (no opinion), and was amended. Session 2 was cut off and continued.
pub fn fill(record: &mut Record) -> (SessionId, SessionId, Vec<Receipt>) {
    let mut receipts = Vec::new();
    let mut keep = |receipt: Result<Receipt, _>| {
        let receipt = receipt.expect("written");
        receipts.push(receipt);
        receipt.session
    };
    let first = keep(record.start_session(&new_session("S-2026.001")));
    for new in [
        field_with_cells(named(Class::Pre), 1, 3),
        field(named(Class::Benign), 2),
        rejected_field(3),
        field(without_class(VerdictKind::Abstain, "not sure enough"), 4),
        field(named(Class::Pro), 5),
    ] {
        keep(record.add_field(first, &new));
    }
    keep(record.add_opinion(first, 1, &opinion("C. D.", Says::Corrects(Label::Class(Class::Benign)))));
    keep(record.add_opinion(first, 1, &opinion("C. D.", Says::Corrects(Label::Class(Class::Early)))));
    keep(record.add_opinion(first, 2, &opinion("C. D.", Says::Confirms)));
    keep(record.end_session(first, at(600), "stopped"));
    keep(record.sign_off(first, "E. F.", at(700)));
    let second = keep(record.start_session(&new_session("S-2026.002")));
    keep(record.add_field(second, &field(named(Class::Early), 6)));
    keep(record.add_opinion(first, 3, &opinion("G. H.", Says::Corrects(Label::NotAssessable))));
    keep(record.add_opinion(first, 4, &opinion("G. H.", Says::Corrects(Label::Class(Class::Pro)))));
    keep(record.sign_off(first, "E. F.", at(800)));
    keep(record.continue_session(second, at(900), Decision::Operator));
    (first, second, receipts)
}

/// Writes [`fill`] into `folder` and closes the record; returns the head after each entry.
pub fn filled(folder: &Path) -> Vec<Hash> {
    let mut record = Record::open(folder).expect("opened").with_min_free(0);
    let (_, _, receipts) = fill(&mut record);
    receipts.iter().map(|receipt| receipt.head).collect()
}

/// A new folder with [`fill`].
pub fn filled_folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    filled(folder.path());
    folder
}

/// Changes rows like a damaged disk, without triggers, checks and foreign keys; the triggers are restored afterwards.
pub fn unguarded(raw: &Connection, spoil: impl FnOnce(&Connection)) {
    raw.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON").expect("set");
    let triggers: Vec<(String, String)> = {
        let mut statement = raw.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").expect("sql");
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("read");
        rows.collect::<Result<_, _>>().expect("read")
    };
    assert!(triggers.len() >= 14, "{triggers:?}");
    triggers.iter().for_each(|(name, _)| raw.execute_batch(&format!("DROP TRIGGER {name}")).expect("dropped"));
    spoil(raw);
    triggers.iter().for_each(|(_, rule)| raw.execute_batch(rule).expect("made again"));
}

/// [`unguarded`], with SQL, of the record in a folder.
pub fn spoil(folder: &Path, sql: &str) {
    let raw = Connection::open(path_in(folder)).expect("opened");
    unguarded(&raw, |raw| raw.execute_batch(sql).expect("spoiled"));
}

/// Names of the files in a folder, sorted.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("listed");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("read").file_name().into_string().expect("UTF-8")).collect();
    names.sort();
    names
}
