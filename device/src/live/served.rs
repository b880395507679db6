//! `live --listen`: the instrument with its page, until Ctrl-C.

use std::{
    fmt::Write as _,
    io::Write as _,
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use blastscope_shared::classifier::Classifier;
use sha2::{Digest as _, Sha256};

use super::{
    Options, SourceName,
    opener::{RETRY, SourceOpener, patience},
};
use crate::{
    RESEARCH_USE,
    hardware::{self, Attached, NoHardware},
    instrument::{Feed, Instrument, LeftOpen, LoadedNetwork, Origin, Parts, Rules},
    interrupt, model,
    page::{self, Server},
    pipeline::Settings,
    record::{Record, RecordReader, RecordWriter},
    service::notify,
    source::follow::Opener as _,
};

/// Jobs that may wait for the disk: a field a second comes at most.
const QUEUE: usize = 8;
/// Seconds for which each picture of a folder stands when nobody says how long.
const STANDS: f64 = 3.0;

/// Where the page is, and where its record.
#[derive(Clone, Debug)]
pub struct Page {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Folder of the record.
    pub data_dir: PathBuf,
    /// Frames for which a class must stand before its field is taken.
    pub take_after: Option<u32>,
    /// Fields with a class below which a report says "Insufficient".
    pub min_fields: u32,
}

/// Serves until Ctrl-C or a request to terminate.
///
/// # Errors
/// A sentence that says why nothing can be served.
pub fn run(options: &Options, page: &Page, classifier: Classifier) -> Result<(), String> {
    options.warnings.iter().for_each(crate::cli::note);
    let mut options = options.clone();
    if let SourceName::Folder(_) = options.source {
        // A folder that is not there is a slip of the hand, a camera that is not there may come.
        SourceOpener::new(options.clone()).open().map_err(|error| error.to_string())?;
        if options.hold == 1 {
            options.hold = ((STANDS / options.rate.period().as_secs_f64()).round() as u32).max(1);
        }
    }
    let record = Record::open(&page.data_dir).map_err(|error| error.to_string())?;
    let record = RecordWriter::start(record, QUEUE).map_err(|error| format!("the record cannot be kept ({error})"))?;
    let stop = interrupt::flag();
    let classifier = Arc::new(classifier);
    let mut settings = Settings::new(options.thresholds);
    settings.settle = options.settle.unwrap_or(settings.settle);
    let mut rules = Rules::default();
    rules.take_after = page.take_after.unwrap_or(rules.take_after);
    let origin = origin(&classifier, &format!("{settings:?} {rules:?} {:?}", options.source));
    let title = match &options.source {
        SourceName::Folder(folder) => format!("replay of {}", folder.display()),
        SourceName::Camera(name) => format!("camera {name}"),
    };
    // Read once the record has been opened to be written, which recovers what a loss of power left behind.
    let left = RecordReader::open(&page.data_dir)
        .and_then(|reader| LeftOpen::find(&reader, &origin, rules.remembered))
        .map_err(|error| error.to_string())?;
    let hardware = options.hardware.clone();
    let patience = patience(&options);
    let feed = Feed::of(title, SourceOpener::new(options)).with_patience(RETRY, patience);
    let assessor = LoadedNetwork::new(Arc::clone(&classifier));
    let parts = Parts { assessor, settings, rules, feed, record: Some(record), left, origin };
    let board = move || -> Box<dyn hardware::Instrument> {
        hardware.as_ref().map_or_else(|| Box::new(NoHardware) as _, |pins| Box::new(Attached::start(pins)) as _)
    };
    let instrument =
        Instrument::start_with(parts, board).map_err(|error| format!("the instrument cannot be started ({error})"))?;
    let mut served = page::Options::new(page.listen, page.data_dir.clone());
    served.report.min_fields = page.min_fields;
    let server =
        Server::start(&served, instrument.remote(), Arc::clone(&classifier)).map_err(|error| error.to_string())?;
    say(&server, &classifier);
    let mut alive = notify::Watchdog::from_environment();
    notify::ready();
    let mut last = None;
    while !stop.load(Ordering::Relaxed) {
        // It is the instrument's thread that must not hang.
        let elapsed = instrument.remote().snapshot().elapsed;
        if last.replace(elapsed) != Some(elapsed) {
            alive.beat(Instant::now());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    notify::stopping();
    drop(server);
    drop(instrument);
    Ok(())
}

fn say(server: &Server, classifier: &Classifier) {
    let mut out = std::io::stdout().lock();
    let caution = model::caution(classifier).map(|caution| format!(" ({caution})")).unwrap_or_default();
    // Nobody reads this: the page is there all the same.
    let _ = writeln!(out, "model {}{caution}\n{RESEARCH_USE}\n{}", model::title(classifier), server.start_message());
    let _ = out.flush();
}

/// What sessions say of model, settings, program and device.
fn origin(classifier: &Classifier, settings: &str) -> Origin {
    let name: String = model::title(classifier).chars().take(64).collect();
    let code = std::env::current_exe().and_then(std::fs::read).map(|program| sha256(&program));
    let device: String = page::hostname().chars().filter(|letter| !letter.is_control()).take(64).collect();
    Origin {
        model_name: name.trim().into(),
        model_sha256: classifier.model_id().into(),
        config_sha256: sha256(settings.as_bytes()),
        code_hash: code.unwrap_or_else(|_| "unknown".into()),
        device_id: if device.is_empty() { "unknown".into() } else { device },
    }
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
