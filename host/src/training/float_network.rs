//! A trained network in float: weights for quantization, logits for comparison.

use std::path::Path;

use blastscope_shared::{Class, Observation, Sight, sight::Blank};
use burn::{prelude::*, store::ModuleRecord};

use super::{model::AllCnn, network::Network};
use crate::{
    Error,
    recipe::batches::{Example, Views},
    support::progress::Progress,
    training::{architecture::Architecture, run_folder::RunConfig},
};

/// Pictures per forward pass.
pub(crate) const BATCH: usize = 16;

/// A network for inference, and the conversion from examples to its input.
pub struct FloatNetwork {
    pub(crate) architecture: Architecture,
    pub(crate) network: Network,
    pub(crate) sight: Sight,
    pub(crate) device: Device,
}

impl FloatNetwork {
    /// Loads weights saved by [`super::train`].
    ///
    /// # Errors
    /// When the file cannot be read or holds another network.
    pub fn load(config: &RunConfig, weights: &Path, device: &Device) -> Result<Self, Error> {
        let record = ModuleRecord::load(weights)
            .map_err(|error| Error::content(weights, format!("holds no readable weights: {error}")))?;
        let network = Network::new(config.plan.arch, config.sight.shape().width, config.plan.dropout, device);
        let expected = network.num_params();
        let network = network
            .try_load_record(record)
            .ok()
            .filter(|network| network.num_params() == expected)
            .ok_or_else(|| Error::content(weights, format!("holds no weights of {}", config.plan.arch.name())))?;
        Ok(Self { architecture: config.plan.arch, network, sight: config.sight, device: device.clone() })
    }

    /// The logits of each example, in order; for a network that sees cells, the mean over the cells. Nothing without a cell, or
    /// when a logit is not a finite number.
    ///
    /// # Errors
    /// When the device returns something other than logits.
    pub fn logits(
        &self,
        examples: &[Example],
        progress: Progress,
    ) -> Result<Vec<Observation<[f32; Class::COUNT]>>, Error> {
        let task = progress.start("float network", examples.len());
        let mut logits = Vec::with_capacity(examples.len());
        for chunk in examples.chunks(BATCH) {
            let Views { input, counts } = Views::of(chunk, &self.sight, &self.device);
            let of_views = input.map_or_else(|| Ok(Vec::new()), |input| values(self.network.forward(input)))?;
            let mut of_views = of_views.as_chunks::<{ Class::COUNT }>().0.iter();
            for count in counts {
                let mut mean = [0.0; Class::COUNT];
                for of_view in of_views.by_ref().take(count) {
                    mean.iter_mut().zip(of_view).for_each(|(mean, logit)| *mean += logit / count as f32);
                }
                logits.push(if count == 0 {
                    Observation::Nothing(Blank::NoCells)
                } else {
                    Observation::of_finite(mean)
                });
            }
            task.advance(chunk.len());
        }
        Ok(logits)
    }

    /// Batches of what the network sees of `examples`, a few at a time.
    pub(crate) fn network_input(&self, examples: &[Example]) -> Option<Tensor<4>> {
        Views::of(examples, &self.sight, &self.device).input
    }

    /// The network, if the device can run it.
    pub(crate) fn paper_kind(&self) -> Result<&AllCnn, Error> {
        match &self.network {
            Network::AllCnn(network) => Ok(network),
            _ => Err(not_for_the_device(self.architecture)),
        }
    }
}

/// Why a network of this kind cannot be quantized.
#[must_use]
pub fn not_for_the_device(architecture: Architecture) -> Error {
    let runnable: Vec<&str> =
        Architecture::ALL.into_iter().filter(|other| other.layout().is_some()).map(Architecture::name).collect();
    Error::Usage(format!(
        "{} is for comparison only: the device runs 3x3 convolutions, max-pools and dense layers; train one of {}",
        architecture.name(),
        runnable.join(", ")
    ))
}

pub(crate) fn values<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, Error> {
    tensor
        .into_data()
        .try_to_vec::<f32>()
        .map_err(|error| Error::Usage(format!("the back end does not compute in 32-bit floats: {error:?}")))
}
