//! Facts about a machine, not yet judged. Sizes in bytes; times in the unit given in the name.

use blastscope_shared::{Class, Observation, sight::Blank};
use serde::Serialize;

use crate::board::PinState;

/// All facts that `doctor` collects.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Facts {
    pub program: Program,
    pub processor: Processor,
    pub instruction_set: InstructionSet,
    pub model: Model,
    pub memory: Option<Memory>,
    pub video_nodes: Vec<VideoNode>,
    pub gpio_chips: Vec<GpioChip>,
    /// Pins of the given configuration; empty without one.
    pub pins: Vec<PinFact>,
    /// Disk of the working directory, where outputs are written.
    pub disk: Option<Disk>,
    /// Temperature of the hottest zone.
    pub temperature: Option<Temperature>,
    /// `None` if unknown.
    pub throttling: Option<Vec<Throttling>>,
    pub governor: Option<Governor>,
    pub clock: Clock,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Program {
    pub version: &'static str,
    pub system: &'static str,
    pub architecture: &'static str,
}

#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Processor {
    pub name: Option<String>,
    /// Board, if the firmware names it.
    pub board: Option<String>,
    pub cores: usize,
    /// Threads that may run at once; fewer than cores if the system limits this process.
    pub threads: usize,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct InstructionSet {
    pub choice: Choice,
    pub fastest: &'static str,
    /// All sets of this architecture, slowest first.
    pub sets: Vec<Set>,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Set {
    pub name: &'static str,
    pub available: bool,
}

/// How the instruction set was chosen.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub(crate) enum Choice {
    /// The fastest available.
    Speed { name: &'static str },
    /// The environment variable.
    Environment { name: &'static str },
    /// The environment variable names an unavailable set.
    Refused { reason: String },
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub(crate) enum Model {
    /// No usable model.
    Missing { reason: String },
    /// Loaded and tried.
    Loaded {
        path: String,
        bytes: u64,
        title: String,
        code_version: String,
        drawn: bool,
        /// `None` if not signed.
        version: Option<u32>,
        /// For example, that another model should run.
        warnings: Vec<String>,
        trial: Trial,
    },
}

/// The model's trial on a drawn picture.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Trial {
    /// Instruction set of the trial.
    pub isa: &'static str,
    /// Logits, or why there are none.
    pub logits: Observation<[f32; Class::COUNT]>,
    /// Logits of the scalar kernels.
    pub scalar_logits: Observation<[f32; Class::COUNT]>,
    /// Median time of a preprocessed frame on one thread.
    pub frame_ms: f64,
}

impl Trial {
    /// Whether both kernels give the same finite numbers, bit for bit, or both see no cells.
    pub(crate) fn agrees(&self) -> bool {
        let bits = |logits: &Observation<[f32; Class::COUNT]>| {
            logits.and_then(Observation::of_finite).map(|all| all.map(f32::to_bits))
        };
        let (these, those) = (bits(&self.logits), bits(&self.scalar_logits));
        these == those && these.blank() != Some(Blank::NotFinite)
    }
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Memory {
    pub total: u64,
    pub available: u64,
}

/// A node such as /dev/video0.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct VideoNode {
    pub path: String,
    pub name: Option<String>,
    #[serde(flatten)]
    pub kind: VideoKind,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub(crate) enum VideoKind {
    /// Delivers pictures in a supported format.
    Camera,
    /// Delivers pictures in unsupported formats only.
    UnknownFormats,
    /// Delivers metadata of pictures; every USB camera has such a node.
    Metadata,
    /// Other: codecs, converters, outputs.
    Other,
    /// Another program holds it.
    Busy,
    /// This user may not open it.
    Denied,
    /// It does not answer.
    Failed { reason: String },
}

/// A node such as /dev/gpiochip0.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct GpioChip {
    pub path: String,
    #[serde(flatten)]
    pub state: GpioState,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub(crate) enum GpioState {
    Open {
        label: String,
        lines: u32,
    },
    /// This user may not open it.
    Denied,
    Failed {
        reason: String,
    },
}

/// A pin in a configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct PinFact {
    /// The part connected to it.
    pub role: String,
    /// Name in the configuration.
    pub chip: String,
    pub line: String,
    #[serde(flatten)]
    pub state: PinState,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Disk {
    pub path: String,
    /// Free bytes for this user.
    pub free: u64,
    pub total: u64,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Temperature {
    pub zone: String,
    pub celsius: f64,
}

/// Why the processor is, or was, slower than it could be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Throttling {
    UnderVoltageNow,
    UnderVoltageSinceBoot,
    HeatNow,
    HeatSinceBoot,
}

/// The governor that holds the clock at its minimum, with most drivers.
pub(crate) const POWERSAVE: &str = "powersave";

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Governor {
    pub name: String,
    pub driver: Option<String>,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Clock {
    /// Seconds since 1970 UTC.
    pub now: u64,
    /// Installation time of this program, in seconds since 1970 UTC.
    pub installed: Option<u64>,
    /// Whether the network has set the clock; `None` if unknown.
    pub synchronized: Option<bool>,
    /// Whether a battery-backed clock exists.
    pub battery: bool,
}
