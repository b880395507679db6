//! A trained network in float: its weights for quantization, its logits for comparison.

use std::path::Path;

use blastscope_shared::{
    Class, Observation,
    layers::quantization::FloatFilters,
    sight::{
        Blank,
        cells::{CellView, SIDE},
    },
};
use burn::{data::dataloader::batcher::Batcher, nn::Linear, prelude::*, store::ModuleRecord};
use rayon::prelude::*;

use super::{
    batches::{Example, ExampleBatcher},
    cell_batches,
    model::AllCnn,
    network::Network,
};
use crate::{
    Error,
    architecture::Architecture,
    augmentation::middle,
    progress::Progress,
    quantization::{FloatLayer, Histogram, Normalization, channels_last, fold},
    run_folder::RunConfig,
};

/// Pictures a forward pass.
const BATCH: usize = 16;

/// A network for inference and what turns examples into its input.
pub struct FloatNetwork {
    pub(super) architecture: Architecture,
    pub(super) network: Network,
    pub(super) batcher: ExampleBatcher,
    pub(super) device: Device,
}

impl FloatNetwork {
    /// Loads weights that [`super::train`] saved.
    ///
    /// # Errors
    /// When the file cannot be read or holds another network.
    pub fn load(config: &RunConfig, weights: &Path, device: &Device) -> Result<Self, Error> {
        let record = ModuleRecord::load(weights)
            .map_err(|error| Error::content(weights, format!("holds no weights that can be read: {error}")))?;
        let network = Network::new(config.arch, config.preprocessing.network_size().0, config.dropout, device);
        let expected = network.num_params();
        let network = network
            .try_load_record(record)
            .ok()
            .filter(|network| network.num_params() == expected)
            .ok_or_else(|| Error::content(weights, format!("holds no weights of {}", config.arch.name())))?;
        Ok(Self {
            architecture: config.arch,
            network,
            batcher: ExampleBatcher { preprocessing: config.preprocessing.clone() },
            device: device.clone(),
        })
    }

    /// The logits of each example, in order; of a network that sees cells, the mean of its cells'. Nothing where there is no cell, or
    /// where a logit is not a finite number.
    ///
    /// # Errors
    /// When the device gives back something that is not logits.
    pub fn logits(
        &self,
        examples: &[Example],
        progress: Progress,
    ) -> Result<Vec<Observation<[f32; Class::COUNT]>>, Error> {
        if self.batcher.preprocessing.is_cell_by_cell() {
            return self.logits_by_cell(examples, progress);
        }
        let task = progress.start("float network", examples.len());
        let mut logits = Vec::with_capacity(examples.len());
        for chunk in examples.chunks(BATCH) {
            let batch = self.batcher.batch(chunk.to_vec(), &self.device);
            let values = values(self.network.forward(batch.inputs))?;
            logits.extend(values.as_chunks::<{ Class::COUNT }>().0.iter().copied().map(Observation::of_finite));
            task.advance(chunk.len());
        }
        Ok(logits)
    }

    fn logits_by_cell(
        &self,
        examples: &[Example],
        progress: Progress,
    ) -> Result<Vec<Observation<[f32; Class::COUNT]>>, Error> {
        let task = progress.start("float network", examples.len());
        let mut logits = Vec::with_capacity(examples.len());
        for chunk in examples.chunks(BATCH) {
            let planes: Vec<Vec<Vec<f32>>> = chunk.par_iter().map(|example| self.planes(example)).collect();
            let cells = planes.concat();
            let of_cells = if cells.is_empty() {
                Vec::new()
            } else {
                values(self.network.forward(cell_batches::input(&cells, &self.device)))?
            };
            let mut of_cells = of_cells.as_chunks::<{ Class::COUNT }>().0.iter();
            for planes in &planes {
                let mut mean = [0.0; Class::COUNT];
                for of_cell in of_cells.by_ref().take(planes.len()) {
                    mean.iter_mut().zip(of_cell).for_each(|(mean, logit)| *mean += logit / planes.len() as f32);
                }
                logits.push(match planes.is_empty() {
                    true => Observation::Nothing(Blank::NoCells),
                    false => Observation::of_finite(mean),
                });
            }
            task.advance(chunk.len());
        }
        Ok(logits)
    }

