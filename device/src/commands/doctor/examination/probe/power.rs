//! Temperature, supply voltage and clock governor.

use super::Files;
use crate::commands::doctor::examination::facts::{Governor, POWERSAVE, Temperature, Throttling};

/// Where a Raspberry Pi's firmware reports throttling: on a Pi 4 and older, and on a Pi 5.
const FIRMWARE: [&str; 2] = [
    "sys/devices/platform/soc/soc:firmware/get_throttled",
    "sys/devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled",
];

/// The hottest zone.
pub(super) fn temperature(files: &Files) -> Option<Temperature> {
    let zones = files.numbered("sys/class/thermal", "thermal_zone").into_iter().filter_map(|zone| {
        let folder = format!("sys/class/thermal/{zone}");
        // In thousandths of a degree.
        let celsius = files.number(&format!("{folder}/temp"))? as f64 / 1000.0;
        // Missing sensors read absolute zero, or a few degrees below 0.
        (celsius > 0.0).then(|| Temperature { zone: files.text(&format!("{folder}/type")).unwrap_or(zone), celsius })
    });
    zones.max_by(|one, other| one.celsius.total_cmp(&other.celsius))
}

/// Reasons why the processor is, or was, below full speed; `None` if unknown.
pub(super) fn throttling(files: &Files) -> Option<Vec<Throttling>> {
    let told = [firmware(files), cooling(files), voltage(files)];
    let mut found: Vec<Throttling> = told.iter().flatten().flatten().copied().collect();
    found.dedup();
    told.iter().any(Option::is_some).then_some(found)
}

fn firmware(files: &Files) -> Option<Vec<Throttling>> {
    let text = FIRMWARE.iter().find_map(|path| files.text(path))?;
    let bits = u32::from_str_radix(text.trim_start_matches("0x"), 16).ok()?;
    let meanings = [
        (0x0000_0001, Throttling::UnderVoltageNow),
        (0x0001_0000, Throttling::UnderVoltageSinceBoot),
        // Frequency capped, throttled, or at the soft temperature limit.
        (0x0000_000E, Throttling::HeatNow),
        (0x000E_0000, Throttling::HeatSinceBoot),
    ];
    Some(meanings.into_iter().filter(|(mask, _)| bits & mask != 0).map(|(_, meaning)| meaning).collect())
}

/// Whether the kernel slows the processor down as a cooling device.
fn cooling(files: &Files) -> Option<Vec<Throttling>> {
    let states = files.numbered("sys/class/thermal", "cooling_device").into_iter().filter_map(|device| {
        let folder = format!("sys/class/thermal/{device}");
        let kind = files.text(&format!("{folder}/type"))?;
        let processor = ["cpufreq", "thermal-cpufreq", "Processor"].iter().any(|known| kind.starts_with(known));
        processor.then(|| files.number(&format!("{folder}/cur_state")))?
    });
    let most = states.max()?;
    Some(if most > 0 { vec![Throttling::HeatNow] } else { Vec::new() })
}

/// A Raspberry Pi's supply sensor, on mainline kernels.
fn voltage(files: &Files) -> Option<Vec<Throttling>> {
    let sensors = files.numbered("sys/class/hwmon", "hwmon");
    let sensor = sensors
        .iter()
        .find(|sensor| files.text(&format!("sys/class/hwmon/{sensor}/name")).is_some_and(|name| name == "rpi_volt"))?;
    let low = files.number(&format!("sys/class/hwmon/{sensor}/in0_lcrit_alarm"))? != 0;
    Some(if low { vec![Throttling::UnderVoltageNow] } else { Vec::new() })
}

/// The slowest governor: boards with two kinds of cores have one for each.
pub(super) fn governor(files: &Files) -> Option<Governor> {
    let policies = files.numbered("sys/devices/system/cpu/cpufreq", "policy").into_iter().filter_map(|policy| {
        let folder = format!("sys/devices/system/cpu/cpufreq/{policy}");
        let name = files.text(&format!("{folder}/scaling_governor"))?;
        Some(Governor { name, driver: files.text(&format!("{folder}/scaling_driver")) })
    });
    policies.reduce(|found, next| if next.name == POWERSAVE { next } else { found })
}
