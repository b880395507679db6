//! Checks of instruction set and model, and that all kernels agree.

use blastscope_shared::{Class, Observation};

use crate::commands::doctor::examination::{
    Check,
    facts::{Choice, InstructionSet, Model, Trial},
};

/// Frame time that needs attention above this, in ms: fewer than two frames a second feel slow at the microscope.
const SLOW_MS: f64 = 500.0;

pub(super) fn instruction_set(set: &InstructionSet) -> Check {
    const CHECK: &str = "instruction set";
    let InstructionSet { choice, fastest, sets } = set;
    let named: Vec<String> =
        sets.iter().map(|set| format!("{} {}", set.name, if set.available { "available" } else { "absent" })).collect();
    let sets_here = named.join(", ");
    match choice {
        Choice::Refused { reason } => {
            let available: Vec<&str> = sets.iter().filter(|set| set.available).map(|set| set.name).collect();
            let remedy = format!("unset BLASTSCOPE_ISA, or set it to one of {}", available.join(", "));
            Check::broken(CHECK, reason, remedy)
        }
        Choice::Environment { name } if name != fastest => Check::look(
            CHECK,
            format!("{name}, because BLASTSCOPE_ISA says so; {fastest} is faster ({sets_here})"),
            "unset BLASTSCOPE_ISA, unless you want this",
        ),
        Choice::Environment { name } => {
            Check::ok(CHECK, format!("{name}, because BLASTSCOPE_ISA says so; it is the fastest here ({sets_here})"))
        }
        Choice::Speed { name } if sets.len() > 1 && sets.iter().filter(|set| set.available).count() == 1 => {
            Check::look(
                CHECK,
                format!("{name}, the only one here ({sets_here})"),
                "a processor with AVX2 or NEON classifies many times faster",
            )
        }
        Choice::Speed { name } => Check::ok(CHECK, format!("{name}, the fastest here ({sets_here})")),
    }
}

pub(super) fn model(model: &Model) -> Vec<Check> {
    match model {
        Model::Missing { reason } => {
            let remedy = "copy models/blastscope.bsm from the release to the program's folder, or give another with --model FILE";
            vec![Check::broken("model", reason, remedy)]
        }
        Model::Loaded { path, bytes, title, code_version, drawn, version, warnings, trial } => {
            let signed = if version.is_some() { "" } else { ", unsigned" };
            let found = format!("{title}{signed}, by blastscope {code_version}, {} kB, {path}", bytes.div_ceil(1024));
            let loaded = if *drawn {
                let remedy =
                    "for smears use models/blastscope.bsm: unset BLASTSCOPE_MODEL, or give it with --model FILE";
                Check::look("model", format!("{found}; trained on drawn fields"), remedy)
            } else {
                Check::ok("model", found)
            };
            let warned = warnings.iter().map(|warning| {
                Check::look(
                    "installed model",
                    warning,
                    "`blastscope model` shows the installed models and the trusted keys",
                )
            });
            [loaded].into_iter().chain(warned).chain([self_test(trial), speed(trial)]).collect()
        }
    }
}

fn self_test(trial: &Trial) -> Check {
    let Trial { isa, logits, scalar_logits, .. } = trial;
    if trial.agrees() {
        let found = match *isa {
            "scalar" => "the scalar kernels, the reference, give the same result twice on a drawn field".to_owned(),
            isa => format!("{isa} and scalar agree on a drawn field, bit for bit"),
        };
        return Check::ok("self-test", found);
    }
    Check::broken(
        "self-test",
        format!("{isa} computes {}, scalar {}: one of them is wrong", shown(logits), shown(scalar_logits)),
        "classify with BLASTSCOPE_ISA=scalar until the cause is known; check the memory (memtest) and report it",
    )
}

fn shown(logits: &Observation<[f32; Class::COUNT]>) -> String {
    match logits {
        Observation::Observed(logits) => format!("{logits:?}"),
        Observation::Nothing(blank) => blank.name().to_owned(),
    }
}

fn speed(trial: &Trial) -> Check {
    let ms = trial.frame_ms;
    let found = format!("{ms:.1} ms a frame on one thread ({:.1} a second)", 1e3 / ms.max(1e-3));
    if ms > SLOW_MS {
        return Check::look(
            "speed",
            found,
            "build with `make device`, check instruction set, temperature and governor, and close other programs",
        );
    }
    Check::ok("speed", found)
}
