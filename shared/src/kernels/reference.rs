//! A whole network on the scalar kernels, one layer after the other.

use alloc::{vec, vec::Vec};

use super::{LayerPlan, PackedFilters, Shape, StepInfo, StepKind, scalar};
use crate::label::Class;

enum Step {
    Convolution { filters: PackedFilters, shape: Shape },
    MaxPool { shape: Shape },
    Dense { filters: PackedFilters },
}

/// A network ready to run on the scalar kernels.
pub(crate) struct Reference {
    steps: Vec<(Step, StepInfo)>,
    largest_map: usize,
}

/// The maps of one run.
pub(crate) struct Maps([Vec<u8>; 2]);

impl Reference {
    /// Packs `layers`, the last of which is dense.
    pub(crate) fn new(input: Shape, layers: &[LayerPlan<'_>]) -> Self {
        let mut before = input;
        let pack = |layer: &LayerPlan<'_>| {
            let (step, kind) = match layer {
                LayerPlan::Convolution(shape, parameters) => {
                    let filters = PackedFilters::new(parameters);
                    (Step::Convolution { filters, shape: *shape }, StepKind::Convolution)
                }
                LayerPlan::MaxPool(shape) => (Step::MaxPool { shape: *shape }, StepKind::MaxPool),
                LayerPlan::Dense(parameters) => {
                    (Step::Dense { filters: PackedFilters::new(parameters) }, StepKind::Dense)
                }
            };
            let info = StepInfo { kind, input: before, output: layer.output(), macs: layer.macs() };
            before = info.output;
            (step, info)
        };
        let largest_map = layers.iter().map(|layer| layer.output().len()).fold(input.len(), usize::max);
        Self { steps: layers.iter().map(pack).collect(), largest_map }
    }

    /// The buffers that [`Self::run`] needs.
    pub(crate) fn maps(&self) -> Maps {
        Maps([vec![0; self.largest_map], vec![0; self.largest_map]])
    }

    /// What the steps are, in order.
    pub(crate) fn steps(&self) -> Vec<StepInfo> {
        self.steps.iter().map(|(_, info)| *info).collect()
    }

    /// Runs the network: the sums of the last layer, and the activations that it saw. Calls `observe` after each step.
    pub(crate) fn run<'a>(
        &self,
        input: &[u8],
        maps: &'a mut Maps,
        mut observe: impl FnMut(),
    ) -> ([i32; Class::COUNT], &'a [u8]) {
        let [current, next] = &mut maps.0;
        let (mut current, mut next) = (current, next);
        current[..input.len()].copy_from_slice(input);
        let mut len = input.len();
        let mut sums = [0; Class::COUNT];
        for (at, (step, _)) in self.steps.iter().enumerate() {
            let map = &current[..len];
            match step {
                Step::Convolution { filters, shape } => {
                    len = shape.height * shape.width * filters.outputs;
                    scalar::convolve(filters, *shape, map, &mut next[..len]);
                }
                Step::MaxPool { shape } => {
                    len = shape.halved().len();
                    scalar::max_pool(*shape, map, &mut next[..len]);
                }
                Step::Dense { filters } if at + 1 == self.steps.len() => {
                    scalar::dense_sums(filters, map, &mut sums);
                    observe();
                    break;
                }
                Step::Dense { filters } => {
                    len = filters.outputs;
                    scalar::dense(filters, map, &mut next[..len]);
                }
            }
            observe();
            core::mem::swap(&mut current, &mut next);
        }
        (sums, &current[..len])
    }
}
