//! Checks of cameras, pins, heat and power. No failure here prevents classifying pictures in a folder.

use crate::{
    board::PinState,
    commands::doctor::examination::{
        Check,
        facts::{Governor, GpioChip, GpioState, POWERSAVE, PinFact, Temperature, Throttling, VideoKind, VideoNode},
    },
};

/// Temperature, in °C, at which a Raspberry Pi and most small boards slow down.
const HOT: f64 = 80.0;

pub(super) fn cameras(nodes: &[VideoNode]) -> Vec<Check> {
    const CHECK: &str = "camera";
    let mut checks = Vec::new();
    let mut others: Vec<&VideoNode> = Vec::new();
    for node in nodes {
        let named = node.name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
        let node_named = format!("{}{named}", node.path);
        checks.push(match &node.kind {
            VideoKind::Camera => Check::ok(CHECK, format!("{node_named} can be opened and delivers pictures")),
            VideoKind::UnknownFormats => Check::look(
                CHECK,
                format!("{node_named} has none of the formats MJPEG, YUYV, NV12, RGB24, BGR24 and GREY"),
                "a ribbon-cable sensor delivers raw data: use a USB camera (UVC)",
            ),
            VideoKind::Busy => {
                Check::look(CHECK, format!("{node_named} is held by another program"), "close that program")
            }
            VideoKind::Denied => Check::look(
                CHECK,
                format!("{node_named}: permission denied"),
                "add your user to the group video, then log in again: sudo usermod -aG video $USER",
            ),
            VideoKind::Failed { reason } => Check::look(
                CHECK,
                format!("{node_named} does not answer ({reason})"),
                "unplug the camera and plug it in again",
            ),
            VideoKind::Metadata | VideoKind::Other => {
                others.push(node);
                continue;
            }
        });
    }
    if checks.is_empty() {
        checks.push(Check::look(
            CHECK,
            "none is connected",
            "connect a USB camera, or use a folder of pictures: blastscope live --source FOLDER",
        ));
    }
    if !others.is_empty() {
        checks.push(Check::ok("other video", list(&others)));
    }
    checks
}

/// Nodes that are not cameras, grouped by name and kind.
fn list(nodes: &[&VideoNode]) -> String {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for node in nodes {
        let kind = if node.kind == VideoKind::Metadata { "metadata of " } else { "" };
        let what = format!("{kind}{}", node.name.as_deref().unwrap_or("no name"));
        match groups.iter_mut().find(|(known, _)| *known == what) {
            Some((_, paths)) => paths.push(&node.path),
            None => groups.push((what, vec![&node.path])),
        }
    }
    let groups: Vec<String> = groups
        .iter()
        .map(|(what, paths)| match paths.as_slice() {
            [path] => format!("{path} ({what})"),
            [first, .., last] => format!("{} from {first} to {last} ({what})", paths.len()),
            [] => String::new(),
        })
        .collect();
    format!("no cameras: {}", groups.join(", "))
}

pub(super) fn gpio(chips: &[GpioChip], on_a_board: bool) -> Vec<Check> {
    const CHECK: &str = "gpio";
    if chips.is_empty() {
        let needed = "needed only for lamps, buttons and buzzers";
        return vec![if on_a_board {
            let remedy =
                "if you want them, enable GPIO in the kernel (CONFIG_GPIO_CDEV) or give the container /dev/gpiochip0";
            Check::look(CHECK, format!("this board shows no chip; {needed}"), remedy)
        } else {
            Check::ok(CHECK, format!("none, as on most desktop and laptop machines; {needed}"))
        }];
    }
    let judge = |GpioChip { path, state }: &GpioChip| match state {
        GpioState::Open { label, lines } => Check::ok(CHECK, format!("{path} ({label}), {lines} lines")),
        GpioState::Denied => Check::look(
            CHECK,
            format!("{path}: permission denied"),
            "add your user to the group gpio, then log in again: sudo usermod -aG gpio $USER",
        ),
        GpioState::Failed { reason } => Check::look(
            CHECK,
            format!("{path} does not answer ({reason})"),
            "needed only for lamps, buttons and buzzers: if you want them, check the kernel's messages (dmesg)",
        ),
    };
    chips.iter().map(judge).collect()
}

/// A pin in a configuration. Classification works without it.
pub(super) fn pin(pin: &PinFact) -> Check {
    const CHECK: &str = "hardware";
    let PinFact { role, chip, line, state } = pin;
    match state {
        PinState::Free { chip: path, offset } => {
            Check::ok(CHECK, format!("{role}: line {line} of {chip} is free ({path}, line {offset})"))
        }
        PinState::Held { by } => Check::look(
            CHECK,
            format!("{role}: line {line} of {chip} is held by {by}"),
            "end that program, or name another line in the file",
        ),
        PinState::Missing { reason } => {
            Check::look(CHECK, reason.clone(), "correct the file: gpioinfo lists chips by label, and their lines")
        }
    }
}

pub(super) fn temperature(temperature: &Temperature) -> Check {
    let Temperature { zone, celsius } = temperature;
    let found = format!("{celsius:.0} °C ({zone})");
    if *celsius >= HOT {
        return Check::look("temperature", found, COOL);
    }
    Check::ok("temperature", found)
}

const COOL: &str = "cool it: a heat sink or a fan, and air around the case";
const SUPPLY: &str = "use the power supply made for this board and a short cable";

pub(super) fn throttling(found: &[Throttling]) -> Check {
    const CHECK: &str = "throttling";
    let has = |wanted| found.contains(&wanted);
    let mut said = Vec::new();
    let mut remedies = Vec::new();
    if has(Throttling::UnderVoltageNow) || has(Throttling::UnderVoltageSinceBoot) {
        said.push(if has(Throttling::UnderVoltageNow) {
            "its power supply is too weak"
        } else {
            "its power supply was too weak"
        });
        remedies.push(SUPPLY);
    }
    if has(Throttling::HeatNow) || has(Throttling::HeatSinceBoot) {
        said.push(if has(Throttling::HeatNow) {
            "slowed down by heat or power"
        } else {
            "was slowed down by heat or power at some time since the boot"
        });
        remedies.push(COOL);
    }
    if said.is_empty() { Check::ok(CHECK, "none") } else { Check::look(CHECK, said.join(", "), remedies.join("; ")) }
}

pub(super) fn governor(governor: &Governor) -> Check {
    const CHECK: &str = "governor";
    let Governor { name, driver } = governor;
    let by = driver.as_ref().map(|driver| format!(" ({driver})")).unwrap_or_default();
    // These two drivers raise the clock under load even with this governor.
    let dynamic =
        driver.as_deref().is_some_and(|driver| driver == "intel_pstate" || driver.starts_with("amd-pstate-epp"));
    if name == POWERSAVE && !dynamic {
        let remedy = "echo ondemand | sudo tee /sys/devices/system/cpu/cpufreq/policy*/scaling_governor";
        return Check::look(CHECK, format!("{name}{by} holds the clock at its minimum"), remedy);
    }
    Check::ok(CHECK, format!("{name}{by}"))
}
