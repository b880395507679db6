//! What a start must check: that it is alone, that the record is intact, and the clock.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{SystemTime, UNIX_EPOCH},
};

use blastscope::{
    record::{RecordReader, path_in, verify::verify},
    support::clock::ClockTrust,
};
use serde_json::{Value, json};

use super::cut_off::{Device, folder};

use crate::binary;

fn blastscope(arguments: &[&str], folder: &Path) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_blastscope"))
        .args(arguments)
        .arg("--data-dir")
        .arg(folder.join("data"))
        .env("BLASTSCOPE_CONFIG", folder.join("free.toml"))
        .stdin(Stdio::null())
        .output()
        .expect("it runs");
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).into_owned())
}

/// A session with some fields.
fn session(device: &Device, specimen: &str, fields: u64) -> u64 {
    let (status, started) = device.post("/api/sessions", &json!({"specimen": specimen, "operator": "A. B."}));
    assert_eq!(status, 200, "{started}");
    device.state("fields", |state| state["session"]["fields"].as_u64() >= Some(fields));
    started["saved"]["session"].as_u64().expect("a number")
}

#[test]
fn a_second_program_is_told_who_holds_the_record_and_readers_are_let_in() {
    let folder = folder(3);
    let device = Device::start(folder.path(), &[]);
    let id = session(&device, "S-1", 2).to_string();
    let slides = folder.path().join("fields").display().to_string();
    let tiny = binary::model().display().to_string();
    let (code, said) =
        blastscope(&["live", "--listen", "127.0.0.1:0", "--model", &tiny, "--source", &slides], folder.path());
    assert!(code == Some(2) && said.contains(&format!("process {}", device.process())), "{said}");
    assert!(said.contains("in use by another blastscope") && said.contains("--data-dir"), "{said}");
    let (code, said) = blastscope(&["record", "salvage"], folder.path());
    assert!(code == Some(2) && said.contains("in use by another blastscope"), "{said}");
    // Readers need not wait.
    let at = |name: &str| folder.path().join(name).display().to_string();
    for arguments in [
        vec!["sessions"],
        vec!["verify"],
        vec!["export", "--session", &id, "--csv", &at("t.csv")],
        vec!["report", "--session", &id, "--html", &at("r.html")],
        vec!["backup", "--out", &at("copy.db")],
    ] {
        let (code, said) = blastscope(&arguments, folder.path());
        assert_eq!(code, Some(0), "{arguments:?}: {said}");
    }
    assert!(verify(&folder.path().join("copy.db"), &[]).expect("read").intact);
    drop(device);
    // A dead process holds no lock.
    drop(Device::start(folder.path(), &[]));
}

#[test]
fn a_sound_record_is_checked_as_a_whole_and_a_damaged_one_is_not_added_to() {
    let folder = folder(3);
    let data = folder.path().join("data");
    let device = Device::start(folder.path(), &[]);
    let checked = device.state("the check", |state| state["record_check"]["state"] == "intact");
    assert_eq!(checked["record_check"]["entries"], 0, "{checked}");
    let id = session(&device, "S-1", 2);
    assert_eq!(device.post(&format!("/api/sessions/{id}/end"), &json!({})).0, 200);
    drop(device);
    let (code, said) = blastscope(&["verify"], folder.path());
    assert_eq!(code, Some(0), "{said}");

    // One bit of a picture: SQLite itself does not notice.
    let raw = rusqlite::Connection::open(path_in(&data)).expect("opened");
    raw.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").expect("in one file");
    drop(raw);
    let kept = RecordReader::open(&data).expect("a record").picture("1".parse().expect("a number"), 1).expect("read");
    let mut bytes = fs::read(path_in(&data)).expect("read");
    let needle = &kept.bytes[kept.bytes.len() / 2..][..24];
    let at = bytes.windows(24).position(|window| window == needle).expect("the picture is in the file");
    bytes[at + 12] ^= 1;
    fs::write(path_in(&data), &bytes).expect("spoiled");
    for _ in 0..2 {
        let device = Device::start(folder.path(), &[]);
        let state = device.state("the damage", |state| state["record_check"]["state"] == "damaged");
        let reason = state["record_check"]["reason"].as_str().expect("a sentence");
        assert!(reason.contains("column picture") && reason.contains("blastscope record salvage"), "{reason}");
        let (status, refused) = device.post("/api/sessions", &json!({"specimen": "S-2", "operator": "A. B."}));
        assert!(status >= 400 && refused.to_string().contains("record salvage"), "{status} {refused}");
        assert_eq!(fs::read(path_in(&data)).expect("read"), bytes, "nothing was added");
    }
    let (code, said) = blastscope(&["record", "salvage"], folder.path());
    assert_eq!(code, Some(0), "{said}");
    let device = Device::start(folder.path(), &[]);
    device.state("the check", |state| state["record_check"]["state"] == "intact");
    session(&device, "S-3", 1);
    drop(device);
    assert!(verify(&data, &[]).expect("read").intact);
}

