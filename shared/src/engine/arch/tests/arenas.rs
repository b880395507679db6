//! An arena belongs to one engine: no other may write to it, whatever its size.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;

/// Convolutions with the given numbers of outputs over maps of one size, then the dense layer.
struct Layers {
    input: Shape,
    drawn: Vec<(Shape, Weights)>,
    last: Weights,
}

impl Layers {
    fn draw(input: Shape, convolutions: &[usize], seed: u64) -> Self {
        let mut numbers = Numbers(seed);
        let mut shape = input;
        let mut drawn = Vec::new();
        for &channels in convolutions {
            drawn.push((shape, Weights::draw(&mut numbers, 9 * shape.channels, channels, Values::Random)));
            shape = Shape { channels, ..shape };
        }
        Self { input, drawn, last: Weights::draw(&mut numbers, shape.len(), 4, Values::Random) }
    }

    fn engine(&self, kernels: Kernels) -> Engine {
        let convolutions =
            self.drawn.iter().map(|(shape, weights)| LayerPlan::Convolution(*shape, weights.parameters()));
        let plans: Vec<_> = convolutions.chain([LayerPlan::Dense(self.last.parameters())]).collect();
        Engine::new(kernels, self.input, &plans)
    }

    fn pixels(&self) -> Vec<u8> {
        (0..self.input.len()).map(|at| (at * 37 % 256) as u8).collect()
    }
}

/// Whether `engine` runs in an arena made by `other` for `threads` threads.
fn runs_in(engine: &Engine, layers: &Layers, other: &Engine, threads: usize) -> bool {
    let mut arena = other.arena(threads);
    catch_unwind(AssertUnwindSafe(|| engine.run(&layers.pixels(), &mut arena, || ()).0)).is_ok()
}

#[test]
fn an_engine_runs_in_its_own_arenas_only() {
    let shape = |height, width| Shape { height, width, channels: 3 };
    let kernels = portable::<0, false>();
    let layers = Layers::draw(shape(2, 3), &[16, 32, 16], 1);
    let engine = layers.engine(kernels);
    // Its own arena, for any number of threads.
    for threads in 1..4 {
        assert!(runs_in(&engine, &layers, &engine, threads), "{threads} threads");
    }
    // Arenas with the same layers and size, the same size in another layout, another storage, and a larger one.
    assert!(!runs_in(&engine, &layers, &layers.engine(kernels), 1), "the same layers");
    assert!(
        !runs_in(&engine, &layers, &Layers::draw(shape(2, 3), &[32, 16, 16], 1).engine(kernels), 1),
        "the same size"
    );
    assert!(!runs_in(&engine, &layers, &layers.engine(portable::<0x80, false>()), 1), "another storage");
    assert!(!runs_in(&engine, &layers, &Layers::draw(shape(3, 5), &[33; 3], 1).engine(kernels), 1), "a larger one");
}

#[test]
fn an_engine_that_works_beside_its_maps_does_not_work_past_the_end_of_a_larger_arena() {
    // Winograd's method needs scratch memory for each thread of the arena; the other arena has room for the maps and one thread's
    // scratch, no more.
    let shape = |width, channels| Shape { height: 4, width, channels };
    let small = Layers::draw(shape(4, 8), &[16], 2);
    let engine = small.engine(portable::<0, false>().always_winograd());
    let large = Layers::draw(shape(400, 3), &[3; 3], 3).engine(portable::<0, false>());
    assert!(!runs_in(&engine, &small, &large, 3));
}

#[test]
fn layers_that_do_not_fit_each_other_are_not_laid_out() {
    let input = Shape { height: 4, width: 4, channels: 3 };
    let draw = |inputs, outputs| Weights::draw(&mut Numbers(1), inputs, outputs, Values::Random);
    let [convolution, last] = [draw(27, 5), draw(80, 4)];
    let laid_out = |shape: Shape, convolution: Parameters<'_>, last: Parameters<'_>| {
        let plans = [LayerPlan::Convolution(shape, convolution), LayerPlan::Dense(last)];
        catch_unwind(|| drop(Engine::new(portable::<0, false>(), input, &plans))).is_ok()
    };
    assert!(laid_out(input, convolution.parameters(), last.parameters()));
    assert!(!laid_out(Shape { width: 5, ..input }, convolution.parameters(), last.parameters()), "another width");
    assert!(!laid_out(input, draw(36, 5).parameters(), last.parameters()), "another number of channels");
    assert!(!laid_out(input, convolution.parameters(), draw(81, 4).parameters()), "another map");
    assert!(!laid_out(input, convolution.parameters(), draw(80, 17).parameters()), "more outputs than classes");
    let few = Parameters { weights: &convolution.weights[1..], ..convolution.parameters() };
    assert!(!laid_out(input, few, last.parameters()), "a weight too few");
    let mut few = convolution.parameters();
    few.multipliers.pop();
    assert!(!laid_out(input, few, last.parameters()), "a multiplier too few");
}
