//! A capture in a separate thread, behind a one-slot mailbox: the latest frame wins.
//!
//! Some drivers hang, when opened or later. Then only that thread hangs: the consumer never waits for
//! it, and abandons it after a while ([`Guard`]).

use std::{
    collections::VecDeque,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use blastscope_core::frame::Frame;

use super::{Capture, FrameSource, RawFrame, SourceError, raw::fingerprint};

/// Maximum number of passing errors kept for the consumer; older ones are dropped.
const KEPT_ERRORS: usize = 8;

/// How long to wait for the opening of a source that answers at once.
const OPENS: Duration = Duration::from_secs(10);
/// How long to wait for the opening of a device; after that it continues in the background.
const OPENS_BESIDE: Duration = Duration::from_millis(250);

/// Abandons captures whose driver does not answer.
#[derive(Clone, Debug)]
pub struct Guard {
    /// Silence after which a capture is abandoned. Longer than any capture waits for a frame.
    pub limit: Duration,
    /// Number of abandoned threads that still hang.
    hung: Arc<AtomicUsize>,
}

impl Guard {
    /// Maximum number of hanging threads; beyond, nothing is opened.
    pub const MOST_HUNG: usize = 8;

    /// With the given limit of silence; no thread is abandoned yet.
    #[must_use]
    pub fn new(limit: Duration) -> Self {
        Self { limit, hung: Arc::default() }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// It is being opened.
    #[default]
    Opening,
    /// Frames are captured.
    Open,
    /// It could not be opened.
    Refused,
}

#[derive(Default)]
struct Slot {
    stage: Stage,
    /// Time of the thread's last sign.
    last_sign: Option<Instant>,
    /// Whether the thread was abandoned.
    hung: bool,
    latest: Option<RawFrame>,
    passing: VecDeque<SourceError>,
    ended: Option<SourceError>,
    dropped: u64,
    unchanged: Duration,
    abandoned: bool,
}

#[derive(Default)]
struct Mailbox {
    slot: Mutex<Slot>,
    changed: Condvar,
}

impl Mailbox {
    /// Ignores poisoning: a panic while the lock was held leaves the slot valid.
    fn lock(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A source that captures in the background.
pub struct Background {
    mailbox: Arc<Mailbox>,
    guard: Option<Guard>,
}

impl Background {
    /// Calls `open`, which must answer soon, in a new thread, waits for its answer, and captures there until dropped.
    ///
    /// # Errors
    /// The error of `open`, or [`SourceError::Lost`] if no thread can be started.
    pub fn start<C, F>(open: F) -> Result<Self, SourceError>
    where
        C: Capture,
        F: FnOnce() -> Result<C, SourceError> + Send + 'static,
    {
        Self::spawn(open, None, OPENS)
    }

    /// As [`Self::start`], for a device: a slow opening continues in the background, without frames for the consumer, and a
    /// capture that is silent for too long is [lost](SourceError::Lost).
    ///
    /// # Errors
    /// As [`Self::start`]; [`SourceError::Lost`] if too many earlier captures hang.
    pub fn guarded<C, F>(guard: &Guard, open: F) -> Result<Self, SourceError>
    where
        C: Capture,
        F: FnOnce() -> Result<C, SourceError> + Send + 'static,
    {
        let hung = guard.hung.load(Ordering::Relaxed);
        if hung >= Guard::MOST_HUNG {
            return Err(SourceError::Lost(format!(
                "its driver has not answered {hung} times; unplug it, or restart the device"
            )));
        }
        Self::spawn(open, Some(guard.clone()), OPENS_BESIDE)
    }

    fn spawn<C, F>(open: F, guard: Option<Guard>, wait: Duration) -> Result<Self, SourceError>
    where
        C: Capture,
        F: FnOnce() -> Result<C, SourceError> + Send + 'static,
    {
        let mailbox = Arc::new(Mailbox::default());
        mailbox.lock().last_sign = Some(Instant::now());
        let (producer, guarded) = (Arc::clone(&mailbox), guard.clone());
        thread::Builder::new()
            .name("capture".into())
            .spawn(move || {
                // Ends the source for the consumer even if the capture panics.
                let _farewell = Farewell { mailbox: &producer, guard: guarded };
                match open() {
                    Ok(capture) => {
                        if producer.opened() {
                            run(capture, &producer);
                        }
                    }
                    Err(error) => producer.refused(error),
                }
            })
            .map_err(|error| SourceError::Lost(format!("cannot start a thread: {error}")))?;
        let opening = |slot: &mut Slot| slot.stage == Stage::Opening && slot.ended.is_none();
        let waited = mailbox.changed.wait_timeout_while(mailbox.lock(), wait, opening);
        let slot = waited.unwrap_or_else(PoisonError::into_inner).0;
        if let (Stage::Opening | Stage::Refused, Some(error)) = (slot.stage, &slot.ended) {
            return Err(error.clone());
        }
        drop(slot);
        Ok(Self { mailbox, guard })
    }
}

impl Mailbox {
    /// Reports that the capture is open. False if nobody wants it any more.
    fn opened(&self) -> bool {
        let mut slot = self.lock();
        (slot.stage, slot.last_sign) = (Stage::Open, Some(Instant::now()));
        self.changed.notify_all();
        !slot.abandoned
    }

    fn refused(&self, error: SourceError) {
        let mut slot = self.lock();
        (slot.stage, slot.ended) = (Stage::Refused, Some(error));
        self.changed.notify_all();
    }
}

struct Farewell<'a> {
    mailbox: &'a Mailbox,
    guard: Option<Guard>,
}

impl Drop for Farewell<'_> {
    fn drop(&mut self) {
        let mut slot = self.mailbox.lock();
        slot.ended.get_or_insert_with(|| SourceError::Lost("its driver failed".into()));
        if let Some(guard) = self.guard.as_ref().filter(|_| slot.hung) {
            // The hanging thread came back.
            guard.hung.fetch_sub(1, Ordering::Relaxed);
        }
        self.mailbox.changed.notify_all();
    }
}

/// Measures how long the bytes stay identical. Done here because the consumer may miss frames.
#[derive(Default)]
struct Sameness {
    /// Fingerprint of the last frame, and the time of the first identical one.
    last: Option<(u64, Instant)>,
}

impl Sameness {
    fn after(&mut self, bytes: &[u8], now: Instant) -> Duration {
        let print = fingerprint(bytes);
        match self.last {
            Some((last, since)) if last == print => now.saturating_duration_since(since),
            _ => {
                self.last = Some((print, now));
                Duration::ZERO
            }
        }
    }
}

fn run(mut capture: impl Capture, mailbox: &Mailbox) {
    let mut sameness = Sameness::default();
    loop {
        // A truncated frame must neither replace a good one in the slot nor be forgotten when the next one comes.
        let captured = capture.capture().and_then(|frame| {
            frame.as_ref().map_or(Ok(()), RawFrame::is_whole)?;
            Ok(frame)
        });
        let unchanged = match &captured {
            Ok(Some(frame)) => Some(sameness.after(&frame.bytes, Instant::now())),
            _ => None,
        };
        let mut slot = mailbox.lock();
        if slot.abandoned {
            return;
        }
        slot.last_sign = Some(Instant::now());
        slot.unchanged = unchanged.unwrap_or(slot.unchanged);
        match captured {
            Ok(None) => continue,
            Ok(Some(frame)) => slot.dropped += u64::from(slot.latest.replace(frame).is_some()),
            Err(error) if error.is_passing() => {
                slot.passing.push_back(error);
                if slot.passing.len() > KEPT_ERRORS {
                    slot.passing.pop_front();
                }
            }
            Err(error) => {
                slot.ended = Some(error);
                return;
            }
        }
        mailbox.changed.notify_all();
    }
}

impl FrameSource for Background {
    fn next_frame(&mut self, timeout: Duration) -> Result<Frame, SourceError> {
        let deadline = Instant::now() + timeout;
        let mut slot = self.mailbox.lock();
        loop {
            if let Some(error) = slot.passing.pop_front() {
                return Err(error);
            }
            if let Some(frame) = slot.latest.take() {
                drop(slot);
                return frame.decode();
            }
            if let Some(error) = &slot.ended {
                return Err(error.clone());
            }
            if let Some(guard) = &self.guard
                && slot.last_sign.is_some_and(|sign| sign.elapsed() > guard.limit)
            {
                let error = SourceError::Lost("its driver does not answer".into());
                (slot.hung, slot.ended) = (true, Some(error.clone()));
                guard.hung.fetch_add(1, Ordering::Relaxed);
                return Err(error);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(SourceError::Stalled { after: timeout });
            }
            slot = self.mailbox.changed.wait_timeout(slot, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn is_open(&self) -> bool {
        self.mailbox.lock().stage == Stage::Open
    }

    fn dropped(&self) -> u64 {
        self.mailbox.lock().dropped
    }

    fn unchanged(&self) -> Duration {
        self.mailbox.lock().unchanged
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // The thread sees this after its current frame. No join: some drivers block for ever.
        self.mailbox.lock().abandoned = true;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::source::Encoding;

    struct Scripted(Vec<Result<Option<RawFrame>, SourceError>>, Duration);

    impl Capture for Scripted {
        fn capture(&mut self) -> Result<Option<RawFrame>, SourceError> {
            thread::sleep(self.1);
            if self.0.is_empty() { Err(SourceError::End) } else { self.0.remove(0) }
        }
    }

    fn frame(sequence: u64) -> Result<Option<RawFrame>, SourceError> {
        let encoding = Encoding::Grey { width: 2, height: 1, stride: 2 };
        Ok(Some(RawFrame { bytes: vec![7, 9], encoding, sequence, time: Duration::ZERO, name: None }))
    }

    #[test]
    fn the_latest_frame_wins_and_the_others_are_counted() {
        let script = Scripted((0..5).map(frame).collect(), Duration::ZERO);
        let mut source = Background::start(|| Ok(script)).expect("opens");
        while source.mailbox.lock().ended.is_none() {
            thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(source.next_frame(STALL_FOR_TEST).map(|frame| frame.sequence), Ok(4));
        assert_eq!(source.dropped(), 4);
        assert_eq!(source.next_frame(STALL_FOR_TEST), Err(SourceError::End));
        assert_eq!(source.next_frame(STALL_FOR_TEST), Err(SourceError::End), "the end is final");
    }

    #[test]
    fn a_frame_that_is_cut_off_is_told_even_when_better_ones_follow() {
        let cut_off = frame(1).map(|frame| frame.map(|frame| RawFrame { bytes: vec![7], ..frame }));
        let script = Scripted(vec![frame(0), cut_off, frame(2)], Duration::ZERO);
        let mut source = Background::start(|| Ok(script)).expect("opens");
        while source.mailbox.lock().ended.is_none() {
            thread::sleep(Duration::from_millis(1));
        }
        let error = source.next_frame(STALL_FOR_TEST).expect_err("the second frame");
        assert_eq!(error.to_string(), "frame 1 is cut off (1 of 2 bytes)");
        assert_eq!(source.next_frame(STALL_FOR_TEST).map(|frame| frame.sequence), Ok(2));
    }

    const STALL_FOR_TEST: Duration = Duration::from_millis(40);

    #[test]
    fn silence_is_a_stall_and_the_source_recovers() {
        let script = Scripted(vec![Ok(None), frame(0)], Duration::from_millis(60));
        let mut source = Background::start(|| Ok(script)).expect("opens");
        assert_eq!(source.next_frame(STALL_FOR_TEST), Err(SourceError::Stalled { after: STALL_FOR_TEST }));
        assert_eq!(source.next_frame(Duration::from_secs(10)).map(|frame| frame.sequence), Ok(0));
    }

    #[test]
    fn equal_frames_are_timed_and_the_first_different_one_ends_it() {
        let mut sameness = Sameness::default();
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let told = [(0, b"a"), (30, b"a"), (60, b"a"), (90, b"b"), (120, b"b"), (150, b"a")]
            .map(|(millis, bytes)| sameness.after(bytes, at(millis)).as_millis());
        assert_eq!(told, [0, 30, 60, 0, 30, 0]);
    }

    #[test]
    fn a_capture_that_cannot_be_opened_says_why() {
        let opened = Background::start(|| Err::<Scripted, _>(SourceError::NoCamera));
        assert_eq!(opened.err(), Some(SourceError::NoCamera));
    }

    /// Answers on a signal, or never.
    struct Hanging(mpsc::Receiver<()>);

    impl Capture for Hanging {
        fn capture(&mut self) -> Result<Option<RawFrame>, SourceError> {
            // No signal comes until the test ends.
            let _ = self.0.recv();
            Err(SourceError::End)
        }
    }

    const GIVEN_UP: Duration = Duration::from_millis(100);

    #[test]
    fn an_opening_that_never_ends_keeps_nobody_and_is_given_up() {
        let guard = Guard::new(GIVEN_UP);
        let mut ways_out = Vec::new();
        for hung in 1..=Guard::MOST_HUNG {
            let (way_out, until) = mpsc::channel::<()>();
            ways_out.push(way_out);
            let opening = move || {
                let _ = until.recv();
                Err::<Scripted, _>(SourceError::NoCamera)
            };
            let start = Instant::now();
            let mut source = Background::guarded(&guard, opening).expect("is being opened");
            assert!(start.elapsed() < Duration::from_secs(5) && !source.is_open());
            let error = loop {
                match source.next_frame(STALL_FOR_TEST) {
                    Err(SourceError::Stalled { .. }) => {}
                    other => break other.expect_err("given up"),
                }
            };
            assert_eq!(error, SourceError::Lost("its driver does not answer".into()));
            assert_eq!(guard.hung.load(Ordering::Relaxed), hung);
        }
        let refused = Background::guarded(&guard, || Ok(Scripted(Vec::new(), Duration::ZERO))).err();
        assert!(refused.is_some_and(|error| error.to_string().contains("restart the device")));
        // Once the threads come back, the next capture is opened.
        drop(ways_out);
        let start = Instant::now();
        while guard.hung.load(Ordering::Relaxed) > 0 {
            assert!(start.elapsed() < Duration::from_secs(60), "the threads have not ended");
            thread::sleep(Duration::from_millis(1));
        }
        let mut source = Background::guarded(&guard, || Ok(Scripted(vec![frame(3)], Duration::ZERO))).expect("opens");
        assert_eq!(source.next_frame(Duration::from_secs(60)).map(|frame| frame.sequence), Ok(3));
    }

    #[test]
    fn a_capture_that_never_answers_is_given_up() {
        let guard = Guard::new(GIVEN_UP);
        let (_way_out, until) = mpsc::channel();
        let mut source = Background::guarded(&guard, move || Ok(Hanging(until))).expect("opens");
        let error = loop {
            match source.next_frame(STALL_FOR_TEST) {
                Err(SourceError::Stalled { .. }) => {}
                other => break other.expect_err("given up"),
            }
        };
        assert_eq!(error.to_string(), "the camera is gone (its driver does not answer): plug it in again");
        assert!(source.is_open(), "it was open once: this is a loss");
        drop(source);
        let mut next = Background::guarded(&guard, || Ok(Scripted(vec![frame(0)], Duration::ZERO))).expect("opens");
        assert_eq!(next.next_frame(Duration::from_secs(60)).map(|frame| frame.sequence), Ok(0));
    }

    #[test]
    fn an_opening_that_takes_long_is_found_open_later_or_refused_later() {
        for fails in [false, true] {
            let (go, until) = mpsc::channel::<()>();
            let opening = move || {
                let _ = until.recv();
                if fails { Err(SourceError::NoCamera) } else { Ok(Scripted(vec![frame(5)], Duration::ZERO)) }
            };
            let mut source = Background::guarded(&Guard::new(Duration::from_secs(600)), opening).expect("goes on");
            assert!(!source.is_open());
            assert_eq!(source.next_frame(STALL_FOR_TEST), Err(SourceError::Stalled { after: STALL_FOR_TEST }));
            go.send(()).expect("waits");
            let brought = source.next_frame(Duration::from_secs(60)).map(|frame| frame.sequence);
            assert_eq!(brought, if fails { Err(SourceError::NoCamera) } else { Ok(5) });
            assert_eq!(source.is_open(), !fails);
        }
    }

    #[test]
    fn a_capture_that_panics_is_lost_and_does_not_hang() {
        struct Broken;
        impl Capture for Broken {
            fn capture(&mut self) -> Result<Option<RawFrame>, SourceError> {
                panic!("a driver's bug");
            }
        }
        let mut source = Background::start(|| Ok(Broken)).expect("opens");
        let error = source.next_frame(Duration::from_secs(10)).expect_err("is gone");
        assert!(matches!(error, SourceError::Lost(_)), "{error}");
    }
}
