//! Damaged records: refused, set aside, salvaged.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use blastscope::record::{
    Around, CheckState, Record, RecordError, RecordReader, Remembered, State, WholeCheck, path_in, salvage,
    verify::verify,
};
use blastscope_shared::Class;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::record::samples::{field, filled, filled_folder, named, new_session, spoil};

/// The files of the folder with the damaged record.
fn set_aside(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("listed").map(|entry| entry.expect("read").path());
    entries
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("set-aside-")))
        .collect()
}

/// Spoils the file from byte `at` on.
fn flip(folder: &Path, at: usize) {
    let path = path_in(folder);
    let mut bytes = fs::read(&path).expect("read");
    bytes[at] ^= 0x10;
    fs::write(&path, bytes).expect("written");
}

fn cut(folder: &Path, to: u64) {
    fs::OpenOptions::new().write(true).open(path_in(folder)).and_then(|file| file.set_len(to)).expect("cut");
}

#[test]
fn what_verifies_is_taken_over_and_the_record_goes_on() {
    let folder = filled_folder();
    let heads = verify(folder.path(), &[]).expect("read");
    // The picture of field 4 of session 1: row 4, entry 5.
    spoil(folder.path(), "UPDATE fields SET picture = zeroblob(length(picture)) WHERE id = 4");
    let before = fs::read(path_in(folder.path())).expect("read");
    assert!(matches!(Record::open(folder.path()), Err(RecordError::Damaged { .. })));
    let salvaged = salvage(folder.path()).expect("salvaged");
    // Field 4 and its opinions are lost; everything else is there.
    assert_eq!((salvaged.salvage.original_entries, salvaged.salvage.kept_entries), (17, 4));
    assert_eq!((salvaged.taken_over, salvaged.salvage.rows_lost), (15, 2));
    assert!(salvaged.lost.iter().any(|lost| lost.contains("row 4 of fields is not what was written")), "{salvaged:?}");
    let found = verify(folder.path(), &[]).expect("read");
    assert!(found.intact && found.fields == 5 && found.entries == 16, "{found:?}");
    // Heads from before the damage stay valid, the record says what happened, and signed sessions must be signed again.
    let reader = RecordReader::open(folder.path()).expect("opened");
    assert_eq!(reader.salvages().expect("read"), std::slice::from_ref(&salvaged.salvage));
    assert_ne!(found.head, heads.head);
    let session = reader.session("1".parse().expect("a number")).expect("read");
    assert_eq!((session.state, session.fields), (State::Changed, 4));
    // Field 4 leaves a gap.
    let around = |sequence| reader.around(session.id, sequence).expect("read");
    assert_eq!(around(5), Around { previous: Some(3), next: None, newest: Some(5) });
    assert_eq!(around(3), Around { previous: Some(2), next: Some(5), newest: Some(5) });
    assert_eq!(around(1), Around { previous: None, next: Some(2), newest: Some(5) });
    let none = reader.around("9".parse().expect("a number"), 1).expect("read");
    assert_eq!(none, Around::default());
    // The damaged file is unchanged, under another name.
    assert_eq!(fs::read(salvaged.set_aside.join("record.db")).expect("there"), before);
    let mut record = Record::open(folder.path()).expect("opened").with_min_free(0);
    let session = record.start_session(&new_session("after")).expect("written").session;
    record.add_field(session, &field(named(Class::Pre), 9)).expect("written");
    drop(record);
    assert!(verify(folder.path(), &[]).expect("read").intact);
}

#[test]
fn heads_from_before_the_damage_still_hold() {
    let folder = tempfile::tempdir().expect("a folder");
    let heads = filled(folder.path());
    spoil(folder.path(), "UPDATE log SET digests = zeroblob(32) WHERE entry = 12");
    let salvaged = salvage(folder.path()).expect("salvaged");
    assert_eq!(salvaged.salvage.kept_entries, 11);
    let found = verify(folder.path(), &heads).expect("read");
    let held = found.expected.iter().filter(|expected| expected.entry.is_some()).count();
    assert_eq!(held, 11, "{found:?}");
}

/// Wherever a byte flips or the file is cut: the original stays unchanged, and the result is an intact record.
#[test]
fn a_record_can_be_salvaged_wherever_it_is_damaged() {
    let original = filled_folder();
    let size = fs::metadata(path_in(original.path())).expect("there").len();
    let copy = || {
        let copy = tempfile::tempdir().expect("a folder");
        fs::copy(path_in(original.path()), path_in(copy.path())).expect("copied");
        copy
    };
    let mut cases: Vec<(String, TempDir)> = Vec::new();
    for at in [0, 20, 68, 100, 3000].into_iter().chain((4096..size as usize).step_by(3571)) {
        let folder = copy();
        flip(folder.path(), at);
        cases.push((format!("byte {at} flipped"), folder));
    }
    for to in [0, 1, 100, 4096, size / 2, size - 4096, size - 1] {
        let folder = copy();
        cut(folder.path(), to);
        cases.push((format!("cut to {to} bytes"), folder));
    }
    let (mut sound, mut salvaged_rows) = (0, 0);
    for (case, folder) in cases {
        let spoiled = fs::read(path_in(folder.path())).expect("read");
        match salvage(folder.path()) {
            // The flip had no effect on any row.
            Err(RecordError::Sound { .. }) => sound += 1,
            Err(error) => panic!("{case}: {error}"),
            Ok(salvaged) => {
                assert_eq!(fs::read(salvaged.set_aside.join("record.db")).expect("there"), spoiled, "{case}");
                salvaged_rows += salvaged.taken_over;
            }
        }
        let mut record = Record::open(folder.path()).unwrap_or_else(|error| panic!("{case}: {error}")).with_min_free(0);
        record.start_session(&new_session("after")).expect("written");
        drop(record);
        let found = verify(folder.path(), &[]).expect("read");
        assert!(found.intact, "{case}: {:?}", found.findings);
    }
    assert!(salvaged_rows > 100, "{salvaged_rows} rows, {sound} sound");
}

