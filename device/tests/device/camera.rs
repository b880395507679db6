//! `blastscope live --camera` and `cameras` without the requested camera.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;

use crate::binary::model;

fn blastscope() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_blastscope"));
    command.env_remove("BLASTSCOPE_MODEL").env_remove("BLASTSCOPE_ISA").stdin(Stdio::null());
    command
}

/// Processor time of a process, in ticks of a hundredth of a second.
fn ticks(child: &Child) -> f64 {
    let text = fs::read_to_string(format!("/proc/{}/stat", child.id())).expect("it runs");
    let (_, fields) = text.rsplit_once(") ").expect("a name in parentheses");
    let fields: Vec<&str> = fields.split(' ').collect();
    [fields[11], fields[12]].iter().map(|field| field.parse::<f64>().expect("a number")).sum()
}

#[test]
fn a_camera_that_is_absent_is_waited_for_at_little_cost_and_the_wait_can_be_ended() {
    // No machine has this many cameras.
    let mut child = blastscope()
        .args(["live", "--json", "--camera", "4711", "--model"])
        .arg(model())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let first = lines.next().expect("a line").expect("UTF-8");
    let event: Value = serde_json::from_str(&first).expect("JSON");
    assert_eq!(event["camera"], "absent");
    assert!(event["reason"].as_str().is_some_and(|reason| reason.contains("camera")), "{event}");
    let (start, before) = (Instant::now(), ticks(&child));
    thread::sleep(Duration::from_secs(4));
    // Processor time, not elapsed time, which a busy machine stretches.
    let share = (ticks(&child) - before) / 100.0 / start.elapsed().as_secs_f64();
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM).expect("it runs");
    let status = child.wait().expect("it ends");
    println!("{:.2} % of a core while the camera is absent", share * 100.0);
    assert!(share < 0.05, "{share} of a core while the camera is absent");
    assert_eq!(status.code(), Some(0), "a requested end is a success");
    assert_eq!(lines.count(), 0, "a missing camera is reported once");
}

#[test]
fn a_hardware_file_that_is_wrong_is_refused_with_its_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("board.toml");
    fs::write(&path, "chip = \"sim\"\n[lamps]\ngreen = { line = 1 }\n").expect("a file");
    for (command, status) in [("live", 2), ("doctor", 1)] {
        let mut blastscope = blastscope();
        blastscope.arg(command).arg("--hardware").arg(&path).arg("--model").arg(model());
        if command == "live" {
            blastscope.args(["--camera", "4711"]);
        }
        let output = blastscope.output().expect("the program runs");
        let stderr = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(status), "{stderr}");
        assert!(stderr.contains("board.toml, line 3: unknown field `green`"), "{stderr}");
    }
}

#[test]
fn pins_that_are_not_there_are_worth_a_look_and_stop_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("board.toml");
    fs::write(&path, "chip = \"no such chip\"\n[lamps]\nbenign = { line = 1 }\n").expect("a file");
    let output = blastscope()
        .args(["doctor", "--json", "--hardware"])
        .arg(&path)
        .arg("--model")
        .arg(model())
        .output()
        .expect("the program runs");
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(output.status.code(), Some(0), "{report:#}");
    let checks = report["checks"].as_array().expect("a list");
    let pin = checks.iter().find(|check| check["check"] == "hardware").expect("a check of the pin");
    assert_eq!(pin["status"], "look");
    assert!(pin["found"].as_str().is_some_and(|found| found.contains("no chip no such chip")), "{pin}");
    assert_eq!(report["facts"]["pins"][0]["state"], "missing");
}

#[test]
fn cameras_are_listed_as_json_even_where_there_are_none() {
    let output = blastscope().args(["cameras", "--json"]).output().expect("the program runs");
    let list: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let cameras = list["cameras"].as_array().expect("a list");
    assert_eq!(output.status.code(), Some(i32::from(cameras.is_empty())));
    for camera in cameras {
        assert!(camera["name"].is_string() && camera["formats"].is_array(), "{camera}");
    }
}
