//! Backups of a record in use.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use blastscope::record::{Record, RecordError, RecordReader, backup, path_in, verify::verify};
use blastscope_shared::Class;
use rusqlite::Connection;

use crate::record::samples::{field, fill, filled, named};

#[test]
fn a_copy_holds_what_lies_in_the_write_ahead_log_and_reads_like_a_record() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = tempfile::tempdir().expect("a folder");
    let mut record = Record::open(folder.path()).expect("opened").with_min_free(0);
    let (_, _, receipts) = fill(&mut record);
    // The file alone is not the record: this is what a backup solves.
    let alone = place.path().join("alone.db");
    fs::copy(path_in(folder.path()), &alone).expect("copied");
    assert!(RecordReader::open(&alone).and_then(|reader| reader.sessions()).map_or(0, |sessions| sessions.len()) < 2);

    let file = place.path().join("record-copy.db");
    let reader = RecordReader::open(folder.path()).expect("opened");
    let copy = backup(&reader, &file).expect("copied");
    assert_eq!((copy.entries, copy.fields, copy.head), (17, 6, receipts[16].head));
    let found = verify(&file, &[]).expect("read");
    assert!(found.intact && found.entries == 17, "{found:?}");
    let copied = RecordReader::open(&file).expect("opened");
    let session = "1".parse().expect("a number");
    assert_eq!(copied.picture(session, 2), reader.picture(session, 2));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
    }
    // Put in place, it works as a record.
    let restored = tempfile::tempdir().expect("a folder");
    fs::copy(&file, path_in(restored.path())).expect("copied");
    let mut record = Record::open(restored.path()).expect("opened").with_min_free(0);
    record.sign_off("2".parse().expect("a number"), "E. F.", std::time::SystemTime::now()).expect("written");
    drop(record);
    assert!(verify(restored.path(), &[]).expect("read").intact);
}

#[test]
fn nothing_is_replaced_and_nothing_is_left_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    filled(folder.path());
    let place = tempfile::tempdir().expect("a folder");
    let reader = RecordReader::open(folder.path()).expect("opened");
    let file = place.path().join("copy.db");
    fs::write(&file, b"mine").expect("written");
    assert!(matches!(backup(&reader, &file), Err(RecordError::Exists { .. })));
    assert_eq!(fs::read(&file).expect("read"), b"mine");
    assert!(matches!(backup(&reader, &place.path().join("no/copy.db")), Err(RecordError::Io { .. })));
    let raw = Connection::open(path_in(folder.path())).expect("opened");
    raw.execute_batch("DROP TRIGGER fields_never_updated; UPDATE fields SET focus = 0.9 WHERE id = 2")
        .expect("spoiled");
    assert!(matches!(backup(&reader, &place.path().join("changed.db")), Err(RecordError::Changed { .. })));
    assert_eq!(fs::read_dir(place.path()).expect("listed").count(), 1);
}

#[test]
fn copies_are_whole_while_fields_are_added() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = tempfile::tempdir().expect("a folder");
    filled(folder.path());
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut record = Record::open(folder.path()).expect("opened").with_min_free(0);
            let session = "2".parse().expect("a number");
            for seed in 10.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                record.add_field(session, &field(named(Class::Pre), seed)).expect("written");
            }
        });
        let mut before = 0;
        for number in 0..5 {
            let reader = RecordReader::open(folder.path()).expect("opened");
            let copy = backup(&reader, &place.path().join(format!("{number}.db"))).expect("copied");
            assert!(copy.entries >= before.max(17));
            before = copy.entries;
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(verify(folder.path(), &[]).expect("read").intact);
}

#[test]
fn the_command_copies_and_says_what() {
    let folder = tempfile::tempdir().expect("a folder");
    filled(folder.path());
    let place = tempfile::tempdir().expect("a folder");
    let run = |out: &Path| {
        let output = Command::new(env!("CARGO_BIN_EXE_blastscope"))
            .args(["backup", "--json", "--data-dir"])
            .arg(folder.path())
            .arg("--out")
            .arg(out)
            .env("BLASTSCOPE_CONFIG", Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/blastscope.toml"))
            .stdin(Stdio::null())
            .output()
            .expect("it runs");
        (output.status.code(), output.stdout, String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let file = place.path().join("copy.db");
    let (code, stdout, stderr) = run(&file);
    let json: serde_json::Value = serde_json::from_slice(&stdout).expect("JSON");
    assert_eq!((code, &json["entries"], &json["sessions"]), (Some(0), &17.into(), &2.into()), "{stderr}");
    let (code, _, stderr) = run(&file);
    assert!(code == Some(2) && stderr.contains("exists already"), "{stderr}");
}
