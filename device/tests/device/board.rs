//! The device in a virtual single-board computer: Linux with a USB camera that shows drawn fields, and a bank of pins.
//!
//! Runs if `BLASTSCOPE_SBC` names the folder of the virtual board and `BLASTSCOPE_BOARD_FIELDS` one of drawn fields of 640x480
//! pixels; `make board` sets both. Timing in emulation is not realistic: the tests assert what happens and in which order.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use image::{DynamicImage, RgbImage, codecs::jpeg::JpegEncoder};
use serde_json::Value;

/// The simulated camera holds no more.
const MOST_FIELDS: usize = 16;

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The pictures below `folder`, in order.
fn pictures(folder: &Path) -> Vec<PathBuf> {
    blastscope_files::pictures_below(folder).expect("a folder of pictures").pictures
}

fn save(picture: &DynamicImage, quality: u8, path: &Path) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    let file = fs::File::create(path).expect("a file");
    picture.write_with_encoder(JpegEncoder::new_with_quality(file, quality)).expect("a JPEG picture");
}

/// The verdict of `blastscope classify` on this machine for each picture below `folder`, by name.
fn classify(model: &Path, folder: &Path) -> BTreeMap<String, Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_blastscope"))
        .args(["classify", "--json", "--model"])
        .args([model, folder])
        .stdin(Stdio::null())
        .output()
        .expect("the program runs");
    let stdout = String::from_utf8(output.stdout).expect("UTF-8");
    let lines = stdout.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let name = |value: &Value| Path::new(value["file"].as_str().expect("a file")).display().to_string();
    lines.map(|value| (name(&value), value)).collect()
}

/// The same field as two pictures that differ only in noise, as a camera's do.
fn hold(folder: &Path, picture: &DynamicImage) {
    save(picture, 95, &folder.join("a.jpg"));
    save(picture, 92, &folder.join("b.jpg"));
}

/// Holds the first field whose two pictures both get a verdict that `fits`.
fn held(model: &Path, folder: &Path, fields: &[PathBuf], fits: impl Fn(&str) -> bool, what: &str) {
    for field in fields {
        hold(folder, &image::open(field).expect("a drawn field"));
        if classify(model, folder).values().all(|said| fits(said["verdict"].as_str().unwrap_or_default())) {
            return;
        }
    }
    panic!("the model calls none of the {} drawn fields {what}: draw more", fields.len());
}

/// The board's output, by name.
struct Report(BTreeMap<String, Vec<String>>);

impl Report {
    fn read(console: &str) -> Self {
        let mut lines: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in console.lines().filter_map(|line| line.strip_prefix("BOARD ")) {
            let (name, text) = line.split_once(' ').unwrap_or((line, ""));
            lines.entry(name.into()).or_default().push(text.into());
        }
        Self(lines)
    }

