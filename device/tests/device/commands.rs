//! The binary, driven as a user or another program drives it.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use image::{ExtendedColorType, ImageEncoder as _};
use serde_json::Value;
use tempfile::TempDir;

use crate::binary::{json, model, output};

fn blastscope() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_blastscope"));
    command
        .env_remove("BLASTSCOPE_MODEL")
        .env("BLASTSCOPE_DATA_DIR", "/nonexistent")
        .env("NO_COLOR", "1")
        .stdin(Stdio::null());
    command
}

/// A 24-bit BMP of a drawn field: round cells with dark nuclei on a bright background.
fn field_bmp(width: usize, height: usize, shift: usize) -> Vec<u8> {
    let mut bytes = bmp_header(width as u32, height as u32);
    let pitch = width / 8;
    for y in 0..height {
        for x in 0..width {
            let (cx, cy) = ((x + shift) % pitch, (y + shift) % pitch);
            let distance = cx.abs_diff(pitch / 2).pow(2) + cy.abs_diff(pitch / 2).pow(2);
            let nucleated = ((x + shift) / pitch + (y + shift) / pitch * 3).is_multiple_of(5);
            let [red, green, blue] = match distance * 100 / (pitch * pitch) {
                0..9 if nucleated => [110, 60, 170],
                0..12 => [200, 178, 205],
                _ => [240, 238, 230],
            };
            bytes.extend([blue, green, red]);
        }
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }
    bytes
}

fn bmp_header(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"BM".to_vec();
    bytes.extend(0u32.to_le_bytes());
    bytes.extend(0u32.to_le_bytes());
    bytes.extend(56u32.to_le_bytes());
    bytes.extend(40u32.to_le_bytes());
    bytes.extend(width.to_le_bytes());
    bytes.extend(height.to_le_bytes());
    bytes.extend([1, 0, 24, 0]);
    bytes.extend([0; 24]);
    // Two more bytes align rows to a multiple of four.
    bytes.extend([0; 2]);
    bytes
}

fn folder_of_fields(count: usize) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for index in 0..count {
        let path = folder.path().join(format!("field-{index:02}.bmp"));
        fs::write(path, field_bmp(320, 240, index * 17)).expect("a picture");
    }
    folder
}

#[test]
fn a_field_gets_a_line_with_everything_that_is_known() {
    let folder = folder_of_fields(1);
    let (code, stdout, _) =
        output(blastscope().arg("classify").arg(folder.path()).arg("--json").arg("--model").arg(model()));
    let lines = json(&stdout);
    assert_eq!((code, lines.len()), (Some(0), 1), "{stdout}");
    let line = &lines[0];
    assert!(line["file"].as_str().is_some_and(|file| file.ends_with("field-00.bmp")));
    assert!(["Benign", "Early", "Pre", "Pro", "abstain"].contains(&line["verdict"].as_str().expect("a word")));
    let sum: f64 = ["Benign", "Early", "Pre", "Pro"]
        .iter()
        .map(|class| line["probabilities"][class].as_f64().expect("a number"))
        .sum();
    assert!((sum - 1.0).abs() < 1e-5);
    assert_eq!(line["logits"].as_array().map(Vec::len), Some(4));
    assert!(line["novelty"].is_f64() && line["quality"]["focus"].is_f64());
    assert_eq!(line["model"].as_str().map(str::len), Some(64));
}

#[test]
fn broken_files_get_one_line_each_and_the_rest_is_classified() {
    let folder = folder_of_fields(2);
    let put = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).expect("a file");
    put("a-text.jpg", b"this is not a picture at all\n");
    put("b-empty.jpg", b"");
    put("c-tiny.bmp", &field_bmp(8, 8, 0)[..bmp_header(1, 1).len()]);
    let mut one = bmp_header(1, 1);
    one.extend([200, 200, 200, 0]);
    put("d-1x1.bmp", &one);
    put("e-huge.bmp", &bmp_header(65535, 65535));
    put("f-huge.jpg", &jpeg_header(65535, 65535));
    put("g-cut.bmp", &field_bmp(320, 240, 0)[..5000]);
    put("h-start-of-image-only.jpg", &[0xFF, 0xD8, 0xFF]);
    put("notes.txt", b"not asked for");
    fs::create_dir(folder.path().join("i-folder.png")).expect("a folder with a picture's name");
    let (code, stdout, stderr) = output(
        blastscope().arg("classify").arg("--json").arg("--model").arg(model()).arg(folder.path()).arg("absent.png"),
    );
    let lines = json(&stdout);
    assert_eq!(code, Some(1), "{stderr}");
    assert_eq!(lines.len(), 11, "{stdout}");
    let broken = lines.iter().filter(|line| line["error"].as_str().is_some_and(|error| error.len() > 5)).count();
    assert_eq!(broken, 9, "{stdout}");
    assert!(stdout.contains("at most 25 megapixels"), "{stdout}");
    assert!(!stderr.contains("panicked"), "{stderr}");
}

