//! A camera that stalls, freezes, delivers damage and is unplugged, as seen on the page.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use blastscope::{
    record::Jpeg,
    source::{Background, Capture, Encoding, FrameSource, RawFrame, SourceError},
    station::Feed,
};
use serde_json::{Value, json};

use super::scene::{Scene, drawn, wait_for};

/// Behaviour of the camera.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
enum Mood {
    Works,
    Silent,
    Frozen,
    Damaged,
    Unplugged,
}

/// A camera controlled by a test.
struct Moody {
    mood: Arc<AtomicU8>,
    jpegs: Vec<Vec<u8>>,
    sequence: u64,
}

impl Moody {
    fn is(&self, mood: Mood) -> bool {
        self.mood.load(Ordering::Relaxed) == mood as u8
    }

    fn open(mood: &Arc<AtomicU8>) -> Result<Self, SourceError> {
        let jpegs =
            (1..3).map(|seed| Jpeg::encode(&drawn(320, 240, seed)).expect("encoded").bytes().to_vec()).collect();
        let camera = Self { mood: Arc::clone(mood), jpegs, sequence: 0 };
        if camera.is(Mood::Unplugged) { Err(SourceError::NoCamera) } else { Ok(camera) }
    }
}

impl Capture for Moody {
    fn capture(&mut self) -> Result<Option<RawFrame>, SourceError> {
        thread::sleep(Duration::from_millis(20));
        if self.is(Mood::Silent) {
            return Ok(None);
        }
        if self.is(Mood::Unplugged) {
            return Err(SourceError::Lost("it was unplugged".into()));
        }
        self.sequence += 1;
        let shown = if self.is(Mood::Frozen) { 0 } else { self.sequence as usize % self.jpegs.len() };
        let mut bytes = self.jpegs[shown].clone();
        if self.is(Mood::Damaged) {
            bytes.truncate(bytes.len() / 2);
        }
        let time = Duration::from_millis(self.sequence * 20);
        Ok(Some(RawFrame { bytes, encoding: Encoding::Mjpeg, sequence: self.sequence, time, name: None }))
    }
}

#[test]
fn what_the_camera_does_is_shown_with_its_reason_and_no_verdict_stands() {
    let mood = Arc::new(AtomicU8::new(Mood::Works as u8));
    let opened = Arc::clone(&mood);
    let scene = Scene::watching(Feed::new("camera 0", move || {
        let mood = Arc::clone(&opened);
        Background::start(move || Moody::open(&mood)).map(|source| Box::new(source) as Box<dyn FrameSource>)
    }));
    let client = scene.client();
    let works = |state: &Value| state["source_state"] == "streaming" && state["said"].is_object();
    for (name, trouble, reason) in [
        ("stalled", Mood::Silent, "check the camera's cable"),
        ("frozen", Mood::Frozen, "is bit-identical: unplug the camera"),
        ("corrupt", Mood::Damaged, "damaged or cut off (the end-of-image marker is missing)"),
        ("absent", Mood::Unplugged, "connect one"),
    ] {
        let good = wait_for("verdicts", || client.get("/api/state"), works);
        assert_eq!(good["source_reason"], Value::Null);
        mood.store(trouble as u8, Ordering::Relaxed);
        let since = Instant::now();
        let shown = wait_for(
            name,
            || client.get("/api/state"),
            |state| state["source_state"] == *name && state["sequence"] == Value::Null,
        );
        eprintln!("{name} was shown after {:.2} s", since.elapsed().as_secs_f64());
        assert!(shown["source_reason"].as_str().expect("a reason").contains(reason), "{shown}");
        assert_eq!((&shown["said"], &shown["probabilities"]), (&Value::Null, &Value::Null), "{name}");
        mood.store(Mood::Works as u8, Ordering::Relaxed);
    }
    let state = wait_for("verdicts again", || client.get("/api/state"), works);
    let counts = ["stalls", "freezes", "losses"].map(|what| &state["flow"][what]);
    assert_eq!(counts, [&json!(1), &json!(1), &json!(1)], "{state}");
    assert!(state["flow"]["corrupt"].as_u64() > Some(10), "{state}");
}
