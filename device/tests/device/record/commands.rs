//! `blastscope sessions`, `verify`, `export` and `adapt`, as a person or a program runs them.

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

use blastscope::record::path_in;
use rusqlite::Connection;
use serde_json::Value;

use crate::record::samples::filled;

fn blastscope(arguments: &[&str], data: &Path) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_blastscope"))
        .args(arguments)
        .arg("--data-dir")
        .arg(data)
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn verify_says_whether_and_where_something_was_changed() {
    let folder = tempfile::tempdir().expect("a folder");
    let heads = filled(folder.path());
    let head = heads[16].to_string();
    let (code, stdout, _) = blastscope(&["verify"], folder.path());
    assert_eq!(code, Some(0), "{stdout}");
    assert!(
        stdout.contains("is unchanged since it was written") && stdout.contains(&head) && stdout.contains("esearch"),
        "{stdout}"
    );
    let (code, stdout, _) = blastscope(&["verify", "--json", "--expect-head", &heads[6].to_string()], folder.path());
    let json: Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!((code, &json["intact"], &json["expected"][0]["entry"]), (Some(0), &Value::Bool(true), &7.into()));
    let (code, stdout, _) = blastscope(&["verify", "--expect-head", &"ab".repeat(32)], folder.path());
    assert!(code == Some(1) && stdout.contains("is not in the log"), "{stdout}");

    let raw = Connection::open(path_in(folder.path())).expect("opened");
    raw.execute_batch("DROP TRIGGER fields_never_updated; UPDATE fields SET probability = 0.99 WHERE id = 2")
        .expect("spoiled");
    let (code, stdout, _) = blastscope(&["verify"], folder.path());
    assert_eq!(code, Some(1), "{stdout}");
    assert!(stdout.contains("log entry 3, field 2 of session 1, table fields, row 2, column probability"), "{stdout}");
    let (code, stdout, _) = blastscope(&["verify", "--json"], folder.path());
    let json: Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!((code, &json["findings"][0]["column"]), (Some(1), &"probability".into()));
    let (code, stdout, stderr) = blastscope(&["export", "--session", "1", "--csv", "never.csv"], folder.path());
    assert!(code == Some(1) && stdout.is_empty() && stderr.contains("column probability"), "{stderr}");
}

#[test]
fn sessions_and_exports_are_said_to_people_and_programs() {
    let folder = tempfile::tempdir().expect("a folder");
    filled(folder.path());
    let (code, stdout, _) = blastscope(&["sessions"], folder.path());
    assert!(code == Some(0) && stdout.contains("S-2026.001") && stdout.contains("amended"), "{stdout}");
    let (_, stdout, _) = blastscope(&["sessions", "--json"], folder.path());
    let newest: Value = serde_json::from_str(stdout.lines().next().expect("a line")).expect("JSON");
    assert_eq!((&newest["id"], &newest["state"], &newest["fields"]), (&2.into(), &"draft".into(), &1.into()));

    let place = tempfile::tempdir().expect("a folder");
    let file = place.path().join("a.csv").display().to_string();
    let (code, stdout, stderr) = blastscope(&["export", "--session", "1", "--csv", &file, "--json"], folder.path());
    let json: Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!((code, &json["fields"]), (Some(0), &5.into()), "{stderr}");
    let target = place.path().join("corrected").display().to_string();
    let (code, stdout, stderr) = blastscope(&["export", "--for-training", &target], folder.path());
    assert!(code == Some(0) && stdout.contains("3 fields, 2 corrected and 1 confirmed"), "{stdout}{stderr}");
    assert!(stdout.contains("left out: 2 neither") && stdout.contains("some of Pre from elsewhere"), "{stdout}");
}

#[test]
fn wrong_usage_and_absent_records_are_refused_with_a_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    let refused = |arguments: &[&str], words: &str| {
        let (code, stdout, stderr) = blastscope(arguments, folder.path());
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
        assert!(stderr.contains(words), "{arguments:?}: {stderr}");
    };
    refused(&["verify"], "does not exist");
    refused(&["sessions"], "does not exist");
    refused(&["export", "--for-training", "x"], "does not exist");
    refused(&["verify", "--expect-head", "12"], "64 hexadecimal digits");
    refused(&["export", "--session", "1"], "--csv");
    refused(&["export", "--csv", "x.csv"], "--session");
    refused(&["export", "--session", "0", "--csv", "x.csv"], "a session is a number from 1");
}

#[test]
fn a_record_that_cannot_be_learned_from_adapts_no_model() {
    let folder = tempfile::tempdir().expect("a folder");
    filled(folder.path());
    let out = folder.path().join("clinic.bsm");
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/blastscope.bsm");
    let [out_name, model] = [&out, &model].map(|path| path.display().to_string());
    let (code, stdout, stderr) = blastscope(&["adapt", "--model", &model, "--out", &out_name], folder.path());
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
    assert!(stderr.contains("field 1 of session 1 is 24x16 pixels"), "{stderr}");
    let (code, _, stderr) = blastscope(&["adapt", "--model", &model, "--out", &model], folder.path());
    assert!(code == Some(2) && stderr.contains("another --out"), "{stderr}");
    let (code, _, stderr) =
        blastscope(&["adapt", "--session", "9", "--model", &model, "--out", &out_name], folder.path());
    assert!(code == Some(2) && stderr.contains("no session 9"), "{stderr}");

    let raw = Connection::open(path_in(folder.path())).expect("opened");
    raw.execute_batch("DROP TRIGGER fields_never_updated; UPDATE fields SET probability = 0.99 WHERE id = 2")
        .expect("spoiled");
    let (code, _, stderr) = blastscope(&["adapt", "--model", &model, "--out", &out_name], folder.path());
    assert!(code == Some(1) && stderr.contains("column probability"), "{stderr}");
    assert!(!out.exists());
}
