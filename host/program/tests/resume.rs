//! Killing a training at any moment and resuming it ends with the same number of epochs and no corrupt file.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use blastscope_host::training::{checkpoints, run_folder::RunFolder};

const HOST: &str = env!("CARGO_BIN_EXE_blastscope-host");
const EPOCHS: usize = 5;

fn command(arguments: &[&str]) -> Command {
    let mut command = blastscope_tests::program(HOST);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn succeed(arguments: &[&str]) {
    let status = command(arguments).status().expect("the program starts");
    assert!(status.success(), "{arguments:?}: {status}");
}

/// Runs until `enough` says so, then kills without warning. Whether it was killed before it ended by itself.
fn kill_when(arguments: &[&str], enough: impl Fn() -> bool) -> bool {
    let mut child = command(arguments).spawn().expect("the program starts");
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("the program can be waited for") {
            assert!(status.success(), "{arguments:?}: {status}");
            return false;
        }
        if enough() || start.elapsed() > Duration::from_secs(120) {
            child.kill().expect("the program can be killed");
            child.wait().expect("the program ends");
            return true;
        }
        std::thread::sleep(Duration::from_millis(3));
    }
}

fn files_below(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries.flatten().map(|entry| if entry.path().is_dir() { files_below(&entry.path()) } else { 1 }).sum()
}

#[test]
fn a_killed_training_resumes_to_the_same_number_of_epochs() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let fields = folder.path().join("fields").display().to_string();
    let out = folder.path().join("run");
    let run = out.display().to_string();
    succeed(&["synth", "--out", &fields, "--per-class", "8", "--size", "64x64"]);
    let epochs = EPOCHS.to_string();
    let fresh = [
        "train",
        "--data",
        &fields,
        "--out",
        &run,
        "--arch",
        "allcnn-small",
        "--image-size",
        "32",
        "--epochs",
        &epochs,
        "--per-class",
        "8",
        "--batch-size",
        "8",
        "--backend",
        "flex",
    ];
    let resume = ["train", "--out", &run, "--resume", "--backend", "flex"];

    // Killed at every stage: as soon as some file more is there than at the kill before, a temporary one perhaps.
    let mut kills = 0;
    let mut seen = 0;
    let started = || out.join("run.json").exists();
    if kill_when(&fresh, started) {
        kills += 1;
    }
    while kills < 12 {
        seen = files_below(&out).max(seen) + kills / 4;
        let goal = seen;
        if !kill_when(&resume, || files_below(&out) > goal) {
            break;
        }
        kills += 1;
        let run = RunFolder::open(&out).expect("the run opens after a kill");
        run.config().expect("the configuration is whole");
        run.epochs().expect("the table of epochs is whole");
        checkpoints::last_complete(&run).expect("the checkpoints can be searched");
    }
    assert!(kills >= 2, "the training was killed at least twice, and not {kills} times");
    succeed(&resume);

    let run = RunFolder::open(&out).expect("the run opens");
    let epochs: Vec<usize> = run.epochs().expect("a table").iter().map(|epoch| epoch.epoch).collect();
    assert_eq!(epochs, (1..=EPOCHS).collect::<Vec<_>>());
    assert_eq!(checkpoints::last_complete(&run).expect("searched"), Some(EPOCHS));
    assert!(out.join("chosen.bpk").exists() && out.join("last.bpk").exists());
    succeed(&["evaluate", "--run", &out.display().to_string()]);
}

#[test]
fn a_damaged_checkpoint_is_passed_over() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let fields = folder.path().join("fields").display().to_string();
    let out = folder.path().join("run");
    let run = out.display().to_string();
    succeed(&["synth", "--out", &fields, "--per-class", "8", "--size", "64x64"]);
    succeed(&[
        "train",
        "--data",
        &fields,
        "--out",
        &run,
        "--arch",
        "allcnn-small",
        "--image-size",
        "32",
        "--epochs",
        "2",
        "--per-class",
        "8",
        "--batch-size",
        "8",
        "--backend",
        "flex",
    ]);
    let opened = RunFolder::open(&out).expect("the run opens");
    let newest = opened.checkpoints().join("model-2.bpk");
    let bytes = std::fs::read(&newest).expect("there");
    std::fs::write(&newest, &bytes[..bytes.len() / 2]).expect("cut");
    assert_eq!(checkpoints::last_complete(&opened).expect("searched"), Some(1));
    succeed(&["train", "--out", &run, "--resume", "--backend", "flex"]);
    assert_eq!(checkpoints::last_complete(&opened).expect("searched"), Some(2));
}

#[test]
fn weights_that_do_not_fit_begin_no_run() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("a name").to_owned();
    let (data, out, weights) = (path("fields"), path("run"), path("weights.safetensors"));
    succeed(&["synth", "--out", &data, "--per-class", "3", "--size", "64x64"]);
    std::fs::write(&weights, "none").expect("written");
    let arguments =
        ["train", "--data", &data, "--out", &out, "--arch", "resnet50", "--weights", &weights, "--backend", "flex"];
    let refused = blastscope_tests::program(HOST).args(arguments).output().expect("the program starts");
    let stderr = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && stderr.contains("weights.safetensors"), "{stderr}");
    assert!(!Path::new(&out).exists(), "a run that cannot go on was begun");
}