/// The library that shifts a program's clock; `None` without a C compiler.
fn clock_library(folder: &Path) -> Option<PathBuf> {
    let target = folder.join("libclock.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/device/page/set_clock.c");
    let compiled =
        Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&target).arg(source).arg("-ldl").status();
    compiled.ok().map(|status| {
        assert!(status.success(), "set_clock.c does not compile");
        target
    })
}

#[cfg(target_os = "linux")]
#[test]
fn a_clock_that_is_wrong_or_is_set_back_is_marked_and_no_session_ends_before_it_begins() {
    let folder = folder(3);
    let Some(library) = clock_library(folder.path()) else {
        println!("SKIPPED a_clock_that_is_wrong_or_is_set_back_is_marked: there is no C compiler `cc`");
        return;
    };
    let offset = folder.path().join("offset");
    let set = |seconds: i64| fs::write(&offset, seconds.to_string()).expect("written");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs() as i64;
    let environment = [("LD_PRELOAD", library.as_path()), ("CLOCK_OFFSET_FILE", offset.as_path())];
    let trusted = |state: &Value| state["clock"] != "before_program" && state["clock"] != "stepped_back";

    // Switched on in 1970, set right during the session, set back by a day before its end.
    set(100 - now);
    let device = Device::start_in(folder.path(), &[], &environment);
    let state = device.state("the clock", |state| state["clock"] == "before_program");
    assert!(state["clock_reason"].as_str().is_some_and(|reason| reason.contains("set the clock")), "{state}");
    let first = session(&device, "S-1", 1);
    set(0);
    device.state("the clock", trusted);
    assert_eq!(device.post(&format!("/api/sessions/{first}/end"), &json!({})).0, 200);
    device.state("no session", |state| state["session"].is_null());
    let second = session(&device, "S-2", 1);
    set(-86_400);
    device.state("the clock", |state| state["clock"] == "stepped_back");
    assert_eq!(device.post(&format!("/api/sessions/{second}/end"), &json!({})).0, 200);
    device.state("no session", |state| state["session"].is_null());
    let reader = RecordReader::open(&folder.path().join("data")).expect("a record");
    for (id, started, ended) in [(first, false, true), (second, true, false)] {
        let session = reader.session(id.to_string().parse().expect("a number")).expect("read");
        let told = (session.started_clock.is_trusted(), session.ended_clock.is_some_and(ClockTrust::is_trusted));
        assert_eq!(told, (started, ended), "{session:?}");
        assert!(session.ended_utc.as_ref() >= Some(&session.started_utc), "{session:?}");
        let period = session.period();
        assert!(period.end_utc.as_ref() >= Some(&period.start_utc) && !period.is_measured, "{period:?}");
        // Both were screened today.
        assert!(period.start_utc.starts_with("20") && !period.start_utc.starts_with("1970"), "{period:?}");
        let page = folder.path().join("r.html");
        let (code, said) = blastscope(
            &["report", "--session", &id.to_string(), "--html", page.to_str().expect("UTF-8")],
            folder.path(),
        );
        assert_eq!(code, Some(0), "{said}");
        let page = fs::read_to_string(&page).expect("written");
        assert!(page.contains("<strong>Clock</strong>") && page.contains("clock not trusted"), "{id}");
    }
    drop(device);
    assert!(verify(&folder.path().join("data"), &[]).expect("read").intact);
}
