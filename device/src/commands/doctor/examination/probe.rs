//! Collects the facts. All files are read below a root, so that tests can simulate a machine in a folder.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod portable;
mod power;
mod trial;

#[cfg(target_os = "linux")]
use linux as system;
#[cfg(not(target_os = "linux"))]
use portable as system;

use std::{
    env, fs,
    path::{Path, PathBuf},
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

use blastscope_shared::Isa;

use super::facts::{Choice, Clock, Facts, InstructionSet, Memory, PinFact, Processor, Program, Set};
use crate::{
    board::{self, Configuration, Place},
    model::execution,
    support::memory,
};

/// Facts about the machine whose files lie below `root`, the model that [`crate::model::load`] finds, and the pins of
/// `hardware`.
pub(super) fn facts(
    root: &Path,
    named: Option<&Path>,
    data_dir: Option<&Path>,
    hardware: Option<&Configuration>,
) -> Facts {
    let files = Files(root.to_path_buf());
    let chosen = execution::chosen(None, 1);
    Facts {
        program: Program {
            version: env!("CARGO_PKG_VERSION"),
            system: env::consts::OS,
            architecture: env::consts::ARCH,
        },
        processor: processor(&files),
        instruction_set: instruction_set(chosen.as_ref().map(|execution| execution.isa)),
        // If the environment names an unavailable set, the model is tried on the fastest one.
        model: trial::model(named, data_dir, chosen.unwrap_or_default()),
        memory: memory(&files),
        video_nodes: system::video_nodes(&files),
        gpio_chips: system::gpio_chips(&files),
        pins: hardware.map(pins).unwrap_or_default(),
        disk: system::disk(Path::new(".")),
        temperature: power::temperature(&files),
        throttling: power::throttling(&files),
        governor: power::governor(&files),
        clock: clock(&files),
    }
}

/// The files of a machine, below a root.
struct Files(PathBuf);

impl Files {
    fn path(&self, path: &str) -> PathBuf {
        self.0.join(path)
    }

    /// Text of a small file, trimmed of spaces and zero bytes; `None` if it cannot be read or is empty.
    fn text(&self, path: &str) -> Option<String> {
        let bytes = fs::read(self.path(path)).ok()?;
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim_matches(|letter: char| letter.is_whitespace() || letter == '\0');
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn number(&self, path: &str) -> Option<i64> {
        self.text(path)?.parse().ok()
    }

    /// Names in `folder` made of `prefix` and a number, sorted by number.
    fn numbered(&self, folder: &str, prefix: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).into_iter().flatten().flatten();
        let mut found: Vec<(u32, String)> = entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter_map(|name| Some((name.strip_prefix(prefix)?.parse().ok()?, name)))
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, name)| name).collect()
    }
}

fn pins(configuration: &Configuration) -> Vec<PinFact> {
    let fact = |place: &Place| PinFact {
        role: place.role.clone(),
        chip: place.chip.clone(),
        line: place.line.to_string(),
        state: board::state(place),
    };
    configuration.places().iter().map(fact).collect()
}

fn processor(files: &Files) -> Processor {
    let list = files.text("proc/cpuinfo").unwrap_or_default();
    let fields =
        || list.lines().filter_map(|line| line.split_once(':')).map(|(name, value)| (name.trim(), value.trim()));
    let field = |wanted: &str| fields().find(|(name, _)| *name == wanted).map(|(_, value)| value.to_owned());
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let cores = fields().filter(|(name, _)| *name == "processor").count();
    Processor {
        name: field("model name").or_else(|| arm_core(&field("CPU part")?)),
        board: files.text("proc/device-tree/model").or_else(|| field("Model")),
        cores: if cores == 0 { threads } else { cores },
        threads,
    }
}

/// Name of an ARM core; 64-bit kernels give only its number.
fn arm_core(part: &str) -> Option<String> {
    let name = match part {
        "0xd03" => "Cortex-A53",
        "0xd04" => "Cortex-A35",
        "0xd05" => "Cortex-A55",
        "0xd07" => "Cortex-A57",
        "0xd08" => "Cortex-A72",
        "0xd09" => "Cortex-A73",
        "0xd0a" => "Cortex-A75",
        "0xd0b" => "Cortex-A76",
        "0xd0c" => "Neoverse N1",
        "0xd40" => "Neoverse V1",
        "0xd49" => "Neoverse N2",
        "0xd4f" => "Neoverse V2",
        _ => return None,
    };
    Some(name.to_owned())
}

fn instruction_set(chosen: Result<Isa, &execution::ExecutionError>) -> InstructionSet {
    let from_environment = env::var(execution::VARIABLE).is_ok_and(|name| !name.is_empty());
    InstructionSet {
        choice: match chosen {
            Ok(isa) if from_environment => Choice::Environment { name: isa.name() },
            Ok(isa) => Choice::Speed { name: isa.name() },
            Err(error) => Choice::Refused { reason: error.to_string() },
        },
        fastest: Isa::detect().name(),
        sets: Isa::ALL
            .into_iter()
            .filter(|isa| is_of_this_architecture(*isa))
            .map(|isa| Set { name: isa.name(), available: isa.is_available() })
            .collect(),
    }
}

const fn architecture(isa: Isa) -> Option<&'static str> {
    match isa {
        Isa::Scalar => None,
        Isa::Avx2 | Isa::AvxVnni | Isa::Avx512Vnni => Some("x86_64"),
        Isa::Neon | Isa::NeonDotprod | Isa::NeonI8mm => Some("aarch64"),
    }
}

fn is_of_this_architecture(isa: Isa) -> bool {
    architecture(isa).is_none_or(|architecture| architecture == env::consts::ARCH)
}

fn memory(files: &Files) -> Option<Memory> {
    let list = files.text("proc/meminfo")?;
    Some(Memory { total: memory::field(&list, "MemTotal")?, available: memory::field(&list, "MemAvailable")? })
}

fn clock(files: &Files) -> Clock {
    let seconds = |time: SystemTime| time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let installed = env::current_exe().and_then(fs::metadata).and_then(|metadata| metadata.modified());
    // systemd-timesyncd creates its folder at its start, and the file in it after the first answer of a server.
    let timesync = files.path("run/systemd/timesync");
    Clock {
        now: seconds(SystemTime::now()),
        installed: installed.ok().map(seconds),
        synchronized: timesync.is_dir().then(|| timesync.join("synchronized").exists()),
        battery: !files.numbered("sys/class/rtc", "rtc").is_empty(),
    }
}

#[cfg(test)]
mod tests;
