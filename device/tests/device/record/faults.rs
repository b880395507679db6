//! Full and broken disks, at every single write call.
//!
//! A child process writes a session while a small library, compiled here, makes one call or several in a row fail. After a failure
//! the child saves again, as a person would. A failed write must leave nothing behind, and nothing acknowledged may be missing.

use std::{
    env, fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use blastscope::record::{
    Decision, Label, NewField, Receipt, Record, RecordError, RecordReader, Says, path_in, verify::verify,
};
use blastscope_shared::Class;
use tempfile::TempDir;

use crate::record::samples::{at, field, named, new_session, opinion, picture};

/// Names the folder to write into; set in the child only.
const FOLDER: &str = "BLASTSCOPE_TEST_FAULTS";
/// Number of fields that the child writes.
const FIELDS: &str = "BLASTSCOPE_TEST_FAULTS_FIELDS";
/// More attempts than calls that fail in a row.
const ATTEMPTS: usize = 12;

/// A field whose picture takes many pages if `large`.
fn new_field(seed: u64, large: bool) -> NewField {
    let mut new = field(named(Class::Pre), seed);
    if large {
        new.picture = blastscope::record::StoredPicture::lossless(&picture(400, 300, seed)).expect("encoded");
    }
    new
}

/// Repeats an action until it succeeds; each failure must be a sentence and worth a retry.
fn insistently<T>(what: &str, mut attempt: impl FnMut() -> Result<T, RecordError>) -> T {
    for _ in 0..ATTEMPTS {
        match attempt() {
            Ok(done) => return done,
            Err(error) => {
                assert!(error.is_passing(), "{what}: {error}");
                assert!(error.to_string().contains("record.db"), "{what}: {error}");
                println!("\nfailed {what}: {error}");
            }
        }
    }
    panic!("{what} failed {ATTEMPTS} times");
}

#[test]
fn child_on_a_bad_disk() {
    let Some(folder) = env::var_os(FOLDER) else { return };
    let fields: u64 = env::var(FIELDS).expect("set").parse().expect("a number");
    let mut record = insistently("open", || Record::open(Path::new(&folder))).with_min_free(0);
    let mut out = std::io::stdout().lock();
    let mut acknowledge = |receipt: Receipt| {
        writeln!(out, "\nacknowledged {} {}", receipt.entry, receipt.head).expect("a pipe");
        receipt.session
    };
    let session = acknowledge(insistently("start", || record.start_session(&new_session("A"))));
    for seed in 1..=fields {
        let new = new_field(seed, fields > 10);
        acknowledge(insistently("field", || record.add_field(session, &new)));
    }
    acknowledge(insistently("continuation", || record.continue_session(session, at(8), Decision::Automatic)));
    let wrong = opinion("C. D.", Says::Corrects(Label::Class(Class::Early)));
    acknowledge(insistently("opinion", || record.add_opinion(session, 1, &wrong)));
    acknowledge(insistently("end", || record.end_session(session, at(9), "stopped")));
    acknowledge(insistently("sign-off", || record.sign_off(session, "E. F.", at(10))));
}

/// The library, or `None` without a C compiler.
fn library(folder: &Path) -> Option<PathBuf> {
    let target = folder.join("libfaults.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/device/record/fault_injection.c");
    let compiled =
        Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&target).arg(source).arg("-ldl").status();
    match compiled {
        Ok(status) => {
            assert!(status.success(), "fault_injection.c does not compile");
            Some(target)
        }
        Err(_) => None,
    }
}

#[derive(Clone, Copy)]
struct Fault {
    first: u64,
    times: u64,
    errno: nix::errno::Errno,
    short: bool,
}

struct Run {
    calls: u64,
    failed: u64,
    failures: usize,
}

/// Runs the child and checks what it left behind.
fn run(library: &Path, fields: u64, fault: Fault) -> Run {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env::current_exe().expect("this program"));
    command
        .args(["--exact", "record::faults::child_on_a_bad_disk", "--nocapture"])
        .env(FOLDER, folder.path())
        .env(FIELDS, fields.to_string())
        .env("LD_PRELOAD", library)
        .env("FAULT_FIRST", fault.first.to_string())
        .env("FAULT_TIMES", fault.times.to_string())
        .env("FAULT_ERRNO", (fault.errno as i32).to_string())
        .stdin(Stdio::null());
    if fault.short {
        command.env("FAULT_SHORT", "1");
    }
    let output = command.output().expect("started");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let case = format!("calls from {} to before {}: {}", fault.first, fault.first + fault.times, fault.errno);
    assert!(output.status.success(), "{case}\n{stdout}\n{stderr}");
    check(&folder, fields, fault, &stdout, &case);
    let count = |before: &str, after: &str| {
        let (_, rest) = stderr.rsplit_once(before).expect("the library's line");
        rest.split_once(after).expect("the library's line").0.trim().parse().expect("a number")
    };
    let failures = stdout.lines().filter(|line| line.starts_with("failed ")).count();
    Run { calls: count("faults: ", " calls"), failed: count("calls, ", " failed"), failures }
}

