use std::time::{Duration, SystemTime};

use blastscope_shared::{Class, RgbPixels, field::gate::Quality, judge::slide::SlidePooling};

use super::*;
use crate::record::{
    FieldCells, Judgement, NewField, NewOpinion, NewSession, Record, RecordReader, Said, Says, SeenCell, StoredPicture,
    VerdictKind, json_column::text_of,
};

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
    let cell = SeenCell { x: 0.5, y: 0.5, leaning: malignancy };
    let cells = FieldCells { width: 0.5, height: 0.5, cells: vec![cell; 12] };
    let judgement = Judgement {
        said,
        probabilities: malignancy.map(|malignancy| [1.0 - malignancy, 0.0, malignancy, 0.0]),
        logits: None,
        novelty: None,
        gate: "passed".into(),
        quality: Quality { focus: 0.5, background: 230, cells: 80, clipped: 0.0, foreign: 0.0, stained: 0.2 },
        model_sha256: "0a".repeat(32),
        frames: 5,
        seen_cells: Some(cells.clone()),
    };
    let pixels = RgbPixels::new(8, 8, vec![200; 192]).expect("its size");
    let picture = StoredPicture::lossless(&pixels).and_then(|picture| picture.with_cells(&pixels, Some(&cells)));
    NewField {
        taken: SystemTime::now(),
        since_start: Duration::from_secs(1),
        judgement,
        picture: picture.expect("encoded"),
    }
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

#[test]
fn excluded_fields_do_not_count_whenever_they_are_excluded_and_the_last_end_is_what_was_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut record = Record::open(folder.path()).expect("opened").with_min_free(0);
    let session = record.start_session(&new_session()).expect("started").session;
    let reader = RecordReader::open(folder.path()).expect("read");
    let told = || reader.slide(session).expect("told");
    let say = |record: &mut Record, sequence, says| {
        let opinion = NewOpinion { at: SystemTime::now(), by: "A. B.".into(), says, note: String::new() };
        record.add_opinion(session, sequence, &opinion).expect("saved").excluded
    };
    for malignancy in [0.99, 0.98, 0.999, 0.97, 0.03] {
        record.add_field(session, &field(Some(malignancy))).expect("saved");
    }
    let with_all = told();
    assert_eq!((with_all.fields, with_all.against.as_slice()), (5, [5].as_slice()));
    assert!(say(&mut record, 5, Says::Excludes));
    assert_eq!((told().fields, told().against.len(), told().malignant), (4, 0, Some(true)));
    assert!(!say(&mut record, 5, Says::Undoes));
    assert_eq!(told(), with_all);
    assert!(say(&mut record, 5, Says::Excludes));
    assert!(!say(&mut record, 5, Says::Withdraws), "back to no answer: it counts again");
    assert!(say(&mut record, 5, Says::Undoes), "the exclusion stands again");
    let without = told();
    record.end_session(session, SystemTime::now(), "over").expect("ended");
    assert_eq!(told(), without, "as it stood at the end");

    // A field excluded after the end does not count either.
    assert!(say(&mut record, 4, Says::Excludes));
    assert_eq!((told().fields, told().more), (3, Some(1)));
    assert!(!say(&mut record, 4, Says::Undoes));
    assert_eq!(told(), without);

    record.reopen(session, "A. B.", SystemTime::now()).expect("reopened");
    assert_eq!(reader.slide_fields(session).expect("read").len(), 5);
    record.add_field(session, &field(Some(0.96))).expect("saved");
    assert_eq!(told().fields, 5, "it goes on");
    record.end_session(session, SystemTime::now(), "over").expect("ended");
    assert!(!say(&mut record, 5, Says::Undoes));
    let now = told();
    assert_eq!((now.fields, now.against.as_slice()), (6, [5].as_slice()));
    let ends: Vec<String> = {
        let mut statement = reader.connection().prepare("SELECT slide FROM session_ends ORDER BY id").expect("SQL");
        statement.query_map([], |row| row.get(0)).expect("read").collect::<rusqlite::Result<_>>().expect("read")
    };
    assert_eq!((ends.len(), &ends[0]), (2, &text_of(&without)));
    assert!(ends[1].contains("\"fields\":5"), "{}", ends[1]);
}
