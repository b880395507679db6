//! Updates that are refused, interrupted at every step, and rolled back.

mod interrupted;
mod refused;

use std::{
    fs,
    num::NonZero,
    path::{Path, PathBuf},
};

use blastscope_shared::{
    Artifact,
    artifact::{self, signing::SecretKey},
    engine::network::Execution,
};
use tempfile::TempDir;

use super::*;
use crate::{
    model::installed::{Installed, state},
    support::disk::{Disk, simulated::Simulated},
};

const TINY: &[u8] = include_bytes!("../../../../tests/golden/tiny.bsm");

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

/// A model called `name`, signed with the key of this seed.
fn model(name: &str, version: u32, seed: u8) -> Vec<u8> {
    let (mut artifact, _) = Artifact::read(TINY).expect("whole");
    artifact.card.name = name.into();
    let bytes = artifact.to_bytes().expect("valid");
    artifact::sign(&bytes, &key(seed), NonZero::new(version).expect("from 1 up")).expect("usable")
}

/// A machine that trusts the key of seed 7, and a folder as memory stick.
struct Machine {
    disk: Simulated,
    dir: DataDir,
    stick: TempDir,
}

impl Machine {
    fn new() -> Self {
        let machine = Self {
            disk: Simulated::default(),
            dir: DataDir::new("/data"),
            stick: tempfile::tempdir().expect("a folder"),
        };
        let text = key(7).public().to_text("of the laboratory");
        machine.disk.put(&machine.dir.trusted_keys().join("laboratory.pub"), text.as_bytes());
        machine
    }

    /// A machine with these versions installed in order; the last one runs.
    fn with(versions: &[u32]) -> Self {
        let machine = Self::new();
        for version in versions {
            let file = machine.file(&format!("{version}.bsm"), &model("tiny", *version, 7));
            machine.install(&file).expect("installed");
            fs::remove_file(file).expect("removed");
        }
        machine
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.stick.path().join(name);
        fs::write(&path, bytes).expect("written");
        path
    }

    fn install(&self, source: &Path) -> Result<Report, UpdateError> {
        self.install_on(&self.disk, source)
    }

    fn install_on(&self, disk: &dyn Disk, source: &Path) -> Result<Report, UpdateError> {
        install(disk, &self.dir, source, None, Execution::default())
    }

    fn refusal(&self, source: &Path) -> String {
        let before = self.disk.files();
        let error = self.install(source).expect_err("refused").to_string();
        assert_eq!(self.disk.files(), before);
        error
    }

    /// Version of the running model, and the warnings.
    fn runs(&self) -> (Option<u32>, Vec<String>) {
        runs_on(&self.disk, &self.dir)
    }
}

fn runs_on(disk: &Simulated, dir: &DataDir) -> (Option<u32>, Vec<String>) {
    let Some(mut installed) = Installed::look(disk, dir) else { return (None, Vec::new()) };
    let version = installed.running(Execution::default()).ok().map(|model| model.version);
    (version, installed.warnings)
}

#[test]
fn an_update_runs_and_the_model_before_is_kept() {
    let machine = Machine::new();
    assert_eq!(machine.runs(), (None, Vec::new()));
    let first = machine.install(&machine.file("first.bsm", &model("one", 3, 7))).expect("installed");
    let Outcome::Installed { slot: Slot::A, entry, former: None, .. } = first.outcome else { panic!("{first:?}") };
    assert_eq!((entry.version, entry.name.as_str()), (3, "one"));
    assert_eq!(entry.signer, format!("laboratory ({})", key(7).public().id()));
    assert_eq!(entry.self_test.expect("tested").fields, 4);
    assert_eq!(machine.runs(), (Some(3), Vec::new()));
    let second = machine.install(&machine.file("second.bsm", &model("two", 4, 7))).expect("installed");
    assert!(matches!(second.outcome, Outcome::Installed { slot: Slot::B, former: Some(3), .. }), "{second:?}");
    let third = machine.install(&machine.file("third.bsm", &model("three", 9, 7))).expect("installed");
    assert!(matches!(third.outcome, Outcome::Installed { slot: Slot::A, former: Some(4), .. }), "{third:?}");
    assert_eq!(machine.runs(), (Some(9), Vec::new()));
}

#[test]
fn what_runs_already_changes_nothing() {
    let machine = Machine::with(&[3]);
    let (before, steps) = (machine.disk.files(), machine.disk.steps());
    let again = machine.install(&machine.file("again.bsm", &model("tiny", 3, 7))).expect("fine");
    assert!(matches!(again.outcome, Outcome::AlreadyRuns { version: 3, .. }), "{again:?}");
    assert_eq!((machine.disk.files(), machine.disk.steps()), (before, steps));
}

#[test]
fn rollback_goes_back_and_forth_and_an_update_follows_it() {
    let machine = Machine::with(&[3, 4]);
    let back = |disk: &Simulated| rollback(disk, &machine.dir, Execution::default());
    let report = back(&machine.disk).expect("there is one");
    assert!(matches!(report.outcome, Outcome::RolledBack { version: 3, former: Some(4), .. }), "{report:?}");
    assert_eq!(machine.runs().0, Some(3));
    back(&machine.disk).expect("there is one");
    assert_eq!(machine.runs().0, Some(4));
    back(&machine.disk).expect("there is one");
    // Version 4 was rolled back, so version 4 and any above the current one are admitted again.
    machine.install(&machine.file("4.bsm", &model("mended", 4, 7))).expect("installed");
    assert_eq!(machine.runs(), (Some(4), Vec::new()));
}