    /// What a network that sees cells sees of an example.
    fn planes(&self, example: &Example) -> Vec<Vec<f32>> {
        let preprocessing = &self.batcher.preprocessing;
        let mut view = CellView::new();
        view.look(preprocessing, &example.masked_input(preprocessing));
        view.crops().iter().map(|crop| middle(crop, SIDE)).collect()
    }

    /// Batches of what the network sees of `examples`, a few at a time.
    pub(super) fn network_input(&self, examples: &[Example]) -> Option<Tensor<4>> {
        if !self.batcher.preprocessing.is_cell_by_cell() {
            return Some(self.batcher.batch(examples.to_vec(), &self.device).inputs);
        }
        let planes: Vec<Vec<f32>> = examples.par_iter().flat_map_iter(|example| self.planes(example)).collect();
        (!planes.is_empty()).then(|| cell_batches::input(&planes, &self.device))
    }

    /// The network, where it is one that the device can run.
    pub(super) fn paper_kind(&self) -> Result<&AllCnn, Error> {
        match &self.network {
            Network::AllCnn(network) => Ok(network),
            _ => Err(not_for_the_device(self.architecture)),
        }
    }

    /// For each layer but the last, the largest activation that should still be told apart, chosen on `examples`.
    ///
    /// # Errors
    /// As [`Self::logits`], and when the network is none of the paper's kind.
    pub fn clips(&self, examples: &[Example], progress: Progress) -> Result<Vec<f32>, Error> {
        let layers = self.paper_kind()?.convolutions.len() + 1;
        let mut largest = vec![0.0f32; layers];
        self.observe(examples, "calibrating, range", progress, |layer, activations| {
            largest[layer] = activations.iter().fold(largest[layer], |largest, &value| largest.max(value));
        })?;
        let mut histograms: Vec<Histogram> = largest.into_iter().map(Histogram::new).collect();
        self.observe(examples, "calibrating, distribution", progress, |layer, activations| {
            histograms[layer].add(activations);
        })?;
        Ok(histograms.iter().map(Histogram::clip).collect())
    }

    fn observe(
        &self,
        examples: &[Example],
        what: &str,
        progress: Progress,
        mut see: impl FnMut(usize, &[f32]),
    ) -> Result<(), Error> {
        let network = self.paper_kind()?;
        let task = progress.start(what, examples.len());
        for chunk in examples.chunks(BATCH) {
            task.advance(chunk.len());
            let Some(inputs) = self.network_input(chunk) else { continue };
            let mut failure = None;
            let _ = network.forward_observed(inputs, |layer, map| match values(map.clone()) {
                Ok(activations) => see(layer, &activations),
                Err(error) => failure = Some(error),
            });
            if let Some(error) = failure {
                return Err(error);
            }
        }
        Ok(())
    }

    /// The network's layers with batch normalization folded in and inputs in the order HWC.
    ///
    /// # Errors
    /// As [`Self::clips`].
    pub fn layers(&self) -> Result<Vec<FloatLayer>, Error> {
        let network = self.paper_kind()?;
        let mut layers = Vec::new();
        let mut convolutions = network.convolutions.iter();
        let mut channels = 3;
        for block in network.plan().blocks {
            for layer in convolutions.by_ref().take(block.len()) {
                let weights = channels_last(&values(layer.convolution.weight.val())?, channels, 9);
                let norm = &layer.normalization;
                let (gamma, beta) = (values(norm.gamma.val())?, values(norm.beta.val())?);
                let (means, variances) = (values(norm.running_mean.value())?, values(norm.running_var.value())?);
                let normalizations: Vec<Normalization> = gamma
                    .iter()
                    .zip(&beta)
                    .zip(means.iter().zip(&variances))
                    .map(|((&gamma, &beta), (&mean, &variance))| Normalization {
                        gamma,
                        beta,
                        mean,
                        variance,
                        epsilon: norm.epsilon,
                    })
                    .collect();
                channels = normalizations.len();
                layers.push(FloatLayer::Convolution(fold(weights, &normalizations)));
            }
            layers.push(FloatLayer::MaxPool);
        }
        let side = self.batcher.preprocessing.network_size().0 / 32;
        let hidden = channels_last(&values(network.hidden.weight.val().transpose())?, channels, side * side);
        let bias = |linear: &Linear| linear.bias.as_ref().map_or_else(|| Ok(Vec::new()), |bias| values(bias.val()));
        layers.push(FloatLayer::Dense(FloatFilters { weights: hidden, biases: bias(&network.hidden)? }));
        layers.push(FloatLayer::Dense(FloatFilters {
            weights: values(network.output.weight.val().transpose())?,
            biases: bias(&network.output)?,
        }));
        Ok(layers)
    }
}

