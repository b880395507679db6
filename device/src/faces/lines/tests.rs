//! The station and its lines, with sources that stall, drop, truncate and are unplugged.

use std::{cell::RefCell, collections::VecDeque, rc::Rc, sync::atomic::AtomicBool, thread, time::Duration};

use blastscope_core::{
    field::Rules,
    frame::Frame,
    pipeline::{Settings, Statement},
};
use blastscope_shared::{
    Judge, RgbPixels,
    judge::{Scores, Thresholds},
};

use super::*;
use crate::{
    board::{Board, Notice},
    source::{
        Background, Capture, Encoding, FrameSource, Inline, RawFrame, SourceError,
        fault::{Faulty, Rates},
        state::Patience,
    },
    station::{Feed, Origin, Parts, run_before},
};

/// When to stop and how long to wait.
#[derive(Clone, Copy)]
struct Limits {
    frames: Option<u64>,
    camera: bool,
    patience: Patience,
    retry: Duration,
}

/// Endless grey frames, one a millisecond, each with a little sensor noise.
struct Grey(u64);

impl Capture for Grey {
    fn capture(&mut self) -> Result<Option<RawFrame>, SourceError> {
        thread::sleep(Duration::from_millis(1));
        let sequence = self.0;
        self.0 += 1;
        let encoding = Encoding::Grey { width: 64, height: 64, stride: 64 };
        let time = Duration::from_millis(sequence);
        let mut bytes = vec![200; 64 * 64];
        bytes[sequence as usize % 4096] = 201;
        Ok(Some(RawFrame { bytes, encoding, sequence, time, name: None }))
    }
}

#[derive(Default)]
struct Log {
    shown: Vec<u64>,
    notes: Vec<String>,
    states: Vec<(CameraState, Option<String>)>,
    missing: Vec<String>,
    buttons: Vec<ButtonEvent>,
    last: Snapshot,
    finished: bool,
}

impl Log {
    /// How often the camera entered `state`.
    fn times(&self, state: CameraState) -> u64 {
        self.states.iter().filter(|(other, _)| *other == state).count() as u64
    }

    fn reason(&self, state: CameraState) -> &str {
        let change = self.states.iter().find(|(other, _)| *other == state);
        change.and_then(|(_, reason)| reason.as_deref()).unwrap_or_default()
    }
}

impl Printer for Rc<RefCell<Log>> {
    fn show(&mut self, reading: &Reading, _: &Snapshot) -> io::Result<()> {
        self.borrow_mut().shown.push(reading.sequence);
        Ok(())
    }

    fn camera(&mut self, change: &Change, _: &Snapshot) -> io::Result<()> {
        self.borrow_mut().states.push((change.state, change.reason.clone()));
        Ok(())
    }

    fn button(&mut self, event: ButtonEvent, _: &Snapshot) -> io::Result<()> {
        self.borrow_mut().buttons.push(event);
        Ok(())
    }

    fn note(&mut self, message: &str, _: &Snapshot) -> io::Result<()> {
        self.borrow_mut().notes.push(message.to_string());
        Ok(())
    }

    fn finish(&mut self, shown: &Snapshot) -> io::Result<()> {
        self.borrow_mut().last = shown.clone();
        self.borrow_mut().finished = true;
        Ok(())
    }
}

/// Remembers every announcement, and has something to say each time.
#[derive(Default)]
struct Recorder {
    announced: Vec<Statement>,
    notices: VecDeque<Notice>,
}

impl Board for Recorder {
    fn announce(&mut self, statement: &Statement) {
        self.announced.push(statement.clone());
    }

    fn notices(&mut self) -> Vec<Notice> {
        self.notices.pop_front().into_iter().collect()
    }
}

/// No stalls, however busy the machine is.
const LIMITS: Limits = Limits {
    frames: Some(200),
    camera: true,
    patience: Patience {
        stall: Duration::from_secs(3600),
        frozen: Some(Duration::from_millis(60)),
        corrupt: Duration::from_millis(30),
    },
    retry: Duration::from_millis(5),
};

