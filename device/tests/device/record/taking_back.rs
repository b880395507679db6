//! Answers that take something back: undo, back to no answer, exclusion; and malignant without a subtype.

use std::fs;

use blastscope::record::{
    Label, NewOpinion, OpinionKind, Record, RecordError, RecordReader, Says, SessionId, State, TableStyle, VerdictKind,
    export_csv, export_for_training, verify::verify,
};
use blastscope_shared::Class;
use tempfile::TempDir;

use crate::record::samples::{at, field, named, new_session, opinion, without_class};

/// A session with the fields Pre, malignant without a subtype, unsure, and Benign.
fn session() -> (TempDir, Record, SessionId) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut record = Record::open(folder.path()).expect("opened").with_min_free(0);
    let session = record.start_session(&new_session("S-1")).expect("started").session;
    for (said, seed) in [
        (named(Class::Pre), 1),
        (without_class(VerdictKind::Malignant, "subtype not sure"), 2),
        (without_class(VerdictKind::Abstain, "not sure enough"), 3),
        (named(Class::Benign), 4),
    ] {
        record.add_field(session, &field(said, seed)).expect("added");
    }
    (folder, record, session)
}

fn by(name: &str, says: Says) -> NewOpinion {
    opinion(name, says)
}

const EARLY: Says = Says::Corrects(Label::Class(Class::Early));

#[test]
fn an_undo_is_an_entry_and_what_was_said_before_stands_again() {
    let (folder, mut record, session) = session();
    let reader = RecordReader::open(folder.path()).expect("opened");
    let stands = |number| {
        let field = reader.field(session, number).expect("read");
        field.standing().map(|opinion| (opinion.name(), opinion.given_by.clone()))
    };
    let says = |name: &'static str, by: &str| Some((name, by.to_owned()));
    record.add_opinion(session, 1, &by("A. B.", Says::Confirms)).expect("added");
    record.add_opinion(session, 1, &by("C. D.", EARLY)).expect("added");
    assert_eq!(stands(1), says("Early", "C. D."));
    record.add_opinion(session, 1, &by("C. D.", Says::Undoes)).expect("added");
    assert_eq!(stands(1), says("Pre", "A. B."), "the name stays with the answer");
    record.add_opinion(session, 1, &by("C. D.", Says::Withdraws)).expect("added");
    assert_eq!(stands(1), says("withdrawal", "C. D."));
    assert!(reader.field(session, 1).expect("read").opinion().is_none());
    assert_eq!(reader.counts(Some(session)).expect("read").unanswered_fields, 4);
    let again = record.add_opinion(session, 1, &by("C. D.", Says::Withdraws));
    assert_eq!(again, Err(RecordError::NothingToTakeBack { session, sequence: 1 }));
    record.add_opinion(session, 1, &by("C. D.", Says::Undoes)).expect("added");
    assert_eq!(stands(1), says("Pre", "A. B."));
    record.add_opinion(session, 1, &by("A. B.", Says::Undoes)).expect("added");
    assert_eq!(stands(1), None);
    let nothing = record.add_opinion(session, 1, &by("A. B.", Says::Undoes));
    assert_eq!(nothing, Err(RecordError::NothingToTakeBack { session, sequence: 1 }));
    let opinions = reader.field(session, 1).expect("read").opinions;
    let kinds: Vec<_> = opinions.iter().map(|opinion| opinion.kind.name()).collect();
    assert_eq!(kinds, ["confirmation", "correction", "undo", "withdrawal", "undo", "undo"], "nothing is deleted");
    record.sign_off(session, "E. F.", at(600)).expect("signed");
    record.add_opinion(session, 1, &by("A. B.", EARLY)).expect("added");
    record.add_opinion(session, 1, &by("A. B.", Says::Undoes)).expect("added");
    assert_eq!(reader.session(session).expect("read").state, State::Changed, "an undo is signed again, too");
    assert!(verify(folder.path(), &[]).expect("read").intact);
}

