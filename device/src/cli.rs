//! The command line.

mod config;
mod installed;
mod record;
mod report;
mod service;
mod update;

use std::{
    fmt::Display,
    io::{self, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use blastscope_shared::{Class, cells::MAX_CELLS, network::Execution};
use clap::{Args, Parser, Subcommand};

use self::config::settings;
use crate::{
    RESEARCH_USE, bench, cameras, classify, doctor, execution,
    hardware::Configuration,
    live, logging,
    model::{self, Found},
    source::camera::CameraName,
};

/// Everything went well.
const SUCCESS: u8 = 0;
/// Something could not be classified; the rest was.
const PARTLY: u8 = 1;
/// Nothing could be done: wrong usage, no model.
const UNUSABLE: u8 = 2;

/// Screens blood-smear fields for acute lymphoblastic leukaemia, offline. Research use only.
#[derive(Debug, Parser)]
#[command(name = "blastscope", version, after_help = RESEARCH_USE, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Classify pictures and folders of pictures.
    #[command(after_help = "Examples:\n  blastscope classify slides/ --json > verdicts.jsonl\n  \
        blastscope classify slides/ --explain overlays/\n\n\
        An overlay shows which places of a field the network's answer hangs on, not whether the answer is right.\n\
        For Research Use Only. Not for use in diagnostic procedures.\n\n\
        Exit status: 0 all classified, 1 some files could not be, 2 wrong usage or no model.")]
    Classify(ClassifyArgs),
    /// Watch a camera, or a folder that plays the camera, and say what is seen.
    #[command(after_help = "Examples:\n  blastscope live --camera auto\n  \
        blastscope live --camera /dev/video2 --lock-exposure --hardware board.toml\n  \
        blastscope live --source slides/ --fps 5\n  \
        blastscope live --listen 127.0.0.1:8080 --data-dir data\n  \
        blastscope live --tui --data-dir data\n\n\
        A camera that stalls, sends the same picture again and again, or is unplugged is named, and comes back by itself. \
        With --json such changes are lines of their own, as are buttons: {\"camera\":\"stalled\",...}, {\"button\":\"take\",...}.\n\n\
        A hardware file names the lines of a GPIO chip, each of them if it is there:\n  \
        chip = \"pinctrl-bcm2711\"\n  \
        [lamps]\n  \
        benign = { line = 17 }\n  \
        suspicious = { line = 27 }\n  \
        look_again = { line = \"GPIO22\", active_low = true }\n  \
        [buzzer]\n  \
        line = 18\n  \
        beep_ms = 120\n  \
        [buttons]\n  \
        take = { line = 23, active_low = true, debounce_ms = 25 }\n  \
        confirm = { line = 24, active_low = true }\n\n\
        With --listen a page in the browser shows what is seen and keeps sessions in the record of --data-dir. On another \
        address than this machine's own it asks for a token, which is shown at the start. There is no encryption: use a \
        network of your own.\n\n\
        With --tui the terminal, also over SSH, is what the page is: t takes a field, Enter confirms it, 1 to 4 and 0 correct it, \
        n starts a session, s signs it off, q quits. On a terminal, without --tui and --listen, the same is shown and nothing \
        recorded.\n\n\
        A session that was cut off, by a loss of power mostly, goes on by itself when its last field is less than half an hour \
        old; otherwise page and terminal ask.\n\n\
        Quit with q, Esc or Ctrl-C; with --listen alone, with Ctrl-C.\n\
        For Research Use Only. Not for use in diagnostic procedures.")]
    Live(LiveArgs),
    /// Measure the network on this machine.
    #[command(after_help = "Examples:\n  blastscope bench\n  blastscope bench --threads 2 --isa scalar --json\n  \
        blastscope bench --input\n  \
        blastscope bench --soak 100000 --threads 2\n  blastscope bench --cold 20\n\n\
        A frame is 224 x 224 masked pixels in, four numbers out. Without --model the weights are drawn; only --cold \
        takes the model that `classify` takes.\n\n\
        Exit status: 0 measured, 1 a soak or a start failed, 2 wrong usage or no model.")]
    Bench(BenchArgs),
    /// Check this machine and the model, and say what to do about what is amiss.
    #[command(after_help = "Examples:\n  blastscope doctor\n  blastscope doctor --model first.bsm --json\n  \
        blastscope doctor --hardware board.toml\n\n\
        A drawn field goes through the model on the chosen instruction set and on plain kernels, which must agree bit \
        for bit. Nothing is changed.\n\n\
        Exit status: 0 ready to classify, 1 something that classification needs is missing or wrong.")]
    Doctor(DoctorArgs),
    /// List the sessions of a record.
    #[command(after_help = "Examples:\n  blastscope sessions --data-dir /var/lib/blastscope\n  \
        blastscope sessions --data-dir data --json\n\n\
        Exit status: 0 listed, 2 wrong usage or no record.")]
    Sessions(record::SessionsArgs),
    /// Check that nobody changed a record since it was written.
    #[command(after_help = "Examples:\n  blastscope verify --data-dir /var/lib/blastscope\n  \
        blastscope verify --data-dir data --json --expect-head 3f0c...\n\n\
        Every hash is computed anew, of every column and picture. A log that was cut off at its end together with the rows, \
        or built anew by somebody who may write the file, shows only against a head hash that was written down before.\n\n\
        Exit status: 0 as written, 1 something was changed, 2 wrong usage or no record.")]
    Verify(record::VerifyArgs),
    /// Write a session as a table, or corrected fields for training.
    #[command(after_help = "Examples:\n  blastscope export --data-dir data --session 3 --csv session-3.csv\n  \
        blastscope export --data-dir data --for-training corrected/\n\n\
        For training, only fields are taken that a person confirmed or corrected; pictures keep their bytes. A record that does \
        not verify is not exported.\n\
        For Research Use Only. Not for use in diagnostic procedures.\n\n\
        Exit status: 0 written, 1 the record was changed, 2 wrong usage, no record, or it could not be written.")]
    Export(record::ExportArgs),
    /// List the connected cameras, their formats, and what can be locked.
    #[command(after_help = "Examples:\n  blastscope cameras\n  blastscope cameras --json\n\n\
        Exit status: 0 there is one, 1 there is none.")]
    Cameras(CamerasArgs),
    /// Install a signed model from a file or a memory stick, or go back to the one before.
    #[command(after_help = "Examples:\n  blastscope update /media/usb\n  \
        blastscope update allcnn-signed.bsm --public-key laboratory.pub\n  blastscope update --rollback\n\n\
        A model is taken when a trusted key signed it (DIR/trusted-keys/*.pub), when it is no older than the one that runs, and \
        when it computes on this machine what plain kernels compute, bit for bit. Whenever the power goes, one of the two runs.\n\n\
        Exit status: 0 installed or installed already, 1 nothing was changed, 2 wrong usage.")]
    Update(update::UpdateArgs),
    /// Show the installed models, who signed them and how their self-tests went.
    #[command(
        after_help = "Examples:\n  blastscope model\n  blastscope model --data-dir /var/lib/blastscope --json\n\n\
        Exit status: 0 one of them runs, 1 none is installed or can be used."
    )]
    Model(installed::ModelArgs),
    /// Write a session as PDF, web page or FHIR resource.
    #[command(
        after_help = "Examples:\n  blastscope report --data-dir data --session 3 --pdf session-3.pdf --html session-3.html\n  \
        blastscope report --data-dir data --session 3 --pdf session-3.pdf --model first.bsm\n  \
        blastscope report --data-dir data --session 3 --fhir session-3.json\n\n\
        Fields are counted, not patients. Heat maps need the model that judged the session. A record that does not verify is \
        not reported.\n\
        For Research Use Only. Not for use in diagnostic procedures.\n\n\
        Exit status: 0 written, 1 the record was changed, 2 wrong usage, no record, or it could not be written."
    )]
    Report(report::ReportArgs),
    /// Print the default configuration, or check one.
    #[command(after_help = "Examples:\n  blastscope config --print-default > blastscope.toml\n  \
        blastscope config --check blastscope.toml\n\n\
        Commands take /etc/blastscope.toml where it exists, or the file that BLASTSCOPE_CONFIG names.\n\n\
        Exit status: 0 fine, 2 something is wrong.")]
    Config(config::ConfigArgs),
    /// Make the instrument start with the machine: systemd unit, network name, configuration.
    #[command(
        after_help = "Examples:\n  sudo blastscope install-service\n  sudo blastscope install-service --uninstall\n\n\
        Files that are as they should be stay untouched, and a configuration that is there is kept. Nothing is started; what to \
        run next is printed.\n\n\
        Exit status: 0 installed, 2 wrong usage or no rights."
    )]
    InstallService(service::InstallArgs),
}

#[derive(Debug, Args)]
struct ClassifyArgs {
    /// Pictures (JPEG, PNG, BMP, TIFF) or folders of pictures.
    #[arg(required = true, value_name = "IMAGE|DIR")]
    paths: Vec<PathBuf>,
    /// Model file [default: $BLASTSCOPE_MODEL, else the installed model, else models/allcnn.bsm].
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Folder whose installed model is used [default: that of `blastscope update`].
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// One JSON object a line and picture instead of a table.
    #[arg(long)]
    json: bool,
    /// Classify even what the quality gate rejects.
    #[arg(long)]
    no_gate: bool,
    /// Threads that share the work on a picture [default: as many as there are cores, at most 4].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    threads: Option<u16>,
    /// Write to this folder, for each picture, a PNG of it that shows what spoke for the most probable class (Grad-CAM).
    #[arg(long, value_name = "DIR")]
    explain: Option<PathBuf>,
    /// Show what speaks for this class instead: Benign, Early, Pre or Pro.
    #[arg(long, value_name = "CLASS", requires = "explain", value_parser = class_by_name)]
    explain_class: Option<Class>,
}

fn class_by_name(name: &str) -> Result<Class, String> {
    Class::from_folder_name(name).ok_or_else(|| "there are the classes Benign, Early, Pre and Pro".into())
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("recorded").multiple(true)))]
struct LiveArgs {
    /// Where frames come from: a folder of pictures; also `camera` or `camera:N`, which must be there at the start
    /// [default: that of the configuration].
    #[arg(long, value_name = "DIR|camera[:N]")]
    source: Option<live::SourceName>,
    /// Watch this camera, and wait for it: `auto`, a number, a node, or its name in /dev/v4l/by-path, as `blastscope
    /// cameras` lists them.
    #[arg(long, value_name = "auto|N|NODE|NAME", conflicts_with = "source")]
    camera: Option<CameraName>,
    /// Hold the camera's exposure, gain and white balance at what they are after two seconds.
    #[arg(long)]
    lock_exposure: bool,
    /// Take equal frames for a picture that stands still, not for a frozen camera: for cameras that show a drawn picture.
    #[arg(long)]
    allow_frozen: bool,
    /// Switch lamps and a buzzer and listen to buttons on the pins that this file names.
    #[arg(long, value_name = "FILE.toml")]
    hardware: Option<PathBuf>,
    /// Keep the buzzer silent.
    #[arg(long, requires = "hardware")]
    mute: bool,
    /// Frames a second of a folder.
    #[arg(long, default_value_t = 5.0, value_name = "F")]
    fps: f64,
    /// Stop after so many frames.
    #[arg(long, value_name = "N")]
    frames: Option<u64>,
    /// Show each picture of a folder for so many frames; with --listen or --tui, 1 means for 3 seconds.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    hold: u32,
    /// Start a folder again after its last picture.
    #[arg(long)]
    repeat: bool,
    /// Frames of a view that must agree before a verdict is spoken [default: 3; 1 for a folder without --hold].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    settle: Option<u32>,
    /// Model file [default: $BLASTSCOPE_MODEL, else the installed model, else models/allcnn.bsm].
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Folder of the installed model and, with --listen or --tui, of the record; made where it is missing [default: that of `blastscope
    /// update` for the model, that of the configuration for the record].
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Configuration [default: /etc/blastscope.toml, where there is one].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// One JSON object a line and frame, for programs.
    #[arg(long)]
    json: bool,
    /// Serve a page in the browser at this address.
    #[arg(long, value_name = "ADDRESS:PORT", group = "recorded", conflicts_with_all = ["json", "frames"])]
    listen: Option<std::net::SocketAddr>,
    /// Work at this terminal, with keys: take fields, confirm, correct, sign off. Also together with --listen.
    #[arg(long, group = "recorded", conflicts_with = "json")]
    tui: bool,
    /// Frames for which a class must stand before its field is taken into the record, with --listen or --tui [default: 5].
    #[arg(long, value_name = "N", requires = "recorded", value_parser = clap::value_parser!(u32).range(1..=1000))]
    take_after: Option<u32>,
}

#[derive(Debug, Args)]
struct BenchArgs {
    /// Threads that share the work.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    threads: u16,
    /// Instruction set [default: $BLASTSCOPE_ISA, else the fastest of this machine].
    #[arg(long, value_name = "NAME")]
    isa: Option<String>,
    /// Model file instead of drawn weights.
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Frames to measure.
    #[arg(long, default_value_t = 200, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    frames: u32,
    /// One JSON object instead of a table.
    #[arg(long)]
    json: bool,
    /// Run so many frames in a row instead; fail when results change or memory grows by more than 1 MB. Ctrl-C ends it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "frames")]
    soak: Option<u64>,
    /// Start `blastscope classify` so many times instead, and measure from its start to its verdict.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000),
        conflicts_with_all = ["threads", "frames", "soak"])]
    cold: Option<u32>,
    /// One JSON line with times and memory, for a comparison with other engines; with the moment of the start, in
    /// seconds since 1970, in $T0 also the time to the first result.
    #[arg(long, num_args = 2, value_names = ["THREADS", "RUNS"], value_parser = clap::value_parser!(u32).range(1..),
        conflicts_with_all = ["threads", "frames", "soak", "cold", "json"])]
    peers: Option<Vec<u32>>,
    /// Measure what comes before the network instead: decoding, squash and mask, gate, whole frames.
    #[arg(long, conflicts_with_all = ["threads", "isa", "model", "peers", "soak", "cold"])]
    input: bool,
    /// Measure on this picture instead of a drawn frame of 1024x768.
    #[arg(long, value_name = "FILE", requires = "input")]
    picture: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct DoctorArgs {
    /// Model file [default: $BLASTSCOPE_MODEL, else the installed model, else models/allcnn.bsm].
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Check the pins that this file names, as `live` takes it.
    #[arg(long, value_name = "FILE.toml")]
    hardware: Option<PathBuf>,
    /// Folder whose installed model is used [default: that of `blastscope update`].
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// One JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct CamerasArgs {
    /// One JSON object instead of a list.
    #[arg(long)]
    json: bool,
}

/// Runs the command that the process's arguments name.
#[must_use]
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // A closed pipe is the reader's choice.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { UNUSABLE } else { SUCCESS });
        }
    };
    let done = match cli.command {
        Command::Classify(args) => classify(&args),
        Command::Live(args) => live(args),
        Command::Bench(args) => bench(&args),
        Command::Doctor(args) => doctor(&args),
        Command::Sessions(args) => record::sessions(&args),
        Command::Verify(args) => record::verify(&args),
        Command::Export(args) => record::export(&args),
        Command::Cameras(args) => cameras(&args),
        Command::Update(args) => update::update(&args),
        Command::Model(args) => installed::model(&args),
        Command::Report(args) => report::report(&args),
        Command::Config(args) => config::config(&args),
        Command::InstallService(args) => service::install(&args),
    };
    match done {
        Ok(status) => ExitCode::from(status),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::from(SUCCESS),
        Err(error) => {
            note(format_args!("the output could not be written ({error})"));
            ExitCode::from(PARTLY)
        }
    }
}

/// Writes a line to stderr; when even that fails there is nobody left to tell.
pub(crate) fn note(message: impl Display) {
    let _ = writeln!(io::stderr().lock(), "blastscope: {message}");
}

fn load(named: Option<&Path>, data_dir: Option<&Path>, threads: usize) -> Option<Found> {
    let execution = match execution::chosen(None, threads) {
        Ok(execution) => execution,
        Err(error) => {
            note(error);
            return None;
        }
    };
    match model::load(named, data_dir, execution) {
        Ok(found) => Some(found),
        Err(error) => {
            note(error);
            None
        }
    }
}

fn classify(args: &ClassifyArgs) -> io::Result<u8> {
    let threads = args.threads.map_or_else(execution::threads, Into::into);
    let found = load(args.model.as_deref(), args.data_dir.as_deref(), threads);
    let Some(Found { classifier, warnings, .. }) = found else { return Ok(UNUSABLE) };
    warnings.iter().for_each(note);
    let overlays = args.explain.as_ref().map(|dir| classify::Overlays::prepare(dir, args.explain_class, &args.paths));
    let overlays = match overlays.transpose() {
        Ok(overlays) => overlays,
        Err(error) => {
            note(error);
            return Ok(UNUSABLE);
        }
    };
    let options = classify::Options { json: args.json, gate: !args.no_gate, overlays };
    let all_fine = classify::run(&args.paths, &classifier, options, io::stdout().lock())?;
    Ok(if all_fine { SUCCESS } else { PARTLY })
}

fn live(args: LiveArgs) -> io::Result<u8> {
    let Some(rate) = crate::source::replay::Rate::new(args.fps) else {
        note(format_args!("--fps {}: give a number of frames a second between 0.001 and 1000", args.fps));
        return Ok(UNUSABLE);
    };
    let Some(config) = settings(args.config.as_deref()) else { return Ok(UNUSABLE) };
    if args.tui && !io::stdout().is_terminal() {
        note("--tui needs a terminal; leave it out for lines, or give --json or --listen");
        return Ok(UNUSABLE);
    }
    let output = if args.json { live::Output::Json } else { live::Output::Lines };
    let tui = args.tui || (!args.json && args.listen.is_none() && io::stdout().is_terminal());
    // The terminal says itself what there is to say, and messages would fall into it.
    if !(tui && io::stderr().is_terminal())
        && let Err(error) = logging::start(config.log.level)
    {
        note(error);
        return Ok(UNUSABLE);
    }
    let pins = args.hardware.as_ref().or(config.hardware.as_ref().and(config.file.as_ref()));
    let Ok(mut hardware) = hardware(pins) else { return Ok(UNUSABLE) };
    if let Some(buzzer) = hardware.as_mut().and_then(|hardware| hardware.buzzer.as_mut()) {
        buzzer.mute |= args.mute;
    }
    // What was named must be there at the start; what stands in the configuration may come later.
    let (wait, source) = match (args.source, args.camera) {
        (Some(source), _) => (false, source),
        (None, Some(camera)) => (true, live::SourceName::Camera(camera)),
        (None, None) => (true, config.camera.live_source()),
    };
    let model = args.model.as_deref().or(config.model.file.as_deref());
    let Some(Found { classifier, warnings, .. }) = load(model, args.data_dir.as_deref(), 1) else {
        return Ok(UNUSABLE);
    };
    // A folder may show a field a frame; `live` knows.
    let settle = matches!(source, live::SourceName::Camera(_)).then_some(config.pipeline.settle);
    let lock_exposure = args.lock_exposure || config.camera.lock_exposure;
    let options = live::Options {
        source,
        camera: live::CameraOptions { wait, lock_exposure, detect_frozen: !args.allow_frozen },
        hardware,
        rate,
        frames: args.frames,
        hold: args.hold,
        repeat: args.repeat,
        settle: args.settle.or(settle),
        thresholds: config.pipeline.stricter(*classifier.thresholds()),
        warnings,
        output,
    };
    if tui || args.listen.is_some() {
        let recorded = args.tui || args.listen.is_some();
        let station = live::station::Station {
            listen: args.listen,
            tui,
            data_dir: recorded.then(|| args.data_dir.unwrap_or(config.data.dir)),
            take_after: args.take_after,
            min_fields: config.report.min_fields,
        };
        return Ok(match live::station::run(&options, &station, classifier) {
            Ok(()) => SUCCESS,
            Err(error) => {
                note(error);
                UNUSABLE
            }
        });
    }
    match live::run(&options, &classifier)? {
        Ok(()) => Ok(SUCCESS),
        Err(error) => {
            note(error);
            Ok(PARTLY)
        }
    }
}

fn bench(args: &BenchArgs) -> io::Result<u8> {
    if args.input {
        let options = bench::input::Options { picture: args.picture.as_deref(), frames: args.frames, json: args.json };
        return Ok(match bench::input::run(options)? {
            Ok(()) => SUCCESS,
            Err(error) => {
                note(error);
                UNUSABLE
            }
        });
    }
    let (threads, frames, report) = match args.peers.as_deref() {
        Some(&[threads, runs]) => (threads as usize, runs, bench::Report::Peers),
        _ if args.json => (args.threads.into(), args.frames, bench::Report::Json),
        _ => (args.threads.into(), args.frames, bench::Report::Table),
    };
    let execution = match execution::chosen(args.isa.as_deref(), threads) {
        Ok(execution) => execution,
        Err(error) => {
            note(error);
            return Ok(UNUSABLE);
        }
    };
    if let Some(starts) = args.cold {
        return cold(args, execution, starts);
    }
    let (drawn, loaded);
    let network = match &args.model {
        None => {
            drawn = bench::drawn_network(execution);
            &drawn
        }
        Some(path) => match model::open(path, execution) {
            Ok(classifier) => {
                if classifier.preprocessing().is_cell_by_cell() {
                    note(format_args!(
                        "this model sees fields cell by cell: a frame here is one cell, and a field has up to {MAX_CELLS}"
                    ));
                }
                loaded = classifier;
                loaded.network()
            }
            Err(error) => {
                note(error);
                return Ok(UNUSABLE);
            }
        },
    };
    match args.soak {
        Some(frames) => Ok(if bench::soak::run(network, frames, args.json)? { SUCCESS } else { PARTLY }),
        None => bench::run(network, frames, report).map(|()| SUCCESS),
    }
}

fn cold(args: &BenchArgs, execution: Execution, starts: u32) -> io::Result<u8> {
    // A file that was named is what the processes are given; they say what is wrong with it.
    let path = match args.model.clone().map_or_else(|| model::load(None, None, execution).map(|found| found.path), Ok) {
        Ok(path) => path,
        Err(error) => {
            note(error);
            return Ok(UNUSABLE);
        }
    };
    match bench::cold::run(&path, execution.isa, starts, args.json)? {
        Ok(()) => Ok(SUCCESS),
        Err(error) => {
            note(error);
            Ok(PARTLY)
        }
    }
}

/// The hardware file that was named, if one was; what is wrong with it has been said.
fn hardware(path: Option<&PathBuf>) -> Result<Option<Configuration>, ()> {
    path.map(|path| Configuration::read(path).map_err(note)).transpose()
}

fn doctor(args: &DoctorArgs) -> io::Result<u8> {
    let Ok(hardware) = hardware(args.hardware.as_ref()) else { return Ok(PARTLY) };
    let (model, data_dir) = (args.model.as_deref(), args.data_dir.as_deref());
    let fit = doctor::run(model, data_dir, hardware.as_ref(), args.json, io::stdout().lock())?;
    Ok(if fit { SUCCESS } else { PARTLY })
}

fn cameras(args: &CamerasArgs) -> io::Result<u8> {
    if cameras::run(args.json, io::stdout().lock())? {
        return Ok(SUCCESS);
    }
    note(crate::source::SourceError::NoCamera);
    Ok(PARTLY)
}
