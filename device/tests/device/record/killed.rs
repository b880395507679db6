//! `kill -9` at random moments: everything acknowledged is stored.

use std::{
    collections::BTreeMap,
    env,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use blastscope::record::{CellLabel, LabelsSeen, Record, RecordReader, Says, SessionId, path_in, verify::verify};
use blastscope_shared::Class;

use crate::record::samples::{at, cell_labels, field, field_with_cells, named, new_session, opinion};

/// Names the folder to write into; set in the child only.
const FOLDER: &str = "BLASTSCOPE_TEST_KILLED";

/// The child: writes until it is killed, and prints what was acknowledged.
#[test]
fn child_that_is_killed() {
    let Some(folder) = env::var_os(FOLDER) else { return };
    let mut record = Record::open(Path::new(&folder)).expect("opened").with_min_free(0);
    let session = record.start_session(&new_session("killed")).expect("written").session;
    let mut out = std::io::stdout().lock();
    writeln!(out, "\nsession {session}").expect("a pipe");
    for seed in 1.. {
        let receipt = record.add_field(session, &field_with_cells(named(Class::Pre), seed, 3)).expect("written");
        writeln!(out, "saved {} {seed}", receipt.sequence.expect("a field")).expect("a pipe");
        if seed % 3 == 0 {
            change(&mut record, session, seed);
            writeln!(out, "changed {seed}").expect("a pipe");
        }
        out.flush().expect("a pipe");
    }
}

/// Two labels of cells, an answer and its undo, an exclusion, a hand-over, a corrected pseudonym, an end and a reopening.
fn change(record: &mut Record, session: SessionId, seed: u64) {
    let labels = cell_labels("A. B.", Some(CellLabel::Blast), seed - 1, &[1, 3]);
    record.label_cells(session, &labels, &LabelsSeen::default()).expect("written");
    for says in [Says::Confirms, Says::Undoes, Says::Excludes] {
        record.add_opinion(session, seed, &opinion("A. B.", says)).expect("written");
    }
    record.hand_over(session, &format!("P. {seed}"), at(seed)).expect("written");
    record.correct_specimen(session, &format!("K-{seed}"), "A. B.", at(seed)).expect("written");
    record.end_session(session, at(seed), "stopped").expect("written");
    record.reopen(session, "A. B.", at(seed)).expect("written");
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let rounds = if env::var_os("BLASTSCOPE_LONG").is_some() { 1000 } else { 40 };
    let mut folder = tempfile::tempdir().expect("a folder");
    let mut moment = 0x2545_f491_4f6c_dd1d_u64;
    let (mut acknowledged_in_all, mut killed_before_any) = (0, 0);
    for round in 0..rounds {
        if round % 10 == 0 {
            folder = tempfile::tempdir().expect("a folder");
        }
        moment ^= moment << 13;
        moment ^= moment >> 7;
        moment ^= moment << 17;
        let mut child = Command::new(env::current_exe().expect("this program"))
            .args(["--exact", "record::killed::child_that_is_killed", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("started");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut said = Said::default();
        // One in four is killed while it creates the database, or recovers it after the previous round.
        if round % 4 > 0 {
            while said.saved.is_empty() {
                said.hear(&lines.next().expect("the child continues").expect("text"));
            }
        }
        thread::sleep(Duration::from_micros(moment % 60_000));
        child.kill().expect("killed");
        lines.for_each(|line| said.hear(&line.expect("text")));
        let status = child.wait().expect("ended");
        assert!(!status.success() && status.code().is_none(), "the child ended by itself: {status}");
        acknowledged_in_all += said.saved.len();
        killed_before_any += usize::from(said.saved.is_empty());
        check(folder.path(), &said, round);
    }
    println!("{rounds} kills, {acknowledged_in_all} acknowledged fields, {killed_before_any} kills before the first");
    assert!(acknowledged_in_all > rounds, "the child hardly ever wrote");
}

/// Output of the child before it was killed.
#[derive(Default)]
struct Said {
    session: Option<SessionId>,
    /// Seeds of the pictures, by sequence.
    saved: BTreeMap<u64, u64>,
    /// Fields after which the course of the session was changed.
    changed: Vec<u64>,
}

impl Said {
    fn hear(&mut self, line: &str) {
        let mut words = line.split(' ');
        match (words.next(), words.next(), words.next()) {
            (Some("session"), Some(id), None) => self.session = Some(id.parse().expect("a number")),
            (Some("saved"), Some(sequence), Some(seed)) => {
                self.saved.insert(sequence.parse().expect("a number"), seed.parse().expect("a number"));
            }
            (Some("changed"), Some(seed), None) => self.changed.push(seed.parse().expect("a number")),
            _ => {}
        }
    }
}

fn check(folder: &Path, said: &Said, round: usize) {
    if said.session.is_none() && !path_in(folder).exists() {
        return;
    }
    // Opening it for writing recovers what is left, as on the device.
    drop(Record::open(folder).expect("opened after a kill"));
    let found = verify(folder, &[]).expect("opened");
    assert!(found.intact, "round {round}: {:?}", found.findings);
    let Some(session) = said.session else { return };
    let reader = RecordReader::open(folder).expect("opened");
    for (&sequence, &seed) in &said.saved {
        let kept = reader.picture(session, sequence).expect("an acknowledged field");
        assert_eq!(kept, field(named(Class::Pre), seed).picture.file, "round {round}, field {sequence}");
    }
    let kept = reader.session(session).expect("read");
    let cells = reader.cells(session).expect("read");
    for seed in &said.changed {
        assert!(kept.hand_overs.iter().any(|handed| handed.to_person == format!("P. {seed}")), "round {round}, {seed}");
        let is_corrected = |specimen: &str| specimen == format!("K-{seed}");
        assert!(kept.specimen_corrections.iter().any(|correction| is_corrected(&correction.specimen)), "round {round}");
        let labelled = cells.fields.iter().find(|cells| cells.field == seed - 1).expect("a field with cells");
        let labels: Vec<_> = labelled.cells.iter().map(|cell| cell.label).collect();
        assert_eq!(labels, [Some(CellLabel::Blast), None, Some(CellLabel::Blast)], "round {round}, field {}", seed - 1);
        assert!(reader.cell_strip(session, *seed).is_ok(), "round {round}");
        assert!(reader.field(session, *seed).expect("read").exclusion().is_some(), "round {round}, field {seed}");
    }
    assert!(kept.reopenings.len() >= said.changed.len(), "round {round}");
    let there = kept.fields;
    let heard = said.saved.len() as u64;
    // One may be written but not yet reported.
    assert!(there == heard || there == heard + 1, "round {round}: {there} fields, {heard} acknowledged");
}
