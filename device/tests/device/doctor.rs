//! `blastscope doctor` as a user or another program runs it.

use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::binary::model;

fn doctor() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_blastscope"));
    command
        .env_remove("BLASTSCOPE_MODEL")
        .env("BLASTSCOPE_DATA_DIR", "/nonexistent")
        .env_remove("BLASTSCOPE_ISA")
        .stdin(Stdio::null())
        .arg("doctor");
    command
}

fn output(command: &mut Command) -> (Option<i32>, String) {
    let Output { status, stdout, .. } = command.output().expect("the binary runs");
    (status.code(), String::from_utf8(stdout).expect("UTF-8"))
}

/// The check called `name` of a JSON report.
fn check<'a>(report: &'a Value, name: &str) -> &'a Value {
    let checks = report["checks"].as_array().expect("a list");
    checks.iter().find(|check| check["check"] == name).unwrap_or_else(|| panic!("no {name} in {report:#}"))
}

#[test]
fn a_machine_with_a_model_is_ready_and_every_complaint_has_a_remedy() {
    let (code, stdout) = output(doctor().arg("--json").arg("--model").arg(model()));
    let report: Value = serde_json::from_str(&stdout).expect("one JSON object");
    assert_eq!(code, Some(0), "{report:#}");
    assert_eq!(stdout.lines().count(), 1);
    assert_ne!(report["status"], "broken");
    for check in report["checks"].as_array().expect("a list") {
        assert_eq!(check["status"] == "ok", check["remedy"].is_null(), "{check}");
        assert!(check["found"].as_str().is_some_and(|found| !found.is_empty()), "{check}");
    }
    assert_eq!(check(&report, "self-test")["status"], "ok");
    let trial = &report["facts"]["model"]["trial"];
    assert_eq!(
        (&trial["isa"], &trial["logits"]),
        (&report["facts"]["instruction_set"]["fastest"], &trial["scalar_logits"])
    );
    assert!(trial["frame_ms"].as_f64().is_some_and(|ms| ms > 0.0), "{trial}");
    assert_eq!(report["facts"]["program"]["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn without_a_model_it_is_not_ready_and_says_where_one_would_lie() {
    let empty = tempfile::tempdir().expect("a folder");
    let (code, stdout) = output(doctor().current_dir(empty.path()));
    assert_eq!(code, Some(1), "{stdout}");
    assert!(stdout.contains("broken  model ") && stdout.contains("models/blastscope.bsm"), "{stdout}");
    assert!(stdout.contains("\nnot ready to classify: "), "{stdout}");
    let (code, stdout) = output(doctor().arg("--json").env("BLASTSCOPE_MODEL", "absent.bsm"));
    let report: Value = serde_json::from_str(&stdout).expect("one JSON object");
    assert_eq!((code, &report["status"]), (Some(1), &Value::from("broken")));
    assert_eq!(check(&report, "model")["found"], "the model absent.bsm does not exist");
}

#[test]
fn a_slower_instruction_set_is_worth_a_look_and_an_unknown_one_is_broken() {
    let (_, stdout) = output(doctor().arg("--json").arg("--model").arg(model()).env("BLASTSCOPE_ISA", "scalar"));
    let report: Value = serde_json::from_str(&stdout).expect("one JSON object");
    let fastest = report["facts"]["instruction_set"]["fastest"].as_str().expect("a name");
    let expected = if fastest == "scalar" { "ok" } else { "look" };
    assert_eq!(check(&report, "instruction set")["status"], expected, "{report:#}");
    let (code, stdout) = output(doctor().arg("--model").arg(model()).env("BLASTSCOPE_ISA", "avx9"));
    assert_eq!(code, Some(1), "{stdout}");
    assert!(stdout.contains("BLASTSCOPE_ISA=avx9") && stdout.contains("> unset BLASTSCOPE_ISA"), "{stdout}");
    assert!(stdout.contains("ok      self-test"), "the model is tested anyway: {stdout}");
}

#[test]
fn the_table_is_aligned_without_colours_in_a_pipe_and_says_what_it_is_for() {
    let (code, stdout) = output(doctor().arg("--model").arg(model()));
    assert_eq!(code, Some(0), "{stdout}");
    assert!(!stdout.contains('\u{1b}'), "{stdout}");
    assert!(stdout.ends_with("Not for use in diagnostic procedures.\n"), "{stdout}");
    let (rows, _) = stdout.split_once("\n\n").expect("an empty line ends the table");
    for row in rows.lines() {
        let word = row.get(..8).map(str::trim_end);
        assert!(["ok", "look", "broken", ""].contains(&word.expect("a word")), "{row:?}");
        let indent = row.chars().skip(25).take_while(|letter| *letter == ' ').count();
        assert!(row.chars().nth(24) == Some(' ') && matches!(indent, 0 | 2), "{row:?}");
    }
}

#[test]
fn help_has_examples() {
    let (code, stdout) = output(doctor().arg("--help"));
    assert_eq!(code, Some(0));
    assert!(stdout.contains("Examples:\n  blastscope doctor\n") && stdout.contains("Exit status: 0"), "{stdout}");
}