/// Why a network of this kind cannot be quantized.
#[must_use]
pub fn not_for_the_device(architecture: Architecture) -> Error {
    let runnable: Vec<&str> =
        Architecture::ALL.into_iter().filter(|other| other.plan().is_some()).map(Architecture::name).collect();
    Error::Usage(format!(
        "{} is there for comparison: the device runs 3x3 convolutions, max-pools and dense layers only; train one of {}",
        architecture.name(),
        runnable.join(", ")
    ))
}

pub(super) fn values<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, Error> {
    tensor
        .into_data()
        .try_to_vec::<f32>()
        .map_err(|error| Error::Usage(format!("the back end does not compute in 32-bit floats: {error:?}")))
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use blastscope_shared::Preprocessing;

    use super::*;
    use crate::{quantization::QuantizedLayers, symmetry::Symmetry, training::fixed_weights::fixed};

    /// The whole way from Burn's tensors to the int8 kernels, with random weights: layouts that are mixed up, a bias that is lost
    /// or a normalization that is not folded would tear the logits apart.
    #[test]
    fn the_quantized_network_follows_the_float_one() {
        let device = Device::flex();
        let preprocessing = Preprocessing::square(64);
        let float = FloatNetwork {
            architecture: Architecture::Allcnn,
            network: fixed(Network::new(Architecture::Allcnn, 64, 0.5, &device), blastscope_tests::seed()),
            batcher: ExampleBatcher { preprocessing: preprocessing.clone() },
            device,
        };
        let examples: Vec<Example> = (0..6u32)
            .map(|seed| {
                let mut state = seed;
                let mut input: Vec<u8> = (0..preprocessing.input_len())
                    .map(|at| {
                        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                        ((at as u32 / 97 * (seed + 3)) as u8) ^ ((state >> 28) as u8)
                    })
                    .collect();
                preprocessing.mask(&mut input);
                Example { input: input.into(), symmetry: Symmetry::Identity, class: Class::Benign }
            })
            .collect();
        let expected: Vec<[f32; Class::COUNT]> = float
            .logits(&examples, Progress::Silent)
            .expect("logits")
            .into_iter()
            .filter_map(Observation::observed)
            .collect();
        assert_eq!(expected.len(), examples.len());
        let clips = float.clips(&examples, Progress::Silent).expect("clips");
        let quantized = QuantizedLayers::new(&float.layers().expect("layers"), &clips);
        let network = blastscope_shared::Network::new(&preprocessing, &quantized.layers()).expect("it fits");
        let mut workspace = network.workspace();
        // Over three seeds rounding moves no logit by more than 0.04 of the largest; what tears them apart moves them by all of it.
        let spread = expected.iter().flatten().fold(0.0f32, |spread, logit| spread.max(logit.abs()));
        for (example, expected) in examples.iter().zip(&expected) {
            let logits = network.run(&example.input, &mut workspace).logits;
            for (logit, expected) in logits.iter().zip(expected) {
                assert!((logit - expected).abs() < 0.1 * spread, "{logits:?} instead of {expected:?}");
            }
        }
    }
}
