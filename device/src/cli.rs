//! The command line.

mod installed;
mod update;

use std::{
    fmt::Display,
    io::{self, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use blastscope_shared::{Class, cells::MAX_CELLS, network::Execution};
use clap::{Args, Parser, Subcommand};

use crate::{
    RESEARCH_USE, bench, classify, doctor, execution, live,
    model::{self, Found},
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
    #[command(
        after_help = "Examples:\n  blastscope live --source camera\n  blastscope live --source slides/ --fps 5\n\n\
        Quit with q, Esc or Ctrl-C."
    )]
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
    #[command(after_help = "Examples:\n  blastscope doctor\n  blastscope doctor --model first.bsm --json\n\n\
        A drawn field goes through the model on the chosen instruction set and on plain kernels, which must agree bit \
        for bit. Nothing is changed.\n\n\
        Exit status: 0 ready to classify, 1 something that classification needs is missing or wrong.")]
    Doctor(DoctorArgs),
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
    /// List the connected cameras.
    #[command(after_help = "Example:\n  blastscope cameras")]
    Cameras,
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
struct LiveArgs {
    /// Where frames come from: a folder of pictures, `camera`, or `camera:N`.
    #[arg(long, value_name = "DIR|camera[:N]")]
    source: live::SourceName,
    /// Frames a second of a folder.
    #[arg(long, default_value_t = 5.0, value_name = "F")]
    fps: f64,
    /// Stop after so many frames.
    #[arg(long, value_name = "N")]
    frames: Option<u64>,
    /// Show each picture of a folder for so many frames.
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
    /// Folder whose installed model is used [default: that of `blastscope update`].
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// One JSON object a line and frame instead of a panel.
    #[arg(long)]
    json: bool,
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
    /// Folder whose installed model is used [default: that of `blastscope update`].
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// One JSON object instead of a table.
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
        Command::Update(args) => update::update(&args),
        Command::Model(args) => installed::model(&args),
        Command::Cameras => cameras(),
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
    let found = load(args.model.as_deref(), args.data_dir.as_deref(), 1);
    let Some(Found { classifier, warnings, .. }) = found else { return Ok(UNUSABLE) };
    let options = live::Options {
        source: args.source,
        rate,
        frames: args.frames,
        hold: args.hold,
        repeat: args.repeat,
        settle: args.settle,
        warnings,
        output: match () {
            () if args.json => live::Output::Json,
            () if io::stdout().is_terminal() => live::Output::Panel,
            () => live::Output::Lines,
        },
    };
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
    // A file that is named is for the started processes to judge.
    let named = args.model.clone().map(Ok);
    let path = named.unwrap_or_else(|| model::load(None, None, execution).map(|found| found.path));
    let path = match path {
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

fn doctor(args: &DoctorArgs) -> io::Result<u8> {
    let fit = doctor::run(args.model.as_deref(), args.data_dir.as_deref(), args.json, io::stdout().lock())?;
    Ok(if fit { SUCCESS } else { PARTLY })
}

fn cameras() -> io::Result<u8> {
    let cameras = crate::source::camera::connected();
    if cameras.is_empty() {
        note(crate::source::SourceError::NoCamera);
        return Ok(PARTLY);
    }
    let mut out = io::stdout().lock();
    for camera in cameras {
        writeln!(out, "{camera}")?;
    }
    Ok(SUCCESS)
}
