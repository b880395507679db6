//! From drawn fields to verdicts on the device: draw, train, quantize, evaluate, classify. Host and device must agree bit for bit.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use crate::explanation::float::FloatExplainer;
use blastscope::commands::classify::pictures;
use blastscope_host::{
    data::{dataset::Dataset, picture, symmetry::Symmetry},
    measure::screening,
    recipe::batches::Example,
    support::progress::Progress,
    training::{backend::Backend, float_network::FloatNetwork, run_folder::RunFolder},
};
use blastscope_program::Cli;
use blastscope_shared::{Class, Classifier, artifact::Measurement, judge::verdict::MALIGNANT, sight::Kind};
use clap::Parser;
use serde_json::Value;

fn host(arguments: &[&str]) {
    let line = std::iter::once("blastscope-host").chain(arguments.iter().copied());
    Cli::try_parse_from(line).expect("the arguments are right").run().expect("the command succeeds");
}

/// The lines of the device's `classify --json`, by file.
fn device(paths: &[PathBuf], classifier: &Classifier) -> BTreeMap<String, Value> {
    let mut out = Vec::new();
    pictures::run(paths, classifier, pictures::Options { json: true, gate: true, overlays: None }, &mut out)
        .expect("written to memory");
    String::from_utf8(out)
        .expect("JSON is UTF-8")
        .lines()
        .map(|line| {
            let value: Value = serde_json::from_str(line).expect("one JSON object a line");
            (value["file"].as_str().expect("a file").to_owned(), value)
        })
        .collect()
}

/// Asserts that host and device give every picture below `folder` the same logits, bit for bit, and the same verdict.
fn assert_agreement(folder: &Path, classifier: &Classifier) -> usize {
    let data = Dataset::scan(folder, None, Progress::Silent).expect("a data set");
    let images: Vec<usize> = (0..data.images.len()).collect();
    let findings = screening::screen(classifier, &data, &images, Progress::Silent).expect("every picture is read");
    let lines = device(std::slice::from_ref(&data.root), classifier);
    assert_eq!(lines.len(), images.len());
    for (image, finding) in data.images.iter().zip(&findings) {
        let line = &lines[&data.path(image).display().to_string()];
        let logits: Option<[f32; Class::COUNT]> = line["logits"]
            .is_array()
            .then(|| std::array::from_fn(|index| line["logits"][index].as_f64().expect("a logit") as f32));
        let bits = |logits: Option<[f32; Class::COUNT]>| logits.map(|logits| logits.map(f32::to_bits));
        assert_eq!(bits(logits), bits(finding.assessment.logits()), "{}", image.file);
        let prediction = screening::prediction(image, finding);
        let named = prediction.class().filter(|_| prediction.withheld().is_none());
        let verdict = if prediction.without_subtype { MALIGNANT } else { named.map_or("abstain", Class::name) };
        assert_eq!(line["verdict"], verdict, "{}", image.file);
        assert_eq!(line["model"], classifier.model_id());
    }
    images.len()
}

#[test]
fn host_and_device_agree_from_drawn_fields_to_verdicts() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (fields, run, model) = (at("fields"), at("run"), at("model.bsm"));
    host(&["synth", "--out", &fields, "--per-class", "14", "--size", "224x224"]);
    host(&[
        "train",
        "--data",
        &fields,
        "--out",
        &run,
        "--arch",
        "allcnn-small",
        "--image-size",
        "64",
        "--epochs",
        "2",
        "--per-class",
        "20",
        "--batch-size",
        "8",
        "--optimizer",
        "adamax",
        "--seed",
        &blastscope_tests::seed().to_string(),
        "--backend",
        "flex",
    ]);
    host(&["evaluate", "--run", &run]);
    host(&["quantize", "--run", &run, "--out", &model]);
    host(&["inspect", &model]);
    let picture = at("evaluation.svg");
    host(&["evaluate", "--model", &model, "--data", &fields, "--split", "test", "--picture", &picture]);
    let svg = std::fs::read_to_string(&picture).expect("drawn");
    assert!(svg.contains("rawn"), "a picture about drawn fields says so");

    let classifier = screening::read_model(Path::new(&model)).expect("a model");
    assert!(classifier.card().drawn);
    assert_eq!(assert_agreement(Path::new(&fields), &classifier), 56);
    assert_the_differentiated_network_is_the_trained_one(Path::new(&run), Path::new(&fields));

    let tuned = at("tuned.bsm");
    host(&[
        "quantize",
        "--run",
        &run,
        "--out",
        &tuned,
        "--fine-tune",
        "20",
        "--fine-tune-rate",
        "0.00002",
        "--backend",
        "flex",
    ]);
    let tuned = screening::read_model(Path::new(&tuned)).expect("a model");
    assert_ne!(tuned.model_id(), classifier.model_id());
    assert!(tuned.card().training.contains("fine-tuned for "), "{}", tuned.card().training);
    assert_eq!(assert_agreement(Path::new(&fields), &tuned), 56);
}

