//! A capture in a thread of its own, behind a mailbox with one slot: the latest frame wins.

use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

use super::{Capture, FrameSource, RawFrame, SourceError, raw::fingerprint};
use crate::frame::Frame;

/// Passing errors that are kept for the consumer; beyond, the oldest are forgotten.
const KEPT_ERRORS: usize = 8;

#[derive(Default)]
struct Slot {
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
    /// A panic while the lock was held leaves a slot that is still valid.
    fn lock(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A source that captures in the background.
pub struct Background {
    mailbox: Arc<Mailbox>,
}

impl Background {
    /// Calls `open` in a new thread, waits for its answer, and captures from there until dropped.
    ///
    /// # Errors
    /// What `open` answers, or [`SourceError::Lost`] when no thread can be started.
    pub fn start<C, F>(open: F) -> Result<Self, SourceError>
    where
        C: Capture,
        F: FnOnce() -> Result<C, SourceError> + Send + 'static,
    {
        let mailbox = Arc::new(Mailbox::default());
        let (opened, answer) = mpsc::sync_channel(1);
        let producer = Arc::clone(&mailbox);
        thread::Builder::new()
            .name("capture".into())
            .spawn(move || {
                let capture = match open() {
                    Ok(capture) => capture,
                    Err(error) => return drop(opened.send(Err(error))),
                };
                if opened.send(Ok(())).is_ok() {
                    // Ends the source for the consumer even when the capture panics.
                    let _farewell = Farewell(&producer);
                    run(capture, &producer);
                }
            })
            .map_err(|error| SourceError::Lost(format!("no thread could be started: {error}")))?;
        answer.recv().unwrap_or_else(|_| Err(SourceError::Lost("opening it failed".into())))?;
        Ok(Self { mailbox })
    }
}

struct Farewell<'a>(&'a Mailbox);

impl Drop for Farewell<'_> {
    fn drop(&mut self) {
        self.0.lock().ended.get_or_insert_with(|| SourceError::Lost("its driver failed".into()));
        self.0.changed.notify_all();
    }
}

/// Tells for how long the same bytes come. Here and not at the consumer, who may see every second frame only.
#[derive(Default)]
struct Sameness {
    /// Of the last frame, and when the first of its equals came.
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
        // A frame that is cut off must not push a whole one out of the slot, nor be forgotten when the next one comes.
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
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(SourceError::Stalled { after: timeout });
            }
            slot = self.mailbox.changed.wait_timeout(slot, left).unwrap_or_else(PoisonError::into_inner).0;
        }
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
        // The thread sees this after its current frame. It is not waited for: some drivers block for ever.
        self.mailbox.lock().abandoned = true;
    }
}

#[cfg(test)]
mod tests {
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
        assert_eq!(source.next_frame(STALL_FOR_TEST), Err(SourceError::End), "the end stays the end");
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
