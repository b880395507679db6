//! A report verifies its own session and the whole log; rows that this process has verified are not hashed again.

use std::{fs, sync::Arc};

use blastscope::{
    record::{Record, RecordError, RecordReader, Remembered, TableStyle, export_csv, path_in, verify::verify_open},
    report::{Options, ReportError, gather},
};

use crate::record::samples::{field, filled_folder, named, new_session, spoil};

fn table(reader: &RecordReader, session: &str) -> Result<u64, RecordError> {
    let place = tempfile::tempdir().expect("a folder");
    export_csv(reader, session.parse().expect("a number"), &place.path().join("t.csv"), TableStyle::PLAIN)
}

/// Changes of session 1 (rows 1 to 5) and of rows without a session.
const CHANGES: [&str; 8] = [
    "UPDATE fields SET focus = 0.9 WHERE id = 2",
    "UPDATE fields SET picture = zeroblob(9) WHERE id = 2",
    "UPDATE fields SET thumbnail = zeroblob(9) WHERE id = 3",
    "DELETE FROM opinions WHERE id = 1",
    "UPDATE fields SET session_id = 2, sequence = 9 WHERE id = 5",
    "UPDATE opinions SET label = 'Pro' WHERE id = 2",
    "UPDATE log SET written_utc = 'x' WHERE entry = 3",
    "UPDATE sessions SET specimen = 'X' WHERE id = 1",
];

#[test]
fn every_change_of_the_session_is_found_with_and_without_memory() {
    for sql in CHANGES {
        for remembers in [false, true] {
            let folder = filled_folder();
            let remembered = Arc::new(Remembered::new());
            let open = || {
                let reader = RecordReader::open(folder.path()).expect("opened");
                if remembers { reader.remembering(Arc::clone(&remembered)) } else { reader }
            };
            assert!(verify_open(&open(), &[]).expect("read").intact);
            assert_eq!(table(&open(), "1"), Ok(5));
            spoil(folder.path(), sql);
            let error = table(&open(), "1").expect_err(sql);
            assert!(matches!(error, RecordError::Changed { .. }), "{sql}, remembers {remembers}: {error}");
            let report =
                gather(&open(), "1".parse().expect("a number"), Options::default(), None, None, &mut |_, _| {});
            assert!(matches!(report, Err(ReportError::Record(RecordError::Changed { .. }))), "{sql}");
        }
    }
}

/// Rows added, removed or forged since are found too.
#[test]
fn what_was_added_is_verified_and_a_log_that_was_cut_or_forged_is_found() {
    let folder = filled_folder();
    let remembered = Arc::new(Remembered::new());
    let open = || RecordReader::open(folder.path()).expect("opened").remembering(Arc::clone(&remembered));
    assert!(verify_open(&open(), &[]).expect("read").intact);
    let mut writer = Record::open(folder.path()).expect("opened").with_min_free(0);
    let session = writer.start_session(&new_session("S-3")).expect("written").session;
    writer.add_field(session, &field(named(blastscope_shared::Class::Pre), 30)).expect("written");
    drop(writer);
    assert_eq!(table(&open(), "3"), Ok(1));
    assert_eq!(remembered.entries(), 19, "verified entries are remembered");
    let sound = fs::read(path_in(folder.path())).expect("read");
    for sql in [
        "UPDATE fields SET focus = 0.9 WHERE id = 7",
        "DELETE FROM log WHERE entry = 19; DELETE FROM fields WHERE id = 7",
        "DELETE FROM fields WHERE id = 7",
    ] {
        spoil(folder.path(), sql);
        assert!(matches!(table(&open(), "3"), Err(RecordError::Changed { .. })), "{sql}");
        fs::write(path_in(folder.path()), &sound).expect("restored");
    }
    assert_eq!(table(&open(), "3"), Ok(1));
}

/// A report does not read other sessions' pictures: the whole check finds their damage.
#[test]
fn other_sessions_pictures_are_not_hashed_for_a_report() {
    let folder = filled_folder();
    spoil(folder.path(), "UPDATE fields SET picture = zeroblob(9) WHERE id = 2");
    let reader = RecordReader::open(folder.path()).expect("opened");
    assert_eq!(table(&reader, "2"), Ok(1));
    assert!(!verify_open(&reader, &[]).expect("read").intact);
    // A row of another session that is missing or claimed by another one shows in the log.
    for sql in ["DELETE FROM fields WHERE id = 2", "UPDATE fields SET session_id = 2, sequence = 7 WHERE id = 4"] {
        let folder = filled_folder();
        spoil(folder.path(), sql);
        let reader = RecordReader::open(folder.path()).expect("opened");
        assert!(matches!(table(&reader, "2"), Err(RecordError::Changed { .. })), "{sql}");
    }
}
