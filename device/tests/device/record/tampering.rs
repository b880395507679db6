//! Every change of a row is found, with its place.

use std::{fs, sync::Arc, time::Duration};

use blastscope::record::{
    CheckState, Finding, Hash, Record, RecordError, WholeCheck, path_in,
    verify::{Verification, verify},
};
use rusqlite::{Connection, types::Value};
use tempfile::TempDir;

use crate::record::samples::{filled, unguarded};

const TABLES: [&str; 7] = ["sessions", "session_ends", "continuations", "fields", "opinions", "sign_offs", "log"];

/// A record, and a place for altered copies of it.
struct Original {
    folder: TempDir,
    heads: Vec<Hash>,
}

impl Original {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let heads = filled(folder.path());
        // Once closed, everything is in one file.
        assert!(!folder.path().join("record.db-wal").exists());
        Self { folder, heads }
    }

    /// A copy altered by `spoil`, [`unguarded`].
    fn spoiled(&self, spoil: impl FnOnce(&Connection)) -> TempDir {
        let copy = tempfile::tempdir().expect("a folder");
        fs::copy(path_in(self.folder.path()), path_in(copy.path())).expect("copied");
        let raw = Connection::open(path_in(copy.path())).expect("opened");
        raw.execute_batch("PRAGMA synchronous = OFF").expect("set");
        unguarded(&raw, spoil);
        copy
    }

    fn verified(&self, spoil: impl FnOnce(&Connection)) -> Verification {
        verify(self.spoiled(spoil).path(), &[]).expect("opened")
    }

    /// The first finding after running SQL.
    fn first(&self, sql: &str) -> Finding {
        let found = self.verified(|raw| raw.execute_batch(sql).expect("spoiled"));
        assert!(!found.intact, "{sql}");
        found.findings.into_iter().next().expect("a finding")
    }
}

/// The value with one bit changed.
fn flipped(value: &Value) -> Value {
    match value {
        Value::Null => Value::Integer(0),
        Value::Integer(number) => Value::Integer(number ^ 64),
        Value::Real(number) => Value::Real(f64::from_bits(number.to_bits() ^ 1)),
        Value::Text(text) if text.is_empty() => Value::Text(" ".into()),
        Value::Text(text) => {
            let mut bytes = text.clone().into_bytes();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            Value::Text(String::from_utf8(bytes).expect("ASCII"))
        }
        Value::Blob(bytes) => {
            let mut bytes = bytes.clone();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            Value::Blob(bytes)
        }
    }
}

#[test]
fn a_record_that_nobody_touched_is_intact() {
    let original = Original::new();
    let found = original.verified(|_| ());
    assert!(found.intact && found.findings.is_empty(), "{found:?}");
    assert_eq!((found.entries, found.sessions, found.fields), (17, 2, 6));
    assert_eq!(Some(&found.head), original.heads.last());
}

#[test]
fn one_changed_bit_in_any_column_of_any_row_is_found_and_named() {
    let original = Original::new();
    let mut cases = 0;
    for table in TABLES {
        let raw = Connection::open(path_in(original.folder.path())).expect("opened");
        let mut statement = raw.prepare(&format!("SELECT rowid, * FROM {table} ORDER BY 1")).expect("sql");
        let columns: Vec<String> = statement.column_names().skip(1).map(str::to_string).collect();
        let read = |row: &rusqlite::Row<'_>| (0..=columns.len()).map(|index| row.get(index)).collect();
        let rows: Vec<Vec<Value>> =
            statement.query_map([], read).expect("read").collect::<Result<_, _>>().expect("read");
        drop(statement);
        drop(raw);
        for row in &rows {
            let Value::Integer(rowid) = row[0] else { panic!("a row without id") };
            for (column, value) in columns.iter().zip(&row[1..]) {
                // Columns accept only their own type; nulls become a value of that type.
                let mut changed = flipped(value);
                match (value, column.as_str()) {
                    (Value::Null, "class" | "reason") => changed = Value::Text("Benign".into()),
                    (Value::Null, "cell_strip") => changed = Value::Blob(vec![0xFF, 0xD8]),
                    _ => {}
                }
                let found = original.verified(|raw| {
                    let sql = format!("UPDATE {table} SET {column} = ?1 WHERE rowid = ?2");
                    assert_eq!(raw.execute(&sql, rusqlite::params![changed, rowid]).expect(&sql), 1);
                });
                let case = format!("{table} row {rowid} column {column}: {value:?} -> {changed:?}");
                let first = found.findings.first().unwrap_or_else(|| panic!("{case} was not found"));
                check_place(first, table, rowid, column, rowid as usize == rows.len(), &case);
                cases += 1;
            }
        }
    }
    assert!(cases > 300, "{cases} cases");
}