fn run_with(
    limits: Limits,
    source: Option<Box<dyn FrameSource>>,
    reopen: impl FnMut() -> Result<Box<dyn FrameSource>, SourceError> + Send + 'static,
    recorder: &mut Recorder,
) -> (Log, Option<SourceError>) {
    let log = Rc::new(RefCell::new(Log::default()));
    let Limits { frames, camera, patience, retry } = limits;
    let mut lines = Lines::with(Box::new(Rc::clone(&log)), camera, frames);
    let assessor = |_: &RgbPixels| Scores::new([0.0; 4], [0.25; 4], 1.0);
    let settings = Settings::new(Judge::new(Thresholds { min_probability: 0.5, min_subtype: 0.5, max_novelty: 2.0 }));
    let feed = Feed::new("grey", reopen).with_patience(retry, patience).of_pictures(!camera);
    let (rules, origin) = (Rules::default(), Origin::default());
    let parts = Parts { assessor, settings, rules, feed, record: None, left: None, origin };
    let (ended, last) = run_before(parts, source, Box::new(&mut *recorder), &mut lines, &AtomicBool::new(false))
        .expect("the log never fails");
    lines.finish(&last).expect("the log never fails");
    let mut log = log.take();
    assert!(log.finished);
    log.missing = recorder
        .announced
        .iter()
        .filter(|said| matches!(said, Statement::NoPicture(_)))
        .filter_map(Statement::reason)
        .collect();
    (log, ended)
}

fn run_to_the_end(
    source: Box<dyn FrameSource>,
    reopen: impl FnMut() -> Result<Box<dyn FrameSource>, SourceError> + Send + 'static,
) -> (Log, Option<SourceError>) {
    run_with(LIMITS, Some(source), reopen, &mut Recorder::default())
}

fn never() -> Result<Box<dyn FrameSource>, SourceError> {
    Err(SourceError::NoCamera)
}

#[test]
fn truncated_and_lost_frames_are_reported_and_survived() {
    let faulty = Faulty::new(Grey(0), 7, Rates { stall: 0, drop: 100, truncate: 200 });
    let (log, ended) = run_to_the_end(Box::new(Inline(faulty)), never);
    assert_eq!(ended, None);
    assert_eq!(log.last.tally.frames, 200);
    assert!((25..=90).contains(&log.last.flow.trouble.corrupt), "{:?}", log.last.flow);
    let corrupt = log.times(CameraState::Corrupt);
    assert!(corrupt > 10 && corrupt <= log.last.flow.trouble.corrupt, "{corrupt} of {:?}", log.last.flow);
    assert!(log.reason(CameraState::Corrupt).contains("is cut off ("), "{:?}", log.states[1]);
    assert!(log.states.windows(2).all(|pair| pair[0].0 != pair[1].0), "only changes are reported");
    assert!(log.shown.is_sorted() && *log.shown.last().expect("frames") > 230, "dropped frames leave gaps");
}

#[test]
fn faults_repeat_with_their_seed() {
    let play = |seed| {
        let faulty = Faulty::new(Grey(0), seed, Rates { stall: 0, drop: 300, truncate: 300 });
        run_to_the_end(Box::new(Inline(faulty)), never).0.shown
    };
    assert_eq!(play(1), play(1));
    assert_ne!(play(1), play(2));
}

#[test]
fn a_stall_is_said_once_and_the_camera_recovers() {
    let open =
        || Ok(Faulty::new(Grey(0), 3, Rates { stall: 15, ..Rates::default() }).stalls_for(Duration::from_millis(60)));
    let patience = Patience { stall: Duration::from_millis(20), ..LIMITS.patience };
    let source = Box::new(Background::start(open).expect("opens"));
    let (log, ended) = run_with(Limits { patience, ..LIMITS }, Some(source), never, &mut Recorder::default());
    assert_eq!(ended, None);
    assert!(log.last.flow.trouble.stalls >= 1, "{:?}", log.last.flow);
    assert_eq!(log.times(CameraState::Stalled), log.last.flow.trouble.stalls, "{:?}", log.states);
    assert!(log.reason(CameraState::Stalled).starts_with("no frame for "), "{:?}", log.states);
    assert_eq!(log.missing.len() as u64, log.last.flow.trouble.stalls, "each stall withdraws the statement once");
}

