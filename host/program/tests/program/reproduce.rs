//! The paper's experiment on a small scale: every network, both protocols, the whole report; interrupted by Ctrl-C and resumed.

use std::{
    path::Path,
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

const HOST: &str = env!("CARGO_BIN_EXE_blastscope-host");

fn reproduce(out: &Path, further: &[&str]) -> Command {
    let mut command = blastscope_tests::program(HOST);
    command.args(["reproduce", "--quick", "--backend", "flex", "--out"]).arg(out).args(further).stdin(Stdio::null());
    command
}

fn run(out: &Path, further: &[&str]) -> Output {
    reproduce(out, further).output().expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs until `enough` returns true, then sends Ctrl-C's signal. Returns the exit code.
#[cfg(unix)]
fn interrupt_when(out: &Path, enough: impl Fn() -> bool) -> Option<i32> {
    let mut child =
        reproduce(out, &[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
    let start = Instant::now();
    while !enough() && start.elapsed() < Duration::from_secs(300) {
        assert!(child.try_wait().expect("waited for").is_none(), "it ended before it was stopped");
        std::thread::sleep(Duration::from_millis(5));
    }
    let status = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill starts");
    assert!(status.success());
    child.wait().expect("it ends").code()
}

#[cfg(unix)]
#[test]
fn the_quick_experiment_survives_interruptions_and_reports_every_network_beside_the_baseline() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("paper");

    // Interrupted during the first training, and again after some are finished.
    assert_eq!(interrupt_when(&out, || out.join("allcnn-adam-12-paper/epochs.csv").is_file()), Some(130));
    let second = out.join("allcnn-adam-12-grouped");
    assert_eq!(interrupt_when(&out, || second.join("run.json").is_file()), Some(130));
    assert!(out.join("allcnn-adam-12-paper/outcome.json").is_file());
    assert!(!out.join("resnet50-adam-12-paper").exists());
    let partial = std::fs::read_to_string(out.join("REPORT.md")).expect("a report of what was finished");
    assert!(partial.contains("of 16 trainings are finished") && partial.contains("not trained"), "{partial}");

    let whole = run(&out, &[]);
    let (stdout, stderr) = (text(&whole.stdout), text(&whole.stderr));
    assert!(whole.status.success(), "{stdout}{stderr}");
    assert!(stdout.contains("of 16 trainings are finished already"), "{stdout}");
    assert!(
        stdout.contains("training 16 of 16, allcnn-deep-adam-12-grouped") && stdout.contains("left in all"),
        "{stdout}"
    );

    let json = std::fs::read_to_string(out.join("results.json")).expect("results");
    let results: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((&results["planned"], &results["finished"], &results["drawn"]), (&16.into(), &16.into(), &true.into()));
    let runs = results["runs"].as_array().expect("runs");
    for (arch, count) in [
        ("allcnn", 6),
        ("allcnn-shallow", 2),
        ("allcnn-deep", 2),
        ("resnet50", 2),
        ("yolov8n-cls", 2),
        ("yolov8s-cls", 2),
    ] {
        assert_eq!(runs.iter().filter(|run| run["plan"]["arch"] == arch).count(), count, "{arch}");
    }
    for run in runs {
        assert_eq!(run["epochs"].as_array().map(Vec::len), Some(2), "{}", run["name"]);
        assert!(run["test"]["accuracy"]["value"].is_number() && run["baseline"]["accuracy"]["value"].is_number());
        assert_eq!(
            run["test"]["accuracy"]["of"], run["baseline"]["accuracy"]["of"],
            "{}: the same test part",
            run["name"]
        );
        assert_eq!(run["test"]["warning"].is_string(), run["plan"]["split"] == "paper", "{}", run["name"]);
    }

    let markdown = std::fs::read_to_string(out.join("REPORT.md")).expect("a report");
    for expected in
        ["Adam and Adamax", "Other networks", "Items per class", "Depth", "this split leaks", "96 %", "Drawn fields"]
    {
        assert!(markdown.contains(expected), "{expected} is missing");
    }
    assert!(!markdown.contains("not trained"));
    for link in markdown.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert!(out.join(link).is_file(), "{link} is missing");
    }
    let html = std::fs::read_to_string(out.join("report.html")).expect("a page");
    assert!(html.contains("<svg") && html.contains("polyline"));

    // Finished trainings are ordinary run folders; networks that the device cannot run are refused with a reason.
    let resnet = out.join("resnet50-adam-12-grouped");
    let evaluated =
        blastscope_tests::program(HOST).args(["evaluate", "--json", "--run"]).arg(&resnet).output().expect("started");
    assert!(evaluated.status.success(), "{}", text(&evaluated.stderr));
    let model = folder.path().join("resnet.bsm");
    let quantized = blastscope_tests::program(HOST)
        .args(["quantize", "--run"])
        .arg(&resnet)
        .arg("--out")
        .arg(&model)
        .output()
        .expect("started");
    let reason = text(&quantized.stderr);
    assert!(!quantized.status.success() && reason.contains("resnet50 is for comparison only"), "{reason}");
    assert!(!model.exists());

    // Nothing is trained twice; other settings are refused.
    let start = std::fs::metadata(resnet.join("outcome.json")).and_then(|file| file.modified()).expect("a time");
    let again = run(&out, &["--only", "networks,paper"]);
    assert!(again.status.success(), "{}", text(&again.stderr));
    assert_eq!(std::fs::metadata(resnet.join("outcome.json")).and_then(|file| file.modified()).expect("a time"), start);
    let other = run(&out, &["--epochs", "3"]);
    assert!(!other.status.success() && text(&other.stderr).contains("epochs 2 and not 3"), "{}", text(&other.stderr));
}

#[test]
fn what_cannot_be_done_is_refused_before_anything_is_trained() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("paper");
    let absent = folder.path().join("absent.pth").display().to_string();
    let text_file = folder.path().join("weights.txt");
    std::fs::write(&text_file, "none").expect("written");
    let wrong = text_file.display().to_string();
    for (further, expected) in [
        (["--only", "vgg16"], "vgg16"),
        (["--resnet-weights", absent.as_str()], "absent.pth"),
        (["--yolo-weights", wrong.as_str()], "weights.txt"),
        (["--image-size", "100"], "multiple of 32"),
        (["--per-class", "0"], "0"),
    ] {
        let output = run(&out, &further);
        let reason = text(&output.stderr);
        assert!(!output.status.success() && reason.contains(expected), "{further:?}: {reason}");
        assert!(!out.exists(), "{further:?} leaves nothing behind");
    }
}
