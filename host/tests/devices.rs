//! A training whose batches several devices share. The CPU, named twice, is two devices here.

#![cfg(feature = "flex")]

use std::{
    path::Path,
    process::{Command, Output},
};

use blastscope_host::{run_folder::RunFolder, training::checkpoints};

fn host(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_blastscope-host")).args(arguments).output().expect("the program starts")
}

fn succeed(arguments: &[&str]) -> String {
    let output = host(arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn refused(arguments: &[&str]) -> String {
    let output = host(arguments);
    assert!(!output.status.success(), "{arguments:?} succeeds");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[test]
fn two_shares_learn_what_one_device_learns_and_go_on_after_a_stop() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let fields = text(&folder.path().join("fields"));
    succeed(&["synth", "--out", &fields, "--per-class", "12", "--size", "64x64"]);
    let train = |run: &str, epochs: &str, devices: &str| {
        succeed(&[
            "train",
            "--data",
            &fields,
            "--out",
            run,
            "--arch",
            "allcnn-small",
            "--image-size",
            "32",
            "--epochs",
            epochs,
            "--per-class",
            "24",
            "--batch-size",
            "8",
            "--dropout",
            "0",
            "--backend",
            "flex",
            "--devices",
            devices,
        ])
    };
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    train(&text(&one), "6", "0");
    let told = train(&text(&two), "6", "0,0");
    assert!(told.contains("flex in 2 shares on "), "{told}");
    let epochs = |run: &Path| RunFolder::open(run).expect("a run").epochs().expect("epochs");
    let (alone, shared) = (epochs(&one), epochs(&two));
    assert_eq!((alone.len(), shared.len()), (6, 6));
    // Other batches, so another training; but of the same kind. The few validation fields say little; they would say far more than
    // chance, ln 4, of a network whose statistics stayed where they began.
    assert!(alone[5].train_loss < 0.6 * alone[0].train_loss, "{alone:?}");
    assert!(shared[5].train_loss < 0.6 * shared[0].train_loss, "{shared:?}");
    assert!((shared[5].validation_loss - alone[5].validation_loss).abs() < 1.0, "{alone:?}\n{shared:?}");
    let config = RunFolder::open(&two).expect("a run").config().expect("its configuration");
    assert!(config.hardware.starts_with("flex in 2 shares on "), "{}", config.hardware);

    // One device goes on where two were, and the other way round: a run is not bound to its devices.
    for (folder, devices) in [(&two, "0"), (&one, "0,0")] {
        let run = RunFolder::open(folder).expect("a run");
        assert_eq!(checkpoints::last_complete(&run).expect("listed"), Some(6));
        for name in ["model", "optim", "scheduler"] {
            std::fs::remove_file(run.checkpoints().join(format!("{name}-6.bpk"))).expect("removed");
        }
        let told = succeed(&["train", "--out", &text(folder), "--resume", "--backend", "flex", "--devices", devices]);
        assert!(told.contains("resuming after epoch 5 of 6"), "{told}");
        assert_eq!(epochs(folder).len(), 6);
    }
}

#[test]
fn devices_that_are_not_there_and_batches_that_cannot_be_shared_are_refused_by_name() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let fields = text(&folder.path().join("fields"));
    succeed(&["synth", "--out", &fields, "--per-class", "8", "--size", "64x64"]);
    let run = text(&folder.path().join("run"));
    let train = [
        "train",
        "--data",
        &fields,
        "--out",
        &run,
        "--arch",
        "allcnn-small",
        "--image-size",
        "32",
        "--backend",
        "flex",
    ];
    let refused_with = |more: &[&str]| refused(&[&train[..], more].concat());
    let missing = refused_with(&["--devices", "0,3"]);
    assert!(missing.contains("--devices names 3") && missing.contains("0 (Flex(Cpu))"), "{missing}");
    let no_number = refused_with(&["--devices", "gpu"]);
    assert!(no_number.contains("gpu") && no_number.contains("doctor"), "{no_number}");
    let unequal = refused_with(&["--devices", "0,0,0", "--batch-size", "32"]);
    assert!(unequal.contains("batch of 32") && unequal.contains("--batch-size 33"), "{unequal}");
    let coarse = refused_with(&["--precision", "flex32"]);
    assert!(coarse.contains("--precision flex32") && coarse.contains("use f32"), "{coarse}");
    assert!(!Path::new(&run).exists(), "nothing is left behind");
    let listed = succeed(&["doctor"]);
    assert!(listed.contains("flex       device 0, Flex(Cpu): there"), "{listed}");
}
