//! Bit flips in the file itself.

use std::{env, fs, path::Path};

use blastscope::record::{Record, RecordError, RecordReader, path_in, verify::verify};
use rusqlite::{Connection, OpenFlags, types::Value};

use crate::record::samples::filled;

/// Every value of every row, by table.
fn content(path: &Path) -> rusqlite::Result<Vec<Vec<Value>>> {
    let raw = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut all = Vec::new();
    for table in ["sessions", "session_ends", "continuations", "fields", "opinions", "sign_offs", "log"] {
        let mut statement = raw.prepare(&format!("SELECT * FROM {table} NOT INDEXED ORDER BY rowid"))?;
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| (0..columns).map(|index| row.get(index)).collect())?;
        all.extend(rows.collect::<rusqlite::Result<Vec<Vec<Value>>>>()?);
    }
    Ok(all)
}

#[test]
fn a_bit_that_flips_anywhere_in_the_file_shows_or_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    filled(folder.path());
    let path = path_in(folder.path());
    let bytes = fs::read(&path).expect("read");
    let whole = content(&path).expect("read");
    let copy = tempfile::tempdir().expect("a folder");
    let target = path_in(copy.path());
    let step = if env::var_os("BLASTSCOPE_LONG").is_some() { 1 } else { 181 };
    let (mut shown, mut harmless) = (0, 0);
    for (count, at) in (0..bytes.len()).step_by(step).enumerate() {
        let mut spoiled = bytes.clone();
        spoiled[at] ^= 1 << (count % 8);
        fs::write(&target, &spoiled).expect("written");
        match verify(copy.path(), &[]) {
            Err(error) => {
                assert!(!matches!(error, RecordError::Missing { .. }), "byte {at}: {error}");
                shown += 1;
            }
            Ok(found) if !found.intact => shown += 1,
            Ok(_) => {
                assert_eq!(content(&target).as_ref(), Ok(&whole), "byte {at} changed the content undetected");
                harmless += 1;
            }
        }
    }
    println!("{} bytes: {shown} flips shown, {harmless} without effect on any row", bytes.len());
    assert!(shown > 0 && harmless > 0);
}

/// SQLite accepts a column name that is not text, and its library panics on one.
#[test]
fn a_column_whose_name_is_no_text_is_damage_to_whoever_opens_the_record() {
    let folder = tempfile::tempdir().expect("a folder");
    filled(folder.path());
    let bytes = fs::read(path_in(folder.path())).expect("read");
    let names: Vec<String> = {
        let raw =
            Connection::open_with_flags(path_in(folder.path()), OpenFlags::SQLITE_OPEN_READ_ONLY).expect("opened");
        let sql = "SELECT DISTINCT columns.name FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns \
                   WHERE tables.type = 'table'";
        let mut statement = raw.prepare(sql).expect("understood");
        statement.query_map([], |row| row.get(0)).expect("read").collect::<rusqlite::Result<_>>().expect("names")
    };
    assert!(names.len() > 40, "{names:?}");
    let copy = tempfile::tempdir().expect("a folder");
    for name in names {
        let definitions = ["INTEGER", "TEXT", "REAL", "BLOB"].map(|kind| format!(" {name} {kind}"));
        let mut spoiled = bytes.clone();
        let mut defined = 0;
        // Every occurrence: unused pages hold copies.
        for at in 0..bytes.len() {
            if definitions.iter().any(|definition| bytes[at..].starts_with(definition.as_bytes())) {
                spoiled[at + 1] ^= 0x80;
                defined += 1;
            }
        }
        assert!(defined > 0, "{name} is defined");
        fs::write(path_in(copy.path()), &spoiled).expect("written");
        let is_damage = |error: &RecordError| matches!(error, RecordError::Damaged { .. });
        assert!(verify(copy.path(), &[]).is_err_and(|error| is_damage(&error)), "{name}");
        assert!(RecordReader::open(copy.path()).is_err_and(|error| is_damage(&error)), "{name}");
        assert!(Record::open(copy.path()).is_err_and(|error| is_damage(&error)), "{name}");
    }
}
