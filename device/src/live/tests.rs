//! The loop against sources that stall, drop, truncate and are unplugged.

use std::{thread, time::Duration};

use blastscope_shared::{RgbPixels, artifact::Thresholds, classifier::Assessment, verdict::Verdict};

use super::*;
use crate::source::{
    Background, Capture, Encoding, Inline, RawFrame,
    fault::{Faulty, Rates},
};

/// Grey frames for ever, one a millisecond.
struct Grey(u64);

impl Capture for Grey {
    fn capture(&mut self) -> Result<Option<RawFrame>, SourceError> {
        thread::sleep(Duration::from_millis(1));
        let sequence = self.0;
        self.0 += 1;
        let encoding = Encoding::Grey { width: 64, height: 64, stride: 64 };
        let time = Duration::from_millis(sequence);
        Ok(Some(RawFrame { bytes: vec![200; 64 * 64], encoding, sequence, time, name: None }))
    }
}

#[derive(Default)]
struct Log {
    shown: Vec<u64>,
    notes: Vec<String>,
    last: Session,
    finished: bool,
}

impl Display for Log {
    fn show(&mut self, reading: &Reading, _: &Session) -> io::Result<()> {
        self.shown.push(reading.sequence);
        Ok(())
    }

    fn no_picture(&mut self, reason: &str, session: &Session) -> io::Result<()> {
        self.note(reason, session)
    }

    fn note(&mut self, message: &str, _: &Session) -> io::Result<()> {
        self.notes.push(message.to_string());
        Ok(())
    }

    fn wants_to_stop(&mut self) -> io::Result<bool> {
        Ok(false)
    }

    fn finish(&mut self, session: &Session) -> io::Result<()> {
        self.last = *session;
        self.finished = true;
        Ok(())
    }
}

const LIMITS: Limits = Limits { frames: Some(200), stall: Duration::from_millis(20), retry: Duration::from_millis(5) };

fn pipeline() -> Pipeline<impl Assessor> {
    let assess = |_: &RgbPixels| Assessment {
        logits: [0.0; 4],
        probabilities: [0.25; 4],
        novelty: 1.0,
        verdict: Verdict::Class { class: blastscope_shared::Class::Benign, probability: 0.25 },
    };
    Pipeline::new(assess, Settings::new(Thresholds { min_probability: 0.5, max_novelty: 2.0 }))
}

fn run_to_the_end(
    mut source: Box<dyn FrameSource>,
    mut reopen: impl FnMut() -> Option<Box<dyn FrameSource>>,
) -> (Log, Option<SourceError>) {
    let mut log = Log::default();
    let stop = AtomicBool::new(false);
    let ended = watch(&mut source, &mut reopen, &mut pipeline(), &mut log, LIMITS, &stop).expect("the log never fails");
    assert!(log.finished);
    (log, ended)
}

#[test]
fn truncated_and_lost_frames_are_reported_and_survived() {
    let faulty = Faulty::new(Grey(0), 7, Rates { stall: 0, drop: 100, truncate: 200 });
    let (log, ended) = run_to_the_end(Box::new(Inline(faulty)), || None);
    assert_eq!(ended, None);
    assert_eq!(log.last.tally.frames, 200);
    assert!((25..=90).contains(&log.last.corrupt), "{:?}", log.last);
    assert_eq!(log.notes.len() as u64, log.last.corrupt);
    assert!(log.notes[0].contains("is cut off ("), "{}", log.notes[0]);
    assert!(log.shown.is_sorted() && *log.shown.last().expect("frames") > 230, "dropped frames leave gaps");
}

#[test]
fn faults_repeat_with_their_seed() {
    let play = |seed| {
        let faulty = Faulty::new(Grey(0), seed, Rates { stall: 0, drop: 300, truncate: 300 });
        run_to_the_end(Box::new(Inline(faulty)), || None).0.shown
    };
    assert_eq!(play(1), play(1));
    assert_ne!(play(1), play(2));
}

#[test]
fn a_stall_is_said_once_and_the_camera_recovers() {
    let open =
        || Ok(Faulty::new(Grey(0), 3, Rates { stall: 15, ..Rates::default() }).stalls_for(Duration::from_millis(60)));
    let (log, ended) = run_to_the_end(Box::new(Background::start(open).expect("opens")), || None);
    assert_eq!(ended, None);
    assert!(log.last.stalls >= 1, "{:?}", log.last);
    assert_eq!(log.notes.len() as u64, log.last.stalls, "{:?}", log.notes);
    assert!(log.notes[0].starts_with("no frame for "), "{}", log.notes[0]);
}

#[test]
fn an_unplugged_camera_is_waited_for() {
    let unplugged = || Inline(Faulty::new(Grey(0), 1, Rates::default()).unplugged_after(50));
    let mut attempts = 0;
    let (log, ended) = run_to_the_end(Box::new(unplugged()), || {
        attempts += 1;
        (attempts % 3 == 0).then(|| Box::new(unplugged()) as Box<dyn FrameSource>)
    });
    assert_eq!(ended, None);
    assert_eq!((log.last.tally.frames, log.last.losses), (200, 3));
    assert_eq!(log.shown, (0..200).collect::<Vec<_>>(), "the numbers of the frames go on");
    assert_eq!(log.notes[..2], ["the camera is gone (No such device): plug it in again", "the camera is back"]);
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
    let (log, ended) = run_to_the_end(Box::new(source), || None);
    assert_eq!((ended, log.shown, log.last.dropped), (None, vec![9], 9));
}

#[test]
fn sources_are_told_apart() {
    assert_eq!("camera".parse(), Ok(SourceName::Camera(None)));
    assert_eq!("camera:2".parse(), Ok(SourceName::Camera(Some(2))));
    assert_eq!("cameras".parse(), Ok(SourceName::Folder("cameras".into())));
    assert!("camera:x".parse::<SourceName>().is_err());
    assert!("".parse::<SourceName>().is_err());
}
