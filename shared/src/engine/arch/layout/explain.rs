//! Explanations for a network laid out for an instruction set. All maps of a run are still in the arena, so the last convolution
//! can run again from its input, this time without the fused max-pool.

use alloc::{vec, vec::Vec};

use super::{Ahead, Arena, Base, Engine, Kernels, Packed, Step};
use crate::{
    engine::arch::memory::{Lines, Map},
    label::Class,
    layers::{
        explanation::{
            Explanation, Unexplained,
            head::{DenseLayer, Evidence, Head},
        },
        identity::Identity,
    },
};

/// Data shared by the explanations of one arena's fields.
pub(super) struct Explainer {
    /// Identity of the engine whose steps and storage it fits.
    owner: Identity,
    head: Head,
    /// The last convolution's output without its max-pool: a separate map, at the start of `lines`.
    unpooled: Map,
    lines: Lines,
    evidence: Evidence,
}

impl Explainer {
    /// Prepares explanations for the steps of `engine` from the last convolution on.
    fn new(engine: &Engine, convolution: &Convolved<'_>, behind: &[Step]) -> Self {
        let kernels = &engine.kernels;
        let mut shape = convolution.input.shape;
        shape.channels = convolution.output.shape.channels;
        let unpooled = Map::of_blocks(shape, 0, kernels.channel_bytes, false);
        // Without a max-pool the run's output is already the map.
        let lines = Lines::new(if convolution.pool { unpooled.end() } else { 0 }, kernels.zero);
        let mut channels = Some(shape.channels);
        let mut hidden = Vec::new();
        let mut layers = Vec::new();
        for step in behind {
            let (Step::Dense { input, filters, .. } | Step::Sums { input, filters, .. }) = step else { continue };
            let inputs = input.shape.len();
            let outputs = if let Step::Dense { output, .. } = step {
                hidden.push(vec![0; output.shape.len()]);
                output.shape.len()
            } else {
                Class::COUNT
            };
            let unpack = |output, row: &mut [i8]| filters.unpack_dense(kernels, output, row);
            let multipliers = &filters.multipliers[..outputs];
            layers.push(DenseLayer::summed(inputs, channels.take().unwrap_or(inputs), multipliers, unpack));
        }
        let evidence = Evidence { shape, activations: vec![0; shape.len()], hidden };
        Self { owner: engine.identity.clone(), head: Head(layers), unpooled, lines, evidence }
    }
}

/// The last convolution of a network.
struct Convolved<'a> {
    input: &'a Map,
    output: &'a Map,
    filters: &'a Packed,
    pool: bool,
}

impl Engine {
    /// The map for `class` of the field that [`Self::run`] last saw with `arena`.
    ///
    /// # Panics
    /// If `arena` is another engine's.
    pub(crate) fn explain(&self, arena: &mut Arena, class: Class) -> Result<Explanation, Unexplained> {
        assert!(self.identity.is(&arena.owner), "the arena is this engine's");
        let found = self.steps.iter().enumerate().rev().find_map(|(at, step)| match step {
            Step::Convolve { input, output, filters, pool, .. } => {
                Some((at, Convolved { input, output, filters, pool: *pool }))
            }
            Step::Spread { .. }
            | Step::MaxPool { .. }
            | Step::Flatten { .. }
            | Step::Dense { .. }
            | Step::Sums { .. } => None,
        });
        let (at, convolution) = found.ok_or(Unexplained::NoConvolution)?;
        let behind = &self.steps[at + 1..];
        let kept = arena.explainer.take().filter(|explainer| self.identity.is(&explainer.owner));
        let mut explainer = kept.unwrap_or_else(|| Explainer::new(self, &convolution, behind));
        let Explainer { head, unpooled, lines, evidence, .. } = &mut explainer;
        if convolution.pool {
            self.convolve_unpooled(arena, &convolution, unpooled, lines);
            self.copy(lines.bytes(), unpooled, &mut evidence.activations);
        } else {
            self.copy(arena.lines.bytes(), convolution.output, &mut evidence.activations);
        }
        let outputs = behind.iter().filter_map(|step| match step {
            Step::Dense { output, .. } => Some(output),
            _ => None,
        });
        for (output, hidden) in outputs.zip(&mut evidence.hidden) {
            self.copy(arena.lines.bytes(), output, hidden);
        }
        let explanation = head.explain(evidence, class);
        arena.explainer = Some(explainer);
        Ok(explanation)
    }

    /// Runs the last convolution from its input in the arena into `output`, which lies in `lines`; the threads share the work.
    fn convolve_unpooled(&self, arena: &mut Arena, convolution: &Convolved<'_>, output: &Map, lines: &mut Lines) {
        let (from, to) = (Base(arena.lines.as_mut_ptr()), Base(lines.as_mut_ptr()));
        #[cfg(feature = "std")]
        {
            let parts = arena.pool.parts();
            let job = |part| {
                // SAFETY: arena and map are this engine's, so they have the required lengths; no two parts write the same bytes.
                unsafe { self.part_unpooled(convolution, from, output, to, part, parts) }
            };
            arena.pool.run(&|part, _| job(part), |_| job(0));
        }
        #[cfg(not(feature = "std"))]
        // SAFETY: as above.
        unsafe {
            self.part_unpooled(convolution, from, output, to, 0, 1);
        }
    }

    /// Runs part `part` of `parts` of a convolution without its max-pool, from the arena at `from` to the map in `to`.
    ///
    /// # Safety
    /// `from` is an arena of this engine in which the steps before the convolution are done, `output` lies in `to`, and only the
    /// other parts write to either.
    unsafe fn part_unpooled(
        &self,
        convolution: &Convolved<'_>,
        from: Base,
        output: &Map,
        to: Base,
        part: usize,
        parts: usize,
    ) {
        let Convolved { input, filters, .. } = convolution;
        // SAFETY: offsets of maps lie in their allocations, see `Map::end`; each part has its own scratch memory.
        unsafe {
            let scratch = from.0.add(self.arena + part * self.scratch);
            let (from, to) = (from.0.add(input.start), to.0.add(output.at(0, 0)));
            let task = filters.convolution_between(input, from, output, to, false);
            // Nothing to prefetch. The address is a mapped one, because prefetching an unmapped one walks the page tables.
            let nothing = Ahead { next: task.weights, end: task.weights };
            self.convolve(&task, filters, nothing, scratch, part, parts);
        }
    }

    /// The activations of a map in the order HWC, without the layout's padding.
    fn copy(&self, bytes: &[u8], map: &Map, activations: &mut [u8]) {
        let Kernels { zero, channel_bytes, .. } = self.kernels;
        for (pixel, activations) in activations.chunks_exact_mut(map.shape.channels).enumerate() {
            let start = map.at(pixel / map.shape.width, pixel % map.shape.width);
            let stored = bytes[start..].iter().step_by(channel_bytes);
            for (activation, stored) in activations.iter_mut().zip(stored) {
                *activation = stored ^ zero;
            }
        }
    }
}

#[cfg(test)]
mod tests;
