//! A whole network on the scalar kernels, one layer after the other.

use alloc::{vec, vec::Vec};

use super::{LayerPlan, Shape, StepInfo, StepKind, identity::Identity, packed::PackedFilters, scalar};
use crate::{
    label::Class,
    layers::explanation::{
        Explanation, Unexplained,
        head::{DenseLayer, Evidence, Head},
    },
};

enum Step {
    Convolution { filters: PackedFilters, shape: Shape },
    MaxPool { shape: Shape },
    Dense { filters: PackedFilters },
}

/// A network ready to run on the scalar kernels.
pub(crate) struct Reference {
    identity: Identity,
    steps: Vec<(Step, StepInfo)>,
    last_convolution: Option<usize>,
    largest_map: usize,
}

/// The maps of one run, and copies of the data for an explanation, because maps are soon overwritten.
pub(crate) struct Maps {
    owner: Identity,
    maps: [Vec<u8>; 2],
    evidence: Evidence,
    head: Option<Head>,
}

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
        let last_convolution = layers.iter().rposition(|layer| matches!(layer, LayerPlan::Convolution(..)));
        let steps = layers.iter().map(pack).collect();
        Self { identity: Identity::new(), steps, last_convolution, largest_map }
    }

    /// The buffers for [`Self::run`].
    pub(crate) fn maps(&self) -> Maps {
        let none = Shape { height: 0, width: 0, channels: 0 };
        let shape = self.last_convolution.map_or(none, |at| self.steps[at].1.output);
        let hidden = self.hidden_steps().map(|(_, info)| vec![0; info.output.len()]).collect();
        Maps {
            owner: self.identity.clone(),
            maps: [vec![0; self.largest_map], vec![0; self.largest_map]],
            evidence: Evidence { shape, activations: vec![0; shape.len()], hidden },
            head: None,
        }
    }

    /// Whether `maps` belong to this network, so that [`Self::run`] finds the lengths it needs.
    pub(crate) fn accepts(&self, maps: &Maps) -> bool {
        self.identity.is(&maps.owner)
    }

    /// The dense layers after the last convolution, except the last.
    fn hidden_steps(&self) -> impl Iterator<Item = &(Step, StepInfo)> {
        let steps = self.last_convolution.map_or(&[][..], |at| &self.steps[at + 1..self.steps.len() - 1]);
        steps.iter().filter(|(step, _)| matches!(step, Step::Dense { .. }))
    }

    /// The steps in order.
    pub(crate) fn steps(&self) -> Vec<StepInfo> {
        self.steps.iter().map(|(_, info)| *info).collect()
    }

    /// Runs the network. Returns the sums of the last layer and its input activations. Calls `observe` after each step.
    pub(crate) fn run<'a>(
        &self,
        input: &[u8],
        maps: &'a mut Maps,
        mut observe: impl FnMut(),
    ) -> ([i32; Class::COUNT], &'a [u8]) {
        let Maps { maps: [current, next], evidence, .. } = maps;
        let mut hidden = evidence.hidden.iter_mut();
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
                    if self.last_convolution == Some(at) {
                        evidence.activations.copy_from_slice(&next[..len]);
                    }
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
                    if self.last_convolution < Some(at)
                        && let Some(hidden) = hidden.next()
                    {
                        hidden.copy_from_slice(&next[..len]);
                    }
                }
            }
            observe();
            core::mem::swap(&mut current, &mut next);
        }
        (sums, &current[..len])
    }

    /// The map for `class` of the field that [`Self::run`] last saw with `maps`.
    pub(crate) fn explain(&self, maps: &mut Maps, class: Class) -> Result<Explanation, Unexplained> {
        let last_convolution = self.last_convolution.ok_or(Unexplained::NoConvolution)?;
        let head = maps.head.get_or_insert_with(|| {
            let mut channels = Some(maps.evidence.shape.channels);
            let dense = self.steps[last_convolution + 1..].iter().filter_map(|(step, _)| match step {
                Step::Dense { filters } => Some(DenseLayer::summed(
                    filters.inputs,
                    channels.take().unwrap_or(filters.inputs),
                    filters.output_multipliers(),
                    |output, row| filters.unpack(output, row),
                )),
                Step::Convolution { .. } | Step::MaxPool { .. } => None,
            });
            Head(dense.collect())
        });
        Ok(head.explain(&maps.evidence, class))
    }
}