/// Asserts that the float explainer computes what the run's network computes, whatever it has learned. That int8 maps are like
/// float maps is shown on untrained networks, in `explanation`.
fn assert_the_differentiated_network_is_the_trained_one(run: &Path, fields: &Path) {
    let device = Backend::Flex.open().expect("the CPU");
    let run = RunFolder::open(run).expect("a run");
    let (config, (_, weights)) = (run.config().expect("run.json"), run.chosen_weights().expect("weights"));
    let network = FloatNetwork::load(&config, &weights, &device).expect("the run's network");
    let layers = network.layers().expect("its layers");
    let pictures = picture::pictures_below(fields, Progress::Silent).expect("pictures").pictures;

    let explainer = FloatExplainer::new(&layers, config.sight.shape(), &device).expect("it has convolutions");
    let input = config.sight.framing.apply(&picture::read_picture(&pictures[0]).expect("a picture"));
    let example = Example { input: input.clone().into(), symmetry: Symmetry::Identity, class: Class::Pre };
    let expected = network.logits(&[example], Progress::Silent).expect("logits")[0].observed().expect("a whole field");
    let logits = explainer.explain(&input, Class::Pre).expect("a map").logits;
    // Two orders of summation in 32 bits differ by a millionth of the largest logit; mixed-up layers would differ far more.
    let largest = expected.iter().fold(1.0f32, |largest, logit| largest.max(logit.abs()));
    assert!(
        logits.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-3 * largest),
        "{logits:?} instead of {expected:?}"
    );
}

/// A shipped model, beside the workspace's manifest.
fn shipped(name: &str) -> Classifier {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models").join(name);
    screening::read_model(&path).expect("the shipped model is whole")
}

#[test]
fn the_shipped_models_are_whole_and_honest() {
    let jury = shipped("blastscope.bsm");
    let kinds: Vec<Kind> = jury.jurors().iter().map(|juror| juror.sight().kind).collect();
    assert_eq!(
        (kinds.as_slice(), jury.judge().jury().quorum()),
        (&[Kind::Cells, Kind::Cells, Kind::Cells, Kind::WholeField][..], 3)
    );
    assert_is_honest(&jury);
    let whole = shipped("paper.bsm");
    assert_eq!((whole.framing().width, whole.framing().height), (224, 224));
    assert_is_honest(&whole);
}

fn assert_is_honest(classifier: &Classifier) {
    let card = classifier.card();
    assert!(!card.drawn);
    assert!(
        card.results.iter().any(|result| result.what.contains("six colour numbers")),
        "the baseline is listed beside it"
    );
    let networks = classifier.jurors().len();
    for number in 1..=networks {
        let of = if networks > 1 { format!(", model {number} alone") } else { String::new() };
        let accuracy = |what: &str| {
            let is = |result: &&Measurement| result.what.starts_with(what) && result.what.ends_with(&of);
            card.results.iter().find(is).expect(what).value
        };
        let loss = accuracy("accuracy, float") - accuracy("accuracy, int8");
        assert!(loss <= 0.005, "quantization costs network {number} {:.2} points", loss * 100.0);
    }
}

#[test]
fn real_fields_host_and_device_agree() {
    let Some(data) = blastscope_tests::real_data("real_fields_host_and_device_agree") else { return };
    assert!(assert_agreement(&data.join("all_pbs"), &shipped("blastscope.bsm")) > 2000);
}

/// The numbers in docs/measurements.md for each shipped model.
#[test]
fn real_frames_get_the_verdict_of_their_squashed_twins() {
    let Some(data) = blastscope_tests::real_data("real_frames_get_the_verdict_of_their_squashed_twins") else { return };
    let table = std::fs::read_to_string(data.join("frames_1024/frames.csv")).expect("frames.csv");
    let pairs: Vec<(PathBuf, PathBuf)> = table
        .lines()
        .skip(1)
        .map(|line| {
            let mut cells = line.split(',');
            let (frame, twin) = (cells.next().expect("a frame"), cells.nth(1).expect("a twin"));
            (data.join("frames_1024").join(frame), data.join("all_pbs").join(twin))
        })
        .collect();
    assert_eq!(pairs.len(), 24);
    for (model, published) in [("blastscope.bsm", 24), ("paper.bsm", 24)] {
        let classifier = shipped(model);
        let verdict = |path: &Path| {
            let lines = device(&[path.to_path_buf()], &classifier);
            lines.values().next().expect("a line")["verdict"].clone()
        };
        let verdicts: Vec<_> = pairs.iter().map(|(frame, twin)| [verdict(frame), verdict(twin)]).collect();
        let agreeing = verdicts.iter().filter(|[frame, twin]| frame == twin).count();
        assert_eq!(agreeing, published, "{model}: frames that get the verdict of their twins");
        let contradicting = verdicts.iter().filter(|[frame, twin]| frame != twin && frame != "abstain").count();
        assert_eq!(contradicting, 0, "{model}: frames that get another verdict than their twins");
    }
}
