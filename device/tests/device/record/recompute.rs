//! The record's statements follow from the pictures in it.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, SystemTime},
};

use blastscope::{
    commands::record::recompute::recompute,
    model::{Loaded, open},
    record::{Judgement, NewField, NewSession, PictureOrigin, Record, RecordReader, StoredPicture},
    source::{Encoding, RawFrame},
};
use blastscope_core::{
    drawn_field,
    frame::Frame,
    pipeline::{Action, Pipeline, Settings},
};
use blastscope_shared::{RgbPixels, classifier::Classifier, engine::network::Execution};

use crate::record::samples::new_session;

use crate::binary::model;

fn classifier() -> Classifier {
    open(&model(), Execution::default()).expect("the model")
}

fn jpeg(picture: &RgbPixels) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let (width, height) = (picture.width() as u32, picture.height() as u32);
    let (colour, format) = (image::ExtendedColorType::Rgb8, image::ImageFormat::Jpeg);
    image::write_buffer_with_format(&mut bytes, picture.bytes(), width, height, colour, format).expect("encoded");
    bytes.into_inner()
}

/// Frames as each kind of camera and a folder deliver them: a drawn field, a black picture, and one in raw pixels.
fn frames() -> Vec<Frame> {
    let drawn = |seed| drawn_field::field(320, 240, seed);
    let black = RgbPixels::new(96, 72, vec![0; 96 * 72 * 3]).expect("three bytes a pixel");
    let yuyv = drawn(9).bytes().iter().take(320 * 240 * 2).map(|&value| value.clamp(16, 235)).collect();
    [
        (jpeg(&drawn(1)), Encoding::Mjpeg),
        (jpeg(&drawn(2)), Encoding::File),
        (jpeg(&black), Encoding::File),
        (yuyv, Encoding::Yuyv { width: 320, height: 240, stride: 640 }),
        (drawn(3).into_bytes(), Encoding::Rgb { width: 320, height: 240, stride: 960 }),
    ]
    .into_iter()
    .zip(0..)
    .map(|((bytes, encoding), sequence)| {
        let time = Duration::from_secs(sequence);
        RawFrame { bytes, encoding, sequence, time, name: None }.decode().expect("a picture")
    })
    .collect()
}

/// Records the frames as the instrument does; `change` may alter what is written.
fn record(folder: &Path, change: impl Fn(usize, &mut Judgement, &mut StoredPicture)) {
    let classifier = classifier();
    let mut record = Record::open(folder).expect("opened").with_min_free(0);
    let new = NewSession { model_sha256: classifier.model_id().into(), ..new_session("S-1") };
    let session = record.start_session(&new).expect("written").session;
    let settings = Settings { settle: 1, same_view: -1.0, ..Settings::new(*classifier.judge()) };
    let mut pipeline = Pipeline::new(Loaded::new(&classifier), settings);
    for (number, frame) in frames().iter().enumerate() {
        for action in pipeline.step(frame, frame.time) {
            let Action::Show(reading) = action else { continue };
            let mut judgement = Judgement::of(&reading, classifier.model_id()).expect("a picture");
            let mut picture = StoredPicture::of_frame(frame).expect("kept");
            change(number + 1, &mut judgement, &mut picture);
            let new = NewField { taken: SystemTime::now(), since_start: frame.time, judgement, picture };
            record.add_field(session, &new).expect("written");
        }
    }
}

#[test]
fn what_was_measured_comes_out_again_to_the_last_bit() {
    let folder = tempfile::tempdir().expect("a folder");
    record(folder.path(), |_, _, _| ());
    let reader = RecordReader::open(folder.path()).expect("opened");
    let found = recompute(&reader, None, &[classifier()]).expect("read");
    assert!(found.is_confirmed() && found.fields == 5, "{found:?}");
    let fields = reader.fields("1".parse().expect("a number"), 0, 10).expect("read");
    let kept: Vec<_> = fields.iter().map(|field| field.picture_origin).collect();
    use PictureOrigin::{Pixels, Source};
    assert_eq!(kept, [Source, Source, Source, Pixels, Pixels]);
    assert!(fields.iter().any(|field| field.judgement.logits.is_some()), "the network has seen something");
    assert!(fields.iter().any(|field| field.judgement.gate != "passed"), "the gate has rejected something");
}

