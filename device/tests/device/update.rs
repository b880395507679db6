//! `blastscope update` and `blastscope model` as a user at the microscope runs them.

use std::{
    fs,
    num::NonZero,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use blastscope_shared::artifact::{self, signing::SecretKey};
use serde_json::Value;
use tempfile::TempDir;

use crate::binary::{model, output};

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

/// A data directory that trusts the key of seed 7, and a memory stick.
struct Machine {
    folder: TempDir,
}

impl Machine {
    fn new() -> Self {
        let machine = Self { folder: tempfile::tempdir().expect("a folder") };
        fs::create_dir_all(machine.dir().join("trusted-keys")).expect("folders");
        fs::create_dir(machine.stick()).expect("a folder");
        fs::write(machine.dir().join("trusted-keys/lab.pub"), key(7).public().to_text("lab")).expect("written");
        machine
    }

    fn dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn stick(&self) -> PathBuf {
        self.folder.path().join("stick")
    }

    /// A signed model on the stick.
    fn model(&self, version: u32, seed: u8) -> PathBuf {
        let bytes = fs::read(model()).expect("golden");
        let version_number = NonZero::new(version).expect("from 1 up");
        let signed = artifact::sign(&bytes, &key(seed), version_number).expect("usable");
        let path = self.stick().join(format!("model-{version}.bsm"));
        fs::write(&path, signed).expect("written");
        path
    }

    /// The program; only its environment points to this machine.
    fn program(&self, command: &str) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_blastscope"));
        program.current_dir(self.folder.path()).stdin(Stdio::null()).arg(command);
        for variable in ["BLASTSCOPE_MODEL", "BLASTSCOPE_ISA"] {
            program.env_remove(variable);
        }
        program.env("BLASTSCOPE_DATA_DIR", self.dir()).env("NO_COLOR", "1");
        program
    }

    fn update(&self, source: &Path) -> (Option<i32>, String, String) {
        output(self.program("update").arg(source))
    }

    fn running(&self) -> Value {
        let (_, stdout, _) = output(self.program("model").arg("--json"));
        serde_json::from_str(&stdout).expect("one JSON object")
    }
}

fn version(shown: &Value, slot: usize) -> Option<u64> {
    shown["slots"][slot]["version"].as_u64()
}

#[test]
fn a_model_is_installed_used_updated_and_taken_back() {
    let machine = Machine::new();
    let (code, stdout, _) = output(&mut machine.program("model"));
    assert_eq!(code, Some(1), "{stdout}");
    assert!(stdout.contains("no model is installed here") && stdout.contains("lab ("), "{stdout}");

    let (code, stdout, stderr) = machine.update(&machine.model(1, 7));
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains("version 1") && stdout.contains("bit for bit"), "{stdout}");
    let (code, stdout, stderr) = output(machine.program("update").arg(machine.model(2, 7)).arg("--json"));
    let report: Value = serde_json::from_str(&stdout).expect("one JSON object");
    assert_eq!((code, &report["outcome"], &report["former"]), (Some(0), &"installed".into(), &1.into()), "{stderr}");
    assert_eq!(report["self_test"]["fields"], 4);

    let shown = machine.running();
    assert_eq!((&shown["running"], version(&shown, 0), version(&shown, 1)), (&"b".into(), Some(1), Some(2)));
    assert!(shown["slots"][1]["signer"].as_str().is_some_and(|signer| signer.starts_with("lab (")), "{shown}");
    assert_eq!(shown["slots"][1]["recorded"]["self_test"]["fields"], 4);
    let (code, stdout, _) = output(&mut machine.program("model"));
    assert_eq!(code, Some(0));
    assert!(stdout.contains("slot b  runs  tiny version 2") && stdout.contains("self-test  "), "{stdout}");

    let picture = machine.folder.path().join("field.png");
    let field = blastscope_core::drawn_field::field(320, 240, 0);
    image::save_buffer(&picture, field.bytes(), 320, 240, image::ColorType::Rgb8).expect("written");
    let (code, stdout, stderr) = output(machine.program("classify").arg(&picture));
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert!(stdout.starts_with("model tiny ") && stdout.contains(" version 2 "), "{stdout}");
    let (_, stdout, _) = output(machine.program("classify").arg(&picture).arg("--model").arg(model()));
    assert!(stdout.contains("unsigned"), "{stdout}");
    let (_, stdout, stderr) = output(machine.program("classify").arg(&picture).arg("--model").arg(machine.model(3, 8)));
    assert!(stdout.contains("version 3") && stderr.contains("no trusted key fits"), "{stdout} {stderr}");

    let (code, stdout, _) = output(machine.program("update").arg("--rollback"));
    assert_eq!(code, Some(0));
    assert!(stdout.contains("version 1") && stdout.contains("runs again"), "{stdout}");
    assert_eq!(machine.running()["running"], "a");
}