#[test]
fn what_a_file_says_and_is_not_applied_is_told_once_and_in_every_line() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["a.png", "b.png", "c.png"] {
        let file = fs::File::create(folder.path().join(name)).expect("a file");
        let mut encoder = image::codecs::png::PngEncoder::new(file);
        if name != "c.png" {
            encoder.set_icc_profile(vec![7; 200]).expect("a profile of another colour space");
        }
        let pixels = blastscope_core::drawn_field::field(320, 240, 0).into_bytes();
        encoder.write_image(&pixels, 320, 240, ExtendedColorType::Rgb8).expect("written");
    }
    let (code, stdout, stderr) =
        output(blastscope().arg("classify").arg("--json").arg("--model").arg(model()).arg(folder.path()));
    let lines = json(&stdout);
    assert_eq!(code, Some(0), "{stderr}");
    for line in &lines[..2] {
        assert!(line["notes"][0].as_str().is_some_and(|note| note.contains("colour profile")), "{line}");
    }
    assert!(lines[2].get("notes").is_none(), "{}", lines[2]);
    assert_eq!(stderr.matches("colour profile").count(), 1, "{stderr}");
    assert!(stderr.contains("a.png has a colour profile, which is not applied"), "{stderr}");
}

/// Start of image, and a frame header with dimensions.
fn jpeg_header(width: u16, height: u16) -> Vec<u8> {
    let mut bytes = vec![0xFF, 0xD8, 0xFF, 0xC0, 0, 17, 8];
    bytes.extend(height.to_be_bytes());
    bytes.extend(width.to_be_bytes());
    bytes.extend([3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0]);
    bytes.extend([0xFF, 0xDA, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, 63, 0, 0, 0xFF, 0xD9]);
    bytes
}

#[test]
fn the_gate_abstains_with_its_reason_unless_told_not_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut black = bmp_header(100, 80);
    black.resize(black.len() + 100 * 80 * 3, 10);
    fs::write(folder.path().join("black.bmp"), black).expect("a picture");
    let mut command = blastscope();
    command.arg("classify").arg(folder.path()).arg("--json").arg("--model").arg(model());
    let (code, stdout, _) = output(&mut command);
    let line = &json(&stdout)[0];
    assert_eq!((code, line["verdict"].as_str()), (Some(0), Some("abstain")));
    assert!(line["reason"].as_str().is_some_and(|reason| reason.starts_with("too dark")), "{line}");
    assert!(line["probabilities"]["Pro"].is_f64() && line["logits"].is_array(), "the network ran anyway: {line}");
    let (_, stdout, _) = output(command.arg("--no-gate"));
    assert!(json(&stdout)[0]["logits"].is_array(), "{stdout}");
}

#[test]
fn the_table_is_aligned_and_says_what_it_is_for() {
    let folder = folder_of_fields(3);
    let (code, stdout, _) = output(blastscope().arg("classify").arg(folder.path()).arg("--model").arg(model()));
    assert_eq!(code, Some(0));
    assert!(stdout.contains("3 pictures: ") && stdout.ends_with("Not for use in diagnostic procedures.\n"), "{stdout}");
    assert!(stdout.contains("model trained on drawn fields"), "{stdout}");
    assert!(!stdout.contains('\u{1b}'), "no colours in a pipe");
}

#[test]
fn a_folder_without_pictures_is_not_counted_as_a_picture() {
    let (empty, one) = (folder_of_fields(0), folder_of_fields(1));
    let mut classify = blastscope();
    classify.arg("classify").args([empty.path(), one.path()]).arg("--model").arg(model());
    let (code, stdout, _) = output(&mut classify);
    assert_eq!(code, Some(1));
    assert!(stdout.contains("holds no pictures") && stdout.contains("\n1 picture: "), "{stdout}");
    assert!(stdout.contains("failed 0; 1 folder gives no picture\n"), "{stdout}");
}

