//! Instruction sets that must be present for a test run to count: if one is missing, tests fail instead of skipping.
//!
//! `BLASTSCOPE_MUST_RUN` lists them by [`Isa::name`], separated by commas. If it is unset and `CI` is `true`, they are the sets
//! that every CI machine must have or emulate: AVX2 on x86-64, NEON on aarch64. Elsewhere there are none. The scalar kernels and
//! the plain Rust loops run on every machine.

use alloc::{format, string::String, vec::Vec};
use std::env;

use super::*;

/// Instruction sets that CI must have on this architecture.
const OF_CI: &[Isa] = if cfg!(target_arch = "x86_64") {
    &[Isa::Avx2]
} else if cfg!(target_arch = "aarch64") {
    &[Isa::Neon]
} else {
    &[]
};

/// The instruction sets that must run, from the values of the two variables.
fn demanded(names: Option<&str>, ci: Option<&str>) -> Result<Vec<Isa>, String> {
    let Some(names) = names else {
        return Ok(if ci == Some("true") { OF_CI.to_vec() } else { Vec::new() });
    };
    let named = |name: &str| {
        let found = Isa::ALL.into_iter().find(|isa| isa.name() == name);
        found.ok_or_else(|| format!("BLASTSCOPE_MUST_RUN names {name:?}: {}", super::super::IsaError::Unknown))
    };
    names.split(',').map(str::trim).filter(|name| !name.is_empty()).map(named).collect()
}

fn demanded_here() -> Vec<Isa> {
    let value = |name| env::var(name).ok();
    demanded(value("BLASTSCOPE_MUST_RUN").as_deref(), value("CI").as_deref()).expect("names of instruction sets")
}

/// Reports that `test` is skipped, or fails if it must run.
pub(super) fn skip(test: &str, isa: Isa) {
    assert!(!demanded_here().contains(&isa), "{test} must run here, and this machine lacks {isa}");
    say(format_args!("SKIPPED {test}: this machine lacks {isa}"));
}

/// Fails on behalf of other crates' tests, which also skip missing instruction sets.
#[test]
fn no_instruction_set_that_must_run_is_missing() {
    for isa in demanded_here() {
        assert!(
            isa.is_available(),
            "this machine lacks {isa}, which must run: emulate one that has it (make haswell, make aarch64)"
        );
    }
}

#[test]
fn what_must_run_is_what_is_named_or_what_ci_must_have() {
    assert_eq!(demanded(None, None), Ok(vec![]));
    assert_eq!(demanded(None, Some("false")), Ok(vec![]));
    assert_eq!(demanded(None, Some("true")), Ok(OF_CI.to_vec()));
    assert_eq!(demanded(Some(""), Some("true")), Ok(vec![]));
    assert_eq!(demanded(Some("scalar"), Some("true")), Ok(vec![Isa::Scalar]));
    assert_eq!(demanded(Some("neon, neon-dotprod"), None), Ok(vec![Isa::Neon, Isa::NeonDotprod]));
    // An unknown name must be an error, not ignored.
    assert!(demanded(Some("avx2,avx-512"), None).is_err());
}
