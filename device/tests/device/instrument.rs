//! The instrument with sources that appear, stall and vanish.

mod farewell;

use crate::page::scene;
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
        mpsc::{self, Receiver},
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

use blastscope::{
    board::{self, Button, ButtonEvent, NoHardware, Notice},
    record::{Decision, NewSession, Record, RecordReader, RecordWriter},
    source::{
        Background, Capture, FrameSource, Guard, RawFrame, SourceError,
        state::{CameraState, Patience},
    },
    station::{Feed, Order, Origin, Parts, Refusal, Saving, Snapshot, Station, left_behind},
};
use blastscope_core::{
    field::{Presence, Rules},
    frame::Frame,
    pipeline::{Settings, Statement},
};
use blastscope_shared::{
    Judge, RgbPixels,
    judge::{Scores, Thresholds},
};
use tempfile::TempDir;

/// One endless field, and errors in place of some frames.
struct Scripted(Box<dyn FnMut(u64) -> Option<SourceError>>, RgbPixels, u64);

impl FrameSource for Scripted {
    fn next_frame(&mut self, timeout: Duration) -> Result<Frame, SourceError> {
        thread::sleep(Duration::from_millis(5).min(timeout));
        let sequence = self.2;
        self.2 += 1;
        match (self.0)(sequence) {
            Some(error) => Err(error),
            None => Ok(Frame { picture: self.1.clone(), sequence, time: Duration::ZERO, name: None, original: None }),
        }
    }
}

const PATIENCE: Patience = Patience {
    stall: Duration::from_millis(60),
    frozen: Some(Duration::from_millis(80)),
    corrupt: Duration::from_millis(50),
};

const JUDGE: Judge = Judge::new(Thresholds { min_probability: 0.6, min_subtype: 0.5, max_novelty: 2.0 });

fn instrument(folder: &TempDir, feed: Feed) -> Station {
    instrument_with(folder, feed, || Box::new(NoHardware))
}

fn instrument_with(
    folder: &TempDir,
    feed: Feed,
    board: impl FnOnce() -> Box<dyn board::Board> + Send + 'static,
) -> Station {
    instrument_on(folder, feed, 0, board)
}

/// With `min_free` bytes that must stay free on the disk.
fn instrument_on(
    folder: &TempDir,
    feed: Feed,
    min_free: u64,
    board: impl FnOnce() -> Box<dyn board::Board> + Send + 'static,
) -> Station {
    let assessor = |_: &RgbPixels| Scores::new([0.0; 4], [0.9, 0.05, 0.03, 0.02], 1.0);
    let record = Record::open(folder.path()).expect("opened").with_min_free(min_free);
    let reader = RecordReader::open(folder.path()).expect("a record");
    let parts = Parts {
        assessor,
        settings: Settings::new(JUDGE),
        rules: Rules { rest: Duration::ZERO, ..Rules::default() },
        feed: feed.with_patience(Duration::from_millis(30), PATIENCE),
        record: Some(RecordWriter::start(record, 8).expect("a thread")),
        left: left_behind(&reader, &scene::origin(), 8).expect("read"),
        origin: scene::origin(),
    };
    Station::start_with(parts, board).expect("a thread")
}