#[test]
fn a_missing_or_broken_model_is_a_sentence_and_status_2() {
    let folder = folder_of_fields(1);
    let (code, stdout, stderr) = output(blastscope().current_dir(folder.path()).arg("classify").arg("field-00.bmp"));
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert!(stderr.contains("models/blastscope.bsm") && stderr.contains("BLASTSCOPE_MODEL"), "{stderr}");
    let picture = folder.path().join("field-00.bmp");
    for command in [["classify", "x.jpg"], ["live", "--source=."]] {
        let (code, _, stderr) = output(blastscope().args(command).env("BLASTSCOPE_MODEL", &picture));
        assert_eq!(code, Some(2));
        let said = "field-00.bmp is not a blastscope model; give a .bsm file with --model, or copy it again";
        assert!(stderr.contains(said), "{stderr}");
    }
    assert_eq!(output(blastscope().args(["classify", "--nonsense"])).0, Some(2));
    assert_eq!(output(blastscope().args(["live", "--source", "camera:x"])).0, Some(2));
    assert_eq!(output(&mut blastscope()).0, Some(2));
}

#[test]
fn help_has_examples() {
    for command in ["classify", "live"] {
        let (code, stdout, _) = output(blastscope().args([command, "--help"]));
        assert_eq!(code, Some(0));
        assert!(stdout.contains(&format!("blastscope {command} ")) && stdout.contains("Example"), "{stdout}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = folder_of_fields(40);
    let mut child = blastscope()
        .arg("classify")
        .arg(folder.path())
        .arg("--json")
        .arg("--model")
        .arg(model())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut first = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut first).expect("a line");
    let output = child.wait_with_output().expect("it ends");
    assert!(first.starts_with("{\"file\""));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(!stderr.contains("panicked") && !stderr.contains("error"), "{stderr}");
}

#[test]
fn live_replays_a_folder_by_the_clock() {
    let folder = folder_of_fields(6);
    let (code, stdout, stderr) = output(
        blastscope().args(["live", "--json", "--fps", "20", "--source"]).arg(folder.path()).arg("--model").arg(model()),
    );
    assert_eq!(code, Some(0), "{stderr}");
    let lines = json(&stdout);
    assert!((1..=6).contains(&lines.len()), "{stdout}");
    let last = &lines[lines.len() - 1];
    assert_eq!(last["file"], "field-05.bmp");
    assert_eq!(lines.len() as u64 + last["dropped"].as_u64().expect("a number"), 6, "{stdout}");
    assert!(last["seconds"].as_f64().is_some_and(|seconds| (0.25..=0.35).contains(&seconds)), "{last}");
    assert!(stderr.contains("frames of") && stderr.contains("diagnostic procedures"), "{stderr}");
    // Each picture is a field of the slide, with a verdict or without.
    let slide = &last["slide"];
    let fields = |key: &str| slide[key].as_u64().expect("a number");
    assert_eq!(fields("fields") + fields("abstained"), lines.len() as u64, "{last}");
    assert_eq!((slide["verdict"].as_str(), &slide["probability"]), (Some("Not enough yet"), &Value::Null), "{last}");
    assert!(stderr.contains("slide: Not enough yet") && stderr.contains("not a diagnosis"), "{stderr}");
}

#[test]
fn live_stops_after_the_wanted_frames_and_settles_on_a_held_view() {
    let folder = folder_of_fields(1);
    let (code, stdout, _) = output(
        blastscope()
            .args(["live", "--fps", "50", "--hold", "9", "--repeat", "--frames", "4", "--source"])
            .arg(folder.path())
            .arg("--model")
            .arg(model()),
    );
    assert_eq!(code, Some(0));
    assert!(stdout.contains("settling: 1 of 3 frames") && stdout.contains("4 frames of 1 views"), "{stdout}");
}

#[test]
fn a_slide_that_stands_still_is_one_field() {
    let folder = folder_of_fields(1);
    let (code, stdout, stderr) = output(
        blastscope()
            .args(["live", "--fps", "50", "--hold", "9", "--repeat", "--frames", "150", "--source"])
            .arg(folder.path())
            .arg("--model")
            .arg(model()),
    );
    assert_eq!(code, Some(0), "{stderr}");
    assert!(
        stdout.contains("slide: Not enough yet: ") && stdout.contains("; 1 field with a verdict; not a"),
        "{stdout}"
    );
}

#[test]
fn live_says_what_is_wrong_with_a_source() {
    let empty = tempfile::tempdir().expect("a folder");
    let (code, _, stderr) =
        output(blastscope().args(["live", "--source"]).arg(empty.path()).arg("--model").arg(model()));
    assert_eq!(code, Some(1));
    assert!(stderr.contains("holds no pictures"), "{stderr}");
    if !Path::new("/dev/video0").exists() {
        let (code, _, stderr) = output(blastscope().args(["live", "--source", "camera", "--model"]).arg(model()));
        assert_eq!(code, Some(1));
        assert!(stderr.contains("no camera found") && stderr.contains("blastscope live --source"), "{stderr}");
    }
}
