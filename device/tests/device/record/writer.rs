//! The writer thread.

use std::{sync::Arc, time::Duration};

use blastscope::record::{
    Full, Job, Outcome, Picture, Record, RecordError, RecordReader, RecordWriter, SessionId, Ticket, path_in,
    verify::verify,
};
use blastscope_core::frame::Frame;
use blastscope_shared::Class;
use rusqlite::Connection;

use crate::record::samples::{at, judgement, named, new_session, picture};

const LONG: Duration = Duration::from_secs(60);

fn job(session: SessionId, seed: u64) -> Job {
    Job::Field(Box::new(Picture {
        session,
        taken: at(seed),
        since_start: Duration::from_secs(seed),
        judgement: judgement(named(Class::Pre)),
        frame: Arc::new(Frame {
            picture: picture(64, 48, seed),
            sequence: seed,
            time: Duration::from_secs(seed),
            name: None,
            original: None,
        }),
    }))
}

fn session(writer: &RecordWriter) -> SessionId {
    let ticket = writer.submit(Job::Start(Box::new(new_session("A")))).expect("queued");
    match ticket.wait(LONG).expect("an outcome") {
        Outcome::Saved(receipt) => receipt.session,
        Outcome::Failed(error) => panic!("{error}"),
    }
}

#[test]
fn a_slow_disk_fills_the_queue_and_nothing_waits() {
    let folder = tempfile::tempdir().expect("a folder");
    let record = Record::open(folder.path()).expect("opened").with_min_free(0);
    let writer = RecordWriter::start(record, 3).expect("a thread");
    let session = session(&writer);
    // Another program holds the lock: like a disk that hangs.
    let other = Connection::open(path_in(folder.path())).expect("opened");
    other.execute_batch("BEGIN IMMEDIATE").expect("locked");
    let mut tickets: Vec<Ticket> = Vec::new();
    let mut refused = 0;
    for seed in 0..20 {
        match writer.submit(job(session, seed)) {
            Ok(ticket) => tickets.push(ticket),
            Err(Full(Job::Field(back))) => {
                assert_eq!(back.frame.picture, picture(64, 48, seed));
                refused += 1;
            }
            Err(other) => panic!("{other}"),
        }
    }
    // Three wait, and the thread may hold one.
    assert!((3..=4).contains(&tickets.len()) && refused >= 16, "{} queued", tickets.len());
    assert!(tickets.iter().all(|ticket| ticket.poll().is_none()));
    other.execute_batch("ROLLBACK").expect("unlocked");
    for (index, ticket) in tickets.iter().enumerate() {
        match ticket.wait(LONG).expect("an outcome") {
            Outcome::Saved(receipt) => assert_eq!(receipt.sequence, Some(index as u64 + 1)),
            Outcome::Failed(error) => panic!("{error}"),
        }
    }
    let saved = RecordReader::open(folder.path()).expect("opened").session(session).expect("read").fields;
    assert_eq!(saved, tickets.len() as u64);
}

#[test]
fn what_is_queued_is_written_when_the_writer_is_dropped() {
    let folder = tempfile::tempdir().expect("a folder");
    let record = Record::open(folder.path()).expect("opened").with_min_free(0);
    let writer = RecordWriter::start(record, 8).expect("a thread");
    let session = session(&writer);
    let tickets: Vec<_> = (0..5).map(|seed| writer.submit(job(session, seed)).expect("queued")).collect();
    let end = Job::End { session, at: at(9), reason: "stopped".into() };
    let end = writer.submit(end).expect("queued");
    drop(writer);
    assert!(tickets.iter().all(|ticket| matches!(ticket.poll(), Some(Outcome::Saved(_)))));
    assert!(matches!(end.poll(), Some(Outcome::Saved(_))));
    let found = verify(folder.path(), &[]).expect("opened");
    assert!(found.intact && found.fields == 5, "{found:?}");
}

#[test]
fn a_failed_job_says_why_and_the_next_one_works() {
    let folder = tempfile::tempdir().expect("a folder");
    let record = Record::open(folder.path()).expect("opened").with_min_free(0);
    let writer = RecordWriter::start(record, 8).expect("a thread");
    let session = session(&writer);
    let absent = "9".parse().expect("a number");
    let outcome = writer.submit(job(absent, 1)).expect("queued").wait(LONG).expect("an outcome");
    assert!(matches!(outcome, Outcome::Failed(RecordError::NoSession { .. })), "{outcome:?}");
    let outcome = writer.submit(job(session, 1)).expect("queued").wait(LONG).expect("an outcome");
    assert!(matches!(outcome, Outcome::Saved(_)), "{outcome:?}");
}
