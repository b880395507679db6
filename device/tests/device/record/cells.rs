//! Cells of fields, and what people call them.

use blastscope::record::{
    CELL_SIDE, CellId, CellLabel, LabelsSeen, Record, RecordError, RecordReader, Says, SessionCells, SessionId, State,
    path_in, salvage, verify::verify,
};
use blastscope_shared::{Class, field::decode::decode_jpeg};
use tempfile::TempDir;

use crate::record::samples::{at, cell_labels, field, field_with_cells, named, new_session, opinion, spoil};

/// A session of a field with four cells, one that sees none, and one with two.
fn with_cells() -> (TempDir, Record, SessionId) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut record = Record::open(folder.path()).expect("opened").with_min_free(0);
    let session = record.start_session(&new_session("S-1")).expect("started").session;
    for new in [
        field_with_cells(named(Class::Pre), 1, 4),
        field(named(Class::Benign), 2),
        field_with_cells(named(Class::Benign), 3, 2),
    ] {
        record.add_field(session, &new).expect("added");
    }
    (folder, record, session)
}

/// The cells, counted in both ways.
fn cells(folder: &TempDir, session: SessionId) -> SessionCells {
    let reader = RecordReader::open(folder.path()).expect("opened");
    let cells = reader.cells(session).expect("read");
    assert_eq!(reader.cell_count(session), Ok(cells.count));
    cells
}

fn labels(cells: &SessionCells) -> Vec<Vec<Option<&'static str>>> {
    let of = |field: &blastscope::record::CellsOfField| {
        field.cells.iter().map(|cell| cell.label.map(CellLabel::name)).collect()
    };
    cells.fields.iter().map(of).collect()
}

fn seen(last: u64) -> LabelsSeen {
    LabelsSeen { last, ..LabelsSeen::default() }
}

#[test]
fn cells_are_kept_with_their_places_leanings_and_pictures() {
    let (folder, record, session) = with_cells();
    let found = cells(&folder, session);
    assert_eq!(found.fields.iter().map(|cells| (cells.field, cells.cells.len())).collect::<Vec<_>>(), [(1, 4), (3, 2)]);
    let first = &found.fields[0].cells[0];
    assert_eq!((first.cell, first.seen.x, first.seen.leaning, first.label), (1, 0.125, Some(0.125), None));
    assert_eq!((found.count.found, found.count.looked_at(), found.last), (6, 0, 0));
    let reader = RecordReader::open(folder.path()).expect("opened");
    let strip = decode_jpeg(&reader.cell_strip(session, 1).expect("kept")).expect("a JPEG");
    assert_eq!((strip.width(), strip.height()), (4 * CELL_SIDE, CELL_SIDE));
    let none = reader.cell_strip(session, 2).expect_err("it sees none");
    assert!(none.to_string().contains("session 1 has no cell 1 of field 2"), "{none}");
    assert_eq!(reader.field(session, 1).expect("read").judgement.seen_cells.map(|cells| cells.count()), Some(4));
    drop(record);
    assert!(verify(folder.path(), &[]).expect("read").intact);
}

#[test]
fn the_newest_label_counts_and_blasts_are_a_share_of_whole_cells() {
    let (folder, mut record, session) = with_cells();
    let mut label = |label, field, cells: &[u32], last| {
        record.label_cells(session, &cell_labels("C. D.", label, field, cells), &seen(last)).expect("labelled")
    };
    let entry = label(Some(CellLabel::Blast), 1, &[1, 2, 4], 0);
    label(Some(CellLabel::Lymphocyte), 1, &[2], 1);
    label(Some(CellLabel::Debris), 3, &[1, 2], 2);
    label(None, 3, &[2], 3);
    let found = cells(&folder, session);
    let (blast, lymphocyte, debris) = (Some("blast"), Some("lymphocyte"), Some("debris"));
    assert_eq!(labels(&found), [vec![blast, lymphocyte, None, blast], vec![debris, None]]);
    assert_eq!((found.count.looked_at(), found.count.counted(), found.count.blasts), (4, 3, 2));
    assert_eq!((found.count.blast_share().hits, found.count.blast_share().of, found.last), (2, 3, 4));
    let newest = &found.fields[0].cells[1];
    assert_eq!(newest.labelled_by.as_deref(), Some("C. D."));
    assert_eq!(entry.entry, 5, "three cells are one entry");

    // The cells of a field taken by mistake count nowhere, until that is undone.
    record.add_opinion(session, 1, &opinion("C. D.", Says::Excludes)).expect("excluded");
    let without = cells(&folder, session);
    assert_eq!((without.count.found, without.count.blasts, without.fields.len()), (2, 0, 1));
    let refused = record.label_cells(session, &cell_labels("C. D.", None, 1, &[1]), &seen(4)).expect_err("excluded");
    assert!(refused.to_string().contains("undo the exclusion first"), "{refused}");
    record.add_opinion(session, 1, &opinion("C. D.", Says::Undoes)).expect("undone");
    assert_eq!(cells(&folder, session), found);
    drop(record);
    assert!(verify(folder.path(), &[]).expect("read").intact);
}

