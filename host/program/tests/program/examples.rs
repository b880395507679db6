//! Every example in the help texts and the README parses; those that can run here do, on drawn fields.

use std::{
    fmt::Write as _,
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use blastscope_host::{data::dataset::Dataset, support::progress::Progress};
use blastscope_program::Cli;
use blastscope_shared::hex;
use clap::CommandFactory as _;

/// Commands whose examples need no training and no model of the drawn fields.
const QUICK: [&str; 5] = ["synth", "audit", "keygen", "sign", "inspect"];

/// Examples that are parsed but not run, and why.
const NOT_RUN: [(&str, &str); 13] = [
    (
        "blastscope-host train --data all_pbs --out runs/paper --split paper --optimizer adamax --backend wgpu",
        "needs a GPU",
    ),
    (
        "blastscope-host train --data all_pbs --out runs/two --backend wgpu --devices 0,1 --precision flex32 --batch-size 64",
        "needs two GPUs; see devices::",
    ),
    (
        "blastscope-host train --data all_pbs --out runs/resnet --arch resnet50 --weights resnet50.pth --learning-rate 0.0001",
        "needs weights of ImageNet; see training::weights",
    ),
    (
        "blastscope-host crossval --data all_pbs --out runs/sittings-paper --epochs 5 --schedule one-cycle --jobs 2",
        "trains every fold; see crossval::",
    ),
    (
        "blastscope-host crossval --data all_pbs --out runs/groups --by group --folds 10 --recipe robust --json",
        "trains ten folds; see crossval::",
    ),
    ("blastscope-host reproduce --data all_pbs --out paper", "trains for days; see reproduce::"),
    (
        "blastscope-host reproduce --data all_pbs --out paper --only optimizers,paper",
        "trains for days; see reproduce::",
    ),
    (
        "blastscope-host reproduce --data all_pbs --out paper --resnet-weights resnet50.pth --yolo-weights yolov8n-cls.pt",
        "trains for days, from weights of ImageNet; see reproduce::",
    ),
    ("blastscope-host reproduce --quick --out try", "trains twenty networks; see reproduce::"),
    (
        "blastscope-host throughput --arch resnet50 --batch-size 64 --backend wgpu --precision flex32 --json",
        "needs a GPU",
    ),
    ("blastscope-host throughput --backend wgpu --devices 0,1 --batch-size 128", "needs two GPUs"),
    (
        "blastscope-host quantize --run runs/first --out models/first.bsm --fine-tune 400",
        "takes minutes; tests/tests/crossing/whole_loop.rs takes 20 steps",
    ),
    ("blastscope-host doctor --backends", "takes a minute; see training::agreement"),
];
/// Options that shorten an example, and the folds that suffice.
const SMALL: &str = " --arch allcnn-small --epochs 1 --per-class 16 --batch-size 8 --backend flex";

/// Options added to an example so that it takes seconds.
fn shorter(example: &str) -> String {
    let command = example.split_whitespace().nth(1).unwrap_or_default();
    match command {
        "train" if example.contains("--resume") => " --backend flex".into(),
        "train" if example.contains("robust") => SMALL.into(),
        "train" => format!("{SMALL} --image-size 64"),
        "crossval" => format!("{SMALL} --only Benign-a"),
        "throughput" => " --arch allcnn-small --image-size 64 --batch-size 4 --steps 1 --backend flex".into(),
        "synth" => " --per-class 2".into(),
        _ => String::new(),
    }
}

/// The examples of all help texts.
fn examples() -> Vec<String> {
    let command = Cli::command();
    let help = |command: &clap::Command| command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let texts: Vec<String> = command.get_subcommands().map(help).collect();
    let lines = texts.iter().flat_map(|text| text.lines().map(str::trim));
    lines.filter(|line| line.starts_with("blastscope-host ")).map(str::to_owned).collect()
}

/// The words of a line's first command.
fn words(line: &str) -> Vec<String> {
    let words = shlex::split(line).unwrap_or_else(|| panic!("quotes of {line}"));
    words.into_iter().take_while(|word| !["&&", "|", ">", "<"].contains(&word.as_str())).collect()
}

#[test]
fn every_example_is_understood() {
    let mut lines = examples();
    assert!(lines.len() >= 20, "{lines:?}");
    for (example, reason) in NOT_RUN {
        assert!(lines.iter().any(|line| line == example), "there is no such example any more: {example} ({reason})");
    }
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md")).expect("the README");
    // In blocks and within sentences and tables.
    let calls = readme.lines().chain(readme.split('`').skip(1).step_by(2));
    let calls: Vec<&str> = calls.filter(|line| line.starts_with("blastscope-host ")).collect();
    assert!(calls.len() >= 9, "{calls:?}");
    lines.extend(calls.into_iter().map(str::to_owned));
    for line in lines {
        if let Err(error) = Cli::command().try_get_matches_from(words(&line)) {
            panic!("{line}\n{error}");
        }
    }
}

/// A folder that contains the names used in examples.
struct Workspace {
    folder: tempfile::TempDir,
}

impl Workspace {
    /// With a drawn data set of this many fields per class, and further ones.
    fn new(sets: &[(&str, usize)]) -> Self {
        let workspace = Self { folder: tempfile::tempdir().expect("a folder") };
        let bin = workspace.at("bin");
        fs::create_dir(&bin).expect("a folder");
        symlink(env!("CARGO_BIN_EXE_blastscope-host"), bin.join("blastscope-host")).expect("a link");
        // A stand-in for the real program, which need not be installed.
        fs::write(bin.join("jq"), "#!/bin/sh\nexec cat\n").expect("written");
        fs::set_permissions(bin.join("jq"), fs::Permissions::from_mode(0o755)).expect("executable");
        workspace.must("blastscope-host synth --out all_pbs --per-class 14 --size 224x224");
        let data = Dataset::scan(&workspace.at("all_pbs"), None, Progress::Silent).expect("drawn fields");
        let mut table = "file,sha256,overlap_group,session\n".to_owned();
        for (at, image) in data.images.iter().enumerate() {
            let sitting = if at % 2 == 0 { "a" } else { "b" };
            writeln!(table, "{},{},{at},{}-{sitting}", image.file, hex(&image.sha256), image.class).expect("a line");
        }
        fs::write(workspace.at("groups.csv"), &table).expect("written");
        fs::write(workspace.at("all_pbs/groups.csv"), table).expect("written");
        for (seed, (name, fields)) in sets.iter().enumerate() {
            let seed = seed + 10;
            workspace
                .must(&format!("blastscope-host synth --out {name} --per-class {fields} --size 224x224 --seed {seed}"));
        }
        for name in ["models", "measured", "home/keys"] {
            fs::create_dir_all(workspace.at(name)).expect("a folder");
        }
        workspace
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn copy(&self, from: &str, to: &str) {
        fs::copy(self.at(from), self.at(to)).unwrap_or_else(|error| panic!("{from} to {to}: {error}"));
    }

    /// The shipped models: one sees cells, one whole fields.
    fn shipped_models(&self) {
        for name in ["blastscope.bsm", "paper.bsm"] {
            let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models").join(name);
            fs::copy(&from, self.at("models").join(name)).expect("a shipped model");
        }
        self.copy("models/paper.bsm", "first.bsm");
    }

    /// Runs a line in a shell. Returns its status and output.
    fn run(&self, line: &str) -> (Option<i32>, String) {
        let path = format!("{}:{}", self.at("bin").display(), std::env::var("PATH").unwrap_or_default());
        let mut shell = Command::new("sh");
        shell.args(["-c", line]).current_dir(self.folder.path()).stdin(Stdio::null());
        let output = shell.env("PATH", path).env("HOME", self.at("home")).output().expect("a shell");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout) + &text(&output.stderr))
    }

    fn must(&self, line: &str) {
        let (status, text) = self.run(line);
        assert_eq!(status, Some(0), "{line}\n{text}");
    }

    /// Runs a shortened example. Returns the error, if any.
    fn example(&self, example: &str) -> Option<String> {
        let mut line = example.to_owned();
        if example.starts_with("blastscope-host synth") {
            let per_class = line.find("--per-class").expect("a number of fields");
            let rest = line[per_class..].split_whitespace().skip(2).collect::<Vec<_>>().join(" ");
            line = format!("{}{rest}", &line[..per_class]);
        }
        line.push_str(&shorter(example));
        let (status, text) = self.run(&line);
        assert!(!text.contains("panicked"), "{line}\n{text}");
        (status != Some(0)).then(|| format!("{example}\n  ran as {line}\n  status {status:?}\n{text}"))
    }
}

