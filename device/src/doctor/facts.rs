//! What is known about a machine, before anybody judges it. Sizes in bytes, times in the unit of their names.

use blastscope_shared::{Class, Observation, sight::Blank};
use serde::Serialize;

use crate::hardware::PinState;

/// Everything that `doctor` looks at.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Facts {
    pub program: Program,
    pub processor: Processor,
    pub instruction_set: InstructionSet,
    pub model: Model,
    pub memory: Option<Memory>,
    pub video_nodes: Vec<VideoNode>,
    pub gpio_chips: Vec<GpioChip>,
    /// Pins of the configuration that was given; empty without one.
    pub pins: Vec<PinFact>,
    /// Of the working directory, where outputs go.
    pub disk: Option<Disk>,
    /// The hottest zone.
    pub temperature: Option<Temperature>,
    /// `None` where nothing tells.
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
    /// The board that it sits on, where the firmware names it.
    pub board: Option<String>,
    pub cores: usize,
    /// Threads that may run at once: fewer than cores where the system limits this process.
    pub threads: usize,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct InstructionSet {
    pub choice: Choice,
    pub fastest: &'static str,
    /// All of this architecture, the slowest first.
    pub sets: Vec<Set>,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Set {
    pub name: &'static str,
    pub available: bool,
}

/// How the instruction set came to be chosen.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub(crate) enum Choice {
    /// The fastest that is there.
    Speed { name: &'static str },
    /// The environment variable.
    Environment { name: &'static str },
    /// The environment variable asks for what cannot be had.
    Refused { reason: String },
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub(crate) enum Model {
    /// There is none, or none that can be used.
    Missing { reason: String },
    /// It is loaded and has been tried.
    Loaded {
        path: String,
        bytes: u64,
        title: String,
        code_version: String,
        drawn: bool,
        /// `None` when it is not signed.
        version: Option<u32>,
        /// Such as that another model should run.
        warnings: Vec<String>,
        trial: Trial,
    },
}

/// A drawn picture through the model.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Trial {
    /// Instruction set that the picture was classified on.
    pub isa: &'static str,
    /// Or why there are none.
    pub logits: Observation<[f32; Class::COUNT]>,
    /// Of the scalar kernels.
    pub scalar_logits: Observation<[f32; Class::COUNT]>,
    /// Half of the frames, preprocessed already, took at most this on one thread.
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
    /// Delivers pictures that are understood.
    Camera,
    /// Delivers pictures in formats that are not understood.
    UnknownFormats,
    /// Delivers data about pictures; every USB camera has such a node.
    Metadata,
    /// Neither: codecs, converters, outputs.
    Other,
    /// Another program holds it.
    Busy,
    /// This user may not open it.
    Denied,
    /// It cannot be asked.
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

/// A pin that a configuration names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct PinFact {
    /// What hangs on it.
    pub role: String,
    /// As the configuration names it.
    pub chip: String,
    pub line: String,
    #[serde(flatten)]
    pub state: PinState,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Disk {
    pub path: String,
    /// For this user.
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

/// The governor that keeps the clock at its lowest, with most drivers.
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
    /// When this program was written to disk, in seconds since 1970 UTC.
    pub installed: Option<u64>,
    /// Whether the network has set the clock; `None` where nothing tells.
    pub synchronized: Option<bool>,
    /// Whether there is a clock that goes on without power.
    pub battery: bool,
}
