//! The whole circle: train on drawn fields, screen a slide, correct ten fields, export, retrain, sign, update, and the corrected
//! fields change their verdict.

use std::{
    path::Path,
    time::{Duration, SystemTime},
};

use blastscope::{
    data_dir::DataDir,
    disk::System,
    frame::Frame,
    model,
    pipeline::{Action, Pipeline, Settings},
    record::{
        Judgement, Label, NewField, NewOpinion, NewSession, Record, RecordReader, Says, StoredPicture,
        export_for_training, verify,
    },
    update::{self, Lock, Outcome},
};
use blastscope_host::{cli::Cli, dataset::Dataset, picture::read_picture, progress::Progress, screening};
use blastscope_shared::{Class, Classifier, RgbPixels, decode::decode, network::Execution};
use clap::Parser;

fn host(arguments: &[&str]) {
    let line = std::iter::once("blastscope-host").chain(arguments.iter().copied());
    Cli::try_parse_from(line).expect("the arguments are right").run().expect("the command succeeds");
}

/// What the model takes a picture for, whatever its thresholds.
fn named(model: &Classifier, picture: &RgbPixels) -> Class {
    model.assess(picture, &mut model.workspace()).most_probable()
}

/// Screens the pictures of `slide`, each a field, and corrects the first ten that the model takes for another class. Gives their
/// bytes as they were kept, with the right class.
fn screen_and_correct(model: &Classifier, slide: &Dataset, folder: &Path) -> Vec<(Vec<u8>, Class)> {
    let mut record = Record::open(folder).expect("a record").with_min_free(0);
    let new = NewSession {
        specimen: "S-1".into(),
        operator: "A. B.".into(),
        started: SystemTime::now(),
        model_name: model.card().name.clone(),
        model_sha256: model.model_id().into(),
        config_sha256: "00".repeat(32),
        program_version: env!("CARGO_PKG_VERSION").into(),
        code_hash: "test".into(),
        device_id: "test".into(),
    };
    let session = record.start_session(&new).expect("started").session;
    let settings = Settings { gate: None, settle: 1, same_view: -1.0, ..Settings::new(*model.thresholds()) };
    let mut pipeline = Pipeline::new(model::Loaded::new(model), settings);
    let mut corrected = 0;
    for (number, image) in slide.images.iter().enumerate() {
        let picture = read_picture(&slide.path(image)).expect("a picture");
        let time = Duration::from_millis(100 * number as u64);
        let stored = StoredPicture::lossless(&picture).expect("encoded");
        let frame = Frame { picture, sequence: number as u64, time, name: None, original: None };
        for action in pipeline.step(&frame, time) {
            let Action::Show(reading) = action else { continue };
            let judgement = Judgement::of(&reading, model.model_id()).expect("there is a picture");
            let field = NewField { taken: SystemTime::now(), since_start: time, judgement, picture: stored.clone() };
            let receipt = record.add_field(session, &field).expect("saved");
            let kept = stored.file.pixels().expect("a picture");
            if corrected < 10 && named(model, &kept) != image.class {
                let says = Says::Corrects(Label::Class(image.class));
                let opinion = NewOpinion { at: SystemTime::now(), by: "A. B.".into(), says, note: String::new() };
                record.add_opinion(session, receipt.sequence.expect("a field"), &opinion).expect("saved");
                corrected += 1;
            }
        }
    }
    assert_eq!(corrected, 10, "the model is too good for this test");
    record.sign_off(session, "A. B.", SystemTime::now()).expect("signed off");
    drop(record);
    let reader = RecordReader::open(folder).expect("a record");
    assert!(verify::verify(folder, &[]).expect("read").intact);
    let fields = reader.fields(session, 0, 1000).expect("fields");
    fields
        .iter()
        .filter_map(|field| {
            let class = field.opinion()?.label.class()?;
            Some((reader.picture(session, field.sequence).expect("a picture").bytes, class))
        })
        .collect()
}

#[test]
fn corrections_come_back_as_a_signed_model_that_has_learned_from_them() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    host(&["synth", "--out", &at("fields"), "--per-class", "14", "--size", "224x224"]);
    host(&["synth", "--out", &at("slide"), "--per-class", "8", "--size", "224x224", "--seed", "5"]);
    let (fields, run, first) = (at("fields"), at("run"), at("first.bsm"));
    let small =
        ["--arch", "allcnn-small", "--image-size", "64", "--epochs", "2", "--per-class", "20", "--batch-size", "8"];
    let train = ["train", "--data", &fields, "--out", &run, "--backend", "flex"];
    // With running statistics, which after seconds fit nothing: it names one class, and ten corrections of that point one way.
    host(&[&train[..], &small, &["--batch-statistics", "running"]].concat());
    host(&["quantize", "--run", &run, "--out", &first]);

    // At the microscope: screen, correct, sign off, export.
    let champion = screening::read_model(Path::new(&first)).expect("a model");
    let slide = Dataset::scan(Path::new(&at("slide")), None, Progress::Silent).expect("a slide");
    let record = folder.path().join("record");
    std::fs::create_dir(&record).expect("a folder");
    let corrected = screen_and_correct(&champion, &slide, &record);
    assert_eq!(corrected.len(), 10);
    let reader = RecordReader::open(&record).expect("a record");
    let export = export_for_training(&reader, None, Path::new(&at("export"))).expect("exported");
    assert_eq!((export.classes.iter().sum::<u64>(), export.corrected), (10, 10));

    // At the host: retrain and sign. Ten fields beside 40 of a network that was trained for seconds: any loss is allowed here.
    let next = at("next.bsm");
    let learn = ["retrain", "--base", &first, "--data", &fields, "--add", &at("export"), "--out", &next];
    host(&[&learn[..], &["--emphasis", "300", "--tolerance", "100"]].concat());
    host(&["keygen", "--out", &at("laboratory")]);
    host(&["sign", &next, "--key", &at("laboratory.key"), "--out", &at("stick.bsm"), "--version", "2"]);

    // Back at the microscope: from the memory stick into the inactive slot, and it runs.
    let dir = DataDir::new(folder.path().join("device"));
    let lock = Lock::take(&dir).expect("nobody else");
    let (key, stick) = (folder.path().join("laboratory.pub"), folder.path().join("stick.bsm"));
    let report = update::install(&System, &dir, &stick, Some(&key), Execution::default()).expect("installed");
    assert!(matches!(report.outcome, Outcome::Installed { .. }), "{report:?}");
    drop(lock);
    let running = model::load(None, Some(dir.path()), Execution::default()).expect("a model runs").classifier;
    assert_ne!(running.model_id(), champion.model_id());
    let right =
        corrected.iter().filter(|(jpeg, class)| named(&running, &decode(jpeg).expect("a JPEG")) == *class).count();
    assert!(right >= 7, "{right} of ten corrected fields have changed their verdict");
}