/// None of these opens for writing without an error.
#[test]
fn a_record_that_lost_bytes_is_not_added_to() {
    let original = filled_folder();
    let size = fs::metadata(path_in(original.path())).expect("there").len();
    for to in [0, 100, 4096, size / 2, size - 4096] {
        let folder = tempfile::tempdir().expect("a folder");
        fs::copy(path_in(original.path()), path_in(folder.path())).expect("copied");
        cut(folder.path(), to);
        let error = Record::open(folder.path()).expect_err("cut off");
        assert!(error.to_string().contains("record salvage"), "cut to {to}: {error}");
        assert_eq!(fs::metadata(path_in(folder.path())).expect("there").len(), to, "it was not touched");
    }
}

#[test]
fn a_sound_record_one_in_use_and_one_of_others_are_left_alone() {
    let folder = filled_folder();
    assert!(matches!(salvage(folder.path()), Err(RecordError::Sound { .. })));
    spoil(folder.path(), "UPDATE fields SET focus = 0.9 WHERE id = 1");
    for _ in 0..2 {
        assert!(matches!(Record::open(folder.path()), Err(RecordError::Damaged { .. })), "the lock is released");
    }
    let elsewhere = tempfile::tempdir().expect("a folder");
    Connection::open(path_in(elsewhere.path())).expect("opened").execute_batch("CREATE TABLE cats (id)").expect("made");
    assert!(matches!(salvage(elsewhere.path()), Err(RecordError::NotOurs { .. })));
    assert!(set_aside(elsewhere.path()).is_empty() && set_aside(folder.path()).is_empty());

    let used = tempfile::tempdir().expect("a folder");
    let record = Record::open(used.path()).expect("opened");
    let error = salvage(used.path()).expect_err("in use");
    assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
    drop(record);
    assert!(matches!(salvage(&used.path().join("absent")), Err(RecordError::Missing { .. })));
}

/// As after a loss of power between the last two steps.
#[test]
fn a_salvage_that_was_cut_off_is_finished_at_the_next_start() {
    let folder = filled_folder();
    let sound = fs::read(path_in(folder.path())).expect("read");
    fs::write(folder.path().join("record.db.salvaged"), &sound).expect("written");
    fs::write(path_in(folder.path()), b"").expect("spoiled");
    fs::write(folder.path().join("record.db-wal"), b"of the damaged file").expect("written");
    let mut record = Record::open(folder.path()).expect("opened").with_min_free(0);
    record.start_session(&new_session("after")).expect("written");
    drop(record);
    let found = verify(folder.path(), &[]).expect("read");
    assert!(found.intact && found.entries == 18, "{found:?}");
    assert!(!folder.path().join("record.db.salvaged").exists());
}

#[test]
fn the_whole_check_says_what_it_found() {
    let folder = filled_folder();
    let remembered = std::sync::Arc::new(Remembered::new());
    let wait = std::time::Duration::from_secs(60);
    let check = WholeCheck::start(folder.path(), std::sync::Arc::clone(&remembered)).expect("a thread");
    assert_eq!(check.wait(wait), CheckState::Intact { entries: 17 });
    assert!(check.damage().is_none() && remembered.entries() == 17);
    spoil(folder.path(), "UPDATE opinions SET note = 'x' WHERE id = 1");
    let check = WholeCheck::start(folder.path(), remembered).expect("a thread");
    let CheckState::Damaged { reason } = check.wait(wait) else { panic!("{:?}", check.state()) };
    assert!(reason.contains("column note") && reason.contains("record salvage"), "{reason}");
}

#[test]
fn the_command_says_what_was_lost_and_where_the_original_is() {
    let folder = filled_folder();
    spoil(folder.path(), "UPDATE sessions SET operator = 'X' WHERE id = 2");
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_blastscope"))
            .args(arguments)
            .arg("--data-dir")
            .arg(folder.path())
            .env("BLASTSCOPE_CONFIG", Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/blastscope.toml"))
            .stdin(Stdio::null())
            .output()
            .expect("it runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, stdout, stderr) = run(&["record", "salvage"]);
    assert_eq!(code, Some(0), "{stderr}");
    // Session 2 with its field and its continuation.
    assert!(
        stdout.contains("14 of 17 rows") && stdout.contains("set-aside-") && stdout.contains("lost: entry 12"),
        "{stdout}"
    );
    let (code, stdout, _) = run(&["verify"]);
    assert!(code == Some(0) && stdout.contains("1 sessions"), "{stdout}");
    let (code, stdout, stderr) = run(&["record", "salvage", "--json"]);
    assert!(code == Some(2) && stdout.is_empty() && stderr.contains("nothing to salvage"), "{stderr}");
}