#[test]
fn an_excluded_field_counts_nowhere_until_the_exclusion_is_undone() {
    let (folder, mut record, session) = session();
    let reader = RecordReader::open(folder.path()).expect("opened");
    record.add_opinion(session, 1, &by("A. B.", EARLY)).expect("added");
    record.add_opinion(session, 4, &by("A. B.", Says::Confirms)).expect("added");
    let exclusion = NewOpinion { note: "oil on the lens".into(), ..by("C. D.", Says::Excludes) };
    record.add_opinion(session, 1, &exclusion).expect("added");
    let refused = record.add_opinion(session, 1, &by("A. B.", EARLY));
    assert_eq!(refused, Err(RecordError::Excluded { session, sequence: 1, by: "C. D.".into() }));
    let counts = reader.counts(Some(session)).expect("read");
    assert_eq!((counts.fields, counts.excluded_fields, counts.counted()), (4, 1, 3));
    assert_eq!((counts.said.classes, counts.corrected.classes), ([1, 0, 0, 0], [1, 0, 0, 0]));
    assert_eq!((counts.confirmed_fields, counts.corrected_fields), (1, 0));
    assert_eq!((counts.unanswered_fields, counts.unassessed_fields), (2, 1), "the unsure one has no assessment");
    let excluded = reader.excluded(session).expect("read");
    assert_eq!((excluded.len(), excluded[0].0, excluded[0].1.note.as_str()), (1, 1, "oil on the lens"));
    let place = tempfile::tempdir().expect("a folder");
    assert_eq!(export_csv(&reader, session, &place.path().join("s.csv"), TableStyle::PLAIN), Ok(3));
    let export = export_for_training(&reader, None, &place.path().join("out")).expect("written");
    assert_eq!((export.classes, export.excluded), ([1, 0, 0, 0], 1));
    record.add_opinion(session, 1, &by("C. D.", Says::Undoes)).expect("added");
    let field = reader.field(session, 1).expect("read");
    assert_eq!(field.opinion().map(|opinion| (opinion.kind, opinion.name())), Some((OpinionKind::Correction, "Early")));
    assert!(reader.excluded(session).expect("read").is_empty());
    assert_eq!(reader.counts(Some(session)).expect("read").corrected.classes, [1, 1, 0, 0]);
}

/// A confirmed "malignant, subtype not sure" is malignant in every count, and no class is invented for it.
#[test]
fn malignant_is_confirmed_without_naming_a_class_and_stays_out_of_the_class_folders() {
    let (folder, mut record, session) = session();
    let reader = RecordReader::open(folder.path()).expect("opened");
    let unsure = record.add_opinion(session, 3, &by("A. B.", Says::Confirms));
    assert_eq!(unsure, Err(RecordError::NothingToConfirm { session, sequence: 3 }));
    record.add_opinion(session, 2, &by("A. B.", Says::Confirms)).expect("added");
    record.add_opinion(session, 3, &by("A. B.", Says::Corrects(Label::Malignant))).expect("added");
    let field = reader.field(session, 2).expect("read");
    let opinion = field.opinion().expect("one");
    assert_eq!((opinion.confirms(), opinion.label, opinion.class()), (true, Some(Label::Malignant), None));
    let counts = reader.counts(Some(session)).expect("read");
    assert_eq!((counts.corrected.subtype_not_sure, counts.corrected.malignant()), (2, 3));
    assert_eq!((counts.confirmed_fields, counts.corrected_fields), (1, 1));
    let place = tempfile::tempdir().expect("a folder");
    let none = export_for_training(&reader, None, &place.path().join("none")).expect_err("no class");
    assert!(none.to_string().contains("2 are malignant without a named subtype"), "{none}");
    record.add_opinion(session, 4, &by("A. B.", Says::Confirms)).expect("added");
    let target = place.path().join("out");
    let export = export_for_training(&reader, None, &target).expect("written");
    assert_eq!((export.classes, export.subtype_not_named), ([1, 0, 0, 0], 2));
    let left_out = fs::read_to_string(target.join("left_out.csv")).expect("written");
    assert_eq!(left_out.matches("\"malignant, subtype not named\"").count(), 2, "{left_out}");
    assert!(!fs::read_to_string(target.join("manifest.csv")).expect("written").contains("malignant"));
    let table = place.path().join("s.csv");
    export_csv(&reader, session, &table, TableStyle::PLAIN).expect("written");
    assert!(fs::read_to_string(table).expect("written").contains("confirmation,malignant"));
}
