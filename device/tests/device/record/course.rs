//! The course of a session: hand-overs, a corrected pseudonym, a reopening; and how sessions are found.

use blastscope::record::{
    CellLabel, LabelsSeen, Record, RecordError, RecordReader, Says, Search, Session, SessionId, State, path_in,
    salvage, verify::verify,
};
use blastscope_shared::Class;
use tempfile::TempDir;

use crate::record::samples::{at, cell_labels, field, field_with_cells, named, new_session, opinion};

fn opened() -> (TempDir, Record) {
    let folder = tempfile::tempdir().expect("a folder");
    let record = Record::open(folder.path()).expect("opened").with_min_free(0);
    (folder, record)
}

/// A session of one field.
fn with_a_field(specimen: &str) -> (TempDir, Record, SessionId) {
    let (folder, mut record) = opened();
    let session = record.start_session(&new_session(specimen)).expect("started").session;
    record.add_field(session, &field(named(Class::Pre), 1)).expect("added");
    (folder, record, session)
}

/// [`with_a_field`], handed over, corrected to S-2, ended and reopened.
fn with_a_course() -> (TempDir, Record, SessionId) {
    let (folder, mut record, session) = with_a_field("S-1");
    record.hand_over(session, "C. D.", at(2)).expect("handed over");
    record.correct_specimen(session, "S-2", "C. D.", at(3)).expect("corrected");
    record.end_session(session, at(4), "stopped").expect("ended");
    record.reopen(session, "C. D.", at(5)).expect("reopened");
    (folder, record, session)
}

fn reason(result: Result<blastscope::record::Receipt, RecordError>) -> String {
    result.expect_err("refused").to_string()
}

#[test]
fn a_session_is_handed_over_and_the_chain_knows_from_whom_to_whom() {
    let (folder, mut record) = opened();
    let session = record.start_session(&new_session("S-1")).expect("started").session;
    assert!(reason(record.hand_over(session, "A. B.", at(1))).contains("in the hands of this person already"));
    record.hand_over(session, "C. D.", at(2)).expect("handed over");
    record.hand_over(session, "E. F.", at(3)).expect("handed over");
    let found = RecordReader::open(folder.path()).expect("opened").session(session).expect("read");
    let handed: Vec<_> =
        found.hand_overs.iter().map(|handed| (handed.from_person.as_str(), handed.to_person.as_str())).collect();
    assert_eq!(handed, [("A. B.", "C. D."), ("C. D.", "E. F.")]);
    assert_eq!((found.operator.as_str(), found.operator_now()), ("A. B.", "E. F."));
    assert_eq!(found.operators(), ["A. B.", "C. D.", "E. F."]);
    record.end_session(session, at(4), "stopped").expect("ended");
    assert!(reason(record.hand_over(session, "A. B.", at(5))).contains("has ended: it cannot be handed over"));
    let wrong = record.hand_over(session, "A\u{202e}B", at(5));
    assert!(matches!(wrong, Err(RecordError::Invalid { what: "name", .. })), "{wrong:?}");
    assert!(verify(folder.path(), &[]).expect("read").intact);
}

#[test]
fn a_corrected_pseudonym_counts_and_the_old_one_stays_in_the_chain() {
    let (folder, mut record, session) = with_a_field("S-2026-0421");
    record.sign_off(session, "E. F.", at(600)).expect("signed");
    let receipt = record.correct_specimen(session, "S-2026-0412", "C. D.", at(700)).expect("corrected");
    assert!(reason(record.correct_specimen(session, "S-2026-0412", "C. D.", at(700))).contains("already"));
    let wrong = record.correct_specimen(session, "Jane Doe", "C. D.", at(700));
    assert!(matches!(wrong, Err(RecordError::Invalid { what: "specimen", .. })), "{wrong:?}");
    let reader = RecordReader::open(folder.path()).expect("opened");
    let found = reader.session(session).expect("read");
    assert_eq!((found.specimen.as_str(), found.first_specimen.as_str()), ("S-2026-0412", "S-2026-0421"));
    assert_eq!(found.state, State::Changed, "it was signed under the other pseudonym");
    record.sign_off(session, "E. F.", at(800)).expect("signed again");
    assert_eq!(reader.session(session).expect("read").state, State::Amended);
    let checked = verify(folder.path(), &[receipt.head]).expect("read");
    assert!(checked.intact && checked.expected[0].entry == Some(receipt.entry));
}

