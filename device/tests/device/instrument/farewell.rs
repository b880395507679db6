//! The end of the instrument, while another program holds the record: like a disk that hangs.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    thread,
    time::Duration,
};

use blastscope::{
    board::{Board, NoHardware, Notice},
    record::{Record, RecordReader, RecordWriter, Says, Seen, SessionId, path_in},
    source::{FrameSource, SourceError, follow::Opener},
    station::{Change, Face, Feed, News, Order, Origin, Parts, Refusal, Snapshot, Station, run_before},
};
use blastscope_core::{
    field::Rules,
    pipeline::{Settings, Statement},
};
use blastscope_shared::{RgbPixels, judge::Scores};
use rusqlite::Connection;
use tempfile::TempDir;

use super::{JUDGE, Scripted, scene};

const LONG: Duration = Duration::from_secs(60);
/// Enough for a thread to end, if nothing holds it; much less than the record waits for another program.
const MOMENT: Duration = Duration::from_millis(300);

/// Says when it goes dark.
struct Lamp(Sender<()>);

impl Board for Lamp {
    fn announce(&mut self, _: &Statement) {}

    fn notices(&mut self) -> Vec<Notice> {
        Vec::new()
    }
}

impl Drop for Lamp {
    fn drop(&mut self) {
        // The test may have failed.
        let _ = self.0.send(());
    }
}

/// An instrument with an open session, and a record that another program holds.
struct Held {
    instrument: Station,
    session: SessionId,
    other: Connection,
    dark: Receiver<()>,
    /// Makes the assessor panic.
    fails: Arc<AtomicBool>,
    folder: TempDir,
}

impl Held {
    /// With room for `queue` writes.
    fn new(queue: usize) -> Self {
        let folder = TempDir::new().expect("a folder");
        let fails = Arc::new(AtomicBool::new(false));
        let failing = Arc::clone(&fails);
        let record = Record::open(folder.path()).expect("opened").with_min_free(0);
        let parts = Parts {
            assessor: move |_: &RgbPixels| {
                assert!(!failing.load(Ordering::Relaxed), "a bug");
                Scores::new([0.0; 4], [0.25; 4], 1.0)
            },
            settings: Settings::new(JUDGE),
            rules: Rules::default(),
            feed: Feed::new("camera", || {
                Ok(Box::new(Scripted(Box::new(|_| None), scene::drawn(320, 240, 1), 0)) as Box<dyn FrameSource>)
            }),
            record: Some(RecordWriter::start(record, queue).expect("a thread")),
            left: None,
            origin: scene::origin(),
        };
        let (lamp, dark) = mpsc::channel();
        let instrument = Station::start_with(parts, || Box::new(Lamp(lamp))).expect("a thread");
        let start = Order::Start { specimen: "S-1".into(), operator: "A. B.".into() };
        let session = instrument.remote().give(start).expect("taken").wait(LONG).expect("started").session;
        let other = Connection::open(path_in(folder.path())).expect("opened");
        other.execute_batch("BEGIN IMMEDIATE").expect("locked");
        Self { instrument, session, other, dark, fails, folder }
    }

    /// An opinion, which is written whether its field exists or not.
    fn opinion(&self) -> Order {
        let (session, by) = (self.session, "A. B.".into());
        let change =
            Change::Opinion { sequence: 1, says: Says::Confirms, note: String::new(), by, seen: Seen::default() };
        Order::Change { session, change }
    }
}

#[test]
fn lamps_are_dark_before_the_record_is_written() {
    let Held { instrument, other, dark, folder, session, .. } = Held::new(8);
    let ending = thread::spawn(move || drop(instrument));
    dark.recv_timeout(LONG).expect("dark");
    thread::sleep(MOMENT);
    assert!(!ending.is_finished(), "dark only after the record");
    other.execute_batch("ROLLBACK").expect("unlocked");
    ending.join().expect("no panic");
    let session = RecordReader::open(folder.path()).expect("a record").session(session).expect("read");
    assert!(session.ended_utc.is_some());
}

#[test]
fn after_a_panic_too() {
    let held = Held::new(8);
    let remote = held.instrument.remote();
    let _answer = remote.give(held.opinion()).expect("taken");
    thread::sleep(MOMENT);
    held.fails.store(true, Ordering::Relaxed);
    held.dark.recv_timeout(LONG).expect("dark");
    thread::sleep(MOMENT);
    assert!(remote.is_running(), "dark only after the record");
    held.other.execute_batch("ROLLBACK").expect("unlocked");
}

/// Otherwise the session stays open and may continue at the next start, perhaps with another slide.
#[test]
fn a_session_that_cannot_end_at_once_is_ended_once_it_can() {
    let held = Held::new(1);
    let remote = held.instrument.remote();
    let mut waiting = Vec::new();
    // The queue is full once an order is refused.
    let refused = loop {
        let mut answer = remote.give(held.opinion()).expect("taken");
        thread::sleep(MOMENT);
        match answer.poll() {
            Some(refused) => break refused,
            None => waiting.push(answer),
        }
    };
    assert_eq!(refused, Err(Refusal::Busy));
    let Held { instrument, other, dark, folder, session, .. } = held;
    let ending = thread::spawn(move || drop(instrument));
    dark.recv_timeout(LONG).expect("dark");
    thread::sleep(MOMENT);
    other.execute_batch("ROLLBACK").expect("unlocked");
    ending.join().expect("no panic");
    let session = RecordReader::open(folder.path()).expect("a record").session(session).expect("read");
    assert!(session.ended_utc.is_some(), "left open");
}

/// Says something in the turn in which it ends.
struct LastWords(Arc<AtomicBool>);

impl Opener for LastWords {
    fn open(&mut self) -> Result<Box<dyn FrameSource>, SourceError> {
        let ended = Arc::clone(&self.0);
        let end = move |_| {
            ended.store(true, Ordering::Relaxed);
            Some(SourceError::End)
        };
        Ok(Box::new(Scripted(Box::new(end), scene::drawn(320, 240, 1), 0)))
    }

    fn notes(&mut self) -> Vec<String> {
        self.0.swap(false, Ordering::Relaxed).then(|| "the last words".into()).into_iter().collect()
    }
}

#[derive(Default)]
struct Listener(Vec<String>);

impl Face for Listener {
    fn goes_on(&mut self, _: &Snapshot) -> bool {
        true
    }

    fn tell(&mut self, news: News<'_>, _: &Snapshot) -> io::Result<()> {
        if let News::Note(note) = news {
            self.0.push(note.into());
        }
        Ok(())
    }
}

#[test]
fn a_source_is_heard_to_its_end() {
    let parts = Parts {
        assessor: |_: &RgbPixels| Scores::new([0.0; 4], [0.25; 4], 1.0),
        settings: Settings::new(JUDGE),
        rules: Rules::default(),
        feed: Feed::of("folder", LastWords(Arc::default())),
        record: None,
        left: None,
        origin: Origin::default(),
    };
    let mut listener = Listener::default();
    let (ended, _) =
        run_before(parts, None, Box::new(NoHardware), &mut listener, &AtomicBool::new(false)).expect("heard");
    assert_eq!((ended, listener.0), (None, vec!["the last words".to_owned()]));
}
