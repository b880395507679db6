//! The page of `live --listen`, for fuzzing.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpStream},
    path::Path,
    sync::Arc,
    time::Duration,
};

use blastscope::{
    faces::page::{Options, Server},
    model::{self, Loaded},
    record::{Record, RecordWriter},
    source::{FrameSource, SourceError},
    station::{Feed, Origin, Parts, Station},
};
use blastscope_core::{field::Rules, frame::Frame, pipeline::Settings};
use blastscope_shared::engine::network::Execution;
use blastscope_tests::blocks;
use nix::sys::signal::{SigSet, Signal};
use tempfile::TempDir;

/// A source that repeats one field.
struct Still;

impl FrameSource for Still {
    fn next_frame(&mut self, timeout: Duration) -> Result<Frame, SourceError> {
        std::thread::sleep(Duration::from_millis(500).min(timeout));
        Ok(Frame { picture: blocks(160, 120, 7), sequence: 0, time: Duration::ZERO, name: None, original: None })
    }
}

/// A station, a record and a page, as in `live --listen`.
pub struct Page {
    server: Server,
    _instrument: Station,
    _data: TempDir,
}

impl Page {
    /// Starts everything.
    ///
    /// # Panics
    /// If the system refuses a folder, port or thread.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it starts threads")]
    pub fn new() -> Self {
        // Rust's runtime ignores SIGPIPE before `main`; here `main` is the fuzzer's. The threads below inherit the block.
        SigSet::from(Signal::SIGPIPE).thread_block().expect("blocked");
        let data = TempDir::new().expect("a folder");
        let tiny = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/tiny.bsm");
        let classifier = Arc::new(model::open(&tiny, Execution::default()).expect("the model"));
        let record = Record::open(data.path()).expect("opened").with_min_free(0);
        let parts = Parts {
            assessor: Loaded::new(Arc::clone(&classifier)),
            settings: Settings::new(*classifier.judge()),
            rules: Rules::default(),
            feed: Feed::new("a field", || Ok(Box::new(Still) as Box<dyn FrameSource>)),
            record: Some(RecordWriter::start(record, 8).expect("a thread")),
            left: None,
            origin: Origin {
                model_name: "tiny".into(),
                model_sha256: "0a".repeat(32),
                config_sha256: "0b".repeat(32),
                code_hash: "fuzz".into(),
                device_id: "fuzz".into(),
                slide: *classifier.slide(),
            },
        };
        let instrument = Station::start(parts).expect("a thread");
        let options = Options::new("127.0.0.1:0".parse().expect("an address"), data.path().to_path_buf());
        let server = Server::start(&options, instrument.remote(), classifier).expect("listens");
        Self { server, _instrument: instrument, _data: data }
    }

    /// The listening address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Sends `bytes` and reads the answer, for as long as finite answers take; `prepare` may set up the connection.
    ///
    /// # Panics
    /// If nothing listens any more, or an answer is not HTTP.
    pub fn send(&self, bytes: &[u8], prepare: impl FnOnce(&TcpStream) -> std::io::Result<()>) {
        let mut stream = TcpStream::connect(self.address()).expect("the page listens");
        prepare(&stream).and_then(|()| stream.set_read_timeout(Some(Duration::from_millis(200)))).expect("options");
        // A server that refuses may close before reading everything.
        let _ = stream.write_all(bytes).and_then(|()| stream.shutdown(Shutdown::Write));
        let mut answer = Vec::new();
        let mut buffer = [0; 16 << 10];
        // Streams have no end: their beginning is enough.
        while answer.len() < 64 << 10 {
            match stream.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => answer.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1."), "{:?}", String::from_utf8_lossy(&answer));
        // A panicking handler closes its connection silently, or with this answer.
        assert!(!answer.starts_with(b"HTTP/1.1 500"), "{}", String::from_utf8_lossy(&answer));
    }
}
