//! The instrument with a page, a terminal display or both: `live --listen`, `live --tui`; `live` on a terminal keeps no record.

use std::{
    io::{self, Write as _},
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use blastscope_core::{field::Rules, session::LeftBehind};
use blastscope_files::Printable as _;
use blastscope_shared::{classifier::Classifier, hex};
use sha2::{Digest as _, Sha256};

use super::options::Options;
use crate::{
    RESEARCH_USE,
    board::{Attached, Board, NoHardware},
    config::{Config, Data},
    faces::{
        lines::summary,
        page::{self, ModelSource, Server},
        terminal,
    },
    model::{self, Loaded},
    record::{Record, RecordError, RecordReader, RecordWriter, Remembered, WholeCheck, text_rules},
    source::{
        SourceName,
        follow::Opener as _,
        opener::{RETRY, SourceOpener},
    },
    station::{Feed, Origin, Parts, Remote, Saving, Snapshot, Station, left_behind},
    support::{interrupt, notify},
};

/// Jobs that may wait for the disk; at most one field a second arrives.
const QUEUE: usize = 8;
/// How long the start waits for the check of the whole record; for a large one the check continues in the background.
const CHECKED_FIRST: Duration = Duration::from_secs(2);
/// Default seconds for each picture of a folder.
const STANDS: f64 = 3.0;

/// The displays of the instrument, and the settings in use.
#[derive(Clone, Debug)]
pub(super) struct Interactive {
    /// Whether the page is served.
    pub listen: bool,
    /// Whether the terminal display runs.
    pub tui: bool,
    /// Whether a record is kept.
    pub recorded: bool,
    /// The configuration, with the changes of the command line.
    pub config: Config,
    /// Origin of the model.
    pub model: ModelSource,
}

/// Runs until Ctrl-C, SIGTERM, or the operator quits. Returns a note on the session that may still be open.
///
/// # Errors
/// A sentence that says why the instrument cannot run.
pub(super) fn run(mut options: Options, faces: &Interactive, classifier: Classifier) -> Result<Option<String>, String> {
    if !options.source.is_camera() {
        // A missing folder is a mistake; a missing camera may be connected later.
        SourceOpener::new(options.source.clone()).open().map_err(|error| error.to_string())?;
        if options.source.hold == 1 && faces.recorded {
            options.source.hold = ((STANDS / options.source.rate.period().as_secs_f64()).round() as u32).max(1);
        }
    }
    let stop = interrupt::flag();
    let classifier = Arc::new(classifier);
    let settings = options.settings(&classifier);
    let rules = Rules { take_after: faces.config.pipeline.take_after, ..Rules::default() };
    let origin = origin(&classifier, &faces.config);
    let (record, left, remembered) = if faces.recorded {
        // The settings behind the hash in the record.
        tracing::info!(
            target: "live", settings = faces.config.canonical(), sha256 = origin.config_sha256, "settings in use"
        );
        let Kept { writer, left, remembered } = opened(&faces.config.data, &origin, &rules)?;
        (Some(writer), left, remembered)
    } else {
        (None, None, Arc::default())
    };
    let title = match &options.source.name {
        SourceName::Folder(folder) => format!("replay of {}", folder.printable()),
        SourceName::Camera(name) => format!("camera {name}"),
    };
    let Options { source, board: pins, warnings, frames, .. } = options;
    let (patience, of_pictures) = (source.patience(), !source.is_camera());
    let feed = Feed::of(title, SourceOpener::new(source)).with_patience(RETRY, patience).of_pictures(of_pictures);
    let assessor = Loaded::new(Arc::clone(&classifier));
    let recognized = (origin.clone(), rules.remembered);
    let parts = Parts { assessor, settings, rules, feed, record, left, origin };
    let board = move || -> Box<dyn Board> {
        pins.as_ref().map_or_else(|| Box::new(NoHardware) as _, |pins| Box::new(Attached::start(pins)) as _)
    };
    let instrument =
        Station::start_with(parts, board).map_err(|error| format!("the instrument cannot be started ({error})"))?;
    let remote = instrument.remote();
    let server = served(faces, &warnings, &remote, &classifier, remembered, recognized)?;
    notify::ready();
    let mut said = Ok(());
    let shown = if faces.tui {
        let model = model::title(&classifier);
        let caution = model::caution(&classifier);
        let data_dir = faces.recorded.then(|| faces.config.data.dir.clone());
        let page = || server.as_ref().map(Server::start_message);
        let about = terminal::About { model, caution, warnings, data_dir, frames };
        let mut alive = alive(&remote);
        terminal::run(about, &remote, &stop, &page, &mut alive)
            .map_err(|error| format!("the terminal cannot be used ({error})"))
    } else {
        warnings.iter().for_each(crate::support::terminal::note);
        // The page still works; the exit status reports the failure again.
        let page = server.as_ref().map(Server::start_message).unwrap_or_default();
        said = say(&page, &classifier).map_err(|error| unsaid(&error));
        if let Err(Some(error)) = &said {
            crate::support::terminal::note(format_args!(
                "{error}; the instrument keeps running, see `blastscope token` for the page"
            ));
        }
        let mut alive = alive(&remote);
        while remote.is_running() && !stop.load(Ordering::Relaxed) {
            alive();
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    };
    notify::stopping();
    drop(server);
    let is_running = remote.is_running();
    drop(instrument);
    // Its last state says whether the session could be ended.
    let last = remote.snapshot();
    let open = still_open(&last);
    if faces.tui && shown.is_ok() {
        said = summarize(&last).map_err(|error| unsaid(&error));
    }
    let stopped = "the instrument stopped because of an error in the program; start `blastscope live` again";
    let ran = if shown.is_ok() && !is_running { Err(stopped.into()) } else { shown };
    // The reader closed the pipe on purpose.
    match ran.and(said.or_else(|error| error.map_or(Ok(()), Err))) {
        Ok(()) => Ok(open),
        Err(error) => Err(open.map_or_else(|| error.clone(), |open| format!("{error}\n{open}"))),
    }
}

/// What to say about a session whose end was not saved before the program ended.
fn still_open(last: &Snapshot) -> Option<String> {
    let session = last.session.as_ref()?.id;
    let reason = match &last.saving {
        Saving::Failed { reason } => reason,
        Saving::Writing => "the disk has not answered yet",
        Saving::Idle | Saving::Saved => "its end was not saved",
    };
    Some(format!("session {session} may still be open: {reason}; look at `blastscope sessions`"))
}

/// Message for a failed output; `None` if the reader closed it.
fn unsaid(error: &io::Error) -> Option<String> {
    (error.kind() != io::ErrorKind::BrokenPipe).then(|| format!("cannot write the output ({error})"))
}

/// The record's writer, the session left open in it, and its verified entries.
struct Kept {
    writer: RecordWriter,
    left: Option<LeftBehind>,
    remembered: Arc<Remembered>,
}

/// Opens the record. A damaged record is not written to: the instrument works without it and reports that.
fn opened(data: &Data, origin: &Origin, rules: &Rules) -> Result<Kept, String> {
    let remembered = Arc::new(Remembered::new());
    let no_thread = |error: io::Error| format!("cannot keep the record ({error})");
    let refusing = |reason: RecordError| {
        crate::support::terminal::note(format_args!("{reason}\nNothing is recorded until then."));
        let writer = RecordWriter::refusing(reason, QUEUE).map_err(no_thread)?;
        Ok(Kept { writer, left: None, remembered: Arc::new(Remembered::new()) })
    };
    let record = match Record::open(&data.dir) {
        Ok(record) => record.with_min_free(data.min_free_bytes()),
        Err(damaged @ RecordError::Damaged { .. }) => return refusing(damaged),
        Err(error) => return Err(error.to_string()),
    };
    let check = WholeCheck::start(&data.dir, Arc::clone(&remembered)).map_err(no_thread)?;
    let checked = check.wait(CHECKED_FIRST);
    tracing::info!(target: "record", ?checked, "checked at the start");
    if let Some(damage) = check.damage() {
        return refusing(damage.clone());
    }
    // Read only after opening for writing, which recovers the state after a loss of power.
    let left = RecordReader::open(&data.dir).and_then(|reader| left_behind(&reader, origin, rules.remembered));
    let left = match left {
        Ok(left) => left,
        Err(damaged @ RecordError::Damaged { .. }) => return refusing(damaged),
        Err(error) => return Err(error.to_string()),
    };
    let writer = RecordWriter::start_checked(record, QUEUE, Some(check)).map_err(no_thread)?;
    Ok(Kept { writer, left, remembered })
}

/// The page, if requested.
fn served(
    faces: &Interactive,
    warnings: &[String],
    remote: &Remote,
    classifier: &Arc<Classifier>,
    remembered: Arc<Remembered>,
    (origin, recognized): (Origin, usize),
) -> Result<Option<Server>, String> {
    if !faces.listen {
        return Ok(None);
    }
    let Config { server, data, report, .. } = &faces.config;
    let mut options = page::Options::new(server.listen, data.dir.clone());
    options.report.min_fields = report.min_fields;
    options.remembered = remembered;
    options.origin = origin;
    options.recognized = recognized;
    options.token_file = Some(page::token_in(&data.dir));
    options.allowed_hosts.clone_from(&server.allowed_hosts);
    options.trusted_proxies.clone_from(&server.trusted_proxies);
    options.notices = warnings.to_vec();
    options.model = Some(faces.model.clone());
    Server::start(&options, remote.clone(), Arc::clone(classifier)).map(Some).map_err(|error| error.to_string())
}

/// Notifies systemd's watchdog as long as the instrument's thread does not hang.
fn alive(remote: &Remote) -> impl FnMut() {
    let (mut watchdog, mut last) = (notify::Watchdog::from_environment(), None);
    move || {
        let elapsed = remote.snapshot().elapsed;
        if last.replace(elapsed) != Some(elapsed) {
            watchdog.beat(Instant::now());
        }
    }
}

/// Prints the summary once the terminal is free again.
fn summarize(last: &Snapshot) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{}\n{RESEARCH_USE}", summary(last))
}

fn say(page: &str, classifier: &Classifier) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let caution = model::caution(classifier).map(|caution| format!(" ({caution})")).unwrap_or_default();
    writeln!(out, "model {}{caution}\n{RESEARCH_USE}\n{page}", model::title(classifier))?;
    out.flush()
}

/// Model, settings, program and device, as sessions record them.
fn origin(classifier: &Classifier, config: &Config) -> Origin {
    let code = std::env::current_exe().and_then(std::fs::read).map(|program| sha256(&program));
    Origin {
        model_name: text_rules::cleaned(&model::title(classifier)),
        model_sha256: classifier.model_id().into(),
        config_sha256: config.sha256(),
        code_hash: code.unwrap_or_else(|_| "unknown".into()),
        device_id: text_rules::cleaned(&crate::support::host_name::host_name()),
        slide: *classifier.slide(),
    }
}

fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}
