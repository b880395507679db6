//! The device adapts a model with confirmed and corrected fields, as the host would from their export.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use blastscope::{
    commands::adapt::from_record::{AdaptError, adapt},
    record::{
        Judgement, Label, NewField, NewOpinion, NewSession, Record, RecordReader, Said, Says, SessionId, StoredPicture,
        VerdictKind, export_for_training,
    },
};
use blastscope_drawn::GENERATOR;
use blastscope_host::{
    data::{dataset::Dataset, drawn_set::DrawnSet, picture::read_picture},
    measure::screening,
    pack::adaptation,
    support::progress::Progress,
};
use blastscope_shared::{Class, Classifier, adaptation::AdaptationError, field::gate::Quality};
use blastscope_tests as _;

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/blastscope.bsm")
}

/// A record in which each specimen shows one class, two specimens a class, with every other field corrected.
fn recorded(folder: &Path, slide: &Dataset) -> Vec<SessionId> {
    let mut record = Record::open(folder).expect("a record").with_min_free(0);
    let mut sessions = Vec::new();
    for class in Class::ALL {
        let images: Vec<_> = slide.images.iter().filter(|image| image.class == class).collect();
        for (half, images) in images.chunks(images.len().div_ceil(2)).enumerate() {
            let new = NewSession {
                specimen: format!("{class}-{half}"),
                operator: "A. B.".into(),
                started: SystemTime::now(),
                model_name: "test".into(),
                model_sha256: "00".repeat(32),
                config_sha256: "00".repeat(32),
                program_version: env!("CARGO_PKG_VERSION").into(),
                code_hash: "test".into(),
                device_id: "test".into(),
                slide: blastscope_shared::judge::slide::SlidePooling::UNMEASURED,
            };
            let session = record.start_session(&new).expect("started").session;
            for image in images {
                let picture = read_picture(&slide.path(image)).expect("a picture");
                let said = Said {
                    kind: VerdictKind::Abstain,
                    class: None,
                    probability: None,
                    reason: Some("not sure enough".into()),
                };
                let judgement = Judgement {
                    said,
                    probabilities: None,
                    logits: None,
                    novelty: None,
                    gate: "passed".into(),
                    quality: Quality {
                        focus: 0.4,
                        background: 220,
                        cells: 90,
                        clipped: 0.0,
                        foreign: 0.0,
                        stained: 0.2,
                    },
                    model_sha256: "00".repeat(32),
                    frames: 1,
                    seen_cells: None,
                };
                let picture = StoredPicture::lossless(&picture).expect("encoded");
                let field = NewField { taken: SystemTime::now(), since_start: Duration::ZERO, judgement, picture };
                let sequence = record.add_field(session, &field).expect("saved").sequence.expect("a field");
                let says = Says::Corrects(Label::Class(class));
                let opinion = NewOpinion { at: SystemTime::now(), by: "A. B.".into(), says, note: String::new() };
                record.add_opinion(session, sequence, &opinion).expect("saved");
            }
            record.end_session(session, SystemTime::now(), "screened").expect("ended");
            sessions.push(session);
        }
    }
    sessions
}

fn probability(probabilities: Option<[f32; Class::COUNT]>, class: Class) -> f32 {
    probabilities.expect("whole fields are always seen")[class.index()]
}

/// Mean surprise (cross-entropy) about the true classes of `data`, in nats.
fn surprise(model: &Classifier, data: &Dataset) -> f64 {
    let all: Vec<usize> = (0..data.images.len()).collect();
    let findings = screening::screen(model, data, &all, Progress::Silent).expect("every picture is read");
    let surprises = data.images.iter().zip(&findings).map(|(image, finding)| {
        -f64::from(probability(finding.assessment.probabilities(), image.class).max(1e-6)).ln()
    });
    surprises.sum::<f64>() / all.len() as f64
}

#[test]
fn the_device_adapts_from_its_record_as_the_host_does_from_the_export() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    let drawn = |name: &str, per_class: usize, seed: u64| {
        let set = DrawnSet { generator: GENERATOR, seed, width: 224, height: 224, per_class };
        set.write(&at(name), || ()).expect("drawn");
        Dataset::scan(&at(name), None, Progress::Silent).expect("a data set")
    };
    let (slide, others) = (drawn("slide", 16, 3), drawn("others", 12, 4));
    std::fs::create_dir(at("record")).expect("a folder");
    let sessions = recorded(&at("record"), &slide);
    let reader = RecordReader::open(&at("record")).expect("a record");
    let base = screening::read_model(&shipped()).expect("a model");
    let path = shipped();

    let done = adapt(&path, &reader, &[], &at("clinic.bsm")).expect("adapted");
    assert!(done.by_specimen && done.without_label == 0, "{done:?}");
    assert_eq!(done.fitted.fields.iter().sum::<usize>() + done.fitted.without_cells, 64);
    let adapted = screening::read_model(&at("clinic.bsm")).expect("a model");
    assert_eq!((adapted.model_id(), base.model_id()), (done.adapted.as_str(), done.base.as_str()));
    let [before, after] = [&base, &adapted].map(|model| surprise(model, &others));
    assert!(after < 0.5 * before, "{after} after {before}");

    // The host sees the same fields in the export: the same loss before the choice, and about the same after it.
    export_for_training(&reader, None, &at("export")).expect("exported");
    let export = Dataset::scan(&at("export"), None, Progress::Silent).expect("a data set");
    let all: Vec<usize> = (0..export.images.len()).collect();
    let file = std::fs::read(shipped()).expect("read");
    let (_, host) = adaptation::adapt(&file, &export, &all, Progress::Silent).expect("adapted");
    assert_eq!((host.fields, host.without_cells, host.jurors[0].stain), {
        let fitted = &done.fitted;
        (fitted.fields, fitted.without_cells, fitted.jurors[0].stain)
    });
    for (host, device) in host.jurors[0].held_out_loss.iter().zip(done.fitted.jurors[0].held_out_loss).take(2) {
        assert!((host - device).abs() < 1e-6, "{host} and {device}");
    }

    // A session named twice counts once. If a class comes from one specimen, single fields are held out.
    let some = [sessions[0], sessions[2], sessions[3], sessions[2]];
    let done = adapt(&path, &reader, &some, &at("some.bsm")).expect("adapted");
    assert!(!done.by_specimen && done.copies == 8 && done.fitted.fields == [8, 16, 0, 0], "{done:?}");

    let error = adapt(&path, &reader, &sessions[..1], &at("no.bsm")).expect_err("too few");
    assert!(matches!(error, AdaptError::Adaptation { source: AdaptationError::TooFew([8, 0, 0, 0]), .. }), "{error}");
    let error = adapt(&path, &reader, &[], &path).expect_err("refused").to_string();
    assert!(error.contains("another --out"), "{error}");
    let error = adapt(&path, &reader, &[], &at("absent/clinic.bsm")).expect_err("refused").to_string();
    assert!(error.contains("absent/clinic.bsm"), "{error}");
    assert!(!at("no.bsm").exists());
}
