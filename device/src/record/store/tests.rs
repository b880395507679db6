//! The clock of a record.

use super::*;

const STEP: Duration = Duration::from_secs(3600);

fn new() -> NewSession {
    NewSession {
        specimen: "S-1".into(),
        operator: "A. B.".into(),
        started: SystemTime::now(),
        model_name: "model".into(),
        model_sha256: "0".repeat(64),
        config_sha256: "0".repeat(64),
        program_version: "1".into(),
        code_hash: "hash".into(),
        device_id: "device".into(),
        slide: blastscope_shared::judge::slide::SlidePooling::UNMEASURED,
    }
}

#[test]
fn a_step_of_the_clock_before_a_session_starts_or_continues_is_not_held_against_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut record = Record::open(folder.path()).expect("a record").with_min_free(0);
    let clock = |record: &Record, table: &str| -> String {
        let sql = format!("SELECT clock FROM {table} ORDER BY rowid DESC LIMIT 1");
        record.connection.query_row(&sql, [], |row| row.get(0)).expect("a row")
    };
    let stepped = ClockTrust::SteppedBack.name();
    record.clock.set_back(STEP);
    let session = record.start_session(&new()).expect("started").session;
    assert_ne!(clock(&record, "sessions"), stepped);
    record.clock.set_back(STEP);
    record.continue_session(session, SystemTime::now(), Decision::Operator).expect("continued");
    assert_ne!(clock(&record, "continuations"), stepped);
    record.clock.set_back(STEP);
    record.end_session(session, SystemTime::now(), "over").expect("ended");
    assert_eq!(clock(&record, "session_ends"), stepped, "a step during the session counts");
}
