//! Drawn fields in place of a camera, an instrument, a record and a page.

use std::{
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use blastscope::{
    faces::page::{Options, Server},
    model::{self, Loaded},
    record::{Jpeg, Record, RecordWriter},
    source::{FrameSource, SourceError},
    station::{Feed, Origin, Parts, Station},
};
use blastscope_core::{field::Rules, frame::Frame, pipeline::Settings};
use blastscope_shared::{RgbPixels, engine::network::Execution};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::client::{Client, Reply};

/// A field with cells at places that depend on `seed`.
pub fn drawn(width: usize, height: usize, seed: u32) -> RgbPixels {
    let mut bytes: Vec<u8> = [240, 238, 230].repeat(width * height);
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut below = |limit: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % limit
    };
    let radius = width / 34;
    for _ in 0..40 {
        let (cx, cy, nucleus) = (below(width), below(height), below(3) == 0);
        let colour = if nucleus { [110, 60, 170] } else { [200, 178, 205] };
        for y in cy.saturating_sub(radius)..(cy + radius + 1).min(height) {
            for x in cx.saturating_sub(radius)..(cx + radius + 1).min(width) {
                if x.abs_diff(cx).pow(2) + y.abs_diff(cy).pow(2) <= radius * radius {
                    bytes[(y * width + x) * 3..][..3].copy_from_slice(&colour);
                }
            }
        }
    }
    RgbPixels::new(width, height, bytes).expect("three bytes a pixel")
}

/// Writes `count` drawn fields as JPEG.
pub fn draw_slides(folder: &Path, count: u32, width: usize, height: usize) {
    for seed in 0..count {
        let jpeg = Jpeg::encode(&drawn(width, height, seed)).expect("encoded");
        std::fs::write(folder.join(format!("{seed:03}.jpg")), jpeg.bytes()).expect("written");
    }
}

pub fn origin() -> Origin {
    Origin {
        model_name: "tiny".into(),
        model_sha256: "0a".repeat(32),
        config_sha256: "0b".repeat(32),
        code_hash: "test".into(),
        device_id: "scope-1".into(),
        slide: blastscope_shared::judge::slide::SlidePooling::UNMEASURED,
    }
}

/// Frames of each field.
const HELD: u64 = 14;

/// Field after field as if moved by hand, each for the same number of frames however slow the machine is.
struct Slide {
    fields: Vec<RgbPixels>,
    sequence: u64,
}

impl Slide {
    fn new() -> Self {
        Self { fields: (0..30).map(|seed| drawn(320, 240, seed)).collect(), sequence: 0 }
    }
}

impl FrameSource for Slide {
    fn next_frame(&mut self, timeout: Duration) -> Result<Frame, SourceError> {
        thread::sleep(Duration::from_millis(10).min(timeout));
        let sequence = self.sequence;
        self.sequence += 1;
        let picture = self.fields[(sequence / HELD) as usize % self.fields.len()].clone();
        Ok(Frame { picture, sequence, time: Duration::from_millis(sequence * 10), name: None, original: None })
    }
}

/// Everything from field to page.
pub struct Scene {
    pub server: Server,
    pub instrument: Station,
    pub data: TempDir,
}

impl Scene {
    pub fn new() -> Self {
        Self::with(|_| {}, |record| record)
    }

    pub fn with(change: impl FnOnce(&mut Options), keep: impl FnOnce(Record) -> Record) -> Self {
        let feed = Feed::new("drawn fields", || Ok(Box::new(Slide::new()) as Box<dyn FrameSource>));
        Self::built("tiny.bsm", feed, change, keep)
    }

    /// With a model whose networks see cells.
    pub fn of_cells() -> Self {
        let feed = Feed::new("drawn fields", || Ok(Box::new(Slide::new()) as Box<dyn FrameSource>));
        Self::built("tiny-cells.bsm", feed, |_| {}, |record| record)
    }

    /// With another camera.
    pub fn watching(feed: Feed) -> Self {
        Self::built("tiny.bsm", feed, |_| {}, |record| record)
    }

    fn built(model: &str, feed: Feed, change: impl FnOnce(&mut Options), keep: impl FnOnce(Record) -> Record) -> Self {
        let data = TempDir::new().expect("a folder");
        let tiny = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden").join(model);
        let classifier = Arc::new(model::open(&tiny, Execution::default()).expect("the model"));
        let rules = Rules { take_after: 3, abstention_after: 3, rest: Duration::ZERO, ..Rules::default() };
        let record = keep(Record::open(data.path()).expect("opened").with_min_free(0));
        let parts = Parts {
            assessor: Loaded::new(Arc::clone(&classifier)),
            settings: Settings::new(*classifier.judge()),
            rules,
            feed,
            record: Some(RecordWriter::start(record, 8).expect("a thread")),
            left: None,
            origin: origin(),
        };
        let instrument = Station::start(parts).expect("a thread");
        let mut options = Options::new("127.0.0.1:0".parse().expect("an address"), data.path().to_path_buf());
        options.origin = origin();
        change(&mut options);
        let server = Server::start(&options, instrument.remote(), classifier).expect("listens");
        Self { server, instrument, data }
    }

    pub fn client(&self) -> Client {
        Client::new(self.server.address())
    }

    /// Starts a session and returns its number.
    pub fn session(&self, client: &Client) -> u64 {
        let reply = client.post("/api/sessions", &json!({"specimen": "S-1", "operator": "A. B."}));
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()["saved"]["session"].as_u64().expect("a number")
    }
}

/// Repeats a request until its answer satisfies the condition.
pub fn wait_for(what: &str, ask: impl Fn() -> Reply, satisfies: impl Fn(&Value) -> bool) -> Value {
    let start = Instant::now();
    loop {
        let value = ask().json();
        if satisfies(&value) {
            return value;
        }
        assert!(start.elapsed() < Duration::from_secs(240), "no {what}: {value}");
        thread::sleep(Duration::from_millis(20));
    }
}