#[test]
fn an_ended_draft_goes_on_and_its_clock_never_runs_backwards() {
    let (folder, mut record, session) = with_a_field("S-1");
    assert!(reason(record.reopen(session, "C. D.", at(5))).contains("has not ended"));
    for times in 1..=2 {
        record.end_session(session, at(600), "stopped").expect("ended");
        let closed = record.add_field(session, &field(named(Class::Pro), 700));
        assert!(matches!(closed, Err(RecordError::Closed { .. })), "{closed:?}");
        assert!(reason(record.end_session(session, at(600), "again")).contains("has ended already"));
        record.reopen(session, "C. D.", at(650)).expect("reopened");
        record.add_field(session, &field(named(Class::Pro), 700 + times)).expect("added again");
    }
    let reader = RecordReader::open(folder.path()).expect("opened");
    let found = reader.session(session).expect("read");
    assert_eq!((found.ended_utc, found.ended_after_ms, found.reopenings.len()), (None, None, 2));
    assert_eq!((found.reopenings[0].fields, found.reopenings[0].reopened_by.as_str()), (1, "C. D."));
    assert_eq!(reader.newest_open().expect("read").map(|open| open.id), Some(session));
    record.end_session(session, at(900), "stopped").expect("ended");
    assert!(reader.session(session).expect("read").ended_after_ms >= Some(702_017), "as old as its last field");
    record.sign_off(session, "E. F.", at(901)).expect("signed");
    assert!(reason(record.reopen(session, "C. D.", at(902))).contains("is signed off"));
    assert_eq!(reader.newest_open().expect("read"), None);
    assert!(verify(folder.path(), &[]).expect("read").intact);
}

/// Whoever changes who took over, who reopened, which pseudonym it was, which answer was undone or what a cell was called is found.
#[test]
fn every_column_of_the_course_is_in_the_chain() {
    let (folder, mut record, session) = with_a_course();
    for says in [Says::Confirms, Says::Excludes, Says::Undoes] {
        record.add_opinion(session, 1, &opinion("C. D.", says)).expect("added");
    }
    record.add_field(session, &field_with_cells(named(Class::Pre), 6, 4)).expect("added");
    let labels = cell_labels("C. D.", Some(CellLabel::Blast), 2, &[1, 4]);
    record.label_cells(session, &labels, &LabelsSeen::default()).expect("labelled");
    drop(record);
    let (good, copy) = (path_in(folder.path()), tempfile::tempdir().expect("a folder"));
    let raw = rusqlite::Connection::open(&good).expect("opened");
    raw.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").expect("one file");
    let columns = |table: &str| -> Vec<(String, String)> {
        let mut statement = raw.prepare(&format!("SELECT name, type FROM pragma_table_info('{table}')")).expect("read");
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("read");
        rows.collect::<rusqlite::Result<_>>().expect("read")
    };
    let mut spoiled = 0;
    for (table, row) in
        [("hand_overs", 1), ("specimen_corrections", 1), ("reopenings", 1), ("opinions", 3), ("cell_labels", 1)]
    {
        for (column, kind) in columns(table).into_iter().filter(|(column, _)| column != "id") {
            let other = if kind == "INTEGER" { format!("coalesce({column}, 0) + 1") } else { "'untrusted'".into() };
            let other = if column == "clock" { "'unsynchronized'".into() } else { other };
            std::fs::copy(&good, path_in(copy.path())).expect("copied");
            let raw = rusqlite::Connection::open(path_in(copy.path())).expect("opened");
            raw.execute_batch(&format!(
                "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; DROP TRIGGER {table}_never_updated; \
                 UPDATE {table} SET {column} = {other} WHERE id = {row}"
            ))
            .unwrap_or_else(|error| panic!("{table}.{column}: {error}"));
            drop(raw);
            let found = verify(copy.path(), &[]).expect("read");
            let is_found = found.findings.iter().any(|finding| {
                finding.table.as_deref() == Some(table) && finding.column.as_deref() == Some(column.as_str())
            });
            assert!(is_found, "{table}.{column}: {:?}", found.findings);
            spoiled += 1;
        }
    }
    assert!(spoiled > 20, "{spoiled}");
}

