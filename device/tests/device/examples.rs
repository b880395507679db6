//! Every example of every help text and of the README parses; those that can run here do run.

use std::{
    fs,
    num::NonZero,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, SystemTime},
};

use blastscope::record::{
    Judgement, Label, NewField, NewOpinion, NewSession, Record, Said, Says, StoredPicture, VerdictKind,
};
use blastscope_core::drawn_field;
use blastscope_shared::{
    Class,
    artifact::{self, signing::SecretKey},
    field::gate::Quality,
};

use crate::binary;

/// Examples that are not run, with the reason; they are still parsed.
const NOT_RUN: [(&str, &str); 13] = [
    ("blastscope live --camera auto", "needs a camera"),
    ("blastscope live --camera /dev/video2 --lock-exposure --hardware board.toml", "needs a camera and pins"),
    ("blastscope live --listen 127.0.0.1:8080 --data-dir data", "serves until it is ended; see page::"),
    ("blastscope live --tui --data-dir data", "needs a terminal; see tui::"),
    (
        "blastscope live --model clinic.bsm --listen 127.0.0.1:8080 --data-dir data",
        "serves until it is ended; see page::",
    ),
    ("blastscope bench --threads 2 --isa scalar --json", "the scalar kernels take half a minute; see bench::"),
    ("blastscope bench --soak 100000 --threads 2", "takes hours; see bench::"),
    ("sudo blastscope token", "needs the superuser; see service::"),
    ("sudo blastscope token --forget && sudo systemctl restart blastscope", "needs the superuser and systemd"),
    ("sudo blastscope install-service", "needs the superuser; see service::"),
    ("sudo blastscope install-service --uninstall", "needs the superuser; see service::"),
    (
        "blastscope verify --data-dir data --recompute --model models/blastscope.bsm",
        "the record of this test is made up; see record::recompute",
    ),
    ("blastscope doctor --hardware board.toml", "needs pins; see doctor::"),
];

/// Examples whose exit status depends on the machine, with the other allowed status.
const MACHINE_DECIDES: [(&str, i32); 4] = [
    ("blastscope cameras", 1),
    ("blastscope cameras --json", 1),
    ("blastscope doctor", 1),
    ("blastscope doctor --model first.bsm --json", 1),
];

/// Options that shorten long examples.
const SHORTER: [(&str, &str); 3] = [
    ("blastscope bench", " --frames 1"),
    ("blastscope bench --input", " --frames 1"),
    ("blastscope live --source slides/ --fps 5", " --frames 2"),
];