#[test]
fn an_unplugged_camera_is_waited_for() {
    let unplugged = || Inline(Faulty::new(Grey(0), 1, Rates::default()).unplugged_after(50));
    let mut attempts = 0;
    let mut recorder = Recorder::default();
    let reopen = move || {
        attempts += 1;
        if attempts % 3 == 0 { Ok(Box::new(unplugged()) as Box<dyn FrameSource>) } else { never() }
    };
    let (log, ended) = run_with(LIMITS, Some(Box::new(unplugged())), reopen, &mut recorder);
    assert_eq!(ended, None);
    assert_eq!((log.last.tally.frames, log.last.flow.trouble.losses), (200, 3));
    assert_eq!(log.shown, (0..200).collect::<Vec<_>>(), "frame numbers continue");
    let states: Vec<_> = log.states.iter().map(|(state, _)| *state).collect();
    use CameraState::{Absent, Lost, Opening, Streaming};
    assert_eq!(states[..6], [Streaming, Lost, Absent, Opening, Streaming, Lost]);
    assert_eq!(log.reason(Lost), "the camera is gone (No such device): plug it in again");
    let missing = recorder.announced.iter().filter(|statement| matches!(statement, Statement::NoPicture(_)));
    assert_eq!(missing.count(), 6, "gone, then not found, three times: {:?}", recorder.announced);
}

#[test]
fn a_camera_that_is_not_there_yet_is_waited_for() {
    let mut attempts = 0;
    let (log, ended) = run_with(
        LIMITS,
        None,
        move || {
            attempts += 1;
            if attempts == 4 { Ok(Box::new(Inline(Grey(0)))) } else { never() }
        },
        &mut Recorder::default(),
    );
    assert_eq!((ended, log.last.tally.frames, log.last.flow.trouble.losses), (None, 200, 0));
    let states: Vec<_> = log.states.iter().map(|(state, _)| *state).collect();
    assert_eq!(states, [CameraState::Absent, CameraState::Opening, CameraState::Streaming]);
    assert_eq!(log.missing.len(), 1);
}

#[test]
fn a_camera_that_cannot_be_used_again_says_why_until_it_can() {
    let busy = || SourceError::Unusable { name: "scope".into(), reason: "another program holds it".into() };
    let mut attempts = 0;
    let (log, ended) = run_with(
        LIMITS,
        Some(Box::new(Inline(Faulty::new(Grey(0), 1, Rates::default()).unplugged_after(10)))),
        move || {
            attempts += 1;
            if attempts > 3 { Ok(Box::new(Inline(Grey(0)))) } else { Err(busy()) }
        },
        &mut Recorder::default(),
    );
    assert_eq!((ended, log.last.tally.frames), (None, 200));
    assert_eq!(log.missing.last(), Some(&busy().to_string()));
}

/// A source that reports its frames from 40 to 340 as equal.
struct Frozen(Inline<Grey>, Duration);

impl FrameSource for Frozen {
    fn next_frame(&mut self, timeout: Duration) -> Result<Frame, SourceError> {
        let frame = self.0.next_frame(timeout)?;
        let equals = if frame.sequence < 340 { frame.sequence.saturating_sub(40) } else { 0 };
        self.1 = Duration::from_millis(equals);
        Ok(frame)
    }

    fn unchanged(&self) -> Duration {
        self.1
    }
}

