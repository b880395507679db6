//! One judge decides: `classify` and `live` agree on a picture, also with site settings stricter than the model.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::Duration,
};

use blastscope::{
    config,
    model::Loaded,
    record::{Judgement, Said},
};
use blastscope_core::{
    drawn_field,
    frame::Frame,
    pipeline::{Action, Appraisal, Pipeline, Settings, Statement},
};
use blastscope_shared::{
    Class, Classifier, Judge, Observation, RgbPixels,
    judge::{Scores, Thresholds},
    sight::Blank,
};
use serde_json::Value;

use crate::binary;

fn run(arguments: &[&str]) -> Vec<Value> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_blastscope"));
    command.env_remove("BLASTSCOPE_MODEL").env_remove("BLASTSCOPE_CONFIG").env("BLASTSCOPE_DATA_DIR", "/nonexistent");
    let Output { status, stdout, stderr } = command.args(arguments).stdin(Stdio::null()).output().expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    assert!(status.success(), "{arguments:?}: {}", text(stderr));
    text(stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// Fields of several shapes, and a picture that the gate rejects.
fn slides(folder: &Path) -> PathBuf {
    let slides = folder.join("slides");
    fs::create_dir(&slides).expect("a folder");
    for shift in 0..6 {
        let field = drawn_field::field(320, 240, 13 * shift);
        let path = slides.join(format!("{shift}.png"));
        image::save_buffer(path, field.bytes(), 320, 240, image::ExtendedColorType::Rgb8).expect("written");
    }
    image::save_buffer(slides.join("dark.png"), &[3; 3 * 64 * 64], 64, 64, image::ExtendedColorType::Rgb8)
        .expect("written");
    slides
}

#[test]
fn classify_and_live_say_the_same_of_every_picture_by_the_same_settings() {
    let folder = tempfile::tempdir().expect("a folder");
    let slides = slides(folder.path()).display().to_string();
    let model = binary::model().display().to_string();
    for (settings, reason) in [
        ("", None),
        ("min_probability = 1.0", Some("not sure enough")),
        ("max_novelty = 0.001", Some("unlike the fields")),
    ] {
        let config = folder.path().join("blastscope.toml");
        fs::write(&config, format!("[pipeline]\n{settings}\n")).expect("written");
        let config = config.display().to_string();
        let classified = run(&["classify", &slides, "--model", &model, "--config", &config, "--json"]);
        let live = run(&["live", "--source", &slides, "--model", &model, "--config", &config, "--json", "--fps", "20"]);
        let named = classified.iter().filter(|line| line["verdict"] != "abstain").count();
        assert_eq!((classified.len(), named > 0), (7, reason.is_none()), "{settings}: {named} named");
        // A slow machine drops frames: the latest one wins.
        assert!(!live.is_empty(), "{settings}");
        for live in &live {
            let file = live["file"].as_str().expect("a file");
            let is_of = |line: &&Value| line["file"].as_str().is_some_and(|path| path.ends_with(file));
            let classified = classified.iter().find(is_of).expect("the same picture");
            let verdict = &classified["verdict"];
            if file.ends_with("dark.png") {
                assert_eq!((verdict, &live["frame_verdict"]), (&"abstain".into(), &"rejected".into()), "{settings}");
                continue;
            }
            assert_eq!(
                (verdict, verdict),
                (&live["verdict"], &live["frame_verdict"]),
                "{settings}: {classified} {live}"
            );
            assert_eq!(classified["reason"], live["reason"], "{settings}: {file}");
            assert_eq!(classified["probabilities"], live["frame_probabilities"], "{settings}: {file}");
            assert_eq!(classified["logits"], live["logits"], "{settings}: {file}");
            let is_the_reason = |reason| classified["reason"].as_str().is_some_and(|why| why.starts_with(reason));
            assert!(reason.is_none_or(is_the_reason), "{settings}: {classified}");
        }
    }
}

const TINY: &[u8] = include_bytes!("../../../tests/golden/tiny.bsm");

/// A class, or the reason for its absence.
type Answer = (Option<Class>, Option<String>);

/// What is said of one frame: on its own, as in maps and `classify`; by the pipeline about the frame and its view; and by the
/// record.
fn said(settings: &config::Pipeline, shift: usize) -> (Appraisal, Vec<Answer>) {
    let classifier = settings.judged(Classifier::read(TINY).expect("the tiny model"));
    let picture = drawn_field::field(320, 240, shift);
    let appraisal = Appraisal::of(&picture, &classifier, &mut classifier.workspace());
    let single = Settings { settle: 1, same_view: -1.0, ..Settings::new(*classifier.judge()) };
    let mut pipeline = Pipeline::new(Loaded::new(&classifier), single);
    let frame = Frame { picture, sequence: 0, time: Duration::ZERO, name: None, original: None };
    let Action::Show(reading) = pipeline.step(&frame, frame.time).swap_remove(0) else { panic!("a reading") };
    let of_frame = reading.frame.as_ref().expect("drawn fields pass the gate");
    assert_eq!((of_frame, of_frame.probabilities()), (&appraisal.assessment, reading.probabilities));
    let Judgement { said: Said { class, reason, .. }, .. } = Judgement::of(&reading, "").expect("a picture");
    let alone = Statement::Verdict(of_frame.verdict);
    let said = vec![
        (appraisal.class(), appraisal.reason()),
        (alone.class(), alone.reason()),
        (reading.statement.class(), reading.statement.reason()),
        (class, reason),
    ];
    (appraisal, said)
}

#[test]
fn with_stricter_settings_all_that_is_said_of_a_frame_agrees() {
    let strict = |min_probability, max_novelty| config::Pipeline { min_probability, max_novelty, ..Default::default() };
    let mut named = 0;
    for shift in 0..8 {
        let (_, usual) = said(&strict(None, None), shift);
        named += usize::from(usual[0].0.is_some());
        for (settings, reason) in
            [(strict(Some(1.0), None), "not sure enough"), (strict(None, Some(0.001)), "unlike the fields")]
        {
            let (appraisal, all) = said(&settings, shift);
            assert!(all.iter().all(|one| *one == all[0]), "{all:?}");
            assert_eq!(all[0].0, None);
            assert!(all[0].1.as_ref().is_some_and(|why| why.starts_with(reason)), "{all:?}");
            assert!(appraisal.sentence().starts_with(&format!("no verdict: {reason}")), "{}", appraisal.sentence());
        }
        assert!(usual.iter().all(|one| *one == usual[0]), "{usual:?}");
    }
    assert!(named > 0, "with the model's own thresholds some field gets a class");
}

#[test]
fn nothing_seen_has_no_number_anywhere_and_is_kept_as_an_abstention() {
    for (blank, reason) in [(Blank::NoCells, "no nucleated cell"), (Blank::NotFinite, "is not finite")] {
        let judge = Judge::new(Thresholds { min_probability: 0.6, min_subtype: 0.5, max_novelty: 2.0 });
        let settings = Settings { settle: 1, same_view: -1.0, ..Settings::new(judge) };
        let nothing = move |_: &RgbPixels| Observation::<Scores>::Nothing(blank);
        let picture = drawn_field::field(320, 240, 0);
        let frame = Frame { picture, sequence: 0, time: Duration::ZERO, name: None, original: None };
        let Action::Show(reading) = Pipeline::new(nothing, settings).step(&frame, frame.time).swap_remove(0) else {
            panic!("a reading")
        };
        assert_eq!((reading.statement.class(), reading.probabilities), (None, None));
        let judgement = Judgement::of(&reading, &"ab".repeat(32)).expect("a picture");
        assert_eq!((judgement.logits, judgement.probabilities, judgement.novelty), (None, None, None));
        assert_eq!(judgement.said.kind.name(), "abstain");
        assert!(judgement.said.reason.as_ref().is_some_and(|said| said.contains(reason)), "{judgement:?}");
        let json = serde_json::to_string(&judgement).expect("written");
        assert!(json.contains("\"logits\":null") && json.contains("\"probabilities\":null"), "{json}");
    }
}
