//! The command `live`.

mod interactive;
mod lines;
mod options;

use std::{
    io::{self, IsTerminal as _},
    net::SocketAddr,
    path::PathBuf,
};

use clap::Args;

use self::{interactive::Interactive, options::Options};
use super::{PARTLY, SUCCESS, UNUSABLE, hardware, load, settings};
use crate::{
    config::address,
    faces::{lines::Form, page::ModelSource},
    model::Found,
    source::{SourceName, camera::CameraName, opener, replay::Rate},
    support::{logging, terminal::note},
};

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("recorded").multiple(true)))]
pub(super) struct LiveArgs {
    /// Source of frames: a folder of pictures, or `camera` or `camera:N`, which must be connected at the start
    /// [default: from the configuration].
    #[arg(long, value_name = "DIR|camera[:N]")]
    source: Option<SourceName>,
    /// Watch this camera, and wait for it: `auto`, a number, a node, or its name in /dev/v4l/by-path, as `blastscope
    /// cameras` lists them.
    #[arg(long, value_name = "auto|N|NODE|NAME", conflicts_with = "source")]
    camera: Option<CameraName>,
    /// Lock exposure, gain and white balance of the camera at their values after two seconds.
    #[arg(long)]
    lock_exposure: bool,
    /// Accept identical frames as a still picture, not as a frozen camera: for cameras that show a drawn picture.
    #[arg(long)]
    allow_frozen: bool,
    /// Use lamps, buzzer and buttons on the pins in this file.
    #[arg(long, value_name = "FILE.toml")]
    hardware: Option<PathBuf>,
    /// Keep the buzzer silent.
    #[arg(long, requires = "hardware")]
    mute: bool,
    /// Frames per second from a folder.
    #[arg(long, default_value_t = 5.0, value_name = "F")]
    fps: f64,
    /// Stop after N frames.
    #[arg(long, value_name = "N")]
    frames: Option<u64>,
    /// Show each picture of a folder for N frames; with --listen or --tui, 1 means for 3 seconds.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    hold: u32,
    /// Start a folder again after its last picture.
    #[arg(long)]
    repeat: bool,
    /// Frames of a view that must agree before a verdict is shown [default: from the configuration; 1 for a folder without
    /// --hold, --listen and --tui].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    settle: Option<u32>,
    /// Model file [default: $BLASTSCOPE_MODEL, else the installed model, else models/blastscope.bsm].
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Folder of the installed model and, with --listen or --tui, of the record; created if missing [default: as `blastscope
    /// update` for the model, from the configuration for the record].
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Configuration [default: /etc/blastscope.toml, if it exists].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// One line of JSON per frame, for programs.
    #[arg(long)]
    json: bool,
    /// Serve a browser page at this address; without a value, at the address in the configuration.
    #[arg(long, value_name = "ADDRESS:PORT", num_args = 0..=1, value_parser = address, group = "recorded",
        conflicts_with_all = ["json", "frames"])]
    listen: Option<Option<SocketAddr>>,
    /// Work at this terminal with keys: take, confirm and correct fields, sign off. Also together with --listen.
    #[arg(long, group = "recorded", conflicts_with = "json")]
    tui: bool,
    /// Frames for which a class must hold before its field is taken into the record, with --listen or --tui [default: from
    /// the configuration].
    #[arg(long, value_name = "N", requires = "recorded", value_parser = clap::value_parser!(u32).range(1..=1000))]
    take_after: Option<u32>,
}

pub(super) fn live(args: LiveArgs) -> io::Result<u8> {
    let Some(rate) = Rate::new(args.fps) else {
        note(format_args!("--fps {}: give 0.001 to 1000 frames per second", args.fps));
        return Ok(UNUSABLE);
    };
    let Some(mut config) = settings(args.config.as_deref()) else { return Ok(UNUSABLE) };
    if args.tui && !io::stdout().is_terminal() {
        note("--tui needs a terminal; omit it for lines of text, or use --json or --listen");
        return Ok(UNUSABLE);
    }
    let tui = args.tui || (!args.json && args.listen.is_none() && io::stdout().is_terminal());
    // The terminal display shows its own messages; log lines would disturb it.
    if !(tui && io::stderr().is_terminal())
        && let Err(error) = logging::start(config.log.level)
    {
        note(error);
        return Ok(UNUSABLE);
    }
    let pins = args.hardware.as_ref().or(config.hardware.as_ref().and(config.file.as_ref()));
    let Ok(hardware) = hardware(pins) else { return Ok(UNUSABLE) };
    let mut hardware = hardware.map(|(pins, table)| {
        config.hardware = Some(table);
        pins
    });
    if let Some(buzzer) = hardware.as_mut().and_then(|hardware| hardware.buzzer.as_mut()) {
        buzzer.mute |= args.mute;
    }
    // A source given as an option must exist at the start; one from the configuration may come later.
    let (wait, source) = match (args.source, args.camera) {
        (Some(source), _) => (false, source),
        (None, Some(camera)) => (true, SourceName::Camera(camera)),
        (None, None) => (true, config.camera.live_source()),
    };
    let installed = args.data_dir.clone();
    // The command line overrides the configuration; from here on these are the settings in use.
    config.camera.source = source.to_string();
    config.camera.lock_exposure |= args.lock_exposure;
    config.model.file = args.model.or(config.model.file);
    config.pipeline.settle = args.settle.unwrap_or(config.pipeline.settle);
    config.pipeline.take_after = args.take_after.unwrap_or(config.pipeline.take_after);
    config.data.dir = args.data_dir.unwrap_or(config.data.dir);
    if let Some(Some(address)) = args.listen {
        config.server.listen = address;
    }
    let Some(found) = load(config.model.file.as_deref(), installed.as_deref(), 1) else { return Ok(UNUSABLE) };
    let Found { classifier, path, warnings, installed_in } = found;
    let classifier = config.pipeline.judged(classifier);
    let recorded = args.tui || args.listen.is_some();
    let is_folder = matches!(source, SourceName::Folder(_));
    let source = opener::Options {
        name: source,
        wait,
        lock_exposure: config.camera.lock_exposure,
        detect_frozen: !args.allow_frozen,
        rate,
        hold: args.hold,
        repeat: args.repeat,
    };
    let options = Options {
        source,
        board: hardware,
        frames: args.frames,
        settle: config.pipeline.settle,
        picture_by_picture: is_folder && args.hold == 1 && args.settle.is_none() && !recorded,
        warnings,
    };
    if tui || recorded {
        let model = installed_in.map_or(ModelSource::File(path), ModelSource::Installed);
        let faces = Interactive { listen: args.listen.is_some(), tui, recorded, config, model };
        return Ok(match interactive::run(options, &faces, classifier) {
            Ok(None) => SUCCESS,
            Ok(Some(still_open)) => {
                note(still_open);
                PARTLY
            }
            Err(error) => {
                note(error);
                UNUSABLE
            }
        });
    }
    let form = if args.json { Form::Json } else { Form::Plain };
    match lines::run(&options, form, classifier)? {
        Ok(()) => Ok(SUCCESS),
        Err(error) => {
            note(error);
            Ok(PARTLY)
        }
    }
}