#[test]
fn a_damaged_slot_is_a_warning_on_every_screen_and_the_other_model_runs() {
    let machine = Machine::new();
    machine.update(&machine.model(1, 7));
    machine.update(&machine.model(2, 7));
    fs::write(machine.dir().join("models/b.bsm"), b"").expect("written");
    let (code, stdout, _) = output(&mut machine.program("model"));
    assert_eq!(code, Some(0), "{stdout}");
    assert!(stdout.contains("slot a  runs") && stdout.contains("warning: ") && stdout.contains("b.bsm"), "{stdout}");
    let folder = machine.folder.path().join("pictures");
    fs::create_dir(&folder).expect("a folder");
    let field = blastscope_core::drawn_field::field(320, 240, 0);
    image::save_buffer(folder.join("a.png"), field.bytes(), 320, 240, image::ColorType::Rgb8).expect("written");
    for command in [["classify", "pictures"].as_slice(), &["live", "--source", "pictures", "--fps", "50"]] {
        let (code, stdout, stderr) = output(machine.program(command[0]).args(&command[1..]));
        assert_eq!(code, Some(0), "{stderr}");
        assert!(stdout.contains("version 1") && stderr.contains("runs instead"), "{stdout} {stderr}");
    }
    let (code, stdout, _) = output(&mut machine.program("doctor"));
    assert_eq!(code, Some(0), "{stdout}");
    assert!(stdout.contains("look    installed model"), "{stdout}");
}

#[test]
fn refusals_are_sentences_with_status_1_and_wrong_usage_is_2() {
    let machine = Machine::new();
    machine.update(&machine.model(5, 7));
    let (code, stdout, stderr) = machine.update(&model());
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert!(stderr.contains("tiny.bsm is not signed") && stderr.contains("nothing was changed"), "{stderr}");
    let (code, stdout, _) = output(machine.program("update").arg(machine.model(4, 7)).arg("--json"));
    let report: Value = serde_json::from_str(&stdout).expect("one JSON object");
    assert_eq!((code, &report["outcome"]), (Some(1), &"unchanged".into()));
    assert!(
        report["reason"].as_str().is_some_and(|reason| reason.contains("older than the installed version 5")),
        "{report}"
    );
    let (code, _, stderr) = output(machine.program("update").args(["--rollback"]));
    assert_eq!(code, Some(1));
    assert!(stderr.contains("no model to go back to"), "{stderr}");
    assert_eq!(output(&mut machine.program("update")).0, Some(2));
    assert_eq!(output(machine.program("update").args(["--rollback", "x.bsm"])).0, Some(2));
    for command in ["update", "model"] {
        let (code, stdout, _) = output(machine.program(command).arg("--help"));
        assert_eq!(code, Some(0));
        assert!(stdout.contains(&format!("blastscope {command} ")) && stdout.contains("Examples:"), "{stdout}");
    }
}

/// Ends a process at the end of a test, also if the test fails.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The program killed at different moments: whatever it was doing, one of the two models runs, and its leftovers do not block the
/// next update.
#[test]
fn a_killed_update_leaves_one_of_both_models_running() {
    let machine = Machine::new();
    machine.update(&machine.model(1, 7));
    let mut newest = 1;
    for step in 0..12 {
        let source = machine.model(newest + 1, 7);
        let child = machine.program("update").arg(&source).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = Killed(child.expect("the binary runs"));
        std::thread::sleep(std::time::Duration::from_millis(step * 3));
        drop(child);
        let shown = machine.running();
        let slot = usize::from(shown["running"] == "b");
        let runs = version(&shown, slot).expect("a model runs") as u32;
        assert!(runs == newest || runs == newest + 1, "{shown:#}");
        assert_eq!(shown["warnings"].as_array().map(Vec::len), Some(0), "{shown:#}");
        newest = runs;
    }
    let (code, _, stderr) = machine.update(&machine.model(newest + 1, 7));
    assert_eq!(code, Some(0), "{stderr}");
}
