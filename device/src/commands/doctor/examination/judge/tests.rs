//! Facts of machines, and their checks.

use blastscope_shared::sight::{Blank, Observation};

use super::*;
use crate::{
    board::PinState,
    commands::doctor::examination::{
        Status,
        facts::{
            Choice, Governor, GpioChip, GpioState, InstructionSet, Model, PinFact, Set, Temperature, Throttling, Trial,
            VideoKind, VideoNode,
        },
    },
};

const NOW: u64 = 1_795_583_226;

fn trial(isa: &'static str, frame_ms: f64) -> Trial {
    let logits = Observation::Observed([8.5, -1.5, -3.25, -0.0]);
    Trial { isa, logits, scalar_logits: logits, frame_ms }
}

fn loaded(trial: Trial) -> Model {
    Model::Loaded {
        path: "models/blastscope.bsm".into(),
        bytes: 8_427_526,
        title: "allcnn 109c47335c84".into(),
        code_version: "0.1.0".into(),
        drawn: false,
        version: Some(3),
        warnings: Vec::new(),
        trial,
    }
}

fn video(path: &str, name: &str, kind: VideoKind) -> VideoNode {
    VideoNode { path: path.into(), name: Some(name.into()), kind }
}

/// A Raspberry Pi 5 without problems, with a USB microscope camera.
fn raspberry_pi() -> Facts {
    let camera = "Microscope: Microscope Camera";
    Facts {
        program: Program { version: "0.1.0", system: "linux", architecture: "aarch64" },
        processor: Processor {
            name: Some("Cortex-A76".into()),
            board: Some("Raspberry Pi 5 Model B Rev 1.0".into()),
            cores: 4,
            threads: 4,
        },
        instruction_set: InstructionSet {
            choice: Choice::Speed { name: "neon-dotprod" },
            fastest: "neon-dotprod",
            sets: vec![
                Set { name: "scalar", available: true },
                Set { name: "neon", available: true },
                Set { name: "neon-dotprod", available: true },
                Set { name: "neon-i8mm", available: false },
            ],
        },
        model: loaded(trial("neon-dotprod", 19.5)),
        memory: Some(Memory { total: 8 << 30, available: 7 << 30 }),
        video_nodes: vec![
            video("/dev/video0", camera, VideoKind::Camera),
            video("/dev/video1", camera, VideoKind::Metadata),
            video("/dev/video19", "rpi-hevc-dec", VideoKind::Other),
            video("/dev/video20", "pispbe-input", VideoKind::Other),
            video("/dev/video21", "pispbe-input", VideoKind::Other),
            video("/dev/video22", "pispbe-input", VideoKind::Other),
        ],
        gpio_chips: vec![GpioChip {
            path: "/dev/gpiochip0".into(),
            state: GpioState::Open { label: "pinctrl-rp1".into(), lines: 54 },
        }],
        pins: Vec::new(),
        disk: Some(Disk { path: "/home/lab".into(), free: 20 << 30, total: 29 << 30 }),
        temperature: Some(Temperature { zone: "cpu-thermal".into(), celsius: 51.2 }),
        throttling: Some(Vec::new()),
        governor: Some(Governor { name: "ondemand".into(), driver: Some("cpufreq-dt".into()) }),
        clock: Clock { now: NOW, installed: Some(NOW - 1000), synchronized: Some(true), battery: true },
    }
}

/// A laptop without a camera.
fn laptop() -> Facts {
    Facts {
        program: Program { version: "0.1.0", system: "linux", architecture: "x86_64" },
        processor: Processor { name: Some("Intel Core i5".into()), board: None, cores: 8, threads: 8 },
        instruction_set: InstructionSet {
            choice: Choice::Speed { name: "avxvnni" },
            fastest: "avxvnni",
            sets: vec![
                Set { name: "scalar", available: true },
                Set { name: "avx2", available: true },
                Set { name: "avxvnni", available: true },
                Set { name: "avx512vnni", available: false },
            ],
        },
        model: loaded(trial("avxvnni", 6.0)),
        video_nodes: Vec::new(),
        gpio_chips: Vec::new(),
        governor: Some(Governor { name: "powersave".into(), driver: Some("intel_pstate".into()) }),
        ..raspberry_pi()
    }
}