#[test]
fn labels_of_something_else_are_refused_by_name() {
    let (folder, mut record, session) = with_cells();
    let blast = Some(CellLabel::Blast);
    let mut refused = |new, seen: &LabelsSeen| record.label_cells(session, &new, seen).expect_err("refused");
    for (field, cell) in [(1, 5), (1, 0), (2, 1), (9, 1), (u64::MAX, 1)] {
        let cell = CellId { field, cell };
        let new = cell_labels("C. D.", blast, field, &[cell.cell]);
        assert_eq!(refused(new, &seen(0)), RecordError::NoCell { session, cell });
    }
    assert!(refused(cell_labels("C. D.", blast, 1, &[2, 2]), &seen(0)).to_string().contains("cell 2 of field 1"));
    let too_many: Vec<u32> = (1..=501).collect();
    for cells in [&[][..], &too_many] {
        let error = refused(cell_labels("C. D.", blast, 1, cells), &seen(0)).to_string();
        assert!(error.contains("give 1 to 500 cells"), "{error}");
    }
    let hidden = refused(cell_labels("A\u{202e}B", blast, 1, &[1]), &seen(0));
    assert!(matches!(hidden, RecordError::Invalid { what: "name", .. }), "{hidden}");
    let nothing = refused(cell_labels("C. D.", None, 1, &[1]), &seen(0)).to_string();
    assert!(nothing.contains("no label to take back"), "{nothing}");
    assert_eq!(cells(&folder, session).last, 0, "nothing was written");

    // Others have labelled the cell since it was shown; other cells may be labelled.
    record.label_cells(session, &cell_labels("C. D.", blast, 1, &[1]), &seen(0)).expect("labelled");
    let new = cell_labels("E. F.", Some(CellLabel::Debris), 1, &[2, 1]);
    let stale = record.label_cells(session, &new, &seen(0)).expect_err("stale");
    assert!(stale.to_string().contains("the newest is blast by C. D."), "{stale}");
    record.label_cells(session, &cell_labels("E. F.", blast, 1, &[2]), &seen(0)).expect("another cell");
    record.label_cells(session, &new, &seen(2)).expect("as shown");
}

#[test]
fn a_repeated_request_counts_once_also_after_a_restart() {
    let (folder, mut record, session) = with_cells();
    let seen = LabelsSeen { request: Some("0123456789abcdef".into()), ..LabelsSeen::default() };
    let new = cell_labels("C. D.", Some(CellLabel::Blast), 1, &[1, 2]);
    let first = record.label_cells(session, &new, &seen).expect("labelled");
    drop(record);
    let mut record = Record::open(folder.path()).expect("opened").with_min_free(0);
    assert_eq!(record.label_cells(session, &new, &seen), Ok(first));
    let other = cell_labels("C. D.", Some(CellLabel::Blast), 1, &[1]);
    let error = record.label_cells(session, &other, &seen).expect_err("another request").to_string();
    assert!(error.contains("used for other labels"), "{error}");
    assert_eq!(cells(&folder, session).last, 1);
}

#[test]
fn labels_after_a_sign_off_declare_the_change_and_need_another_one() {
    let (folder, mut record, session) = with_cells();
    let blast = |cell| cell_labels("C. D.", Some(CellLabel::Blast), 1, &[cell]);
    record.label_cells(session, &blast(1), &seen(0)).expect("labelled");
    record.sign_off(session, "E. F.", at(600)).expect("signed");
    let state = || RecordReader::open(folder.path()).expect("opened").session(session).expect("read").state;
    assert_eq!(state(), State::Approved);
    let undeclared = record.label_cells(session, &blast(2), &seen(1)).expect_err("signed");
    assert!(undeclared.to_string().contains("was signed off by E. F."), "{undeclared}");
    let amends = LabelsSeen { amends: true, ..seen(1) };
    record.label_cells(session, &blast(2), &amends).expect("declared");
    assert_eq!(state(), State::Changed);
    record.sign_off(session, "E. F.", at(700)).expect("signed again");
    assert_eq!(state(), State::Amended);
}

/// Labels outlive a salvage; those of a field that was lost name nothing any more.
#[test]
fn a_salvage_keeps_labels_and_a_lost_field_takes_its_cells_along() {
    let (folder, mut record, session) = with_cells();
    for (field, cell) in [(1, 2), (3, 1)] {
        let new = cell_labels("C. D.", Some(CellLabel::Blast), field, &[cell]);
        record.label_cells(session, &new, &LabelsSeen::default()).expect("labelled");
    }
    drop(record);
    spoil(folder.path(), "UPDATE fields SET cell_strip = zeroblob(9) WHERE sequence = 1");
    let found = verify(folder.path(), &[]).expect("read");
    assert!(found.findings.iter().any(|finding| finding.column.as_deref() == Some("cell_strip")), "{found:?}");
    let salvaged = salvage(folder.path()).expect("salvaged");
    assert_eq!(salvaged.salvage.rows_lost, 1, "{:?}", salvaged.lost);
    let kept = cells(&folder, session);
    assert_eq!(labels(&kept), [vec![Some("blast"), None]]);
    assert_eq!((kept.last, kept.count.blasts), (2, 1));
    assert!(path_in(folder.path()).exists() && verify(folder.path(), &[]).expect("read").intact);
}

/// Prints how long the cells of a session of 2,000 take to read: `-- --ignored two_thousand_cells --nocapture`.
#[test]
#[ignore = "prints a time"]
fn two_thousand_cells() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut record = Record::open(folder.path()).expect("opened").with_min_free(0);
    let session = record.start_session(&new_session("S-1")).expect("started").session;
    for seed in 1..=100 {
        record.add_field(session, &field_with_cells(named(Class::Pre), seed, 20)).expect("added");
        let all: Vec<u32> = (1..=20).collect();
        let new = cell_labels("C. D.", Some(CellLabel::Other), seed, &all);
        record.label_cells(session, &new, &LabelsSeen { last: u64::MAX, ..LabelsSeen::default() }).expect("labelled");
    }
    let reader = RecordReader::open(folder.path()).expect("opened");
    let start = std::time::Instant::now();
    assert_eq!(reader.cells(session).expect("read").count.others, 2_000);
    let read = start.elapsed();
    assert_eq!(reader.cell_count(session).expect("read").others, 2_000);
    println!("2,000 cells are read in {read:?}, counted in {:?}", start.elapsed() - read);
}
