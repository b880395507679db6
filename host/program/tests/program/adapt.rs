//! Adapts a model to a site: drawn fields, which the shipped model does not know.

use std::path::{Path, PathBuf};

use blastscope_host::{
    data::{dataset::Dataset, split::Part},
    measure::screening,
    pack::adaptation,
    support::progress::Progress,
};
use blastscope_program::Cli;
use blastscope_shared::{Classifier, adaptation::FEWEST};
use clap::Parser;

fn host(arguments: &[&str]) -> Result<(), String> {
    let line = std::iter::once("blastscope-host").chain(arguments.iter().copied());
    Cli::try_parse_from(line).expect("the arguments are right").run().map_err(|error| error.to_string())
}

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/paper.bsm")
}

/// The mean cross-entropy of a model's probabilities over `images`, in nats.
fn surprise(model: &Classifier, data: &Dataset, images: &[usize]) -> f64 {
    let findings = screening::screen(model, data, images, Progress::Silent).expect("every picture is read");
    let surprises = images.iter().zip(&findings).map(|(&image, finding)| {
        let probabilities = finding.assessment.probabilities().expect("whole fields are always seen");
        let probability = probabilities[data.images[image].class.index()];
        -f64::from(probability.max(1e-6)).ln()
    });
    surprises.sum::<f64>() / images.len() as f64
}

#[test]
fn a_few_labelled_fields_make_a_model_better_on_the_others_of_their_site() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (site, adapted) = (at("site"), at("adapted.bsm"));
    host(&["synth", "--out", &site, "--per-class", "30", "--size", "224x224"]).expect("drawn");
    let model = shipped().display().to_string();
    let arguments = ["adapt", "--model", &model, "--data", &site, "--fields", "60", "--out", &adapted, "--json"];
    host(&arguments).expect("adapted");

    let data = Dataset::scan(Path::new(&site), None, Progress::Silent).expect("a data set");
    let all: Vec<usize> = (0..data.images.len()).collect();
    let (labelled, rest) = adaptation::draw(&data, &all, 60, 1);
    assert!(labelled.len().abs_diff(60) < 4 && labelled.len() + rest.len() == all.len());
    for class in blastscope_shared::Class::ALL {
        let count = labelled.iter().filter(|&&image| data.images[image].class == class).count();
        assert!(count.abs_diff(15) < 3, "{class}: {count}");
    }

    let [before, after] =
        [shipped(), PathBuf::from(&adapted)].map(|path| screening::read_model(&path).expect("a model"));
    // A model that is sure and wrong has a much higher loss than one in doubt.
    let surprises = [surprise(&before, &data, &rest), surprise(&after, &data, &rest)];
    assert!(surprises[1] < 0.3 * surprises[0], "{surprises:?}");
    // The card records the fields it learned from and its base model.
    assert_eq!(screening::known_as(&after.provenance().pictures, &data, Some(Part::Train)), labelled);
    assert!(after.card().training.contains(&before.model_id()[..12]), "{}", after.card().training);
    assert!(after.card().results.iter().all(|result| result.part.contains("cross-validated")));
}

#[test]
fn fields_of_one_class_or_too_few_are_refused_and_nothing_is_written() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (site, adapted) = (at("site"), at("adapted.bsm"));
    host(&["synth", "--out", &site, "--per-class", "24", "--size", "64x64"]).expect("drawn");
    let model = shipped().display().to_string();
    let adapt = |fields: &[&str]| {
        let arguments = ["adapt", "--model", &model, "--data", &site, "--out", &adapted];
        host(&[&arguments, fields].concat())
    };
    let overwriting = host(&["adapt", "--model", &model, "--data", &site, "--out", &model]).expect_err("refused");
    assert!(overwriting.contains("another --out"), "{overwriting}");
    for class in ["Early", "Pre", "Pro"] {
        std::fs::remove_dir_all(folder.path().join("site").join(class)).expect("removed");
    }
    let error = adapt(&[]).expect_err("refused");
    assert!(error.contains("Benign 24") && error.contains(&format!("at least {FEWEST}")), "{error}");
    assert!(!Path::new(&adapted).exists());
}
