//! Answers to a field.

use blastscope::record::{Label, Record, RecordError, RecordReader, Says, Seen, verify::verify};
use blastscope_shared::Class;

use crate::record::samples::{at, field, named, new_session, opinion};

/// An answer is added only if it fits what the person saw, and only once however often it is sent.
#[test]
fn answers_are_of_what_was_seen_and_are_added_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut record = Record::open(folder.path()).expect("opened").with_min_free(0);
    let session = record.start_session(&new_session("S-1")).expect("started").session;
    record.add_field(session, &field(named(Class::Benign), 1)).expect("added");
    let says = |class| Says::Corrects(Label::Class(class));
    let seen = |opinions, request: &str| Seen { opinions, amends: false, request: Some(request.into()) };
    let pre = opinion("C. D.", says(Class::Pre));
    let first = record.answer(session, 1, &pre, &seen(0, "request-1")).expect("added");
    drop(record);
    let mut record = Record::open(folder.path()).expect("opened").with_min_free(0);
    assert_eq!(record.answer(session, 1, &pre, &seen(0, "request-1")), Ok(first), "also after a restart");
    let pro = opinion("E. F.", says(Class::Pro));
    let late = record.answer(session, 1, &pro, &seen(0, "request-2")).expect_err("it has changed");
    assert!(matches!(&late, RecordError::Answered { newest, .. } if newest == "Pre by C. D."), "{late}");
    let reused = record.answer(session, 1, &pro, &seen(1, "request-1")).expect_err("another answer");
    assert!(matches!(reused, RecordError::Invalid { what: "request", .. }), "{reused}");
    for wrong in ["", "short", "has spaces in it", &"x".repeat(65)] {
        let refused = record.answer(session, 1, &pro, &seen(1, wrong)).expect_err(wrong);
        assert!(matches!(refused, RecordError::Invalid { what: "request", .. }), "{refused}");
    }
    record.answer(session, 1, &pro, &seen(1, "request-2")).expect("added");
    record.sign_off(session, "G. H.", at(600)).expect("signed");
    let early = opinion("E. F.", says(Class::Early));
    let signed = record.answer(session, 1, &early, &Seen { opinions: 2, ..Seen::default() }).expect_err("signed");
    assert!(matches!(&signed, RecordError::SignedOff { by, .. } if by == "G. H."), "{signed}");
    record.answer(session, 1, &early, &Seen { opinions: 2, amends: true, request: None }).expect("added");
    let reader = RecordReader::open(folder.path()).expect("a record");
    let (fields, last) = reader.spoken_since(session, 0).expect("read");
    assert_eq!(fields[0].opinions.len(), 3);
    assert_eq!(reader.spoken_since(session, last).expect("read"), (Vec::new(), last));
    assert!(verify(folder.path(), &[]).expect("read").intact);
}
