//! The command line.

pub mod adapt;
mod backup;
pub mod bench;
mod cameras;
pub mod classify;
mod config;
pub mod doctor;
pub mod install_service;
mod installed;
pub(crate) mod live;
pub mod record;
mod report;
mod salvage;
mod token;
mod update;

use std::{
    env,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use blastscope_files::Printable as _;
use clap::{CommandFactory as _, Parser, Subcommand};

use self::config::settings;
use crate::{
    RESEARCH_USE,
    board::Configuration,
    model::{self, Found, execution},
    support::terminal::note,
};

/// Success.
const SUCCESS: u8 = 0;
/// Partial failure: some input failed, the rest succeeded.
const PARTLY: u8 = 1;
/// Nothing was done: wrong usage or no model.
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
        An overlay shows which parts of a field the network's answer depends on, not whether the answer is right.\n\
        For Research Use Only. Not for use in diagnostic procedures.\n\n\
        Exit status: 0 all classified, 1 some files failed, 2 wrong usage or no model.")]
    Classify(classify::ClassifyArgs),
    /// Classify frames from a camera, or from a folder of pictures in its place.
    #[command(after_help = "Examples:\n  blastscope live --camera auto\n  \
        blastscope live --camera /dev/video2 --lock-exposure --hardware board.toml\n  \
        blastscope live --source slides/ --fps 5\n  \
        blastscope live --listen 127.0.0.1:8080 --data-dir data\n  \
        blastscope live --tui --data-dir data\n\n\
        A camera that stalls, repeats one picture or is unplugged is reported, and reconnected when it returns. \
        With --json each change and each button is a separate line: {\"camera\":\"stalled\",...}, {\"button\":\"take\",...}.\n\n\
        A hardware file names the lines of a GPIO chip; every entry is optional:\n  \
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
        With --listen, a browser page shows the live view and keeps sessions in the record of --data-dir. Unless it listens on \
        this machine only, it asks for a token, printed at the start and by `blastscope token`. There is no \
        encryption: use a private network.\n\n\
        With --tui, the terminal does what the page does, also over SSH: t takes a field, Enter confirms it, 1 to 4 and 0 correct \
        it, n starts a session, s signs it off, q quits. On a terminal without --tui and --listen, the display is the same and \
        nothing is recorded.\n\n\
        A session that was cut off, usually by a loss of power, continues by itself if its last field is less than half an hour \
        old; otherwise the page and the terminal ask.\n\n\
        Quit with q, Esc or Ctrl-C; with --listen alone, with Ctrl-C.\n\
        For Research Use Only. Not for use in diagnostic procedures.")]
    Live(live::LiveArgs),
    /// Measure the network on this machine.
    #[command(after_help = "Examples:\n  blastscope bench\n  blastscope bench --threads 2 --isa scalar --json\n  \
        blastscope bench --input\n  \
        blastscope bench --soak 100000 --threads 2\n  blastscope bench --cold 20\n\n\
        A frame is 224 x 224 masked pixels in, four numbers out. Without --model the weights are random; only --cold \
        uses the model that `classify` uses.\n\n\
        Exit status: 0 measured, 1 a soak or a cold start failed, 2 wrong usage or no model.")]
    Bench(bench::BenchArgs),
    /// Check this machine and the model, and say how to fix what is wrong.
    #[command(after_help = "Examples:\n  blastscope doctor\n  blastscope doctor --model first.bsm --json\n  \
        blastscope doctor --hardware board.toml\n\n\
        The model classifies a drawn field on the chosen instruction set and on the scalar kernels; both must agree bit \
        for bit. Nothing is changed.\n\n\
        Exit status: 0 ready to classify, 1 something needed to classify is missing or wrong.")]
    Doctor(doctor::DoctorArgs),
    /// List the sessions of a record.
    #[command(after_help = "Examples:\n  blastscope sessions --data-dir /var/lib/blastscope\n  \
        blastscope sessions --data-dir data --json\n\n\
        Exit status: 0 listed, 2 wrong usage or no record.")]
    Sessions(record::SessionsArgs),
    /// Check that a record is unchanged since it was written.
    #[command(after_help = "Examples:\n  blastscope verify --data-dir /var/lib/blastscope\n  \
        blastscope verify --data-dir data --json --expect-head $HEAD\n  \
        blastscope verify --data-dir data --recompute --model models/blastscope.bsm\n\n\
        The hashes of all columns and pictures are recomputed. If somebody cut off the end of the log with its rows, \
        or rebuilt the log, only a head hash noted earlier reveals it: HEAD stands for \
        such a hash. With --recompute, gate and network run on the stored pictures again: the results for a field's frame \
        must match to the last bit.\n\n\
        Exit status: 0 as written, 1 something was changed, damaged or differs, or a model is missing, 2 wrong usage or no record.")]
    Verify(record::VerifyArgs),
    /// Export a session as a table, or labelled fields for training.
    #[command(after_help = "Examples:\n  blastscope export --data-dir data --session 3 --csv session-3.csv\n  \
        blastscope export --data-dir data --session 3 --csv session-3.csv --excel\n  \
        blastscope export --data-dir data --for-training corrected/\n\n\
        For training, only fields that a person confirmed or corrected are exported; pictures keep their bytes. A record that \
        fails verification is not exported.\n\
        For Research Use Only. Not for use in diagnostic procedures.\n\n\
        Exit status: 0 written, 1 the record was changed, 2 wrong usage, no record, or it could not be written.")]
    Export(record::ExportArgs),
    /// Copy the record while the instrument runs.
    #[command(
        after_help = "Examples:\n  blastscope backup --data-dir /var/lib/blastscope --out /media/usb/record-2026-11-30.db\n  \
        blastscope verify --data-dir /media/usb/record-2026-11-30.db\n\n\
        While a program writes to the record, record.db alone is incomplete. The copy is one file, verified before it gets its \
        name; every command that reads a record accepts it as --data-dir. To restore it, put it into an empty folder as \
        record.db.\n\n\
        Exit status: 0 copied and verified, 1 the record was changed, 2 wrong usage, no record, or it could not be written."
    )]
    Backup(backup::BackupArgs),
    /// Set a damaged record aside and start a new one with everything that verifies.
    #[command(subcommand)]
    Record(salvage::RecordCommand),
    /// Adapt the model to this microscope with fields that a person confirmed or corrected.
    #[command(after_help = "Examples:\n  blastscope adapt --data-dir data --out clinic.bsm\n  \
        blastscope adapt --data-dir data --session 3 --session 4 --out clinic.bsm --json\n  \
        blastscope live --model clinic.bsm --listen 127.0.0.1:8080 --data-dir data\n\n\
        The last layer is fitted to the fields as far as cross-validation supports; calibration and thresholds are chosen \
        again, and the site's stain counts as known. About a hundred fields of at least two classes suffice. The model is a \
        separate file, not signed: it runs only when named. `blastscope-host adapt` does the same on exported fields, and \
        measures the model on others.\n\
        For Research Use Only. Not for use in diagnostic procedures.\n\n\
        Exit status: 0 written, 1 the record was changed, 2 wrong usage, no model, no record, or too few fields.")]
    Adapt(adapt::AdaptArgs),
    /// List the connected cameras, their formats, and what can be locked.
    #[command(after_help = "Examples:\n  blastscope cameras\n  blastscope cameras --json\n\n\
        Exit status: 0 a camera is connected, 1 none is.")]
    Cameras(cameras::CamerasArgs),
    /// Install a signed model from a file or a memory stick, or go back to the previous one.
    #[command(after_help = "Examples:\n  blastscope update /media/usb\n  \
        blastscope update blastscope-signed.bsm --public-key laboratory.pub\n  blastscope update --rollback\n\n\
        A model is installed if a trusted key signed it (DIR/trusted-keys/*.pub), if it is no older than the current one, and \
        if it agrees with the scalar kernels on this machine, bit for bit. After a power failure the old or the new one runs.\n\n\
        Exit status: 0 installed or installed already, 1 nothing was changed, 2 wrong usage.")]
    Update(update::UpdateArgs),
    /// Show the installed models, who signed them and how their self-tests went.
    #[command(
        after_help = "Examples:\n  blastscope model\n  blastscope model --data-dir /var/lib/blastscope --json\n\n\
        Exit status: 0 a model is usable, 1 none is installed or usable."
    )]
    Model(installed::ModelArgs),
    /// Write a session as PDF, web page or FHIR resource.
    #[command(
        after_help = "Examples:\n  blastscope report --data-dir data --session 3 --pdf session-3.pdf --html session-3.html\n  \
        blastscope report --data-dir data --session 3 --pdf session-3.pdf --model first.bsm\n  \
        blastscope report --data-dir data --session 3 --fhir session-3.json\n\n\
        A report counts fields, not patients. Heat maps need the model that judged the session. There is no report of a record \
        that fails verification.\n\
        For Research Use Only. Not for use in diagnostic procedures.\n\n\
        Exit status: 0 written, 1 the record was changed, 2 wrong usage, no record, or it could not be written."
    )]
    Report(report::ReportArgs),
    /// Print the default configuration, or check one.
    #[command(after_help = "Examples:\n  blastscope config --print-default > blastscope.toml\n  \
        blastscope config --check blastscope.toml\n\n\
        Commands read the file that BLASTSCOPE_CONFIG names, else /etc/blastscope.toml if it exists.\n\n\
        Exit status: 0 valid, 2 something is wrong.")]
    Config(config::ConfigArgs),
    /// Show the page's address and token, also as a QR code for a phone.
    #[command(
        after_help = "Examples:\n  sudo blastscope token\n  blastscope token --data-dir data --listen 192.168.4.1:8080\n  \
        sudo blastscope token --forget && sudo systemctl restart blastscope\n\n\
        The token is created when the page first listens on an address other than this machine's own, and kept with the record. \
        The QR code holds a link that opens the page once: run the command again for each phone.\n\n\
        Exit status: 0 shown or deleted, 1 no token yet, 2 wrong usage or no permission."
    )]
    Token(token::TokenArgs),
    /// Start the instrument with the machine: install systemd unit, network name, configuration.
    #[command(
        after_help = "Examples:\n  sudo blastscope install-service\n  sudo blastscope install-service --uninstall\n\n\
        Files that are up to date are left alone, and an existing configuration is kept. Nothing is started; the commands to \
        run next are printed.\n\n\
        Exit status: 0 installed, 2 wrong usage or no permission."
    )]
    InstallService(install_service::InstallArgs),
}

/// Runs the command given by the process's arguments; returns its exit status.
#[must_use]
pub fn run() -> ExitCode {
    let done = match Cli::try_parse() {
        Ok(cli) => perform(cli.command),
        Err(error) if error.use_stderr() => {
            complain(error);
            Ok(UNUSABLE)
        }
        Err(help) => help.print().map(|()| SUCCESS),
    };
    match done.and_then(|status| io::stdout().flush().map(|()| status)) {
        Ok(status) => ExitCode::from(status),
        // The reader closed the pipe on purpose.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::from(SUCCESS),
        Err(error) => {
            note(format_args!("cannot write the output ({error})"));
            ExitCode::from(PARTLY)
        }
    }
}

/// The command line with its help, so that tests can check the examples in it.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs a command.
fn perform(command: Command) -> io::Result<u8> {
    match command {
        Command::Classify(args) => classify::classify(&args),
        Command::Live(args) => live::live(args),
        Command::Bench(args) => bench::bench(&args),
        Command::Doctor(args) => doctor::doctor(&args),
        Command::Sessions(args) => record::sessions(&args),
        Command::Verify(args) => record::verify(&args),
        Command::Export(args) => record::export(&args),
        Command::Backup(args) => backup::backup(&args),
        Command::Record(command) => salvage::run(&command),
        Command::Adapt(args) => adapt::adapt(&args),
        Command::Cameras(args) => cameras::cameras(&args),
        Command::Update(args) => update::update(&args),
        Command::Model(args) => installed::model(&args),
        Command::Report(args) => report::report(&args),
        Command::Config(args) => config::config(&args),
        Command::Token(args) => token::token(&args),
        Command::InstallService(args) => install_service::install(&args),
    }
}

/// Reports wrong arguments. The message quotes them, so it is built from escaped ones: they must not control the terminal.
fn complain(error: clap::Error) {
    let escaped = env::args_os().map(|argument| argument.printable().to_string());
    // If this fails too, there is no other place to report it.
    let _ = Cli::try_parse_from(escaped).err().unwrap_or(error).print();
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

/// The hardware file at `path`, if given; an error has already been reported.
fn hardware(path: Option<&PathBuf>) -> Result<Option<(Configuration, toml::Table)>, ()> {
    path.map(|path| Configuration::read(path).map_err(note)).transpose()
}