/// An intact chain says nothing about what was put into it.
#[test]
fn what_does_not_follow_from_the_picture_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    record(folder.path(), |number, judgement, picture| match number {
        1 => judgement.logits = judgement.logits.map(|[a, b, c, d]| [a + 0.001, b, c, d]),
        2 => *picture = StoredPicture::lossless(&drawn_field::field(320, 240, 77)).expect("kept"),
        3 => judgement.gate = "passed".into(),
        4 => judgement.novelty = judgement.novelty.map(|novelty| novelty * 1.01),
        _ => judgement.quality.focus += 0.01,
    });
    let reader = RecordReader::open(folder.path()).expect("opened");
    assert!(blastscope::record::verify::verify(folder.path(), &[]).expect("read").intact);
    let found = recompute(&reader, None, &[classifier()]).expect("read");
    let named = |sequence: u64| -> Vec<&str> {
        found.differences.iter().filter(|found| found.sequence == sequence).map(|found| found.what).collect()
    };
    let fields = reader.fields("1".parse().expect("a number"), 0, 10).expect("read");
    if fields[0].judgement.logits.is_some() {
        assert_eq!(named(1), ["logits"], "{found:?}");
    }
    assert!(named(2).contains(&"quality"), "{found:?}");
    assert!(named(3).contains(&"gate"), "{found:?}");
    assert_eq!(named(5), ["quality"], "{found:?}");
    assert!(!found.is_confirmed() && found.differing >= 3);
}

#[test]
fn the_command_confirms_names_what_differs_and_asks_for_models() {
    let (sound, spoiled) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    record(sound.path(), |_, _, _| ());
    record(spoiled.path(), |number, judgement, _| {
        if number == 5 {
            judgement.quality.focus += 0.5;
        }
    });
    let run = |folder: &Path, more: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_blastscope"))
            .args(["verify", "--recompute", "--data-dir"])
            .arg(folder)
            .args(more)
            .stdin(Stdio::null())
            .output()
            .expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let tiny = model().display().to_string();
    let (code, stdout) = run(sound.path(), &["--model", &tiny]);
    assert!(code == Some(0) && stdout.contains("5 fields recomputed"), "{stdout}");
    let (code, stdout) = run(spoiled.path(), &["--model", &tiny]);
    assert!(code == Some(1) && stdout.contains("field 5 of session 1, quality: recorded"), "{stdout}");
    let (code, stdout) = run(spoiled.path(), &["--model", &tiny, "--json"]);
    let json: serde_json::Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!((code, &json["recomputation"]["differences"][0]["what"]), (Some(1), &"quality".into()));
    let other = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/blastscope.bsm").display().to_string();
    let (code, stdout) = run(sound.path(), &["--model", &other]);
    assert!(
        code == Some(1) && stdout.contains("5 fields were judged by the model") && stdout.contains("--model"),
        "{stdout}"
    );
}

/// Cost of a field in bytes and time, printed with `--nocapture`; a lossless picture is never larger than its pixels.
#[test]
fn a_lossless_picture_costs_less_than_its_pixels() {
    let mut state = 1_u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) % 7) as i8 - 3
    };
    for (width, height) in [(640, 480), (1280, 960)] {
        let drawn = drawn_field::field(width, height, 5);
        let bytes = drawn.bytes().iter().map(|value| value.saturating_add_signed(noise())).collect();
        let picture = RgbPixels::new(width, height, bytes).expect("three bytes a pixel");
        let start = std::time::Instant::now();
        let kept = StoredPicture::lossless(&picture).expect("kept");
        let milliseconds = start.elapsed().as_secs_f64() * 1000.0;
        let (pixels, png, thumbnail) = (picture.bytes().len(), kept.file.bytes.len(), kept.thumbnail.bytes().len());
        let jpeg = jpeg(&picture).len();
        println!(
            "{width} x {height}: {pixels} bytes of pixels, {png} as PNG, {jpeg} as a camera's JPEG, {thumbnail} of thumbnail, \
             {milliseconds:.0} ms"
        );
        assert!(png < pixels && thumbnail < 60_000);
        assert_eq!(kept.file.pixels(), Ok(picture));
    }
}