/// Every check that is not ok: name, status, finding and remedy.
fn amiss(facts: &Facts) -> Vec<(&'static str, Status, String, String)> {
    judge(facts)
        .into_iter()
        .filter(|check| check.status != Status::Ok)
        .map(|check| (check.check, check.status, check.found, check.remedy.expect("a remedy")))
        .collect()
}

/// Asserts that `name` is the only check of `facts` that is not ok, with the given `status` and `parts` in its text.
#[track_caller]
fn assert_only(facts: &Facts, name: &str, status: Status, parts: &[&str]) {
    let amiss = amiss(facts);
    let [(found_name, found_status, found, remedy)] = amiss.as_slice() else { panic!("not one check: {amiss:#?}") };
    assert_eq!((*found_name, *found_status), (name, status));
    let said = format!("{found} > {remedy}");
    for part in parts {
        assert!(said.contains(part), "{part:?} is not in {said:?}");
    }
}

#[test]
fn a_board_as_it_should_be_has_nothing_to_look_at() {
    let said: Vec<String> =
        judge(&raspberry_pi()).iter().map(|check| format!("{}: {}", check.check, check.found)).collect();
    assert_eq!(amiss(&raspberry_pi()), []);
    assert_eq!(
        said,
        [
            "program: blastscope 0.1.0, linux aarch64",
            "processor: Cortex-A76 on Raspberry Pi 5 Model B Rev 1.0; 4 cores, 4 threads",
            "instruction set: neon-dotprod, the fastest here (scalar available, neon available, neon-dotprod \
             available, neon-i8mm absent)",
            "model: allcnn 109c47335c84, by blastscope 0.1.0, 8231 kB, models/blastscope.bsm",
            "self-test: neon-dotprod and scalar agree on a drawn field, bit for bit",
            "speed: 19.5 ms a frame on one thread (51.3 a second)",
            "memory: 7.0 of 8.0 GB available",
            "camera: /dev/video0 (Microscope: Microscope Camera) can be opened and delivers pictures",
            "other video: no cameras: /dev/video1 (metadata of Microscope: Microscope Camera), /dev/video19 \
             (rpi-hevc-dec), 3 from /dev/video20 to /dev/video22 (pispbe-input)",
            "gpio: /dev/gpiochip0 (pinctrl-rp1), 54 lines",
            "disk: 20.0 of 29.0 GB free at /home/lab",
            "temperature: 51 °C (cpu-thermal)",
            "throttling: none",
            "governor: ondemand (cpufreq-dt)",
            "clock: 2026-11-25 05:07 UTC, set by the network",
        ]
    );
}

#[test]
fn a_laptop_without_a_camera_can_classify() {
    assert_only(&laptop(), "camera", Status::Look, &["none is connected", "blastscope live --source FOLDER"]);
}

#[test]
fn a_machine_that_tells_nothing_is_not_accused() {
    let facts = Facts {
        processor: Processor { cores: 1, threads: 1, ..Processor::default() },
        memory: None,
        disk: None,
        temperature: None,
        throttling: None,
        governor: None,
        clock: Clock { now: NOW, installed: None, synchronized: None, battery: true },
        ..laptop()
    };
    assert_only(&facts, "camera", Status::Look, &[]);
    assert_eq!(judge(&facts)[1].found, "unknown processor; 1 core, 1 thread");
}

