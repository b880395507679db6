//! Tests storage used only by other machines' instruction sets, with the plain Rust kernels.

use alloc::{vec, vec::Vec};

use super::*;
use crate::{
    engine::arch::{portable::Portable, tile},
    layers::{LayerPlan, Parameters, Shape, reference::Reference},
};

fn portable<const ZERO: u8, const WIDE: bool>() -> Kernels {
    // SAFETY: plain Rust is always available.
    unsafe {
        Kernels::new::<Portable<ZERO, WIDE>>(
            |task, units, ahead| tile::convolve::<Portable<ZERO, WIDE>>(task, units, ahead),
            |task, blocks| tile::dense::<Portable<ZERO, WIDE>>(task, blocks),
            |rounds| tile::multiply_in_registers::<Portable<ZERO, WIDE>, 1>(rounds, core::hint::black_box),
        )
    }
}

/// Weights in a fixed, uneven order; most sums lie within 0..=255.
fn weights(count: usize) -> Vec<i8> {
    (0..count).map(|at| (at * 7919 % 255) as i16 as i8).map(|weight| weight.max(-127)).collect()
}

fn parameters(inputs: usize, weights: &[i8]) -> Parameters<'_> {
    let outputs = weights.len() / inputs;
    let multipliers = vec![0.02 / (inputs as f32).sqrt(); outputs];
    Parameters { inputs, weights, biases: vec![500; outputs], multipliers }
}

#[test]
fn maps_do_not_depend_on_how_zero_is_stored() {
    let shape = Shape { height: 6, width: 9, channels: 3 };
    let behind = Shape { channels: 20, ..shape };
    let [first, second] = [weights(20 * 27), weights(20 * 180)];
    for pool in [false, true] {
        let map = if pool { behind.halved() } else { behind };
        let [hidden, output] = [weights(17 * map.len()), weights(Class::COUNT * 17)];
        let mut plans = vec![
            LayerPlan::Convolution(shape, parameters(27, &first)),
            LayerPlan::Convolution(behind, parameters(180, &second)),
        ];
        if pool {
            plans.push(LayerPlan::MaxPool(behind));
        }
        plans.push(LayerPlan::Dense(parameters(map.len(), &hidden)));
        plans.push(LayerPlan::Dense(parameters(17, &output)));
        let input: Vec<u8> = (0..shape.len()).map(|at| (at * 37 % 256) as u8).collect();
        let reference = Reference::new(shape, &plans);
        let mut maps = reference.maps();
        reference.run(&input, &mut maps, || ());
        for (kernels, threads) in [(portable::<0, true>(), 1), (portable::<0x80, false>(), 2)] {
            let engine = Engine::new(kernels, shape, &plans);
            let mut arena = engine.arena(threads);
            engine.run(&input, &mut arena, || ());
            let mut speaking = 0;
            for class in Class::ALL {
                let map = engine.explain(&mut arena, class).expect("a map");
                speaking += usize::from(map.peak().is_some());
                assert_eq!(map, reference.explain(&mut maps, class).expect("a map"), "pool: {pool}");
            }
            assert!(speaking > 0, "a map that says something");
        }
    }
}

#[test]
fn what_an_explanation_keeps_is_not_taken_from_another_engine() {
    let shape = Shape { height: 6, width: 9, channels: 3 };
    let engine = |channels: usize| {
        let [first, last] = [27, Class::COUNT * shape.height * shape.width].map(|count| weights(count * channels));
        let plans = [
            LayerPlan::Convolution(shape, parameters(27, &first)),
            LayerPlan::Dense(parameters(last.len() / Class::COUNT, &last)),
        ];
        Engine::new(portable::<0, false>(), shape, &plans)
    };
    let input: Vec<u8> = (0..shape.len()).map(|at| (at * 37 % 256) as u8).collect();
    let [few, many] = [engine(5), engine(20)];
    let explain = |engine: &Engine, arena: &mut Arena| {
        engine.run(&input, arena, || ());
        Class::ALL.map(|class| engine.explain(arena, class).expect("a map"))
    };
    let [mut of_few, mut of_many] = [few.arena(1), many.arena(1)];
    let expected = explain(&few, &mut of_few);
    assert!(explain(&many, &mut of_many) != expected, "the maps differ");
    core::mem::swap(&mut of_few.explainer, &mut of_many.explainer);
    assert!(explain(&few, &mut of_few) == expected, "a map of the other engine");
}