fn check_place(first: &Finding, table: &str, rowid: i64, column: &str, is_last: bool, case: &str) {
    assert_eq!(first.table.as_deref(), Some(table), "{case}: {first}");
    match (table, column) {
        // The row has another id now: the one in the log is gone.
        (_, "id") => assert!(first.row == Some(rowid) && first.reason.contains("removed"), "{case}: {first}"),
        // The entry after a missing number, or the one that has the number now, reveals it.
        ("log", "entry") => assert_eq!(first.column.as_deref(), Some("entry"), "{case}: {first}"),
        // After the last entry, nothing could tell whether its time or its hash was changed.
        ("log", "written_utc" | "hash") if is_last => {
            assert!(first.row == Some(rowid) && first.column.as_deref() == Some("hash"), "{case}: {first}");
        }
        _ => {
            assert_eq!((first.row, first.column.as_deref()), (Some(rowid), Some(column)), "{case}: {first}");
        }
    }
}

#[test]
fn a_changed_picture_is_named_by_session_and_field() {
    let first = Original::new().first("UPDATE fields SET picture = zeroblob(length(picture)) WHERE id = 4");
    assert_eq!((first.session, first.sequence, first.entry), (Some(1), Some(4), Some(5)));
    assert_eq!(
        first.to_string(),
        "log entry 5, field 4 of session 1, table fields, row 4, column picture: is not what was written"
    );
}

#[test]
fn rows_that_are_removed_added_or_swapped_show() {
    let original = Original::new();
    for (table, row) in
        [("sessions", 2), ("session_ends", 1), ("continuations", 1), ("fields", 3), ("opinions", 2), ("sign_offs", 1)]
    {
        let first = original.first(&format!("DELETE FROM {table} WHERE id = {row}"));
        assert_eq!((first.table.as_deref(), first.row), (Some(table), Some(row)), "{first}");
        assert!(first.reason.contains("removed"), "{first}");
    }
    let first = original.first(
        "INSERT INTO opinions (session_id, sequence, given_utc, clock, given_by, kind, label, note) VALUES \
         (1, 5, '2026', 'trusted', 'X', 'correction', 'Benign', '')",
    );
    assert!(first.table.as_deref() == Some("opinions") && first.reason.contains("it was added"), "{first}");
    let first = original.first(
        "UPDATE fields SET id = 1000 WHERE id = 1; UPDATE fields SET id = 1 WHERE id = 2; \
         UPDATE fields SET id = 2 WHERE id = 1000",
    );
    assert_eq!(
        (first.table.as_deref(), first.row, first.column.as_deref()),
        (Some("fields"), Some(1), Some("sequence"))
    );
    let first = original.first(
        "UPDATE fields SET sequence = 1000 WHERE id = 1; UPDATE fields SET sequence = 1 WHERE id = 2; \
         UPDATE fields SET sequence = 2 WHERE id = 1000",
    );
    assert_eq!((first.row, first.column), (Some(1), Some("sequence".into())));
}

#[test]
fn entries_that_are_removed_swapped_or_repeated_show() {
    let original = Original::new();
    let first = original.first("DELETE FROM log WHERE entry = 7");
    assert_eq!((first.entry, first.column.as_deref()), (Some(8), Some("entry")), "{first}");
    // Renumbered, so that no number is missing.
    let first = original.first("DELETE FROM log WHERE entry = 7; UPDATE log SET entry = entry - 1 WHERE entry > 7");
    assert_eq!(first.entry, Some(7), "{first}");
    let first = original.first(
        "UPDATE log SET entry = 1000 WHERE entry = 3; UPDATE log SET entry = 3 WHERE entry = 4; \
         UPDATE log SET entry = 4 WHERE entry = 1000",
    );
    assert_eq!(first.entry, Some(3), "{first}");
    let first = original.first(
        "INSERT INTO log SELECT 18, written_utc, event, row_id, digests, previous, hash FROM log WHERE entry = 17",
    );
    assert_eq!(first.entry, Some(18), "{first}");
    let first = original.first("DELETE FROM log");
    assert!(first.reason.contains("no entry"), "{first}");
}

