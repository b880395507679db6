//! Machines simulated as files.

use tempfile::TempDir;

use super::*;
use crate::commands::doctor::examination::facts::{Throttling, VideoKind};

fn machine(files: &[(&str, &str)]) -> (TempDir, Files) {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(path, text).expect("a file");
    }
    let files = Files(folder.path().to_path_buf());
    (folder, files)
}

#[test]
fn a_raspberry_pi_is_read_from_its_files() {
    let (_folder, files) = machine(&[
        ("proc/cpuinfo", "processor\t: 0\nCPU part\t: 0xd0b\n\nprocessor\t: 1\nCPU part\t: 0xd0b\n\nModel\t\t: Pi\n"),
        ("proc/device-tree/model", "Raspberry Pi 5 Model B Rev 1.0\0"),
        ("proc/meminfo", "MemTotal:        8254400 kB\nMemFree:  1 kB\nMemAvailable:    7000000 kB\n"),
        ("sys/class/thermal/thermal_zone0/type", "cpu-thermal\n"),
        ("sys/class/thermal/thermal_zone0/temp", "51200\n"),
        ("sys/class/thermal/thermal_zone1/temp", "47000\n"),
        ("sys/class/thermal/thermal_zone2/temp", "-274000\n"),
        ("sys/class/thermal/thermal_zone3/temp", "no number\n"),
        ("sys/class/thermal/cooling_device0/type", "pwm-fan\n"),
        ("sys/class/thermal/cooling_device0/cur_state", "3\n"),
        ("sys/devices/system/cpu/cpufreq/policy0/scaling_governor", "ondemand\n"),
        ("sys/devices/system/cpu/cpufreq/policy4/scaling_governor", "powersave\n"),
        ("sys/devices/system/cpu/cpufreq/policy4/scaling_driver", "cpufreq-dt\n"),
        ("sys/class/rtc/rtc0/name", "rpi-rtc\n"),
        ("run/systemd/timesync/synchronized", ""),
    ]);
    let processor = processor(&files);
    assert_eq!((processor.name.as_deref(), processor.cores), (Some("Cortex-A76"), 2));
    assert_eq!(processor.board.as_deref(), Some("Raspberry Pi 5 Model B Rev 1.0"));
    let memory = memory(&files).expect("there is a list");
    assert_eq!((memory.total, memory.available), (8_254_400 << 10, 7_000_000 << 10));
    let temperature = power::temperature(&files).expect("there are zones");
    assert_eq!((temperature.zone.as_str(), temperature.celsius), ("cpu-thermal", 51.2));
    assert_eq!(power::throttling(&files), None, "a fan does not slow the processor");
    let governor = power::governor(&files).expect("there are policies");
    assert_eq!((governor.name.as_str(), governor.driver.as_deref()), ("powersave", Some("cpufreq-dt")));
    let clock = clock(&files);
    assert_eq!((clock.synchronized, clock.battery), (Some(true), true));
    assert!(clock.installed.is_some_and(|installed| installed <= clock.now));
}

#[test]
fn an_empty_machine_gives_no_facts_and_no_error() {
    let (_folder, files) = machine(&[]);
    let processor = processor(&files);
    assert_eq!((processor.name, processor.board, processor.cores), (None, None, processor.threads));
    assert!(memory(&files).is_none() && power::temperature(&files).is_none() && power::governor(&files).is_none());
    assert_eq!(power::throttling(&files), None);
    let clock = clock(&files);
    assert_eq!((clock.synchronized, clock.battery), (None, false));
}

#[test]
fn the_name_of_an_x86_processor_is_taken_as_it_stands() {
    let (_folder, files) = machine(&[
        ("proc/cpuinfo", "processor\t: 0\nmodel name\t: AMD EPYC: a name with a colon\nflags\t: sse avx2\n"),
        ("run/systemd/timesync/clock", ""),
    ]);
    assert_eq!(processor(&files).name.as_deref(), Some("AMD EPYC: a name with a colon"));
    assert_eq!(clock(&files).synchronized, Some(false), "the service runs, but no server has answered");
}

#[test]
fn throttling_is_read_from_firmware_cooling_and_voltage() {
    use Throttling::{HeatNow, HeatSinceBoot, UnderVoltageNow, UnderVoltageSinceBoot};
    let firmware = "sys/devices/platform/soc/soc:firmware/get_throttled";
    for (text, expected) in [
        ("0", vec![]),
        ("50005", vec![UnderVoltageNow, UnderVoltageSinceBoot, HeatNow, HeatSinceBoot]),
        ("0x50000", vec![UnderVoltageSinceBoot, HeatSinceBoot]),
        ("1\n", vec![UnderVoltageNow]),
    ] {
        let (_folder, files) = machine(&[(firmware, text)]);
        assert_eq!(power::throttling(&files), Some(expected), "{text:?}");
    }
    let (_folder, files) = machine(&[
        ("sys/class/thermal/cooling_device0/type", "Processor"),
        ("sys/class/thermal/cooling_device0/cur_state", "0"),
        ("sys/class/thermal/cooling_device1/type", "thermal-cpufreq-0"),
        ("sys/class/thermal/cooling_device1/cur_state", "2"),
        ("sys/class/hwmon/hwmon0/name", "cpu_thermal"),
        ("sys/class/hwmon/hwmon1/name", "rpi_volt"),
        ("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1"),
    ]);
    assert_eq!(power::throttling(&files), Some(vec![HeatNow, UnderVoltageNow]));
}

#[cfg(target_os = "linux")]
#[test]
fn nodes_are_listed_in_order_and_files_that_are_no_devices_fail() {
    use crate::commands::doctor::examination::facts::GpioState;

    let (_folder, files) = machine(&[
        ("dev/video10", ""),
        ("dev/video2", ""),
        ("dev/videotape", ""),
        ("dev/gpiochip0", ""),
        ("sys/class/video4linux/video2/name", "HD Camera\n"),
    ]);
    let nodes = system::video_nodes(&files);
    let told: Vec<_> = nodes.iter().map(|node| (node.path.as_str(), node.name.as_deref())).collect();
    assert_eq!(told, [("/dev/video2", Some("HD Camera")), ("/dev/video10", None)]);
    assert!(nodes.iter().all(|node| matches!(node.kind, VideoKind::Failed { .. })), "{nodes:?}");
    let chips = system::gpio_chips(&files);
    assert!(matches!(&chips[..], [chip] if matches!(chip.state, GpioState::Failed { .. })), "{chips:?}");
}

#[test]
fn the_sets_of_this_architecture_are_listed_with_the_chosen_one_among_them() {
    let facts = instruction_set(Ok(Isa::detect()));
    let listed = |name: &str| facts.sets.iter().any(|set| set.name == name && set.available);
    assert!(listed("scalar") && listed(facts.fastest), "{facts:?}");
    let of_both = |prefix| facts.sets.iter().any(|set| set.name.starts_with(prefix));
    assert!(!(of_both("avx") && of_both("neon")), "{facts:?}");
}
