//! `blastscope bench` as a user or another program runs it: its output and exit status, not its speed.

use std::{
    path::Path,
    process::{Command, Output, Stdio},
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::Value;

use crate::binary::{model, output};

fn bench(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_blastscope"));
    command
        .env_remove("BLASTSCOPE_MODEL")
        .env("BLASTSCOPE_DATA_DIR", "/nonexistent")
        .env_remove("BLASTSCOPE_ISA")
        .env_remove("T0")
        .stdin(Stdio::null());
    command.arg("bench").args(arguments).arg("--model").arg(model());
    command
}

fn object(stdout: &str) -> Value {
    serde_json::from_str(stdout).expect("one JSON object")
}

#[test]
fn a_soak_counts_every_frame_and_finds_nothing_wrong() {
    for threads in ["1", "2"] {
        let (code, stdout, stderr) = output(&mut bench(&["--soak", "500", "--threads", threads, "--json"]));
        assert_eq!(code, Some(0), "{stdout}{stderr}");
        let seen = object(&stdout);
        assert_eq!((seen["frames"].as_u64(), seen["wanted"].as_u64()), (Some(500), Some(500)), "{seen}");
        assert_eq!((seen["differing"].as_u64(), seen["threads"].to_string().as_str()), (Some(0), threads), "{seen}");
        assert_eq!(seen["complaints"].as_array().map(Vec::len), Some(0), "{seen}");
        if cfg!(target_os = "linux") {
            assert!(seen["growth_mb"].as_f64().is_some_and(|growth| growth < 1.0), "{seen}");
            assert!(seen["resident_before_mb"].as_f64().is_some_and(|before| before > 0.5), "{seen}");
        }
    }
}

#[test]
fn a_soak_says_in_words_what_it_saw_and_progress_goes_elsewhere() {
    let (code, stdout, stderr) = output(&mut bench(&["--soak", "7", "--isa", "scalar"]));
    assert_eq!(code, Some(0));
    assert!(stdout.starts_with("scalar, 1 thread(s): 7 frames; "), "{stdout}");
    assert!(stdout.ends_with("every frame matched the first frame with the same input, bit for bit\n"), "{stdout}");
    assert!(stderr.starts_with("0 of 7 frames") && !stderr.contains('\r'), "plain lines into a pipe: {stderr:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupted_soak_ends_well_and_tells_how_far_it_came() {
    use std::io::{BufRead as _, BufReader};

    let mut child = bench(&["--soak", "1000000000000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    // The Ctrl-C handler is in place before the first line of progress.
    let mut progress = String::new();
    BufReader::new(child.stderr.as_mut().expect("a pipe")).read_line(&mut progress).expect("a line");
    let pid = nix::unistd::Pid::from_raw(child.id() as i32);
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).expect("it runs");
    let Output { status, stdout, .. } = child.wait_with_output().expect("it ends");
    let stdout = String::from_utf8(stdout).expect("UTF-8");
    assert_eq!(status.code(), Some(0), "{progress}{stdout}");
    assert!(stdout.contains(" of 1000000000000, then interrupted"), "{stdout}");
}

#[test]
fn cold_starts_are_real_processes_with_verdicts() {
    let (code, stdout, stderr) = output(&mut bench(&["--cold", "3", "--isa", "scalar", "--json"]));
    assert_eq!(code, Some(0), "{stderr}");
    let measured = object(&stdout);
    assert_eq!((measured["starts"].as_u64(), measured["isa"].as_str()), (Some(3), Some("scalar")), "{measured}");
    let number = |name: &str| measured[name].as_f64().expect("a number");
    assert!(0.0 < number("min_ms") && number("min_ms") <= number("median_ms"), "{measured}");
    assert!(number("median_ms") <= number("p95_ms"), "{measured}");
    if cfg!(target_os = "linux") {
        assert!((1.0..1000.0).contains(&number("peak_mb")), "{measured}");
    }
    let (code, stdout, _) = output(&mut bench(&["--cold", "1"]));
    assert_eq!(code, Some(0));
    assert!(stdout.contains("1 x `blastscope classify` with ") && stdout.contains("start to verdict: median"));
}

#[test]
fn a_cold_start_without_a_verdict_says_what_the_process_said() {
    let mut command = bench(&["--cold", "2", "--json"]);
    let picture = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let (code, stdout, stderr) = output(command.args(["--model"]).arg(picture));
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "--model twice is wrong usage: {stderr}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_blastscope"));
    command.args(["bench", "--cold", "2", "--model", "absent.bsm"]).stdin(Stdio::null());
    let (code, stdout, stderr) = output(&mut command);
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert!(stderr.contains("gave no verdict: the model absent.bsm does not exist"), "{stderr}");
}

#[test]
fn a_comparison_gets_memory_and_the_time_since_the_start_it_was_told() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64();
    let mut command = bench(&["--peers", "1", "3"]);
    let (code, stdout, _) = output(command.env("T0", (now - 5.0).to_string()));
    assert_eq!(code, Some(0));
    let line = object(&stdout);
    assert!(line["cold_proc_ms"].as_f64().is_some_and(|ms| (5000.0..65_000.0).contains(&ms)), "{line}");
    assert!(line["median_ms"].is_f64() && line["p95_ms"].is_f64() && line["min_ms"].is_f64(), "{line}");
    assert_eq!(line["rss_mb"].is_f64(), cfg!(target_os = "linux"), "{line}");
    for told in ["", "soon", "1e30"] {
        let (code, stdout, _) = output(bench(&["--peers", "1", "1"]).env("T0", told));
        assert_eq!((code, object(&stdout)["cold_proc_ms"].is_null()), (Some(0), true), "T0={told}");
    }
}

#[test]
fn what_does_not_go_together_is_refused() {
    for arguments in [
        ["--soak", "5", "--frames", "5"].as_slice(),
        &["--cold", "5", "--soak", "5"],
        &["--cold", "5", "--threads", "2"],
        &["--peers", "1", "5", "--cold", "5"],
        &["--soak", "0"],
    ] {
        assert_eq!(output(&mut bench(arguments)).0, Some(2), "{arguments:?}");
    }
}

#[test]
fn a_model_is_measured_as_a_whole_with_all_its_networks() {
    let jury = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/blastscope.bsm");
    for (model, networks) in [(model(), 1), (jury, 4)] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_blastscope"));
        command.args(["bench", "--frames", "2", "--json", "--model"]).arg(&model).stdin(Stdio::null());
        let (code, stdout, stderr) = output(&mut command);
        assert_eq!(code, Some(0), "{stderr}");
        let field = &object(&stdout)["field"];
        assert_eq!(field["networks"].as_u64(), Some(networks), "{field}");
        assert!(field["median_ms"].as_f64().is_some_and(|ms| ms > 0.0), "{field}");
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_blastscope"));
    let (_, stdout, _) = output(command.args(["bench", "--frames", "1", "--json"]).stdin(Stdio::null()));
    assert!(object(&stdout)["field"].is_null(), "random weights have no field");
}