/// The examples of all help texts.
fn examples() -> Vec<String> {
    let command = blastscope::commands::command();
    let help = |command: &clap::Command| command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let texts = command.get_subcommands().map(help).chain([help(&command)]);
    let is_example = |line: &&str| ["blastscope ", "sudo blastscope "].iter().any(|begin| line.starts_with(begin));
    texts
        .flat_map(|text| text.lines().map(str::trim).filter(is_example).map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

/// The words of a line's first command, without `sudo`.
fn words(line: &str) -> Vec<String> {
    let words = shlex::split(line).unwrap_or_else(|| panic!("quotes of {line}"));
    words
        .into_iter()
        .skip_while(|word| word == "sudo")
        .take_while(|word| !["&&", "|", ">", "<"].contains(&word.as_str()))
        .collect()
}

#[test]
fn every_example_is_understood() {
    let mut lines = examples();
    assert!(lines.len() > 30, "{lines:?}");
    for (example, reason) in NOT_RUN {
        assert!(lines.iter().any(|line| line == example), "this example no longer exists: {example} ({reason})");
    }
    for (example, _) in MACHINE_DECIDES.map(|(example, _)| (example, "")).into_iter().chain(SHORTER) {
        assert!(lines.iter().any(|line| line == example), "this example no longer exists: {example}");
    }
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).expect("the README");
    let is_call = |line: &&str| line.starts_with("blastscope ") || line.starts_with("sudo blastscope ");
    // In blocks and within sentences and tables.
    let calls: Vec<&str> = readme.lines().chain(readme.split('`').skip(1).step_by(2)).filter(is_call).collect();
    assert!(calls.len() >= 12, "{calls:?}");
    lines.extend(calls.into_iter().map(str::to_owned));
    for line in lines {
        // What a shell would insert there.
        let line = line.replace("$HEAD", &"0".repeat(64));
        if let Err(error) = blastscope::commands::command().try_get_matches_from(words(&line)) {
            panic!("{line}\n{error}");
        }
    }
}

/// Creates everything that the examples name.
fn workspace(root: &Path) {
    let tiny = fs::read(binary::model()).expect("the golden model");
    fs::create_dir_all(root.join("slides/monday")).expect("folders");
    for (at, name) in ["1.bmp", "2.png", "monday/3.jpg"].into_iter().enumerate() {
        let field = drawn_field::field(320, 240, at * 31);
        image::save_buffer(root.join("slides").join(name), field.bytes(), 320, 240, image::ColorType::Rgb8)
            .expect("a picture");
    }
    fs::write(root.join("first.bsm"), &tiny).expect("written");
    fs::create_dir_all(root.join("data/trusted-keys")).expect("folders");
    fs::create_dir_all(root.join("usb")).expect("a folder");
    let key = SecretKey::from_seed(&[7; 32]);
    let public = key.public().to_text("laboratory");
    fs::write(root.join("data/trusted-keys/laboratory.pub"), &public).expect("written");
    fs::write(root.join("laboratory.pub"), &public).expect("written");
    for (version, path) in [(1, "usb/blastscope.bsm"), (2, "blastscope-signed.bsm")] {
        let signed = artifact::sign(&tiny, &key, NonZero::new(version).expect("from 1 up")).expect("signed");
        fs::write(root.join(path), signed).expect("written");
    }
    // The token that the page draws at its first start.
    fs::write(root.join("data/page-token"), "0123456789abcdef".repeat(2)).expect("written");
    let classifier =
        blastscope::model::open(&binary::model(), blastscope_shared::engine::network::Execution::default());
    let hash = classifier.expect("a model").model_id().to_owned();
    let mut record = Record::open(&root.join("data")).expect("a record").with_min_free(0);
    for session in 0..4u32 {
        let new = NewSession {
            specimen: format!("specimen-{session}"),
            operator: "A. B.".into(),
            started: SystemTime::now(),
            model_name: "tiny".into(),
            model_sha256: hash.clone(),
            config_sha256: "00".repeat(32),
            program_version: env!("CARGO_PKG_VERSION").into(),
            code_hash: "test".into(),
            device_id: "test".into(),
            slide: blastscope_shared::judge::slide::SlidePooling::UNMEASURED,
        };
        let id = record.start_session(&new).expect("started").session;
        for at in 0..12usize {
            let said = Said {
                kind: VerdictKind::Abstain,
                class: None,
                probability: None,
                reason: Some("not sure enough".into()),
            };
            let quality = Quality { focus: 0.4, background: 220, cells: 90, clipped: 0.0, foreign: 0.0, stained: 0.2 };
            let judgement = Judgement {
                said,
                probabilities: None,
                logits: None,
                novelty: None,
                gate: "passed".into(),
                quality,
                model_sha256: hash.clone(),
                frames: 1,
                seen_cells: None,
            };
            let picture = drawn_field::field(320, 240, at * 4 + session as usize);
            let picture = StoredPicture::lossless(&picture).expect("encoded");
            let field = NewField { taken: SystemTime::now(), since_start: Duration::ZERO, judgement, picture };
            let sequence = record.add_field(id, &field).expect("saved").sequence.expect("a field");
            let says = Says::Corrects(Label::Class(Class::ALL[(session as usize + at) % 2 * 2]));
            let opinion = NewOpinion { at: SystemTime::now(), by: "A. B.".into(), says, note: String::new() };
            record.add_opinion(id, sequence, &opinion).expect("saved");
        }
    }
}

/// Programs that examples use: our own, and a `jq` that passes everything through.
fn programs(root: &Path) -> PathBuf {
    let folder = root.join("bin");
    fs::create_dir(&folder).expect("a folder");
    symlink(env!("CARGO_BIN_EXE_blastscope"), folder.join("blastscope")).expect("a link");
    let jq = folder.join("jq");
    fs::write(&jq, "#!/bin/sh\nexec cat\n").expect("written");
    fs::set_permissions(&jq, fs::Permissions::from_mode(0o755)).expect("executable");
    folder
}

#[test]
fn every_example_that_can_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    workspace(root);
    let path = format!("{}:{}", programs(root).display(), std::env::var("PATH").unwrap_or_default());
    let run = |line: &str| {
        let mut shell = Command::new("sh");
        shell.args(["-c", line]).current_dir(root).stdin(Stdio::null()).env("PATH", &path).env("NO_COLOR", "1");
        shell.env("BLASTSCOPE_MODEL", "first.bsm").env("BLASTSCOPE_DATA_DIR", "data").env_remove("BLASTSCOPE_CONFIG");
        let output = shell.output().expect("a shell");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (_, verified, stderr) = run("blastscope verify --data-dir data --json");
    let verified: serde_json::Value =
        serde_json::from_str(&verified).unwrap_or_else(|error| panic!("{error}: {stderr}"));
    let head = verified["head"].as_str().expect("a head hash").to_owned();
    let mut failed = Vec::new();
    for example in examples() {
        if NOT_RUN.iter().any(|(other, _)| *other == example) {
            continue;
        }
        let shorter = SHORTER.iter().find(|(other, _)| *other == example).map_or("", |(_, more)| more);
        let line = format!("{example}{shorter}");
        let line = line.replace("/media/usb", "usb").replace("/var/lib/blastscope", "data").replace("$HEAD", &head);
        let other = MACHINE_DECIDES.iter().find(|(other, _)| *other == example).map(|(_, status)| *status);
        let (status, stdout, stderr) = run(&line);
        if status != Some(0) && (other.is_none() || status != other) {
            failed.push(format!("{example}\n  ran as {line}\n  status {status:?}\n{stdout}{stderr}"));
        }
        assert!(!stderr.contains("panicked"), "{example}\n{stderr}");
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
    for written in
        ["verdicts.jsonl", "overlays", "blastscope.toml", "corrected", "clinic.bsm", "session-3.csv", "session-3.pdf"]
    {
        assert!(root.join(written).exists(), "{written}");
    }
}
