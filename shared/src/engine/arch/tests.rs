//! Tests every instruction set against the scalar kernels: random networks with shapes around every tile, and extremes.

mod arenas;
mod must_run;

use alloc::{vec, vec::Vec};
use core::fmt;
use std::io::{self, Write};

use proptest::prelude::*;

use super::{Engine, Isa, Kernels, portable::Portable, tile, winograd};
use crate::layers::{LayerPlan, Parameters, Shape, reference::Reference};

/// Prints past the test harness, which hides the output of passing tests.
fn say(line: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{line}");
}

struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as u32
    }
}

/// Distribution of inputs and weights.
#[derive(Clone, Copy, Debug)]
enum Values {
    Random,
    /// Inputs 255, weights -127 or 127 by output: the largest sums.
    Extreme,
}

/// A layer of a random network.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Convolution(usize),
    MaxPool,
    Dense(usize),
}

struct Weights {
    inputs: usize,
    weights: Vec<i8>,
    biases: Vec<i32>,
    multipliers: Vec<f32>,
}

impl Weights {
    fn draw(numbers: &mut Numbers, inputs: usize, outputs: usize, values: Values) -> Self {
        let weight = |at: usize, numbers: &mut Numbers| match values {
            Values::Random => (numbers.next() % 255) as i16 - 127,
            Values::Extreme if at / inputs % 3 == 2 => 127,
            Values::Extreme => -127,
        };
        let weights = (0..inputs * outputs).map(|at| weight(at, numbers) as i8).collect();
        let biases =
            (0..outputs).map(|_| numbers.next() as i32 % (400 * inputs as i32) - 200 * inputs as i32).collect();
        // Most sums lie within 0..=255, some beyond, some far beyond 2^31.
        let multipliers = (0..outputs)
            .map(|_| match numbers.next() % 16 {
                0 => 1e9,
                _ => (numbers.next() % 1000) as f32 * 2e-5 / (inputs as f32).sqrt(),
            })
            .collect();
        Self { inputs, weights, biases, multipliers }
    }

    fn parameters(&self) -> Parameters<'_> {
        Parameters {
            inputs: self.inputs,
            weights: &self.weights,
            biases: self.biases.clone(),
            multipliers: self.multipliers.clone(),
        }
    }
}

/// Runs a random network on `kernels` and on the scalar kernels.
fn compare(kernels: Kernels, input: Shape, kinds: &[Kind], values: Values, seed: u64) -> Result<(), TestCaseError> {
    let threads = 1 + seed as usize % 3;
    let mut numbers = Numbers(seed);
    let mut shape = input;
    let mut drawn = Vec::new();
    for &kind in kinds {
        let (weights, output) = match kind {
            Kind::Convolution(outputs) => {
                let weights = Weights::draw(&mut numbers, 9 * shape.channels, outputs, values);
                (Some(weights), Shape { channels: outputs, ..shape })
            }
            Kind::MaxPool if shape.height < 2 || shape.width < 2 => continue,
            Kind::MaxPool => (None, shape.halved()),
            Kind::Dense(outputs) => {
                let weights = Weights::draw(&mut numbers, shape.len(), outputs, values);
                (Some(weights), Shape { height: 1, width: 1, channels: outputs })
            }
        };
        drawn.push((kind, shape, weights));
        shape = output;
    }
    drawn.push((Kind::Dense(4), shape, Some(Weights::draw(&mut numbers, shape.len(), 4, values))));
    let plans: Vec<LayerPlan<'_>> = drawn
        .iter()
        .map(|(kind, shape, weights)| match (kind, weights) {
            (Kind::Convolution(_), Some(weights)) => LayerPlan::Convolution(*shape, weights.parameters()),
            (Kind::Dense(_), Some(weights)) => LayerPlan::Dense(weights.parameters()),
            _ => LayerPlan::MaxPool(*shape),
        })
        .collect();
    let reference = Reference::new(input, &plans);
    let mut maps = reference.maps();
    let engine = Engine::new(kernels, input, &plans);
    let mut arena = engine.arena(threads);
    // The second run finds the first one's leftovers.
    for _ in 0..2 {
        let pixel = |numbers: &mut Numbers| match values {
            Values::Random => (numbers.next() % 256) as u8,
            Values::Extreme => 255,
        };
        let pixels: Vec<u8> = (0..input.len()).map(|_| pixel(&mut numbers)).collect();
        let (expected_sums, expected_hidden) = reference.run(&pixels, &mut maps, || ());
        let (sums, hidden) = engine.run(&pixels, &mut arena, || ());
        prop_assert!(expected_hidden == hidden, "activations differ: {:?} instead of {:?}", hidden, expected_hidden);
        prop_assert_eq!(expected_sums, sums);
    }
    Ok(())
}

/// Channel counts to draw from: below, at and above multiples of a group, a block and two blocks.
fn channels() -> impl Strategy<Value = usize> {
    prop_oneof![1usize..21, 30usize..36, 46usize..50, Just(64)]
}

fn kinds() -> impl Strategy<Value = Vec<Kind>> {
    let layer = prop_oneof![
        4 => channels().prop_map(Kind::Convolution),
        2 => Just(Kind::MaxPool),
    ];
    (proptest::collection::vec(layer, 0..5), proptest::collection::vec((1usize..70).prop_map(Kind::Dense), 0..3))
        .prop_map(|(mut layers, dense)| {
            layers.extend(dense);
            layers
        })
}