    fn lines(&self, name: &str) -> &[String] {
        self.0.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    fn json(&self, name: &str) -> Vec<Value> {
        self.lines(name).iter().map(|line| serde_json::from_str(line).expect(line)).collect()
    }

    /// The states of the camera, in order.
    fn states(&self, name: &str) -> Vec<String> {
        let events = self.json(name);
        events.iter().filter_map(|event| event["camera"].as_str().map(Into::into)).collect()
    }
}

/// Fills `images` with everything that the board needs.
fn prepare(images: &Path, drawn: &Path) -> PathBuf {
    let model = images.join("model.bsm");
    fs::copy(repository().join("models/blastscope.bsm"), &model).expect("the shipped model");
    fs::copy(repository().join("tests/golden/tiny.bsm"), images.join("tiny.bsm")).expect("a tiny model");
    let fields: Vec<PathBuf> = pictures(drawn).into_iter().take(MOST_FIELDS).collect();
    fs::create_dir_all(images.join("fields")).expect("a folder");
    for (number, field) in fields.iter().enumerate() {
        fs::copy(field, images.join(format!("fields/{number:02}.jpg"))).expect("a copy");
    }
    held(&model, &images.join("benign"), &fields, |verdict| verdict == "Benign", "Benign");
    let malignant = |verdict: &str| ["Early", "Pre", "Pro", "Malignant"].contains(&verdict);
    held(&model, &images.join("suspicious"), &fields, malignant, "malignant");
    // The gate rejects black pictures; a few bright pixels make two different ones.
    for (name, light) in [("a", 3), ("b", 5)] {
        let mut black = RgbImage::new(640, 480);
        black.put_pixel(320, 240, image::Rgb([light * 20; 3]));
        save(&black.into(), 95, &images.join(format!("unfit/{name}.jpg")));
    }
    let hardware = "chip = \"sim\"\n\n[lamps]\nbenign = { line = 0 }\nsuspicious = { line = 1 }\n\
        look_again = { line = 2, active_low = true }\n\n[buzzer]\nline = 3\nbeep_ms = 2000\n\n\
        [buttons]\ntake = { line = 4 }\nconfirm = { line = 5, debounce_ms = 5 }\n";
    fs::write(images.join("board.toml"), hardware).expect("a file");
    model
}

#[test]
fn the_device_does_its_work_in_the_virtual_board() {
    let (Some(board), Some(drawn)) = (variable("BLASTSCOPE_SBC"), variable("BLASTSCOPE_BOARD_FIELDS")) else {
        eprintln!("SKIPPED: the virtual board; `make board` says what it needs");
        return;
    };
    let program = variable("BLASTSCOPE_BOARD_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_blastscope").into());
    let architecture = variable("ARCH").unwrap_or_else(|| "amd64".into());
    let folder = tempfile::tempdir().expect("a folder");
    let images = folder.path().join("images");
    fs::create_dir_all(&images).expect("a folder");
    let model = prepare(&images, Path::new(&drawn));
    // The board starts the program by its file name.
    let named = folder.path().join("blastscope");
    fs::copy(&program, &named).expect("the program");
    let output = Command::new("bash")
        .arg(Path::new(&board).join("sbc-vm-test.sh"))
        .args(["-a", &architecture, "-t", &variable("BLASTSCOPE_BOARD_SECONDS").unwrap_or_else(|| "1500".into())])
        .arg(&named)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/device/board/session.sh"))
        .arg(&images)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .expect("bash runs");
    let console = String::from_utf8_lossy(&output.stdout).replace('\r', "");
    if let Some(path) = variable("BLASTSCOPE_BOARD_LOG") {
        fs::write(path, &console).expect("the log");
    }
    let report = Report::read(&console);
    assert!(report.0.contains_key("complete"), "the session did not end:\n{}", tail(&console));
    assert!(output.status.success(), "{:?}", output.status);
    verdicts_are_those_of_the_files(&report, &classify(&model, &images.join("fields")));
    faults_are_named_and_survived(&report);
    nothing_leaks(&report);
    hardware_follows(&report);
    summary(&report);
}

fn tail(console: &str) -> String {
    let lines: Vec<_> = console.lines().collect();
    lines[lines.len().saturating_sub(60)..].join("\n")
}

/// Bit for bit: the camera passes JPEG pictures on unchanged, and all instruction sets compute the same.
fn verdicts_are_those_of_the_files(report: &Report, files: &BTreeMap<String, Value>) {
    let frames: Vec<Value> = report.json("fields").into_iter().filter(|event| event["frame"].is_u64()).collect();
    assert!(!frames.is_empty(), "no frames came");
    let mut seen = BTreeMap::new();
    for frame in &frames {
        let same = files.iter().find(|(_, file)| match frame["frame_verdict"].as_str() {
            Some("rejected") => file["reason"] == frame["reason"],
            _ => file["logits"] == frame["logits"],
        });
        let (name, file) = same.unwrap_or_else(|| panic!("a frame that matches no file: {frame}"));
        if frame["frame_verdict"] != "rejected" {
            assert_eq!(frame["frame_verdict"], file["verdict"], "{name}");
        }
        *seen.entry(name).or_insert(0) += 1;
    }
    assert!(seen.len() >= 4, "{} of {} fields were seen", seen.len(), files.len());
    let kinds: std::collections::BTreeSet<_> =
        frames.iter().filter_map(|frame| frame["frame_verdict"].as_str()).collect();
    assert!(kinds.len() > 1, "all fields have the verdict {kinds:?}");
    println!("{} frames of {} drawn fields: the verdicts of the files, {kinds:?}", frames.len(), seen.len());
}

/// Whether the camera went through `expected`. Other states may lie between: a starting driver may first give a damaged frame, and
/// an emulated camera may be slow.
fn assert_states(states: &[String], expected: &[&str]) {
    let mut following = states.iter();
    for state in expected {
        assert!(following.any(|other| other == state), "{state} is missing: {states:?}");
    }
}

