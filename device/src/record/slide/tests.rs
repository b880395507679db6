use std::time::{Duration, SystemTime};

use blastscope_shared::{Class, RgbPixels, field::gate::Quality, judge::slide::SlidePooling};

use super::*;
use crate::record::{Judgement, NewField, NewSession, Record, RecordReader, Said, StoredPicture, VerdictKind};

fn new_session() -> NewSession {
    NewSession {
        specimen: "S-1".into(),
        operator: "A. B.".into(),
        started: SystemTime::now(),
        model_name: "m".into(),
        model_sha256: "0a".repeat(32),
        config_sha256: "0b".repeat(32),
        program_version: "1".into(),
        code_hash: "c".into(),
        device_id: "d".into(),
        slide: SlidePooling { fewest_fields: 4, ..SlidePooling::UNMEASURED },
    }
}

/// A field that is malignant with this probability; `None` abstains.
fn field(malignancy: Option<f32>) -> NewField {
    let said = match malignancy {
        Some(probability) if probability >= 0.5 => {
            Said { kind: VerdictKind::Class, class: Some(Class::Pre), probability: Some(probability), reason: None }
        }
        Some(probability) => {
            let probability = Some(1.0 - probability);
            Said { kind: VerdictKind::Class, class: Some(Class::Benign), probability, reason: None }
        }
        None => Said { kind: VerdictKind::Abstain, class: None, probability: None, reason: Some("unsure".into()) },
    };
    let judgement = Judgement {
        said,
        probabilities: malignancy.map(|malignancy| [1.0 - malignancy, 0.0, malignancy, 0.0]),
        logits: None,
        novelty: None,
        gate: "passed".into(),
        quality: Quality { focus: 0.5, background: 230, cells: 80, clipped: 0.0, foreign: 0.0, stained: 0.2 },
        model_sha256: "0a".repeat(32),
        frames: 5,
        seen_cells: Some(12),
    };
    let pixels = RgbPixels::new(8, 8, vec![200; 192]).expect("its size");
    let picture = StoredPicture::lossless(&pixels).expect("encoded");
    NewField { taken: SystemTime::now(), since_start: Duration::from_secs(1), judgement, picture }
}

#[test]
fn the_end_holds_what_was_told_of_the_slide_and_until_then_it_follows_the_fields() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut record = Record::open(folder.path()).expect("opened").with_min_free(0);
    let session = record.start_session(&new_session()).expect("started").session;
    let reader = RecordReader::open(folder.path()).expect("read");
    let told = || reader.slide(session).expect("told");
    for malignancy in [Some(0.99), None, Some(0.98), Some(0.999)] {
        record.add_field(session, &field(malignancy)).expect("saved");
    }
    assert_eq!((told().fields, told().abstained, told().more, told().cells), (3, 1, Some(1), Some(36)));
    record.add_field(session, &field(Some(0.97))).expect("saved");
    assert_eq!((told().malignant, told().subtype), (Some(true), Some(Class::Pre)));
    record.add_field(session, &field(Some(0.03))).expect("saved");
    let before = told();
    assert_eq!(before.against, [6]);
    record.end_session(session, SystemTime::now(), "over").expect("ended");
    assert_eq!(told(), before, "as it stood");
    let stored: String =
        reader.connection().query_row("SELECT slide FROM session_ends", [], |row| row.get(0)).expect("stored");
    assert_eq!(stored, text_of(&before));
    assert!(reader.slide(SessionId::new(9)).is_err(), "there is no such session");
}