#[test]
fn a_frozen_camera_is_not_judged_and_comes_back() {
    let mut recorder = Recorder::default();
    let source = Frozen(Inline(Grey(0)), Duration::ZERO);
    let (log, ended) = run_with(LIMITS, Some(Box::new(source)), never, &mut recorder);
    assert_eq!((ended, log.last.flow.trouble.freezes), (None, 1));
    let states: Vec<_> = log.states.iter().map(|(state, _)| *state).collect();
    assert_eq!(states, [CameraState::Streaming, CameraState::Frozen, CameraState::Streaming]);
    assert!(log.reason(CameraState::Frozen).contains("bit-identical"), "{:?}", log.states);
    assert!(recorder.announced.iter().any(|statement| matches!(statement, Statement::NoPicture(_))));
    let expected: Vec<u64> = (0..100).chain(340..440).collect();
    assert_eq!(log.shown, expected, "frames of a frozen picture are not judged");
}

#[test]
fn a_capture_that_freezes_is_noticed_in_the_background() {
    let open = || Ok(Faulty::new(Grey(0), 3, Rates::default()).frozen_at(5, u64::MAX));
    let mut source = Background::start(open).expect("opens");
    let mut pictures = Vec::new();
    while source.unchanged() < Duration::from_millis(50) {
        pictures.push(source.next_frame(Duration::from_secs(60)).expect("a frame").picture);
    }
    assert_eq!(pictures.pop(), Some(source.next_frame(Duration::from_secs(60)).expect("a frame").picture));
}

#[test]
fn only_damaged_frames_take_the_statement_back() {
    // Every frame is truncated from the start.
    let faulty = Faulty::new(Grey(0), 5, Rates { truncate: 1000, ..Rates::default() }).unplugged_after(300);
    let mut recorder = Recorder::default();
    let reopen = || Ok(Box::new(Inline(Grey(0))) as Box<dyn FrameSource>);
    let (log, _) = run_with(LIMITS, Some(Box::new(Inline(faulty))), reopen, &mut recorder);
    assert_eq!(log.states[0].0, CameraState::Corrupt);
    assert_eq!(log.last.flow.trouble.corrupt, 300);
    assert!(log.missing[0].contains("is cut off ("), "{:?}", log.missing);
}

#[test]
fn every_damaged_picture_of_a_folder_is_told_and_nothing_of_a_camera() {
    let faulty = Faulty::new(Grey(0), 5, Rates { truncate: 500, ..Rates::default() });
    let limits = Limits { camera: false, ..LIMITS };
    let (log, _) = run_with(limits, Some(Box::new(Inline(faulty))), never, &mut Recorder::default());
    assert_eq!((log.states.len(), log.notes.len() as u64), (0, log.last.flow.trouble.corrupt));
    assert!(log.last.flow.trouble.corrupt > 50, "{:?}", log.last.flow);
    assert!(log.notes.iter().all(|note| note.contains("is cut off (")), "{:?}", log.notes[0]);
}

#[test]
fn what_hardware_says_is_passed_on() {
    let take = ButtonEvent { button: crate::board::Button::Take };
    let notices = [Notice::Warning("the lamp benign has no chip".into()), Notice::Pressed(take)];
    let mut recorder = Recorder { notices: notices.into(), ..Recorder::default() };
    let (log, _) = run_with(LIMITS, Some(Box::new(Inline(Grey(0)))), never, &mut recorder);
    assert_eq!((log.buttons, log.notes), (vec![take], vec!["the lamp benign has no chip".to_string()]));
}

#[test]
fn the_end_of_a_source_ends_the_session_and_slowness_drops_frames() {
    struct Ten(Grey);
    impl Capture for Ten {
        fn capture(&mut self) -> Result<Option<RawFrame>, SourceError> {
            if self.0.0 == 10 { Err(SourceError::End) } else { self.0.capture() }
        }
    }
    let source = Background::start(|| Ok(Ten(Grey(0)))).expect("opens");
    thread::sleep(Duration::from_millis(100));
    let (log, ended) = run_to_the_end(Box::new(source), never);
    assert_eq!((ended, log.shown, log.last.flow.trouble.dropped), (None, vec![9], 9));
}
