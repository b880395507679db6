//! A training whose batches several devices share. The CPU, named twice, is two devices here.

use std::{path::Path, process::Output};

use blastscope_host::training::{checkpoints, run_folder::RunFolder};
use blastscope_shared::Class;

fn host(arguments: &[&str]) -> Output {
    blastscope_tests::program(env!("CARGO_BIN_EXE_blastscope-host"))
        .args(arguments)
        .output()
        .expect("the program starts")
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

/// Fields whose colour tells the class: nothing to learn about cells, and everything about whether a training learns at all. The blocks of
/// grey in them see to it that no two are taken for copies.
fn easy_fields(root: &Path, per_class: u64) {
    for (class, colour) in Class::ALL.into_iter().zip([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0]]) {
        let folder = root.join(class.name());
        std::fs::create_dir_all(&folder).expect("a folder");
        for number in 0..per_class {
            let mut bytes = blastscope_tests::blocks(64, 64, class.index() as u64 * 1000 + number).into_bytes();
            for pixel in bytes.chunks_exact_mut(3) {
                let grey = pixel[0] / 2;
                pixel.iter_mut().zip(colour).for_each(|(value, colour)| *value = grey + 120 * colour);
            }
            let picture = image::RgbImage::from_raw(64, 64, bytes).expect("three bytes a pixel");
            picture.save(folder.join(format!("{number:02}.png"))).expect("written");
        }
    }
}

#[test]
fn two_shares_learn_what_one_device_learns_and_go_on_after_a_stop() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let fields = text(&folder.path().join("fields"));
    easy_fields(&folder.path().join("fields"), 12);
    let seed = blastscope_tests::seed().to_string();
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
            "--seed",
            &seed,
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
    // Other batches, so another training; but of the same kind, and what there is to learn no network can miss: each class has its colour.
    for epochs in [&alone, &shared] {
        // Chance is ln 4, and a network whose statistics stayed where they began would be far beyond it. Seen: 0.02 alone, 0.05 shared.
        assert!(epochs[5].validation_loss < 0.35, "{epochs:?}");
        assert!(epochs[5].train_loss < epochs[0].train_loss, "{epochs:?}");
    }
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
