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
    Classify(classify::ClassifyArgs),
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
        address than this machine's own it asks for a token, which is shown at the start and by `blastscope token`. There is no \
        encryption: use a network of your own.\n\n\
        With --tui the terminal, also over SSH, is what the page is: t takes a field, Enter confirms it, 1 to 4 and 0 correct it, \
        n starts a session, s signs it off, q quits. On a terminal, without --tui and --listen, the same is shown and nothing \
        recorded.\n\n\
        A session that was cut off, by a loss of power mostly, goes on by itself when its last field is less than half an hour \
        old; otherwise page and terminal ask.\n\n\
        Quit with q, Esc or Ctrl-C; with --listen alone, with Ctrl-C.\n\
        For Research Use Only. Not for use in diagnostic procedures.")]
    Live(live::LiveArgs),
    /// Measure the network on this machine.
    #[command(after_help = "Examples:\n  blastscope bench\n  blastscope bench --threads 2 --isa scalar --json\n  \
        blastscope bench --input\n  \
        blastscope bench --soak 100000 --threads 2\n  blastscope bench --cold 20\n\n\
        A frame is 224 x 224 masked pixels in, four numbers out. Without --model the weights are drawn; only --cold \
        takes the model that `classify` takes.\n\n\
        Exit status: 0 measured, 1 a soak or a start failed, 2 wrong usage or no model.")]
    Bench(bench::BenchArgs),
    /// Check this machine and the model, and say what to do about what is amiss.
    #[command(after_help = "Examples:\n  blastscope doctor\n  blastscope doctor --model first.bsm --json\n  \
        blastscope doctor --hardware board.toml\n\n\
        A drawn field goes through the model on the chosen instruction set and on plain kernels, which must agree bit \
        for bit. Nothing is changed.\n\n\
        Exit status: 0 ready to classify, 1 something that classification needs is missing or wrong.")]
    Doctor(doctor::DoctorArgs),
    /// List the sessions of a record.
    #[command(after_help = "Examples:\n  blastscope sessions --data-dir /var/lib/blastscope\n  \
        blastscope sessions --data-dir data --json\n\n\
        Exit status: 0 listed, 2 wrong usage or no record.")]
    Sessions(record::SessionsArgs),
    /// Check that nobody changed a record since it was written.
    #[command(after_help = "Examples:\n  blastscope verify --data-dir /var/lib/blastscope\n  \
        blastscope verify --data-dir data --json --expect-head $HEAD\n  \
        blastscope verify --data-dir data --recompute --model models/allcnn.bsm\n\n\
        Every hash is computed anew, of every column and picture. A log that was cut off at its end together with the rows, \
        or built anew by somebody who may write the file, shows only against a head hash that was written down before: HEAD is \
        such a one. With --recompute gate and network look at the stored pictures again: what was measured in a field's frame \
        must come out once more, to the last bit.\n\n\
        Exit status: 0 as written, 1 something was changed or differs, or a model is not at hand, 2 wrong usage or no record.")]
    Verify(record::VerifyArgs),
    /// Write a session as a table, or corrected fields for training.
    #[command(after_help = "Examples:\n  blastscope export --data-dir data --session 3 --csv session-3.csv\n  \
        blastscope export --data-dir data --session 3 --csv session-3.csv --excel\n  \
        blastscope export --data-dir data --for-training corrected/\n\n\
        For training, only fields are taken that a person confirmed or corrected; pictures keep their bytes. A record that does \
        not verify is not exported.\n\
        For Research Use Only. Not for use in diagnostic procedures.\n\n\
        Exit status: 0 written, 1 the record was changed, 2 wrong usage, no record, or it could not be written.")]
    Export(record::ExportArgs),
    /// Copy the record while the instrument runs.
    #[command(
        after_help = "Examples:\n  blastscope backup --data-dir /var/lib/blastscope --out /media/usb/record-2026-11-30.db\n  \
        blastscope verify --data-dir /media/usb/record-2026-11-30.db\n\n\
        record.db alone is not the whole record while a program adds to it. The copy is one file, verified before it gets its \
        name, and every command that reads a record takes it for --data-dir. To go back to it, put it into an empty folder as \
        record.db.\n\n\
        Exit status: 0 copied and verified, 1 the record was changed, 2 wrong usage, no record, or it could not be written."
    )]
    Backup(backup::BackupArgs),
    /// Set a damaged record aside and begin anew with what verifies.
    #[command(subcommand)]
    Record(salvage::RecordCommand),
    /// Make the model at home at this microscope with the fields that a person confirmed or corrected.
    #[command(after_help = "Examples:\n  blastscope adapt --data-dir data --out clinic.bsm\n  \
        blastscope adapt --data-dir data --session 3 --session 4 --out clinic.bsm --json\n  \
        blastscope live --model clinic.bsm --listen 127.0.0.1:8080 --data-dir data\n\n\
        The last layer moves towards the fields as far as cross-validation finds good, and calibration and thresholds are chosen \
        anew; the site's stain becomes a known one. About a hundred fields of at least two classes do. The model is a file of its \
        own and is not signed: nothing runs it until it is named. `blastscope-host adapt` does the same on exported fields, and \
        measures the model on others.\n\
        For Research Use Only. Not for use in diagnostic procedures.\n\n\
        Exit status: 0 written, 1 the record was changed, 2 wrong usage, no model, no record, or too few fields.")]
    Adapt(adapt::AdaptArgs),
    /// List the connected cameras, their formats, and what can be locked.
    #[command(after_help = "Examples:\n  blastscope cameras\n  blastscope cameras --json\n\n\
        Exit status: 0 there is one, 1 there is none.")]
    Cameras(cameras::CamerasArgs),
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
    /// Show where the page is and the token that opens it, also as a QR code for a phone.
    #[command(
        after_help = "Examples:\n  sudo blastscope token\n  blastscope token --data-dir data --listen 192.168.4.1:8080\n  \
        sudo blastscope token --forget && sudo systemctl restart blastscope\n\n\
        The token is drawn when the page first listens on another address than this machine's own, and kept with the record. The \
        code is of a link that opens the page once: show another one for each phone.\n\n\
        Exit status: 0 shown or forgotten, 1 there is none yet, 2 wrong usage or no rights."
    )]
    Token(token::TokenArgs),
    /// Make the instrument start with the machine: systemd unit, network name, configuration.
    #[command(
        after_help = "Examples:\n  sudo blastscope install-service\n  sudo blastscope install-service --uninstall\n\n\
        Files that are as they should be stay untouched, and a configuration that is there is kept. Nothing is started; what to \
        run next is printed.\n\n\
        Exit status: 0 installed, 2 wrong usage or no rights."
    )]
    InstallService(install_service::InstallArgs),
}

/// Runs the command that the process's arguments name.
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
        // A closed pipe is the reader's choice.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::from(SUCCESS),
        Err(error) => {
            note(format_args!("the output could not be written ({error})"));
            ExitCode::from(PARTLY)
        }
    }
}

/// The whole command line with its help, for tests of the examples in it.
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

/// Says what is wrong with the arguments. The message repeats them, so it is made anew from arguments that steer no terminal.
fn complain(error: clap::Error) {
    let escaped = env::args_os().map(|argument| argument.printable().to_string());
    // When even this fails there is nobody left to tell.
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

/// The hardware file that was named, if one was; what is wrong with it has been said.
fn hardware(path: Option<&PathBuf>) -> Result<Option<(Configuration, toml::Table)>, ()> {
    path.map(|path| Configuration::read(path).map_err(note)).transpose()
}