/// A salvage takes the new rows over in their order: an end, its reopening, the next end.
#[test]
fn a_salvage_keeps_the_course_of_a_session() {
    let (folder, mut record, session) = with_a_course();
    record.add_opinion(session, 1, &opinion("C. D.", Says::Confirms)).expect("added");
    record.add_opinion(session, 1, &opinion("C. D.", Says::Undoes)).expect("added");
    record.end_session(session, at(6), "stopped").expect("ended");
    let other = record.start_session(&new_session("S-9")).expect("started").session;
    drop(record);
    let raw = rusqlite::Connection::open(path_in(folder.path())).expect("opened");
    raw.execute_batch("DROP TRIGGER sessions_never_updated; UPDATE sessions SET operator = 'X' WHERE id = 2")
        .expect("spoiled");
    drop(raw);
    let salvaged = salvage(folder.path()).expect("salvaged");
    assert_eq!(salvaged.salvage.rows_lost, 1, "{:?}", salvaged.lost);
    let reader = RecordReader::open(folder.path()).expect("opened");
    let found = reader.session(session).expect("read");
    assert_eq!((found.specimen.as_str(), found.operator_now(), found.reopenings.len()), ("S-2", "C. D.", 1));
    assert!(found.ended_utc.is_some() && reader.session(other).is_err());
    assert!(reader.field(session, 1).expect("read").standing().is_none(), "the undo is kept, too");
}

/// Prints how long the list and a search take in a record of 10,000 sessions: `-- --ignored ten_thousand --nocapture`.
#[test]
#[ignore = "writes for minutes"]
fn ten_thousand_sessions() {
    let (folder, mut record) = opened();
    for number in 0..10_000_u64 {
        let new = blastscope::record::NewSession {
            started: at(number * 600),
            ..new_session(&format!("S-{}-{:04}", 2020 + number / 2_000, number % 2_000))
        };
        let session = record.start_session(&new).expect("started").session;
        record.add_field(session, &field(named(Class::Pre), 1)).expect("added");
        record.end_session(session, at(number * 600 + 60), "stopped").expect("ended");
    }
    let reader = RecordReader::open(folder.path()).expect("opened");
    let of = |specimen: &str| Some(specimen.into());
    let from = Some(reader.session(SessionId::new(5_000)).expect("read").started_utc);
    for (what, search) in [
        ("the newest", Search::default()),
        ("an old part", Search { before: Some(SessionId::new(100)), ..Search::default() }),
        ("a specimen", Search { specimen: of("S-2021-0042"), ..Search::default() }),
        ("many specimens", Search { specimen: of("S-"), ..Search::default() }),
        ("no specimen", Search { specimen: of("T-"), ..Search::default() }),
        ("half of all days", Search { from, ..Search::default() }),
    ] {
        let start = std::time::Instant::now();
        let found = reader.search(&Search { limit: 50, ..search }).expect("read").len();
        println!("{what}: {found} sessions in {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
    }
    let start = std::time::Instant::now();
    assert_eq!(reader.newest_open().expect("read"), None);
    println!("the session left open: {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
}

#[test]
fn sessions_are_found_by_specimen_and_date_in_parts() {
    let (folder, mut record) = opened();
    for number in 0..30_u64 {
        let new = blastscope::record::NewSession {
            started: at(number * 86_400),
            ..new_session(&format!("S-{:02}{}", number / 3, ["a", "b", "c"][number as usize % 3]))
        };
        let session = record.start_session(&new).expect("started").session;
        record.end_session(session, at(number * 86_400 + 60), "stopped").expect("ended");
    }
    let mistyped: SessionId = "7".parse().expect("a number");
    record.correct_specimen(mistyped, "T-1", "A. B.", at(40 * 86_400)).expect("corrected");
    let reader = RecordReader::open(folder.path()).expect("opened");
    let find = |search: Search| -> Vec<i64> {
        let found = reader.search(&Search { limit: 8, ..search }).expect("read");
        found.iter().map(|session: &Session| session.id.number()).collect()
    };
    let of = |specimen: &str| Search { specimen: Some(specimen.into()), ..Search::default() };
    assert_eq!(find(Search::default()), [30, 29, 28, 27, 26, 25, 24, 23]);
    let before = Some("23".parse().expect("a number"));
    assert_eq!(find(Search { before, ..Search::default() }), [22, 21, 20, 19, 18, 17, 16, 15]);
    assert_eq!(find(of("s-02")), [9, 8, 7], "upper and lower case are the same, the mistyped one is found, too");
    assert_eq!(find(of("T-")), [7]);
    assert_eq!(find(Search { is_whole: true, ..of("S-02") }), [0; 0]);
    assert_eq!(find(Search { is_whole: true, ..of("s-02C") }), [9]);
    assert_eq!(find(of("S_")), [0; 0], "no letter stands for others");
    let day = |number: u64| Some(reader.session(SessionId::new(number as i64)).expect("read").started_utc);
    assert_eq!(find(Search { from: day(10), until: day(13), ..Search::default() }), [12, 11, 10]);
    assert_eq!(find(Search { until: day(3), ..Search::default() }), [2, 1]);
    assert_eq!(find(Search { from: day(8), ..of("S-02") }), [9, 8]);
}
