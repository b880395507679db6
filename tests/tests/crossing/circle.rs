//! The whole circle: screen a slide, correct ten fields, export, retrain, sign, update, and the corrected fields change their verdict.
//!
//! The model is [the one of marks](blastscope_tests::marked): its verdicts, and what its last layer can learn, follow from its
//! construction. How training produces a model is tested in `whole_loop`.

use std::{
    path::Path,
    time::{Duration, SystemTime},
};

use blastscope::{
    model::{
        self,
        data_dir::DataDir,
        update::{self, Lock, Outcome},
    },
    record::{
        Judgement, Label, NewField, NewOpinion, NewSession, Record, RecordReader, Says, StoredPicture,
        export_for_training, verify,
    },
    support::disk::System,
};
use blastscope_core::{
    frame::Frame,
    pipeline::{Action, Pipeline, Settings},
};
use blastscope_drawn::draw_field;
use blastscope_host::{
    data::{dataset::Dataset, picture::read_picture},
    measure::screening,
    support::progress::Progress,
};
use blastscope_program::Cli;
use blastscope_shared::{Class, Classifier, RgbPixels, engine::network::Execution, field::decode::decode};
use blastscope_tests::marked::{self, FIELD, Mark};
use clap::Parser;

fn host(arguments: &[&str]) {
    let line = std::iter::once("blastscope-host").chain(arguments.iter().copied());
    Cli::try_parse_from(line).expect("the arguments are right").run().expect("the command succeeds");
}

/// The model's class for a picture, whatever its thresholds; `None` if it sees nothing.
fn named(model: &Classifier, picture: &RgbPixels) -> Option<Class> {
    model.assess(picture, &mut model.workspace()).most_probable()
}

/// Screens the pictures of `slide`, each a field, and corrects the first ten that the model misclassifies. Returns their stored
/// bytes with the true class.
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
        slide: blastscope_shared::judge::slide::SlidePooling::UNMEASURED,
    };
    let session = record.start_session(&new).expect("started").session;
    let settings = Settings { gate: None, settle: 1, same_view: -1.0, ..Settings::new(*model.judge()) };
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
            let picture = stored.clone().with_cells(&frame.picture, judgement.seen_cells.as_ref()).expect("encoded");
            let field = NewField { taken: SystemTime::now(), since_start: time, judgement, picture };
            let receipt = record.add_field(session, &field).expect("saved");
            let kept = stored.file.pixels().expect("a picture");
            if corrected < 10 && named(model, &kept).is_some_and(|class| class != image.class) {
                let says = Says::Corrects(Label::Class(image.class));
                let opinion = NewOpinion { at: SystemTime::now(), by: "A. B.".into(), says, note: String::new() };
                record.add_opinion(session, receipt.sequence.expect("a field"), &opinion).expect("saved");
                corrected += 1;
            }
        }
    }
    assert_eq!(corrected, 10, "the slide has more than ten fields that the model misclassifies");
    record.sign_off(session, "A. B.", SystemTime::now()).expect("signed off");
    drop(record);
    let reader = RecordReader::open(folder).expect("a record");
    assert!(verify::verify(folder, &[]).expect("read").intact);
    let fields = reader.fields(session, 0, 1000).expect("fields");
    fields
        .iter()
        .filter_map(|field| {
            let class = field.opinion()?.class()?;
            Some((reader.picture(session, field.sequence).expect("a picture").bytes, class))
        })
        .collect()
}

#[test]
fn corrections_come_back_as_a_signed_model_that_has_learned_from_them() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name);
    let at = |name: &str| path(name).display().to_string();
    // A model that is right about every kind of field it was made from, and does not know the marks of this clinic's blasts.
    let draw = |class, number| draw_field(class, number, FIELD, FIELD);
    Mark::ALL[..5].iter().for_each(|mark| mark.write(&path("fields"), 0..4, draw));
    let data = Dataset::scan(&path("fields"), None, Progress::Silent).expect("a data set");
    let hashes: Vec<[u8; 32]> = data.images.iter().map(|image| image.sha256).collect();
    let first = at("first.bsm");
    std::fs::write(&first, marked::model(marked::parts(&hashes))).expect("written");

    // At the microscope: screen, correct, sign off, export. Twelve blasts that it calls benign, between fields that it knows.
    for mark in Mark::ALL {
        mark.write(&path("slide"), 100..if mark == Mark::Magenta { 112 } else { 102 }, draw);
    }
    let champion = screening::read_model(Path::new(&first)).expect("a model");
    let slide = Dataset::scan(&path("slide"), None, Progress::Silent).expect("a slide");
    let record = path("record");
    std::fs::create_dir(&record).expect("a folder");
    let corrected = screen_and_correct(&champion, &slide, &record);
    assert_eq!(corrected.len(), 10);
    assert!(corrected.iter().all(|(jpeg, class)| {
        *class == Class::Pro && named(&champion, &decode(jpeg).expect("a JPEG")) == Some(Class::Benign)
    }));
    let reader = RecordReader::open(&record).expect("a record");
    let export = export_for_training(&reader, None, &path("export")).expect("exported");
    assert_eq!((export.classes.iter().sum::<u64>(), export.corrected), (10, 10));

    // At the host: retrain and sign. By the default rule the challenger may replace the champion.
    let next = at("next.bsm");
    host(&["retrain", "--base", &first, "--data", &at("fields"), "--add", &at("export"), "--out", &next]);
    host(&["keygen", "--out", &at("laboratory")]);
    host(&["sign", &next, "--key", &at("laboratory.key"), "--out", &at("stick.bsm"), "--version", "2"]);

    // Back at the microscope: from the memory stick into the inactive slot; then it runs.
    let dir = DataDir::new(path("device"));
    let lock = Lock::take(&dir).expect("nobody else");
    let (key, stick) = (path("laboratory.pub"), path("stick.bsm"));
    let report = update::install(&System, &dir, &stick, Some(&key), Execution::default()).expect("installed");
    assert!(matches!(report.outcome, Outcome::Installed { .. }), "{report:?}");
    drop(lock);
    let running = model::load(None, Some(dir.path()), Execution::default()).expect("a model runs").classifier;
    assert_ne!(running.model_id(), champion.model_id());
    // Every corrected field has changed its verdict, as have the two uncorrected blasts, and no other. By construction a blast's
    // hidden units have nothing in common with those of other fields, so one can be moved without the others: all are nearly
    // certain.
    let mut workspace = running.workspace();
    for (jpeg, class) in &corrected {
        let assessment = running.assess(&decode(jpeg).expect("a JPEG"), &mut workspace);
        let probabilities = assessment.probabilities().expect("seen");
        assert!(probabilities[class.index()] > 0.9, "{assessment:?}");
    }
    for image in &slide.images {
        let picture = read_picture(&slide.path(image)).expect("a picture");
        assert_eq!(named(&running, &picture), Some(image.class), "{}", image.file);
    }
}
