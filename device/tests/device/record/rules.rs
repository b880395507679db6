//! What the record accepts, refuses and reads back.

use std::fs;

use blastscope::record::{
    Continuation, Decision, FILE_NAME, Jpeg, Label, NewSession, Record, RecordError, RecordReader, Says, SessionId,
    State, VerdictKind, path_in, verify::verify,
};
use blastscope::station::Refusal;
use blastscope_shared::Class;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::record::samples::{
    at, field, field_with_cells, fill, named, new_session, opinion, rejected_field, without_class,
};

fn open(folder: &TempDir) -> Record {
    Record::open(folder.path()).expect("opened").with_min_free(0)
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

#[test]
fn what_was_written_is_read_back() {
    let folder = folder();
    let (first, second, receipts) = fill(&mut open(&folder));
    assert!(receipts.iter().enumerate().all(|(index, receipt)| receipt.entry == index as u64 + 1));
    let reader = RecordReader::open(folder.path()).expect("opened");
    assert_eq!(reader.head().expect("read"), (17, receipts[16].head));
    let sessions = reader.sessions().expect("read");
    assert_eq!(sessions.iter().map(|session| session.id).collect::<Vec<_>>(), [second, first]);
    let session = &sessions[1];
    assert_eq!((session.specimen.as_str(), session.fields, session.state), ("S-2026.001", 5, State::Amended));
    assert_eq!(session.started_utc, "2026-11-25T00:00:00.000Z");
    assert_eq!(session.ended_utc.as_deref(), Some("2026-11-25T00:10:00.000Z"));
    assert_eq!(session.sign_offs.iter().map(|off| off.kind.as_str()).collect::<Vec<_>>(), ["approved", "amended"]);
    assert_eq!(session.sign_offs[0].head, receipts[9].head);
    assert_eq!((sessions[0].state, sessions[0].ended_utc.as_ref()), (State::Draft, None));
    assert_eq!(
        sessions[0].continuations,
        [Continuation {
            continued_utc: "2026-11-25T00:15:00.000Z".into(),
            clock: sessions[0].started_clock,
            fields: 1,
            decision: Decision::Operator
        }]
    );
    assert!(session.continuations.is_empty());

    let pages = [reader.fields(first, 0, 2), reader.fields(first, 2, 2), reader.fields(first, 4, 2)];
    let fields: Vec<_> = pages.into_iter().flat_map(|page| page.expect("read")).collect();
    assert_eq!(fields.iter().map(|field| field.sequence).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    for (found, written) in fields.iter().zip([
        field_with_cells(named(Class::Pre), 1, 3),
        field(named(Class::Benign), 2),
        rejected_field(3),
        field(without_class(VerdictKind::Abstain, "not sure enough"), 4),
        field(named(Class::Pro), 5),
    ]) {
        assert_eq!(found.judgement, written.judgement);
        assert_eq!(u128::from(found.since_start_ms), written.since_start.as_millis());
        assert_eq!(reader.picture(first, found.sequence).expect("read"), written.picture.file);
        let strip = written.picture.cell_strip.as_ref();
        assert_eq!(reader.cell_strip(first, found.sequence).ok().as_deref(), strip.map(Jpeg::bytes));
        assert_eq!(reader.thumbnail(first, found.sequence).expect("read"), written.picture.thumbnail.bytes());
        assert_eq!(found.picture_bytes, written.picture.file.bytes.len() as u64);
    }
    assert_eq!(fields[0].opinions.len(), 2);
    assert_eq!(fields[0].opinion().expect("one").label, Some(Label::Class(Class::Early)));
    assert!(fields[1].opinion().is_some_and(|opinion| opinion.confirms() && opinion.given_by == "C. D."));
    assert_eq!(reader.latest_field(first).expect("read").as_ref(), fields.last());
    assert_eq!(reader.field(first, 3).expect("read"), fields[2]);
}

#[test]
fn counts_stand_as_the_model_said_and_as_corrected() {
    let folder = folder();
    let (first, _, _) = fill(&mut open(&folder));
    let reader = RecordReader::open(folder.path()).expect("opened");
    let counts = reader.counts(Some(first)).expect("read");
    assert_eq!((counts.fields, counts.confirmed_fields, counts.corrected_fields), (5, 1, 3));
    assert_eq!((counts.said.classes, counts.said.abstained, counts.said.rejected), ([1, 0, 1, 1], 1, 1));
    assert_eq!((counts.corrected.classes, counts.corrected.not_assessable), ([1, 1, 0, 2], 1));
    assert_eq!((counts.corrected.abstained, counts.corrected.rejected), (0, 0));
    assert_eq!(reader.counts(None).expect("read").said.classes, [1, 1, 1, 1]);
}

#[test]
fn a_session_that_is_signed_off_or_ended_takes_no_field() {
    let folder = folder();
    let mut record = open(&folder);
    let state = || {
        let reader = RecordReader::open(folder.path()).expect("opened");
        reader.session("1".parse().expect("a number")).expect("read").state
    };
    let session = record.start_session(&new_session("A")).expect("written").session;
    record.add_field(session, &field(named(Class::Pre), 1)).expect("written");
    assert_eq!(state(), State::Draft);
    record.sign_off(session, "X. Y.", at(1)).expect("written");
    assert_eq!(state(), State::Approved);
    let closed = |result| matches!(result, Err(RecordError::Closed { .. }));
    assert!(closed(record.add_field(session, &field(named(Class::Pre), 2))));
    assert!(closed(record.sign_off(session, "X. Y.", at(2))));
    record.add_opinion(session, 1, &opinion("Z", Says::Confirms)).expect("written");
    assert_eq!(state(), State::Changed);
    assert!(closed(record.add_field(session, &field(named(Class::Pre), 2))));
    record.sign_off(session, "X. Y.", at(3)).expect("written");
    assert_eq!(state(), State::Amended);
    record.end_session(session, at(4), "stopped").expect("written");
    assert!(closed(record.end_session(session, at(5), "stopped")));
    assert!(closed(record.continue_session(session, at(5), Decision::Operator)));

    let other = record.start_session(&new_session("B")).expect("written").session;
    record.end_session(other, at(4), "stopped").expect("written");
    assert!(closed(record.add_field(other, &field(named(Class::Pre), 2))));
    assert!(closed(record.continue_session(other, at(5), Decision::Automatic)));
    // Nor without this library.
    let raw = Connection::open(path_in(folder.path())).expect("opened");
    let sql = "INSERT INTO fields SELECT 99, ?1, 99, taken_utc, clock, since_start_ms, verdict_kind, class, probability, reason, \
               p_benign, p_early, p_pre, p_pro, logit_benign, logit_early, logit_pre, logit_pro, novelty, gate, focus, \
               background, cells, clipped, foreign_share, stained, seen_cells, model_sha256, frames, picture_format, picture_origin, cell_strip, thumbnail, picture FROM fields LIMIT 1";
    for session in [session, other] {
        let error = raw.execute(sql, [session.number()]).expect_err("closed");
        assert!(error.to_string().contains("approved or ended"), "{error}");
    }
    assert!(verify(folder.path(), &[]).expect("read").intact);
}

#[test]
fn fields_that_the_signer_did_not_see_are_not_signed_even_after_the_end() {
    let folder = folder();
    let mut record = open(&folder);
    let session = record.start_session(&new_session("A")).expect("written").session;
    for number in 1..=2 {
        record.add_field(session, &field(named(Class::Pre), number)).expect("written");
    }
    record.end_session(session, at(3), "stopped").expect("written");
    let head = || RecordReader::open(folder.path()).expect("opened").head().expect("read");
    let before = head();
    for shown in [0, 1, 3, u64::MAX] {
        let error = record.sign_off_seen(session, "X. Y.", at(4), shown).expect_err("other fields");
        assert_eq!(error, RecordError::OtherFields { session, shown, now: 2 });
        assert_eq!(error.advice(), Refusal::OtherFields { session, shown, now: 2 }.advice());
    }
    assert_eq!(head(), before, "nothing was written");
    record.sign_off_seen(session, "X. Y.", at(4), 2).expect("signed");
    let signed = RecordReader::open(folder.path()).expect("opened").session(session).expect("read");
    assert_eq!((signed.state, signed.sign_offs[0].fields), (State::Approved, 2));
}

#[test]
fn what_is_not_accepted_is_named_and_leaves_no_trace() {
    let folder = folder();
    let mut record = open(&folder);
    let session = record.start_session(&new_session("A")).expect("written").session;
    record.add_field(session, &rejected_field(1)).expect("written");
    let before = RecordReader::open(folder.path()).expect("opened").head().expect("read");

    let wrong = NewSession { specimen: "Jane Doe".into(), ..new_session("A") };
    let error = record.start_session(&wrong).expect_err("a name");
    assert!(
        error.to_string().contains("\"Jane Doe\"") && error.to_string().contains("never a person's name"),
        "{error}"
    );
    let wrong = NewSession { config_sha256: "abc".into(), ..new_session("A") };
    assert!(matches!(record.start_session(&wrong), Err(RecordError::Invalid { what: "configuration", .. })));
    let mut wrong = field(named(Class::Pre), 2);
    wrong.judgement.logits = Some([0.0, f32::NAN, 0.0, 0.0]);
    assert!(matches!(record.add_field(session, &wrong), Err(RecordError::Invalid { what: "measure", .. })));
    let mut wrong = field(named(Class::Pre), 2);
    wrong.judgement.said.class = None;
    assert!(matches!(record.add_field(session, &wrong), Err(RecordError::Invalid { what: "verdict", .. })));
    assert!(matches!(record.sign_off(session, " ", at(1)), Err(RecordError::Invalid { .. })));
    let confirm = opinion("C. D.", Says::Confirms);
    assert!(matches!(record.add_opinion(session, 1, &confirm), Err(RecordError::NothingToConfirm { .. })));
    for sequence in [0, 2, u64::MAX] {
        let error = record.add_opinion(session, sequence, &confirm).expect_err("absent");
        assert_eq!(error, RecordError::NoField { session, sequence });
    }
    let absent: SessionId = "77".parse().expect("a number");
    assert!(matches!(record.add_field(absent, &rejected_field(1)), Err(RecordError::NoSession { .. })));
    assert!(matches!(record.sign_off(absent, "X", at(1)), Err(RecordError::NoSession { .. })));
    assert!(["0", "-1", "", "1a"].iter().all(|text| text.parse::<SessionId>().is_err()));

    let reader = RecordReader::open(folder.path()).expect("opened");
    assert_eq!(reader.head().expect("read"), before);
    assert!(matches!(reader.session(absent), Err(RecordError::NoSession { .. })));
    assert!(matches!(reader.picture(session, 2), Err(RecordError::NoField { .. })));
    assert!(matches!(reader.field(session, 0), Err(RecordError::NoField { .. })));
}

#[test]
fn too_little_room_is_said_before_anything_is_written() {
    let folder = folder();
    let mut record = open(&folder).with_min_free(u64::MAX);
    let error = record.start_session(&new_session("A")).expect_err("no disk is that large");
    if cfg!(target_os = "linux") {
        assert!(matches!(error, RecordError::LowSpace { limit: u64::MAX, .. }) && error.is_passing(), "{error}");
    }
    let mut record = record.with_min_free(0);
    assert_eq!(record.start_session(&new_session("A")).expect("written").entry, 1);
}

#[test]
fn files_of_others_are_not_touched() {
    let refused = |bytes: &[u8]| {
        let folder = folder();
        let path = folder.path().join(FILE_NAME);
        fs::write(&path, bytes).expect("a file");
        let error = Record::open(folder.path()).expect_err("not ours");
        assert_eq!(fs::read(&path).expect("read"), bytes);
        assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 1);
        assert!(error.to_string().contains(FILE_NAME), "{error}");
        let reading = RecordReader::open(folder.path()).expect_err("not ours");
        (error, reading)
    };
    let text = refused(&b"Dear diary, ".repeat(200));
    // It may have been a record before it was overwritten: it can be set aside, and nothing is lost.
    assert!(matches!(text, (RecordError::Damaged { .. }, RecordError::NotOurs { .. })), "{text:?}");

    let elsewhere = folder();
    let path = elsewhere.path().join("other.db");
    Connection::open(&path).expect("opened").execute_batch("CREATE TABLE fields (id INTEGER)").expect("made");
    let other = refused(&fs::read(&path).expect("read"));
    assert!(matches!(other, (RecordError::NotOurs { .. }, RecordError::NotOurs { .. })), "{other:?}");

    let ours = folder();
    drop(open(&ours));
    let path = path_in(ours.path());
    Connection::open(&path).expect("opened").pragma_update(None, "user_version", 7).expect("set");
    let newer = refused(&fs::read(&path).expect("read"));
    assert!(matches!(newer.0, RecordError::Newer { found: 7, known: 4, .. }), "{newer:?}");
    assert!(newer.1.to_string().contains("update this program"), "{newer:?}");
}

#[test]
fn an_absent_or_empty_record_is_not_read() {
    let folder = folder();
    assert!(matches!(RecordReader::open(folder.path()), Err(RecordError::Missing { .. })));
    fs::write(path_in(folder.path()), b"").expect("a file");
    assert!(matches!(RecordReader::open(folder.path()), Err(RecordError::NotOurs { .. })));
    // A loss of power never leaves an empty file: it gets its name once it is complete. This one lost its content.
    let error = Record::open(folder.path()).expect_err("cut off");
    assert!(matches!(error, RecordError::Damaged { .. }) && error.to_string().contains("record salvage"), "{error}");
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_look_into_the_record() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder();
    let data = folder.path().join("deep/data");
    let mut record = Record::open(&data).expect("opened").with_min_free(0);
    record.start_session(&new_session("A")).expect("written");
    let mode = |path: &std::path::Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!((mode(&data), mode(record.path())), (0o700, 0o600));
    assert_eq!(mode(&data.join("record.db-wal")), 0o600);
}