#[test]
fn a_new_board_out_of_its_box_has_much_to_look_at_and_works() {
    let facts = Facts {
        video_nodes: vec![video("/dev/video0", "Microscope", VideoKind::Denied)],
        gpio_chips: vec![GpioChip { path: "/dev/gpiochip0".into(), state: GpioState::Denied }],
        memory: Some(Memory { total: 512 << 20, available: 60 << 20 }),
        disk: Some(Disk { path: "/".into(), free: 300 << 20, total: 8 << 30 }),
        temperature: Some(Temperature { zone: "cpu-thermal".into(), celsius: 82.0 }),
        throttling: Some(vec![Throttling::UnderVoltageSinceBoot, Throttling::HeatNow]),
        governor: Some(Governor { name: "powersave".into(), driver: Some("cpufreq-dt".into()) }),
        clock: Clock { now: 0, installed: Some(NOW), synchronized: Some(false), battery: false },
        ..raspberry_pi()
    };
    let amiss = amiss(&facts);
    let names: Vec<&str> = amiss.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names, ["memory", "camera", "gpio", "disk", "temperature", "throttling", "governor", "clock"]);
    assert!(amiss.iter().all(|(_, status, ..)| *status == Status::Look), "nothing is broken: {amiss:#?}");
    let said: Vec<String> = amiss.iter().map(|(_, _, found, remedy)| format!("{found} > {remedy}")).collect();
    for part in
        ["usermod -aG video", "usermod -aG gpio", "supply was too weak, slowed down", "1970-01-01 00:00 UTC, which"]
    {
        assert!(said.iter().any(|said| said.contains(part)), "{part:?} is not in {said:#?}");
    }
}

#[test]
fn without_a_model_nothing_is_ready() {
    let facts = Facts { model: Model::Missing { reason: "there is no model: looked for x".into() }, ..raspberry_pi() };
    assert_only(&facts, "model", Status::Broken, &["there is no model", "--model FILE"]);
}

#[test]
fn one_bit_of_difference_is_broken() {
    let facts = |scalar_logits| Facts {
        model: loaded(Trial { scalar_logits, ..trial("neon-dotprod", 20.0) }),
        ..raspberry_pi()
    };
    let observed = [[8.5, -1.5, -3.25, 0.0], [8.500_001, -1.5, -3.25, -0.0], [f32::NAN, -1.5, -3.25, -0.0]]
        .map(Observation::Observed);
    for scalar_logits in
        observed.into_iter().chain([Observation::Nothing(Blank::NoCells), Observation::Nothing(Blank::NotFinite)])
    {
        assert_only(
            &facts(scalar_logits),
            "self-test",
            Status::Broken,
            &["neon-dotprod computes", "BLASTSCOPE_ISA=scalar"],
        );
    }
}

#[test]
fn kernels_agree_on_finite_numbers_and_on_no_cells_only() {
    let agrees = |logits| Trial { logits, scalar_logits: logits, ..trial("avx2", 20.0) }.agrees();
    assert!(agrees(Observation::Observed([1.0, 2.0, 3.0, 4.0])) && agrees(Observation::Nothing(Blank::NoCells)));
    assert!(!agrees(Observation::Observed([f32::NAN; 4])) && !agrees(Observation::Nothing(Blank::NotFinite)));
}

#[test]
fn an_instruction_set_by_order_is_judged_by_what_it_costs() {
    let ordered = |choice| {
        let instruction_set = InstructionSet { choice, ..raspberry_pi().instruction_set };
        Facts { instruction_set, ..raspberry_pi() }
    };
    assert_eq!(amiss(&ordered(Choice::Environment { name: "neon-dotprod" })), []);
    let slower = ordered(Choice::Environment { name: "scalar" });
    assert_only(&slower, "instruction set", Status::Look, &["neon-dotprod is faster", "unset BLASTSCOPE_ISA"]);
    let refused = ordered(Choice::Refused { reason: "BLASTSCOPE_ISA=neno: there is no such".into() });
    let parts = ["BLASTSCOPE_ISA=neno", "set it to one of scalar, neon, neon-dotprod"];
    assert_only(&refused, "instruction set", Status::Broken, &parts);
}

