//! A two-hour session, played as fast as possible: memory stays flat, the queue is bounded, every field counts once. Alone in its
//! program, because it measures the memory of its process.
//!
//! Short by default; `BLASTSCOPE_LONG=1` plays 20,000 frames, two hours at three a second.

#![allow(missing_docs, reason = "tests")]

#[path = "device/page/client.rs"]
#[allow(dead_code, reason = "the page's tests use it")]
mod client;
#[path = "device/page/scene.rs"]
#[allow(dead_code, reason = "the page's tests use more of it")]
mod scene;

use std::{
    env, fs,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use blastscope::{
    record::{Record, RecordReader, RecordWriter, verify::verify},
    source::{FrameSource, SourceError},
    station::{Feed, Order, Parts, Remote, Station},
};
use blastscope_core::{
    field::{Presence, Rules},
    frame::Frame,
    pipeline::Settings,
};
use blastscope_shared::{
    Class, RgbPixels,
    judge::{Judge, Scores, Thresholds},
};
use tempfile::TempDir;

const WIDTH: usize = 320;
const HEIGHT: usize = 240;
/// Frames per field.
const HELD: u64 = 20;
const DRAWINGS: usize = 40;

/// State shared by source and test.
#[derive(Default)]
struct Shared {
    remote: OnceLock<Remote>,
    go: AtomicBool,
    /// Seconds between two requests for a frame: the processing time of one.
    times: Mutex<Vec<f64>>,
}

/// Field after field, with fresh noise in each frame; moves on when a field is saved.
struct Slide {
    shared: Arc<Shared>,
    drawings: Vec<RgbPixels>,
    fields: u64,
    field: u64,
    shown: u64,
    sequence: u64,
    asked: Option<Instant>,
}

impl Slide {
    /// A different field for each number: one of the drawings, moved to another place.
    fn picture(&self) -> RgbPixels {
        let drawing = &self.drawings[self.field as usize % DRAWINGS];
        let turn = self.field as usize / DRAWINGS * 37 % WIDTH * 3;
        let mut bytes = drawing.bytes().to_vec();
        bytes.chunks_exact_mut(WIDTH * 3).for_each(|row| row.rotate_left(turn));
        let mut state = self.sequence.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        for chunk in bytes.chunks_mut(8) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            for (byte, noise) in chunk.iter_mut().zip(state.to_le_bytes()) {
                *byte = byte.saturating_add_signed((noise % 7) as i8 - 3);
            }
        }
        RgbPixels::new(WIDTH, HEIGHT, bytes).expect("three bytes a pixel")
    }
}

impl FrameSource for Slide {
    fn next_frame(&mut self, timeout: Duration) -> Result<Frame, SourceError> {
        if let Some(asked) = self.asked.take() {
            self.shared.times.lock().expect("no panic").push(asked.elapsed().as_secs_f64());
        }
        if !self.shared.go.load(Ordering::Relaxed) {
            thread::sleep(timeout);
            return Err(SourceError::Stalled { after: timeout });
        }
        let saved = self.shared.remote.get().is_some_and(|remote| {
            remote.snapshot().session.as_ref().is_some_and(|session| session.fields > self.field)
        });
        if self.shown >= HELD && saved {
            (self.field, self.shown) = (self.field + 1, 0);
        }
        // A field that is never saved ends the slide; the count says which one.
        if self.field >= self.fields || self.shown > 2_000 {
            return Err(SourceError::End);
        }
        let frame = Frame {
            picture: self.picture(),
            sequence: self.sequence,
            time: Duration::from_millis(self.sequence * 360),
            name: None,
            original: None,
        };
        (self.sequence, self.shown) = (self.sequence + 1, self.shown + 1);
        self.asked = Some(Instant::now());
        Ok(frame)
    }
}

fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
}

#[test]
fn two_hours_of_fields_leave_memory_flat_and_count_each_once() {
    let fields = if env::var_os("BLASTSCOPE_LONG").is_some() { 20_000 / HELD } else { 2_000 / HELD };
    let data = TempDir::new().expect("a folder");
    let shared = Arc::new(Shared::default());
    let thresholds = Thresholds { min_probability: 0.6, min_subtype: 0.5, max_novelty: 2.0 };
    let assessor = |_: &RgbPixels| Scores::new([0.0; Class::COUNT], [0.05, 0.85, 0.05, 0.05], 1.0);
    let slide = Arc::clone(&shared);
    let feed = Feed::new("drawn", move || {
        let drawings = (0..DRAWINGS as u32).map(|seed| scene::drawn(WIDTH, HEIGHT, seed)).collect();
        let shared = Arc::clone(&slide);
        Ok(Box::new(Slide { shared, drawings, fields, field: 0, shown: 0, sequence: 0, asked: None })
            as Box<dyn FrameSource>)
    });
    let record = Record::open(data.path()).expect("opened").with_min_free(0);
    let instrument = Station::start(Parts {
        assessor,
        settings: Settings::new(Judge::new(thresholds)),
        // Time runs faster here than at a real slide.
        rules: Rules { rest: Duration::ZERO, ..Rules::default() },
        feed,
        record: Some(RecordWriter::start(record, 8).expect("a thread")),
        left: None,
        origin: scene::origin(),
    })
    .expect("a thread");
    let remote = instrument.remote();
    shared.remote.set(instrument.remote()).expect("once");
    // A viewer that never reads.
    let _sleeper = remote.snapshots();
    let start = Order::Start { specimen: "S-1".into(), operator: "A. B.".into() };
    let session = remote.give(start).expect("taken").wait(Duration::from_secs(60)).expect("started").session;
    shared.go.store(true, Ordering::Relaxed);

    let (mut warm, mut most) = (None, 0);
    let since = Instant::now();
    loop {
        let snapshot = remote.snapshot();
        let done = snapshot.session.as_ref().map_or(0, |session| session.fields);
        if done >= fields / 5 && warm.is_none() {
            warm = resident();
        }
        most = most.max(resident().unwrap_or(0));
        if snapshot.source_state == blastscope::source::state::CameraState::Ended {
            break;
        }
        assert_eq!(snapshot.unsaved, 0, "{:?}", snapshot.saving);
        assert!(since.elapsed() < Duration::from_secs(1800), "{done} of {fields} fields");
        thread::sleep(Duration::from_millis(20));
    }
    let snapshot = remote.snapshot();
    assert_eq!(
        (snapshot.field, snapshot.said.as_ref()),
        (Presence::Nothing, None),
        "no verdict is shown without a picture"
    );
    let frames = snapshot.flow.frames;
    drop(instrument);
    let reader = RecordReader::open(data.path()).expect("a record");
    assert_eq!(reader.session(session).expect("read").fields, fields);
    assert!(verify(data.path(), &[]).expect("read").intact);

    let mut times = shared.times.lock().expect("no panic").clone();
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize] * 1e3;
    eprintln!(
        "{frames} frames, {fields} fields in {:.1} s; a frame takes {:.2} ms at the median, {:.2} at p99, {:.2} at most (without the network)",
        since.elapsed().as_secs_f64(),
        at(0.5),
        at(0.99),
        at(1.0)
    );
    match warm {
        Some(warm) => {
            eprintln!("resident memory: {warm} kB after a fifth, {most} kB at most");
            assert!(most <= warm + 12 * 1024, "memory grows: {warm} kB, then {most} kB");
        }
        None => eprintln!("SKIPPED memory: this system does not report it"),
    }
}