#[test]
fn missing_triggers_and_strange_tables_show() {
    let original = Original::new();
    let spoil = |sql: &str| {
        let copy = original.spoiled(|_| ());
        Connection::open(path_in(copy.path())).expect("opened").execute_batch(sql).expect("spoiled");
        let found = verify(copy.path(), &[]).expect("opened");
        found.findings.first().map(ToString::to_string).unwrap_or_default()
    };
    assert_eq!(spoil("DROP TRIGGER fields_never_updated"), "the trigger fields_never_updated was removed");
    assert_eq!(spoil("DROP INDEX opinions_of_field"), "the index opinions_of_field was removed");
    assert_eq!(spoil("CREATE TABLE more (id INTEGER)"), "the table more was added");
    let weaker =
        "DROP TRIGGER log_never_deleted; CREATE TRIGGER log_never_deleted BEFORE DELETE ON log BEGIN SELECT 1; END";
    assert_eq!(spoil(weaker), "the trigger log_never_deleted was changed");
}

#[test]
fn a_tail_that_was_cut_off_shows_only_against_a_head_that_was_kept() {
    let original = Original::new();
    // Everything after the last session's start: its field, the two opinions, a sign-off and a continuation, with their entries.
    let copy = original.spoiled(|raw| {
        raw.execute_batch(
            "DELETE FROM log WHERE entry > 12; DELETE FROM sign_offs WHERE id = 2; DELETE FROM opinions WHERE id > 3; \
             DELETE FROM fields WHERE id = 6; DELETE FROM continuations",
        )
        .expect("cut");
    });
    let found = verify(copy.path(), &[]).expect("opened");
    assert!(found.intact && found.head == original.heads[11], "the documented limit: {found:?}");
    let kept = verify(copy.path(), &[original.heads[11], original.heads[3]]).expect("opened");
    assert!(kept.intact);
    assert_eq!(kept.expected.iter().map(|expected| expected.entry).collect::<Vec<_>>(), [Some(12), Some(4)]);
    let cut = verify(copy.path(), &original.heads[12..13]).expect("opened");
    assert!(!cut.intact && cut.findings[0].reason.contains("cut off"), "{cut:?}");
    // Only the entries, or only the rows.
    assert!(original.first("DELETE FROM log WHERE entry > 12").reason.contains("no entry of the log"));
    assert!(original.first("DELETE FROM fields WHERE id = 6").reason.contains("removed"));
}

/// Quickly detectable damage prevents writing.
#[test]
fn a_record_whose_newest_entries_were_changed_is_not_opened_to_write() {
    let original = Original::new();
    for sql in [
        "UPDATE fields SET class = 'Benign' WHERE id = 1",
        "UPDATE log SET written_utc = '2026-11-25T00:00:00.000Z' WHERE entry = 16",
        "DELETE FROM log WHERE entry = 12",
    ] {
        let copy = original.spoiled(|raw| raw.execute_batch(sql).expect("spoiled"));
        let error = Record::open(copy.path()).expect_err(sql);
        assert!(matches!(error, RecordError::Damaged { .. }), "{sql}: {error}");
        assert!(error.to_string().contains("blastscope record salvage --data-dir"), "{sql}: {error}");
    }
    let copy = original.spoiled(|_| ());
    let raw = Connection::open(path_in(copy.path())).expect("opened");
    raw.execute_batch("DROP TRIGGER log_never_deleted").expect("spoiled");
    let error = Record::open(copy.path()).expect_err("without a trigger");
    assert!(error.to_string().contains("log_never_deleted was removed"), "{error}");
}

/// Older damage is found by the whole check; rows added meanwhile are in the chain.
#[test]
fn writing_goes_on_after_an_old_change_and_the_change_still_shows() {
    let original = Original::new();
    let mut record = Record::open(original.folder.path()).expect("opened").with_min_free(0);
    for number in 0..20 {
        record.start_session(&crate::record::samples::new_session(&format!("C{number}"))).expect("written");
    }
    drop(record);
    let longer = original.spoiled(|raw| {
        raw.execute("UPDATE fields SET class = 'Benign' WHERE id = 1", []).expect("spoiled");
    });
    let mut record = Record::open(longer.path()).expect("opened").with_min_free(0);
    record.start_session(&crate::record::samples::new_session("D")).expect("written");
    let found = verify(longer.path(), &[]).expect("opened");
    assert_eq!(found.findings.len(), 1, "{found:?}");
    assert_eq!(found.findings[0].column.as_deref(), Some("class"));
    let check = WholeCheck::start(longer.path(), Arc::default()).expect("a thread");
    assert!(matches!(check.wait(Duration::from_secs(60)), CheckState::Damaged { .. }));
    assert!(check.damage().is_some_and(|damage| damage.to_string().contains("column class")));
}
