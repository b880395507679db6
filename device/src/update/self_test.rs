//! The test that a model must pass on this machine before it is installed: drawn fields through the plain kernels, which are the
//! oracle, and through those that will run it.

use std::time::Instant;

use blastscope_shared::{
    Isa,
    artifact::ArtifactError,
    classifier::{Assessment, Classifier},
    network::Execution,
};
use serde::{Deserialize, Serialize};

use crate::{bench::times::Times, drawn_field};

/// Width, height and shift of the fields, in pixels: sizes that cameras deliver, and one that is squashed upwards in part.
const FIELDS: [(usize, usize, usize); 4] = [(224, 224, 0), (640, 480, 11), (1024, 768, 29), (320, 200, 5)];
/// A field that takes longer than this, in ms, is of no use at a microscope.
const SLOWEST_MS: f64 = 10_000.0;

/// How a test went that was passed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SelfTest {
    /// The instruction set that was compared with the plain kernels.
    pub isa: String,
    /// Fields that gave the same numbers, bit for bit.
    pub fields: u32,
    /// Half of the fields took at most this, from pixels to verdict.
    pub field_ms: f64,
    /// The version of the program that tested.
    pub program: String,
}

/// Why a model does not pass.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SelfTestError {
    /// It cannot be loaded.
    #[error("{0}")]
    Unusable(#[from] ArtifactError),
    /// Two kernels that must agree do not.
    #[error(
        "fails the self-test: {isa} computes {fast:?} for drawn field {field}, the plain kernels {plain:?}; this machine or this \
         program is at fault: look at `blastscope doctor`, and report it"
    )]
    Disagrees {
        /// The instruction set.
        isa: &'static str,
        /// Number of the field, from 1.
        field: usize,
        /// Its logits.
        fast: [f32; 4],
        /// The oracle's logits.
        plain: [f32; 4],
    },
    /// A number that is none.
    #[error(
        "fails the self-test: it computes {found:?} for drawn field {field}, which are no usable numbers; ask its maker for another"
    )]
    NotFinite {
        /// Number of the field, from 1.
        field: usize,
        /// What came out.
        found: [f32; 4],
    },
    /// It cannot have run, or runs too slowly.
    #[error(
        "fails the self-test: a field takes {ms:.0} ms, and more than {SLOWEST_MS:.0} ms are of no use; take a smaller model"
    )]
    TimeImplausible {
        /// Time of a field, in ms.
        ms: f64,
    },
}

/// Runs the model file `bytes` on `execution` and on the plain kernels.
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
        let found = fast.assess(&field, &mut fast_workspace);
        samples.push(start.elapsed());
        let expected = plain.assess(&field, &mut plain_workspace);
        compare(execution.isa.name(), index + 1, &found, &expected)?;
    }
    let field_ms = Times::of(&mut samples).median_ms;
    plausible(field_ms)?;
    let (isa, program) = (execution.isa.name().into(), env!("CARGO_PKG_VERSION").into());
    Ok(SelfTest { isa, fields: FIELDS.len() as u32, field_ms, program })
}

fn compare(isa: &'static str, field: usize, found: &Assessment, expected: &Assessment) -> Result<(), SelfTestError> {
    let numbers = |assessment: &Assessment| {
        assessment
            .logits
            .into_iter()
            .chain(assessment.probabilities)
            .chain([assessment.novelty])
            .map(f32::to_bits)
            .collect()
    };
    let (these, those): (Vec<u32>, Vec<u32>) = (numbers(found), numbers(expected));
    if these != those {
        return Err(SelfTestError::Disagrees { isa, field, fast: found.logits, plain: expected.logits });
    }
    if !these.into_iter().map(f32::from_bits).all(f32::is_finite) {
        return Err(SelfTestError::NotFinite { field, found: found.logits });
    }
    Ok(())
}

fn plausible(ms: f64) -> Result<(), SelfTestError> {
    if ms > 0.0 && ms <= SLOWEST_MS { Ok(()) } else { Err(SelfTestError::TimeImplausible { ms }) }
}

#[cfg(test)]
mod tests {
    use blastscope_shared::{Class, verdict::Verdict};

    use super::*;

    const TINY: &[u8] = include_bytes!("../../../tests/golden/tiny.bsm");

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

    fn assessment() -> Assessment {
        let verdict = Verdict::Class { class: Class::Pre, probability: 0.5 };
        Assessment { logits: [1.0, 2.0, 3.0, -0.0], probabilities: [0.25; 4], novelty: 1.0, verdict }
    }

    #[test]
    fn a_single_bit_is_noticed_and_so_is_what_is_no_number() {
        let sound = assessment();
        assert_eq!(compare("avx2", 1, &sound, &sound), Ok(()));
        let mut other = sound;
        other.logits[3] = 0.0;
        assert!(matches!(compare("avx2", 2, &other, &sound), Err(SelfTestError::Disagrees { field: 2, .. })));
        other = sound;
        other.novelty = f32::from_bits(sound.novelty.to_bits() + 1);
        assert!(matches!(compare("avx2", 1, &other, &sound), Err(SelfTestError::Disagrees { .. })));
        for number in [f32::NAN, f32::INFINITY] {
            other = sound;
            other.logits[0] = number;
            assert!(matches!(compare("avx2", 1, &other, &other), Err(SelfTestError::NotFinite { .. })));
        }
        for ms in [0.0, -1.0, f64::NAN, 10_001.0] {
            assert!(plausible(ms).is_err(), "{ms}");
        }
    }
}