fn command_of(example: &str) -> &str {
    example.split_whitespace().nth(1).unwrap_or_default()
}

#[test]
fn every_example_that_needs_no_training_runs() {
    let workspace = Workspace::new(&[("other_clinic", 2)]);
    workspace.shipped_models();
    let mut failed = Vec::new();
    let all = examples();
    for command in QUICK {
        for example in all.iter().filter(|example| command_of(example) == command) {
            failed.extend(workspace.example(example));
        }
        if command == "keygen" {
            for (from, to) in [
                ("laboratory.key", "laboratory.key"),
                ("laboratory.key", "clinic.key"),
                ("laboratory.pub", "laboratory.pub"),
                ("laboratory.pub", "new.pub"),
            ] {
                workspace.copy(&format!("home/keys/{from}"), to);
            }
            workspace.must("blastscope-host keygen --out old");
            workspace.copy("models/blastscope.bsm", "next.bsm");
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

/// The outcome of a retraining depends on its measurements: refusing a worse challenger is as valid as writing a better one.
fn is_refused_as_worse(failure: &str) -> bool {
    failure.starts_with("blastscope-host retrain ") && failure.contains("the challenger is worse than the model in use")
}

#[test]
fn every_example_around_a_training_runs() {
    let workspace = Workspace::new(&[
        ("clinic", 30),
        ("other_clinic", 2),
        ("monday", 2),
        ("tuesday", 2),
        ("other_laboratory", 2),
        ("holidays", 2),
    ]);
    let (mut failed, mut done) = (Vec::new(), 0);
    let all = examples();
    let mut run = |commands: &[&str]| {
        for command in commands {
            for example in all.iter().filter(|example| command_of(example) == *command) {
                if !NOT_RUN.iter().any(|(other, _)| other == example) {
                    done += 1;
                    failed.extend(workspace.example(example).filter(|failure| !is_refused_as_worse(failure)));
                }
            }
        }
    };
    run(&["train", "quantize"]);
    workspace.must("blastscope-host quantize --run runs/robust --out models/blastscope.bsm");
    workspace.copy("models/first.bsm", "models/paper.bsm");
    workspace.copy("models/first.bsm", "models/retrained.bsm");
    workspace.copy("models/blastscope.bsm", "cells.bsm");
    workspace.copy("models/first.bsm", "fields.bsm");
    workspace.copy("models/first.bsm", "first.bsm");
    workspace.must(
        "blastscope-host evaluate --model models/blastscope.bsm --data other_clinic --split all --json > measured/other.json",
    );
    run(&["jury", "card", "evaluate", "compare", "stress", "adapt", "retrain", "crossval", "throughput"]);
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
    let quick = all.iter().filter(|example| QUICK.contains(&command_of(example))).count();
    let elsewhere = all.iter().filter(|example| example.starts_with("blastscope-host sign next.bsm")).count();
    assert!(
        done + quick + NOT_RUN.len() >= all.len() && elsewhere == 1,
        "every example is run or named: {done} {quick} {all:?}"
    );
}
