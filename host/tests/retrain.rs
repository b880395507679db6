//! The loop back: a model made for drawn fields learns from corrected ones, and a worse one is refused.

use std::path::Path;

use blastscope_host::{cli::Cli, dataset::Dataset, progress::Progress, screening, split::Part};
use blastscope_shared::{
    Class, Classifier,
    artifact::{Artifact, PICTURE_ID_LEN},
};
use clap::Parser;

fn host(arguments: &[&str]) -> Result<(), String> {
    let line = std::iter::once("blastscope-host").chain(arguments.iter().copied());
    Cli::try_parse_from(line).expect("the arguments are right").run().map_err(|error| error.to_string())
}

/// The shipped model as if it had been made from the drawn set: a training, a validation and a test part of whole pictures.
fn champion(folder: &Path, data: &Dataset) -> Classifier {
    let file =
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/allcnn-paper.bsm")).expect("a model");
    let (mut artifact, _) = Artifact::read(&file).expect("whole");
    let ids = |part: usize| -> Vec<u8> {
        let of_part = data.images.iter().enumerate().filter(|(at, _)| [0, 0, 1, 2][at % 4] == part);
        of_part.flat_map(|(_, image)| image.sha256[..PICTURE_ID_LEN].to_vec()).collect()
    };
    let pictures = &mut artifact.provenance.pictures;
    (pictures.train, pictures.validation, pictures.test) = (ids(0), ids(1), ids(2));
    let bytes = artifact.to_bytes().expect("a model");
    std::fs::write(folder.join("champion.bsm"), &bytes).expect("written");
    // It has never seen drawn fields; made at home among them it is worth replacing.
    let at = |name: &str| folder.join(name).display().to_string();
    host(&[
        "adapt",
        "--model",
        &at("champion.bsm"),
        "--data",
        &at("fields"),
        "--fields",
        "48",
        "--out",
        &at("home.bsm"),
    ])
    .expect("adapted");
    let adapted = std::fs::read(folder.join("home.bsm")).expect("written");
    let (mut artifact, _) = Artifact::read(&adapted).expect("whole");
    let pictures = &mut artifact.provenance.pictures;
    (pictures.train, pictures.validation, pictures.test) = (ids(0), ids(1), ids(2));
    let bytes = artifact.to_bytes().expect("a model");
    std::fs::write(folder.join("champion.bsm"), &bytes).expect("written");
    Classifier::read(&bytes).expect("a model")
}

#[test]
fn corrected_fields_change_their_verdict_and_a_worse_challenger_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    host(&["synth", "--out", &at("fields"), "--per-class", "24", "--size", "224x224"]).expect("drawn");
    host(&["synth", "--out", &at("clinic"), "--per-class", "12", "--size", "224x224", "--seed", "9"]).expect("drawn");
    let data = Dataset::scan(&folder.path().join("fields"), None, Progress::Silent).expect("a data set");
    let champion = champion(folder.path(), &data);

    // Ten fields that the champion takes for something else, as an operator corrects them.
    let clinic = Dataset::scan(&folder.path().join("clinic"), None, Progress::Silent).expect("a data set");
    let all: Vec<usize> = (0..clinic.images.len()).collect();
    let wrong = |model: &Classifier, images: &[usize]| -> Vec<usize> {
        let findings = screening::screen(model, &clinic, images, Progress::Silent).expect("read");
        let named = images
            .iter()
            .zip(&findings)
            .filter(|&(&image, finding)| !screening::prediction(&clinic.images[image], finding).is_right());
        named.map(|(&image, _)| image).collect()
    };
    let corrected: Vec<usize> = wrong(&champion, &all).into_iter().take(10).collect();
    assert_eq!(corrected.len(), 10, "the champion is too good for this test");
    for &image in &corrected {
        let target = folder.path().join("export").join(clinic.images[image].class.name());
        std::fs::create_dir_all(&target).expect("a folder");
        let name = clinic.images[image].file.replace('/', "-");
        std::fs::copy(clinic.path(&clinic.images[image]), target.join(name)).expect("copied");
    }

    let retrain = |out: &str, more: &[&str]| {
        let arguments =
            ["retrain", "--base", &at("champion.bsm"), "--data", &at("fields"), "--add", &at("export"), "--out", out];
        host(&[&arguments, more].concat())
    };
    retrain(&at("next.bsm"), &["--emphasis", "300", "--tolerance", "100"]).expect("retrained");
    let challenger = screening::read_model(Path::new(&at("next.bsm"))).expect("a model");
    let still = wrong(&challenger, &corrected);
    // The champion had all ten wrong; a last layer alone does not get all of them right.
    assert!(still.len() <= 4, "{} of ten corrected fields are still wrong", still.len());
    assert!(challenger.card().training.contains("10 corrected fields"), "{}", challenger.card().training);
    // The locked part stays locked, and the corrected fields are known as learned from.
    assert_eq!(screening::known_as(&challenger.provenance().pictures, &data, Some(Part::Test)).len(), 24);
    assert_eq!(screening::known_as(&challenger.provenance().pictures, &clinic, Some(Part::Train)).len(), 10);

    // An operator who calls every field Pro spoils the model; that one must not ship.
    for class in Class::ALL {
        let from = folder.path().join("clinic").join(class.name());
        let to = folder.path().join("spoilt/Pro");
        std::fs::create_dir_all(&to).expect("a folder");
        for entry in std::fs::read_dir(from).expect("listed").flatten() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).expect("copied");
        }
    }
    let spoilt = ["retrain", "--base", &at("champion.bsm"), "--data", &at("fields"), "--add", &at("spoilt"), "--out"];
    let error = host(&[&spoilt[..], &[&at("spoilt.bsm"), "--emphasis", "300", "--tolerance", "0"]].concat());
    let error = error.expect_err("refused");
    assert!(error.contains("worse than the model in use and was not written"), "{error}");
    assert!(!folder.path().join("spoilt.bsm").exists());
    let same = retrain(&at("champion.bsm"), &[]).expect_err("refused");
    assert!(same.contains("another --out"), "{same}");
}
