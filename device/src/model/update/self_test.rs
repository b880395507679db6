//! The test that a model must pass on this machine before it is installed: drawn fields through the scalar kernels, the
//! oracle, and through the kernels that will run it.

use std::time::Instant;

use blastscope_core::drawn_field;
use blastscope_shared::{
    Isa,
    artifact::ArtifactError,
    classifier::Classifier,
    engine::network::Execution,
    judge::Scores,
    sight::{Blank, Observation},
};

use crate::{model::installed::SelfTest, support::quantiles::Times};

/// Width, height and shift of the fields, in pixels: sizes of camera frames, and one with a side below the network's input.
const FIELDS: [(usize, usize, usize); 4] = [(224, 224, 0), (640, 480, 11), (1024, 768, 29), (320, 200, 5)];
/// Maximum time of a field, in ms; a slower model is useless at a microscope.
const SLOWEST_MS: f64 = 10_000.0;

/// Why a model fails.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SelfTestError {
    /// It cannot be loaded.
    #[error("{0}")]
    Unusable(#[from] ArtifactError),
    /// The kernels disagree.
    #[error(
        "fails the self-test: {isa} computes {fast:?} for drawn field {field}, the scalar kernels {plain:?}; this machine or this \
         program is at fault: run `blastscope doctor`, and report it"
    )]
    Disagrees {
        /// The instruction set.
        isa: &'static str,
        /// Number of the field, from 1.
        field: usize,
        /// Its logits; `None` if it saw nothing.
        fast: Option<[f32; 4]>,
        /// The oracle's logits.
        plain: Option<[f32; 4]>,
    },
    /// A result is not finite.
    #[error("fails the self-test: its results for drawn field {field} are not finite; ask its maker for another")]
    NotFinite {
        /// Number of the field, from 1.
        field: usize,
    },
    /// Its time is implausible, or too long.
    #[error("fails the self-test: a field takes {ms:.0} ms, the limit is {SLOWEST_MS:.0} ms; use a smaller model")]
    TimeImplausible {
        /// Time of a field, in ms.
        ms: f64,
    },
}

/// Runs the model file `bytes` on `execution` and on the scalar kernels.
///
/// # Errors
/// [`SelfTestError`], a clause that continues the file's name.
pub fn run(bytes: &[u8], execution: Execution) -> Result<SelfTest, SelfTestError> {
    let fast = Classifier::read_with(bytes, execution)?;
    let plain = Classifier::read_with(bytes, Execution { isa: Isa::Scalar, threads: execution.threads })?;
    let (mut fast_workspace, mut plain_workspace) = (fast.workspace(), plain.workspace());
    let mut samples = Vec::with_capacity(FIELDS.len());
    for (index, (width, height, shift)) in FIELDS.into_iter().enumerate() {
        let field = drawn_field::field(width, height, shift);
        let start = Instant::now();
        let found = fast.look(&field, &mut fast_workspace);
        samples.push(start.elapsed());
        let expected = plain.look(&field, &mut plain_workspace);
        compare(execution.isa.name(), index + 1, &found, &expected)?;
    }
    let field_ms = Times::of(&mut samples).median_ms;
    plausible(field_ms)?;
    let (isa, program) = (execution.isa.name().into(), env!("CARGO_PKG_VERSION").into());
    Ok(SelfTest { isa, fields: FIELDS.len() as u32, field_ms, program })
}

fn compare(
    isa: &'static str,
    field: usize,
    found: &Observation<Scores>,
    expected: &Observation<Scores>,
) -> Result<(), SelfTestError> {
    let bits = |sight: &Observation<Scores>| {
        sight.map(|scores| {
            let numbers = scores.logits().into_iter().chain(scores.probabilities()).chain([scores.novelty()]);
            numbers.map(f32::to_bits).collect::<Vec<u32>>()
        })
    };
    if bits(found) != bits(expected) {
        let logits = |sight: &Observation<Scores>| sight.observed().map(|scores| scores.logits());
        return Err(SelfTestError::Disagrees { isa, field, fast: logits(found), plain: logits(expected) });
    }
    match found {
        Observation::Nothing(Blank::NotFinite) => Err(SelfTestError::NotFinite { field }),
        // A drawn field may show no cells to a network that looks for them.
        Observation::Nothing(Blank::NoCells) | Observation::Observed(_) => Ok(()),
    }
}

fn plausible(ms: f64) -> Result<(), SelfTestError> {
    if ms > 0.0 && ms <= SLOWEST_MS { Ok(()) } else { Err(SelfTestError::TimeImplausible { ms }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TINY: &[u8] = include_bytes!("../../../../tests/golden/tiny.bsm");

    #[test]
    fn a_sound_model_passes_on_every_instruction_set_of_this_machine() {
        for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
            let passed = run(TINY, Execution { isa, threads: 1 }).expect("sound");
            assert_eq!((passed.isa.as_str(), passed.fields), (isa.name(), 4));
        }
        assert_eq!(
            run(&TINY[..200], Execution::default()).expect_err("cut off").to_string().split(' ').next(),
            Some("is")
        );
    }

    #[test]
    fn a_single_bit_is_noticed_and_so_is_what_is_no_number() {
        let sight = |logits: [f32; 4], novelty: f32| Scores::new(logits, [0.25; 4], novelty);
        let sound = sight([1.0, 2.0, 3.0, -0.0], 1.0);
        assert_eq!(compare("avx2", 1, &sound, &sound), Ok(()));
        let other = sight([1.0, 2.0, 3.0, 0.0], 1.0);
        assert!(matches!(compare("avx2", 2, &other, &sound), Err(SelfTestError::Disagrees { field: 2, .. })));
        let other = sight([1.0, 2.0, 3.0, -0.0], f32::from_bits(1.0f32.to_bits() + 1));
        assert!(matches!(compare("avx2", 1, &other, &sound), Err(SelfTestError::Disagrees { .. })));
        let nothing = Observation::Nothing(Blank::NoCells);
        assert_eq!(compare("avx2", 1, &nothing, &nothing), Ok(()));
        assert!(matches!(compare("avx2", 1, &nothing, &sound), Err(SelfTestError::Disagrees { fast: None, .. })));
        for number in [f32::NAN, f32::INFINITY] {
            let broken = sight([number, 2.0, 3.0, 0.0], 1.0);
            assert_eq!(compare("avx2", 1, &broken, &broken), Err(SelfTestError::NotFinite { field: 1 }));
            assert!(matches!(compare("avx2", 1, &broken, &sound), Err(SelfTestError::Disagrees { .. })));
        }
        for ms in [0.0, -1.0, f64::NAN, 10_001.0] {
            assert!(plausible(ms).is_err(), "{ms}");
        }
    }
}
