//! `classify --explain`, as a user runs it.

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

use blastscope_shared::field::decode;
use serde_json::Value;

use crate::binary;

/// A picture with dark spots, as BMP.
fn spots_bmp(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"BM".to_vec();
    bytes.extend([0; 8]);
    for number in [54, 40, width, height] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend([1, 0, 24, 0]);
    bytes.extend([0; 24]);
    for at in 0..width * height {
        let (x, y) = (at % width, at / width);
        let dark = (x % 80).abs_diff(40).pow(2) + (y % 60).abs_diff(30).pow(2) < 300;
        bytes.extend(if dark { [150, 60, 110] } else { [225, 235, 240] });
    }
    bytes
}

/// Status, lines and messages of `classify --json` with a tiny network.
fn classify(arguments: &[&Path]) -> (Option<i32>, Vec<Value>, String) {
    let model = binary::model();
    let mut command = Command::new(env!("CARGO_BIN_EXE_blastscope"));
    command.args(["classify", "--json", "--model"]).arg(model).args(arguments).stdin(Stdio::null());
    let Output { status, stdout, stderr } = command.output().expect("the binary runs");
    let lines = String::from_utf8(stdout).expect("UTF-8");
    let lines = lines.lines().map(|line| serde_json::from_str(line).expect("one JSON object a line")).collect();
    (status.code(), lines, String::from_utf8(stderr).expect("UTF-8"))
}

#[test]
fn every_picture_gets_an_overlay_and_a_map() {
    let folder = tempfile::tempdir().expect("a folder");
    let (slides, overlays) = (folder.path().join("slides"), folder.path().join("overlays"));
    for name in ["a/one.bmp", "b/one.bmp"] {
        fs::create_dir_all(slides.join(name).parent().expect("a parent")).expect("folders");
        fs::write(slides.join(name), spots_bmp(320, 240)).expect("a picture");
    }
    fs::write(slides.join("cut.bmp"), &spots_bmp(320, 240)[..3000]).expect("a picture");
    let (code, lines, stderr) = classify(&[&slides, Path::new("--explain"), &overlays]);
    assert_eq!((code, lines.len()), (Some(1), 3), "{stderr}");
    assert!(lines[2]["error"].is_string() && lines[2]["explanation"].is_null(), "a damaged file has no overlay");
    for (line, name) in lines.iter().zip(["one.explained.png", "one-2.explained.png"]) {
        let explanation = &line["explanation"];
        let class = explanation["class"].as_str().expect("a class");
        let probability = |class: &str| line["probabilities"][class].as_f64().expect("a probability");
        assert!(["Benign", "Early", "Pre", "Pro"].iter().all(|other| probability(other) <= probability(class)));
        let file = overlays.join(name);
        assert_eq!(explanation["file"].as_str(), file.to_str());
        let overlay = decode::decode(&fs::read(&file).expect("a file")).expect("a PNG");
        assert!(overlay.width() == 640 && overlay.height() > 480, "{overlay:?}");
        let map: Vec<Vec<f64>> = serde_json::from_value(explanation["map"].clone()).expect("rows of numbers");
        assert_eq!((map.len(), map[0].len()), (32, 32), "the tiny network's last convolution");
        let largest = map.iter().flatten().copied().fold(0.0, f64::max);
        match explanation["peak"].as_array() {
            Some(peak) => {
                let [x, y] = [0, 1].map(|axis| peak[axis].as_u64().expect("pixels") as usize);
                assert_eq!((map[y * 32 / 240][x * 32 / 320], largest), (1.0, 1.0));
            }
            None => assert!(largest == 0.0),
        }
    }
    assert_eq!(fs::read_dir(&overlays).expect("listed").count(), 2, "nothing temporary is left");
    let (_, lines, _) = classify(&[&slides]);
    assert!(lines.iter().all(|line| line.get("explanation").is_none()), "only when asked for");
}

#[test]
fn any_class_can_be_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let picture = folder.path().join("one.bmp");
    fs::write(&picture, spots_bmp(320, 240)).expect("a picture");
    for class in ["Benign", "Early", "Pre", "Pro"] {
        let overlays = folder.path().join(class);
        let arguments = [&picture, Path::new("--explain"), &overlays, Path::new("--explain-class"), Path::new(class)];
        let (code, lines, stderr) = classify(&arguments);
        assert_eq!((code, lines[0]["explanation"]["class"].as_str()), (Some(0), Some(class)), "{stderr}");
    }
    let (code, _, stderr) = classify(&[&picture, Path::new("--explain-class"), Path::new("Pre")]);
    assert!(code == Some(2) && stderr.contains("--explain"), "{stderr}");
    let overlays = folder.path().join("none");
    let arguments = [&picture, Path::new("--explain"), &overlays, Path::new("--explain-class"), Path::new("T-ALL")];
    let (code, _, stderr) = classify(&arguments);
    assert!(code == Some(2) && stderr.contains("Benign, Early, Pre and Pro"), "{stderr}");
}

#[test]
fn a_folder_that_cannot_take_overlays_is_named_before_anything_is_classified() {
    let folder = tempfile::tempdir().expect("a folder");
    let picture = folder.path().join("one.bmp");
    fs::write(&picture, spots_bmp(320, 240)).expect("a picture");
    let (code, lines, stderr) = classify(&[folder.path(), Path::new("--explain"), &folder.path().join("inside")]);
    assert_eq!((code, lines.len()), (Some(2), 0));
    assert!(stderr.contains("inside") && stderr.contains("choose another"), "{stderr}");
    let (code, lines, stderr) = classify(&[&picture, Path::new("--explain"), &picture]);
    assert_eq!((code, lines.len()), (Some(2), 0));
    assert!(stderr.contains("one.bmp") && stderr.contains("cannot be created"), "{stderr}");
}

#[test]
fn an_overlay_that_cannot_be_written_is_named_and_the_verdict_stands() {
    let folder = tempfile::tempdir().expect("a folder");
    let (picture, overlays) = (folder.path().join("one.bmp"), folder.path().join("overlays"));
    fs::write(&picture, spots_bmp(320, 240)).expect("a picture");
    fs::create_dir_all(overlays.join("one.explained.png")).expect("a folder where the overlay should go");
    let (code, lines, stderr) = classify(&[&picture, Path::new("--explain"), &overlays]);
    assert!(code == Some(1) && lines[0]["verdict"].is_string(), "{stderr}");
    let error = lines[0]["explanation"]["error"].as_str().expect("a reason");
    assert!(error.contains("one.explained.png cannot be written"), "{error}");
    assert!(stderr.contains("one.bmp cannot be explained"), "{stderr}");
    assert_eq!(fs::read_dir(&overlays).expect("listed").count(), 1, "nothing temporary is left");
}