#[test]
fn an_old_processor_and_a_slow_one_are_worth_a_look() {
    let sets = vec![Set { name: "scalar", available: true }, Set { name: "avx2", available: false }];
    let facts = Facts {
        instruction_set: InstructionSet { choice: Choice::Speed { name: "scalar" }, fastest: "scalar", sets },
        model: loaded(trial("scalar", 900.0)),
        ..raspberry_pi()
    };
    let names: Vec<&str> = amiss(&facts).iter().map(|(name, ..)| *name).collect();
    assert_eq!(names, ["instruction set", "speed"]);
}

#[test]
fn a_camera_says_what_is_wrong_with_it() {
    for (kind, part) in [
        (VideoKind::Busy, "close that program"),
        (VideoKind::Denied, "sudo usermod -aG video $USER"),
        (VideoKind::UnknownFormats, "use a USB camera"),
        (VideoKind::Failed { reason: "No such device (os error 19)".into() }, "plug it in again"),
    ] {
        let facts = Facts { video_nodes: vec![video("/dev/video0", "Cam", kind)], ..raspberry_pi() };
        assert_only(&facts, "camera", Status::Look, &["/dev/video0 (Cam)", part]);
    }
    let facts = Facts { video_nodes: vec![video("/dev/video10", "codec", VideoKind::Other)], ..raspberry_pi() };
    assert_only(&facts, "camera", Status::Look, &["none is connected"]);
}

#[test]
fn pins_of_a_configuration_are_free_or_worth_a_look() {
    let pin = |line: &str, state| PinFact {
        role: "lamp benign".into(),
        chip: "pinctrl-rp1".into(),
        line: line.into(),
        state,
    };
    let free = pin("17", PinState::Free { chip: "/dev/gpiochip0".into(), offset: 17 });
    let facts = Facts { pins: vec![free], ..raspberry_pi() };
    assert!(judge(&facts).iter().all(|check| check.status == Status::Ok));
    let held = pin("GPIO18", PinState::Held { by: "fan".into() });
    let facts = Facts { pins: vec![held], ..raspberry_pi() };
    assert_only(&facts, "hardware", Status::Look, &["GPIO18 of pinctrl-rp1 is held by fan", "end that program"]);
    let missing = pin("99", PinState::Missing { reason: "the lamp benign has no line 99".into() });
    let facts = Facts { pins: vec![missing], ..raspberry_pi() };
    assert_only(&facts, "hardware", Status::Look, &["has no line 99", "correct the file"]);
}

#[test]
fn a_board_without_gpio_is_worth_a_look_and_other_machines_are_not() {
    let facts = Facts { gpio_chips: Vec::new(), ..raspberry_pi() };
    assert_only(&facts, "gpio", Status::Look, &["this board shows no chip", "CONFIG_GPIO_CDEV"]);
}

#[test]
fn clocks_are_doubted_for_a_reason() {
    let clock = |now, synchronized, battery| Facts {
        clock: Clock { now, installed: Some(NOW), synchronized, battery },
        ..raspberry_pi()
    };
    for fine in [(Some(true), false), (Some(false), true), (None, true)] {
        assert_eq!(amiss(&clock(NOW + 5, fine.0, fine.1)), [], "{fine:?}");
    }
    assert_only(&clock(NOW, Some(false), false), "clock", Status::Look, &["not set by the network", "timedatectl"]);
    assert_only(&clock(NOW, None, false), "clock", Status::Look, &["set by an unknown source"]);
    assert_only(
        &clock(NOW - 2 * A_DAY, Some(true), true),
        "clock",
        Status::Look,
        &["before this program was installed"],
    );
    assert_only(&clock(5_000_000_000, Some(true), true), "clock", Status::Look, &["which is impossible"]);
}

#[test]
fn fewer_cores_than_there_are_is_worth_a_look() {
    let processor = Processor { threads: 1, ..raspberry_pi().processor };
    assert_only(&Facts { processor, ..raspberry_pi() }, "processor", Status::Look, &["4 cores, 1 thread", "container"]);
}