fn faults_are_named_and_survived(report: &Report) {
    assert_states(&report.states("fields"), &["absent", "opening", "streaming"]);
    let cameras = report.json("cameras");
    let camera = &cameras[0]["cameras"][0];
    assert!(camera["name"].as_str().is_some_and(|name| name.contains("UVC sim microscope")), "{camera}");
    assert_eq!(camera["nodes"].as_array().map(Vec::len), Some(2), "pictures and metadata: {camera}");
    assert_eq!(camera["formats"][0]["name"], "MJPG");
    assert_states(
        &report.states("faults"),
        &[
            "streaming",
            "stalled",
            "streaming",
            "corrupt",
            "streaming",
            "lost",
            "absent",
            "opening",
            "streaming",
            "lost",
            "absent",
            "opening",
            "streaming",
            "frozen",
            "lost",
            "absent",
            "opening",
            "streaming",
        ],
    );
    for event in report.json("faults").iter().filter(|event| event["camera"].is_string()) {
        let fine = ["opening", "streaming"].contains(&event["camera"].as_str().unwrap_or_default());
        assert_eq!(event["reason"].is_null(), fine, "every problem has a reason: {event}");
    }
    let nodes = report.lines("nodes-after")[0].as_str();
    assert!(!nodes.split(' ').any(|node| node == "video0"), "it returned under its old number: {nodes}");
}

fn nothing_leaks(report: &Report) {
    let counts = report.lines("descriptors");
    assert!(counts.len() > 20, "{counts:?}");
    assert!(counts.iter().all(|count| *count == counts[0]), "descriptors and threads: {counts:?}");
    let idle: Vec<f64> = report.lines("idle")[0].split(' ').map(|number| number.parse().expect("a number")).collect();
    let &[user, system, from, user_after, system_after, to] = idle.as_slice() else { panic!("{idle:?}") };
    // Ticks of the kernel's clock, a hundred a second. The module `camera` asserts this on a real processor.
    let share = (user_after + system_after - user - system) / 100.0 / (to - from);
    println!("descriptors and threads through {} replugs: {}", counts.len() - 1, counts[0]);
    println!("without a camera: {:.1} % of an emulated core", share * 100.0);
    assert!(share < 0.25, "{share} of an emulated core without a camera");
}

fn hardware_follows(report: &Report) {
    let lamps = report.lines("lamps").iter().filter(|line| !line.starts_with('{'));
    let lamps: Vec<&str> = lamps.map(String::as_str).collect();
    let expected = ["start 001", "benign 101", "unplugged 001", "suspicious 011", "unfit 000", "end 001"];
    assert_eq!(lamps, expected, "lamps benign, suspicious and look again; the last is lit by 0");
    assert_eq!(report.lines("buzzer"), ["on 1", "off 0"]);
    let events: Vec<Value> = report
        .lines("lamps")
        .iter()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).expect(line))
        .collect();
    let buttons: Vec<&str> = events.iter().filter_map(|event| event["button"].as_str()).collect();
    assert_eq!(buttons, ["take", "confirm"]);
    let doctor = &report.json("doctor")[0];
    let pins: Vec<&Value> =
        doctor["checks"].as_array().expect("checks").iter().filter(|check| check["check"] == "hardware").collect();
    assert_eq!(pins.len(), 6, "{doctor}");
    assert!(pins.iter().all(|pin| pin["status"] == "ok"), "{pins:?}");
    assert_eq!(report.lines("status"), ["fields 0", "faults 0", "lamps 0"], "the ends of the three sessions");
    println!("lamps, buzzer and buttons: {}", lamps.join(", "));
}

/// Time that each step took on the board; printed, not asserted.
fn summary(report: &Report) {
    let mut longest: BTreeMap<&str, f64> = BTreeMap::new();
    for line in report.lines("seconds") {
        let mut words = line.split(' ');
        let (Some(what), Some(from), Some(to)) = (words.next(), words.next(), words.next()) else { continue };
        let (Ok(from), Ok(to)) = (from.parse::<f64>(), to.parse::<f64>()) else { continue };
        let time = longest.entry(what).or_insert(0.0);
        *time = time.max(to - from);
    }
    for (what, time) in longest {
        println!("  {what}: {time:.1} s at most, in emulation");
    }
}