fn wait_for(instrument: &Station, what: &str, satisfies: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
    let start = Instant::now();
    loop {
        let snapshot = instrument.remote().snapshot();
        if satisfies(&snapshot) {
            return snapshot;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "no {what}: {snapshot:?}");
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_source_that_is_absent_is_shown_and_comes() {
    let folder = TempDir::new().expect("a folder");
    let mut attempts = 0;
    let instrument = instrument(
        &folder,
        Feed::new("camera", move || {
            attempts += 1;
            if attempts < 4 {
                return Err(SourceError::NoCamera);
            }
            Ok(Box::new(Scripted(Box::new(|_| None), scene::drawn(320, 240, 1), 0)) as Box<dyn FrameSource>)
        }),
    );
    let absent = wait_for(&instrument, "absence", |snapshot| snapshot.source_state == CameraState::Absent);
    assert!(absent.source_reason.as_deref().expect("a reason").contains("connect one"), "{absent:?}");
    assert!(absent.said.is_none() && absent.focus.level.is_none());
    let order = Order::Take { session: "1".parse().expect("a number"), frame: None };
    let take = instrument.remote().give(order).expect("taken").wait(Duration::from_secs(60));
    assert_eq!(take, Err(Refusal::NoSession));
    let there =
        wait_for(&instrument, "verdict", |snapshot| snapshot.said.as_ref().is_some_and(|said| said.class.is_some()));
    assert_eq!((there.source_state, &there.source_reason), (CameraState::Streaming, &None));
}

#[test]
fn a_lost_source_leaves_no_verdict_and_its_field_counts_once() {
    let folder = TempDir::new().expect("a folder");
    let plugged = Arc::new(AtomicU32::new(0));
    let times = Arc::clone(&plugged);
    let instrument = instrument(
        &folder,
        Feed::new("camera", move || {
            times.fetch_add(1, Ordering::Relaxed);
            let script = |sequence| match sequence {
                40..60 => Some(SourceError::Stalled { after: Duration::ZERO }),
                60 => Some(SourceError::Corrupt { what: "frame 60".into(), reason: "is cut off".into() }),
                120 => Some(SourceError::Lost("No such device".into())),
                _ => None,
            };
            Ok(Box::new(Scripted(Box::new(script), scene::drawn(320, 240, 1), 0)) as Box<dyn FrameSource>)
        }),
    );
    let start = Order::Start { specimen: "S-1".into(), operator: "A. B.".into() };
    let receipt = instrument.remote().give(start).expect("taken").wait(Duration::from_secs(60)).expect("started");
    let done = wait_for(&instrument, "five replugs", |snapshot| snapshot.flow.trouble.losses >= 5);
    assert!(plugged.load(Ordering::Relaxed) >= 5);
    assert!(done.flow.trouble.stalls >= 4 && done.flow.trouble.corrupt >= 4, "{:?}", done.flow);
    let lost = wait_for(&instrument, "a loss", |snapshot| snapshot.source_state == CameraState::Lost);
    assert!(lost.said.is_none() && lost.probabilities.is_none() && lost.quality.is_none(), "{lost:?}");
    assert!(lost.source_reason.as_deref().expect("a reason").contains("plug it in again"));
    assert!(lost.sequence.is_none());
    drop(instrument);
    let session = RecordReader::open(folder.path()).expect("a record").session(receipt.session).expect("read");
    assert_eq!(session.fields, 1, "the same field, seen again after each replug");
    assert!(session.ended_utc.is_some());
}

/// A continuation is written to the record; if that fails, the session waits and nothing is added to it.
#[test]
fn a_session_that_was_cut_off_waits_for_room_on_the_disk() {
    let folder = TempDir::new().expect("a folder");
    let feed = || {
        Feed::new("camera", || {
            Ok(Box::new(Scripted(Box::new(|_| None), scene::drawn(320, 240, 1), 0)) as Box<dyn FrameSource>)
        })
    };
    let session = {
        let Origin { model_name, model_sha256, config_sha256, code_hash, device_id, slide } = scene::origin();
        let new = NewSession {
            specimen: "S-1".into(),
            operator: "A. B.".into(),
            started: SystemTime::now(),
            model_name,
            model_sha256,
            config_sha256,
            program_version: "1".into(),
            code_hash,
            device_id,
            slide,
        };
        let mut record = Record::open(folder.path()).expect("opened").with_min_free(0);
        record.start_session(&new).expect("started").session
    };
    let continuations = || {
        let reader = RecordReader::open(folder.path()).expect("a record");
        let found = reader.session(session).expect("read").continuations;
        found.iter().map(|continuation| continuation.decision).collect::<Vec<_>>()
    };
    let full = instrument_on(&folder, feed(), u64::MAX, || Box::new(NoHardware));
    let shown = wait_for(&full, "a refusal", |snapshot| matches!(snapshot.saving, Saving::Failed { .. }));
    assert_eq!((shown.left.as_ref().map(|left| left.id), &shown.session), (Some(session), &None), "{shown:?}");
    let asked = full.remote().give(Order::Continue { session }).expect("taken").wait(Duration::from_secs(60));
    assert!(matches!(asked, Err(Refusal::Record(_))), "{asked:?}");
    drop(full);
    assert_eq!(continuations(), []);

    let roomy = instrument(&folder, feed());
    let shown = wait_for(&roomy, "the session", |snapshot| snapshot.session.is_some());
    assert_eq!((shown.session.as_ref().map(|open| open.id), &shown.left), (Some(session), &None));
    let again = roomy.remote().give(Order::Continue { session }).expect("taken").wait(Duration::from_secs(60));
    assert_eq!(again, Err(Refusal::SessionGoesOn(session)));
    drop(roomy);
    assert_eq!(continuations(), [Decision::Automatic]);
}

/// A board with buttons that a test presses and lamps that it reads.
struct Bench {
    pressed: Receiver<Button>,
    said: Arc<Mutex<Vec<Statement>>>,
}

impl board::Board for Bench {
    fn announce(&mut self, statement: &Statement) {
        self.said.lock().expect("no panic").push(statement.clone());
    }

    fn notices(&mut self) -> Vec<Notice> {
        self.pressed.try_iter().map(|button| Notice::Pressed(ButtonEvent { button })).collect()
    }
}

#[test]
fn buttons_take_and_confirm_and_lamps_hear_what_is_said() {
    let folder = TempDir::new().expect("a folder");
    let (press, pressed) = mpsc::channel();
    let said = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&said);
    let feed = Feed::new("camera", move || {
        let script = |sequence| (sequence == 400).then(|| SourceError::Lost("No such device".into()));
        Ok(Box::new(Scripted(Box::new(script), scene::drawn(320, 240, 1), 0)) as Box<dyn FrameSource>)
    });
    let instrument = instrument_with(&folder, feed, move || Box::new(Bench { pressed, said: heard }));
    // Without a session and a field there is nothing to confirm.
    press.send(Button::Confirm).expect("heard");
    let start = Order::Start { specimen: "S-1".into(), operator: "A. B.".into() };
    let receipt = instrument.remote().give(start).expect("taken").wait(Duration::from_secs(60)).expect("started");
    // A field taken while the view is too new has no class to confirm.
    wait_for(&instrument, "a class", |snapshot| snapshot.said.as_ref().is_some_and(|said| said.class.is_some()));
    press.send(Button::Take).expect("heard");
    wait_for(&instrument, "a field", |snapshot| matches!(snapshot.field, Presence::Taken { .. }));
    let before = instrument.remote().snapshot().record_version;
    // A field that has only just appeared was not the target.
    press.send(Button::Confirm).expect("heard");
    wait_for(&instrument, "a refusal", |snapshot| snapshot.notes.iter().any(|note| note.text.contains("press again")));
    assert_eq!(instrument.remote().snapshot().record_version, before);
    thread::sleep(blastscope::station::JUST_NOW + Duration::from_millis(100));
    press.send(Button::Confirm).expect("heard");
    press.send(Button::Confirm).expect("heard");
    wait_for(&instrument, "a confirmation", |snapshot| snapshot.record_version > before);
    wait_for(&instrument, "the second press", |snapshot| {
        snapshot.notes.iter().any(|note| note.text.contains("has another answer"))
    });
    wait_for(&instrument, "a loss", |snapshot| snapshot.flow.trouble.losses >= 1);
    drop(instrument);
    let reader = RecordReader::open(folder.path()).expect("a record");
    let fields = reader.fields(receipt.session, 0, 10).expect("fields");
    assert_eq!(fields.len(), 1, "taken once, by the button or automatically");
    assert_eq!(fields[0].opinions.len(), 1, "pressed twice, confirmed once");
    let opinion = fields[0].opinion().expect("confirmed");
    assert_eq!((opinion.confirms(), opinion.given_by.as_str()), (true, "A. B."));
    let said = said.lock().expect("no panic");
    assert!(said.iter().any(|statement| statement.class().is_some()), "{said:?}");
    assert!(said.iter().any(|statement| matches!(statement, Statement::NoPicture(_))), "{said:?}");
}

/// An order about a session that is over, or a picture that is gone, changes nothing.
#[test]
fn orders_for_another_session_or_another_picture_are_refused() {
    let folder = TempDir::new().expect("a folder");
    let shown = Arc::new(AtomicU32::new(1));
    let seed = Arc::clone(&shown);
    let instrument = instrument(
        &folder,
        Feed::new("camera", move || Ok(Box::new(Changing(Arc::clone(&seed), 0)) as Box<dyn FrameSource>)),
    );
    let ask = |order| instrument.remote().give(order).expect("taken").wait(Duration::from_secs(60));
    let start = |specimen: &str| ask(Order::Start { specimen: specimen.into(), operator: "A. B.".into() });
    let end = |session| ask(Order::End { session, reason: "over".into() });
    let old = start("S-1").expect("started").session;
    end(old).expect("ended");
    let new = start("S-2").expect("started").session;
    let another = Err(Refusal::AnotherSession { named: old, open: new });
    assert_eq!(end(old), another);
    assert_eq!(ask(Order::Take { session: old, frame: None }), another);
    assert_eq!(instrument.remote().snapshot().session.as_ref().map(|open| open.id), Some(new));

    let seen = wait_for(&instrument, "a picture", |snapshot| snapshot.sequence.is_some());
    let number = |snapshot: &Snapshot| snapshot.frame.as_ref().map(|frame| frame.sequence);
    assert_eq!(number(&seen), seen.sequence, "picture and verdict belong together");
    shown.store(2, Ordering::Relaxed);
    wait_for(&instrument, "another field", |snapshot| {
        snapshot.frame.as_ref().is_some_and(|frame| frame.picture == scene::drawn(320, 240, 2))
    });
    let gone = ask(Order::Take { session: new, frame: seen.sequence });
    assert!(matches!(gone, Err(Refusal::NotTaken(blastscope_core::field::NotTaken::Moved))), "{gone:?}");
    let now = instrument.remote().snapshot();
    let taken = ask(Order::Take { session: new, frame: now.sequence });
    assert!(matches!(taken, Ok(_) | Err(Refusal::NotTaken(blastscope_core::field::NotTaken::Counted(1)))), "{taken:?}");
    end(new).expect("ended");
}

/// Shows the drawn field that a test names.
struct Changing(Arc<AtomicU32>, u64);

impl FrameSource for Changing {
    fn next_frame(&mut self, _: Duration) -> Result<Frame, SourceError> {
        thread::sleep(Duration::from_millis(10));
        self.1 += 1;
        let picture = scene::drawn(320, 240, self.0.load(Ordering::Relaxed));
        Ok(Frame { picture, sequence: self.1, time: Duration::from_millis(self.1 * 10), name: None, original: None })
    }
}

/// A driver that never answers.
struct Never;

impl Never {
    fn wait() -> ! {
        loop {
            thread::park();
        }
    }
}

impl Capture for Never {
    fn capture(&mut self) -> Result<Option<RawFrame>, SourceError> {
        Self::wait()
    }
}

/// The first opening never returns, the second opens and never delivers, the third works.
#[test]
fn a_driver_that_never_answers_keeps_neither_orders_nor_the_next_opening() {
    let folder = TempDir::new().expect("a folder");
    let guard = Guard::new(Duration::from_millis(400));
    let mut attempts = 0;
    let feed = Feed::new("camera", move || {
        attempts += 1;
        let hanging = match attempts {
            1 => Background::guarded(&guard, || -> Result<Never, SourceError> { Never::wait() }),
            2 => Background::guarded(&guard, || Ok(Never)),
            _ => {
                return Ok(Box::new(Scripted(Box::new(|_| None), scene::drawn(320, 240, 1), 0)) as Box<dyn FrameSource>);
            }
        };
        hanging.map(|source| Box::new(source) as Box<dyn FrameSource>)
    });
    let instrument = instrument(&folder, feed);
    let start = Order::Start { specimen: "S-1".into(), operator: "A. B.".into() };
    let answer = instrument.remote().give(start).expect("it listens").wait(Duration::from_secs(60));
    assert!(answer.is_ok(), "{answer:?}");
    let snapshot = wait_for(&instrument, "frames", |snapshot| snapshot.source_state == CameraState::Streaming);
    assert!(snapshot.flow.trouble.losses <= 1, "a failed opening is not a loss: {:?}", snapshot.flow);
}