#[test]
fn there_is_no_way_back_from_one_model_nor_to_one_that_was_overwritten() {
    let back =
        |machine: &Machine| rollback(&machine.disk, &machine.dir, Execution::default()).expect_err("none").to_string();
    let none = back(&Machine::new());
    assert!(none.contains("nothing was installed"), "{none}");
    let one = back(&Machine::with(&[1]));
    assert!(one.contains("only one model"), "{one}");
    let machine = Machine::with(&[1, 2]);
    machine.disk.put(&Slot::A.path(&machine.dir), &model("tiny", 3, 7));
    let overwritten = back(&machine);
    assert!(overwritten.contains("interrupted update"), "{overwritten}");
    assert_eq!(machine.runs(), (Some(2), Vec::new()));
    machine.disk.put(&Slot::A.path(&machine.dir), b"\x89BSM damaged");
    let damaged = back(&machine);
    assert!(damaged.contains("slot a"), "{damaged}");
}

#[test]
fn a_damaged_model_gives_way_to_the_one_before_with_a_warning() {
    let machine = Machine::with(&[1, 2]);
    let slot = Slot::B.path(&machine.dir);
    let mut bytes = machine.disk.read(&slot).expect("there");
    bytes[1000] ^= 1;
    machine.disk.put(&slot, &bytes);
    let (version, warnings) = machine.runs();
    assert_eq!((version, warnings.len()), (Some(1), 1));
    assert!(warnings[0].contains("b.bsm") && warnings[0].contains("version 1"), "{warnings:?}");
    // A version older than the damaged one is still refused; the same version repairs it.
    let refusal = machine.refusal(&machine.file("old.bsm", &model("tiny", 1, 7)));
    assert!(refusal.contains("the installed version 2"), "{refusal}");
    machine.install(&machine.file("same.bsm", &model("tiny", 2, 7))).expect("installed");
    assert_eq!(machine.runs(), (Some(2), Vec::new()));
    for slot in Slot::ALL {
        machine.disk.put(&slot.path(&machine.dir), b"");
    }
    assert_eq!(machine.runs().0, None);
    machine.install(&machine.file("same.bsm", &model("tiny", 2, 7))).expect("installed");
    assert_eq!(machine.runs(), (Some(2), Vec::new()));
}

#[test]
fn without_its_state_the_newest_model_runs_and_an_update_writes_it_anew() {
    for damage in [b"{\"format\":1".as_slice(), b"{}", b"{\"format\":2,\"active\":\"a\",\"a\":null,\"b\":null}"] {
        let machine = Machine::with(&[5, 6]);
        rollback(&machine.disk, &machine.dir, Execution::default()).expect("there is one");
        machine.disk.put(&state::path(&machine.dir), damage);
        let (version, warnings) = machine.runs();
        assert_eq!((version, warnings.len()), (Some(6), 1), "{warnings:?}");
        assert!(warnings[0].contains("state.json"), "{warnings:?}");
        machine.install(&machine.file("6.bsm", &model("tiny", 6, 7))).expect("the same one");
        assert_eq!(machine.runs(), (Some(6), Vec::new()));
        machine.install(&machine.file("7.bsm", &model("tiny", 7, 7))).expect("installed");
        assert_eq!(machine.runs(), (Some(7), Vec::new()));
        rollback(&machine.disk, &machine.dir, Execution::default()).expect("there is one");
        assert_eq!(machine.runs(), (Some(6), Vec::new()));
    }
}

#[test]
fn a_key_that_is_no_longer_trusted_stops_its_models() {
    let machine = Machine::with(&[1, 2]);
    machine.disk.put(&machine.dir.trusted_keys().join("laboratory.pub"), key(8).public().to_text("new").as_bytes());
    let mut installed = Installed::look(&machine.disk, &machine.dir).expect("there");
    let error = installed.running(Execution::default()).err().expect("not trusted").to_string();
    assert!(error.contains("no trusted key fits") && error.contains("blastscope update FILE"), "{error}");
}

#[test]
fn a_key_that_is_named_is_trusted_from_then_on_if_it_signed() {
    let machine = Machine::with(&[1]);
    let trusted = || machine.disk.list(&machine.dir.trusted_keys()).expect("listed").len();
    let (other, third) = (key(8).public().to_text("other"), key(9).public().to_text("third"));
    let (other, third) = (machine.file("other.pub", other.as_bytes()), machine.file("third.pub", third.as_bytes()));
    let file = machine.file("2.bsm", &model("tiny", 2, 8));
    let run = |key: &Path| install(&machine.disk, &machine.dir, &file, Some(key), Execution::default());
    assert!(matches!(run(&third), Err(UpdateError::Refused { .. })));
    assert!(matches!(run(&file), Err(UpdateError::Key { .. })));
    assert_eq!((trusted(), machine.runs().0), (1, Some(1)));
    run(&other).expect("installed");
    assert_eq!((trusted(), machine.runs()), (2, (Some(2), Vec::new())));
    let again = install(&machine.disk, &machine.dir, &file, Some(&third), Execution::default()).expect("the same one");
    assert!(matches!(again.outcome, Outcome::AlreadyRuns { .. }));
    assert_eq!(trusted(), 2, "a key that signed nothing is not trusted");
}