fn check(folder: &TempDir, fields: u64, fault: Fault, stdout: &str, case: &str) {
    // A failure at closing leaves the write-ahead log; the next program that opens the record recovers it.
    let closed = !fs::exists(folder.path().join("record.db-wal")).expect("looked");
    assert!(closed || fault.first > 0, "{case}: not closed");
    let acknowledged: Vec<&str> = stdout.lines().filter_map(|line| line.strip_prefix("acknowledged ")).collect();
    assert_eq!(acknowledged.len() as u64, fields + 5, "{case}\n{stdout}");
    let heads: Vec<_> =
        acknowledged.iter().map(|line| line.split_once(' ').expect("two words").1.parse().expect("a hash")).collect();
    let found = verify(folder.path(), &heads).expect("opened");
    assert!(found.intact, "{case}: {:?}\n{stdout}", found.findings);
    // Nothing that was not acknowledged is stored.
    assert_eq!(found.entries, fields + 5, "{case}\n{stdout}");
    let reader = RecordReader::open(folder.path()).expect("opened");
    let session = "1".parse().expect("a number");
    for sequence in 1..=fields {
        let kept = reader.picture(session, sequence).expect("an acknowledged field");
        assert_eq!(kept, new_field(sequence, fields > 10).picture.file, "{case}");
    }
}

const DISKS: [(nix::errno::Errno, bool, u64); 4] = [
    (nix::errno::Errno::ENOSPC, false, 1),
    (nix::errno::Errno::EIO, false, 1),
    (nix::errno::Errno::ENOSPC, true, 1),
    (nix::errno::Errno::ENOSPC, true, 5),
];

fn fail_everywhere(name: &str, fields: u64, step: u64) {
    let place = tempfile::tempdir().expect("a folder");
    let Some(library) = library(place.path()) else {
        println!("SKIPPED {name}: there is no C compiler `cc`");
        return;
    };
    let healthy = run(&library, fields, Fault { first: 0, times: 1, errno: DISKS[0].0, short: false });
    assert!(healthy.failures == 0 && healthy.failed == 0 && healthy.calls > fields, "the library was not loaded");
    let (mut runs, mut failures) = (0, 0);
    for (errno, short, times) in DISKS {
        for first in (1..=healthy.calls).step_by(step as usize) {
            let bad = run(&library, fields, Fault { first, times, errno, short });
            assert!(bad.failed > 0, "call {first} did not fail");
            runs += 1;
            failures += bad.failures;
        }
    }
    println!("{} calls, {runs} runs, {failures} failures reported", healthy.calls);
    assert!(failures > 0, "no failure ever reached the record");
}

#[test]
fn every_single_call_may_fail() {
    fail_everywhere("every_single_call_may_fail", 3, 1);
}

/// Enough pages that the write-ahead log is copied back during the session.
#[test]
fn calls_may_fail_while_the_log_is_copied_back() {
    let step = if env::var_os("BLASTSCOPE_LONG").is_some() { 1 } else { 2411 };
    fail_everywhere("calls_may_fail_while_the_log_is_copied_back", 40, step);
}

/// A disk that never syncs: nothing is ever acknowledged. That is the meaning of `synchronous=FULL`.
#[test]
fn without_sync_nothing_is_acknowledged() {
    let place = tempfile::tempdir().expect("a folder");
    let Some(library) = library(place.path()) else {
        println!("SKIPPED without_sync_nothing_is_acknowledged: there is no C compiler `cc`");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    drop(Record::open(folder.path()).expect("opened"));
    let output = Command::new(env::current_exe().expect("this program"))
        .args(["--exact", "record::faults::child_on_a_bad_disk", "--nocapture"])
        .env(FOLDER, folder.path())
        .env(FIELDS, "1")
        .env("LD_PRELOAD", library)
        .env("FAULT_SYNC_ONLY", "1")
        .env("FAULT_FIRST", "1")
        .env("FAULT_TIMES", "1000000")
        .env("FAULT_ERRNO", (nix::errno::Errno::EIO as i32).to_string())
        .output()
        .expect("started");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success() && stdout.contains("failed start"), "{stdout}");
    assert!(!stdout.contains("acknowledged "), "{stdout}");
    assert!(path_in(folder.path()).exists());
}