/// The property, and cases too important for chance. Miri is about a thousand times slower, so it gets one small network that
/// passes through every loop.
fn check(kernels: Kernels, cases: u32) {
    let miri = cfg!(miri);
    let [first, second, third, last] = if miri { [5, 17, 3, 3] } else { [32, 48, 16, 33] };
    let layers = [
        Kind::Convolution(first),
        Kind::Convolution(second),
        Kind::MaxPool,
        Kind::Convolution(third),
        Kind::Dense(last),
    ];
    let kinds_of_values: &[Values] = if miri { &[Values::Random] } else { &[Values::Random, Values::Extreme] };
    for &values in kinds_of_values {
        for width in if miri { 7..8 } else { 1..32 } {
            let input = Shape { height: 1 + width % 5, width, channels: 3 };
            let seed = if miri { 0 } else { width as u64 };
            compare(kernels, input, &layers, values, seed).expect("the same bits");
        }
    }
    if miri {
        return;
    }
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) };
    let shapes = (1usize..20, 1usize..40, prop_oneof![4 => Just(3usize), 1 => 1usize..9]);
    proptest!(config, |((height, width, channels) in shapes, kinds in kinds(), extreme: bool, seed: u64)| {
        let values = if extreme { Values::Extreme } else { Values::Random };
        compare(kernels, Shape { height, width, channels }, &kinds, values, seed)?;
    });
}

/// One test per instruction set; one that is absent here is reported as skipped, or fails if it [must run](must_run).
macro_rules! against_the_scalar_kernels {
    ($($test:ident: $isa:ident,)*) => {
        $(
            #[test]
            fn $test() {
                match Isa::$isa.kernels() {
                    Some(kernels) => {
                        say(format_args!("{} ran on {}", stringify!($test), Isa::$isa));
                        check(kernels, 256);
                        check(kernels.always_winograd(), 256);
                    }
                    None => must_run::skip(stringify!($test), Isa::$isa),
                }
            }
        )*
    };
}

against_the_scalar_kernels! {
    avx2_gives_the_scalar_bits: Avx2,
    avxvnni_gives_the_scalar_bits: AvxVnni,
    avx512vnni_gives_the_scalar_bits: Avx512Vnni,
    neon_gives_the_scalar_bits: Neon,
    neon_dotprod_gives_the_scalar_bits: NeonDotprod,
    neon_i8mm_gives_the_scalar_bits: NeonI8mm,
}

fn portable<const ZERO: u8, const WIDE: bool>() -> Kernels {
    // SAFETY: plain Rust is always available.
    unsafe {
        Kernels::new::<Portable<ZERO, WIDE>>(
            |task, units, ahead| tile::convolve::<Portable<ZERO, WIDE>>(task, units, ahead),
            |task, blocks| tile::dense::<Portable<ZERO, WIDE>>(task, blocks),
            |rounds| tile::multiply_in_registers::<Portable<ZERO, WIDE>, 1>(rounds, core::hint::black_box),
        )
        .with_winograd::<Portable<ZERO, WIDE>>(|task, tiles, scratch| {
            winograd::convolve::<Portable<ZERO, WIDE>>(task, tiles, scratch);
        })
    }
}

/// The loops in plain Rust, one test each, so that Miri shows its progress over the minutes it takes.
macro_rules! the_loops_in_plain_rust_give_the_scalar_bits {
    ($($test:ident: $kernels:expr,)*) => {
        mod the_loops_in_plain_rust_give_the_scalar_bits {
            use super::*;
            $(
                #[test]
                fn $test() {
                    check($kernels, 64);
                }
            )*
        }
    };
}

the_loops_in_plain_rust_give_the_scalar_bits! {
    signed: portable::<0, false>(),
    signed_by_winograd: portable::<0, false>().always_winograd(),
    shifted: portable::<0x80, false>(),
    shifted_by_winograd: portable::<0x80, false>().always_winograd(),
    wide: portable::<0, true>(),
    wide_by_winograd: portable::<0, true>().always_winograd(),
}

/// The loops of AVX-VNNI, with the same instruction in AVX-512's encoding, because machines with AVX-VNNI are rarer.
#[cfg(target_arch = "x86_64")]
#[test]
fn avxvnni_in_the_encoding_of_avx512_gives_the_scalar_bits() {
    match super::ymm::evex::kernels() {
        Some(kernels) => check(kernels, 256),
        None => must_run::skip("avxvnni_in_the_encoding_of_avx512_gives_the_scalar_bits", Isa::Avx512Vnni),
    }
}

#[test]
fn the_ceiling_counts_its_multiplications() {
    assert_eq!(portable::<0, false>().ceiling(10), 10 * 64);
    for isa in Isa::ALL {
        assert_eq!(isa.multiply_in_registers(0), isa.kernels().map(|_| 0), "{isa}");
    }
}

#[test]
fn tiles_cover_a_row_with_the_fewest_pixels_too_many() {
    for (width, sixes) in
        [(1, 0), (4, 0), (5, 1), (6, 1), (8, 0), (10, 1), (14, 1), (28, 4), (56, 8), (112, 18), (224, 36)]
    {
        assert_eq!(tile::wide_tiles(width, 6, 4), sixes, "{width} pixels");
    }
}

#[test]
fn names_lead_back_to_instruction_sets() {
    for isa in Isa::ALL {
        match Isa::named(isa.name()) {
            Ok(found) => assert_eq!(found, isa),
            Err(error) => assert_eq!(error, super::IsaError::Absent(isa)),
        }
    }
    assert_eq!(Isa::named("mmx"), Err(super::IsaError::Unknown));
    assert!(Isa::detect().is_available());
    assert_eq!(vec![Isa::named("scalar")], vec![Ok(Isa::Scalar)]);
}
