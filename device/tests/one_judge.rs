//! One judge decides: `classify` and `live` say the same of a picture, also where the site's settings are stricter than the model.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use blastscope::drawn_field;
use serde_json::Value;

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
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/tiny.bsm").display().to_string();
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
        // Where the machine is slow, frames are dropped: the latest one wins.
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
