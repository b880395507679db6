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
    let mut named = Vec::new();
    for (settings, reason) in [
        ("", None),
        ("min_probability = 1.0", Some("not sure enough")),
        ("max_novelty = 0.001", Some("unlike the fields")),
    ] {
        let config = folder.path().join("blastscope.toml");
        fs::write(&config, format!("[pipeline]\n{settings}\n")).expect("written");
        let config = config.display().to_string();
        let classified = run(&["classify", &slides, "--model", &model, "--config", &config, "--json"]);
        let live =
            run(&["live", "--source", &slides, "--model", &model, "--config", &config, "--json", "--fps", "1000"]);
        assert_eq!((classified.len(), live.len()), (7, 7), "{settings}");
        for (classified, live) in classified.iter().zip(&live) {
            let file = classified["file"].as_str().expect("a file");
            assert!(file.ends_with(live["file"].as_str().expect("a file")), "{file} {live}");
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
            match reason {
                Some(reason) => {
                    assert_eq!(verdict, "abstain", "{settings}: {file}");
                    assert!(classified["reason"].as_str().is_some_and(|why| why.starts_with(reason)), "{classified}");
                }
                None => named.push(verdict != "abstain"),
            }
        }
    }
    assert!(named.contains(&true), "by the model's own thresholds some field gets a class");
}
