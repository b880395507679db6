//! What quantization needs of a float network: its layers with folded batch normalization, and the range of their activations.

use blastscope_shared::layers::quantization::FloatFilters;
use burn::nn::Linear;

use crate::{
    Error,
    pack::quantization::{FloatLayer, Histogram, Normalization, channels_last, fold},
    recipe::batches::Example,
    support::progress::Progress,
    training::float_network::{BATCH, FloatNetwork, values},
};

impl FloatNetwork {
    /// For each layer but the last, the largest activation worth resolving, chosen on `examples`.
    ///
    /// # Errors
    /// As [`Self::logits`], and when the network is not of the paper's kind.
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

    /// The network's layers with folded batch normalization and inputs in HWC order.
    ///
    /// # Errors
    /// As [`Self::clips`].
    pub fn layers(&self) -> Result<Vec<FloatLayer>, Error> {
        let network = self.paper_kind()?;
        let mut layers = Vec::new();
        let mut convolutions = network.convolutions.iter();
        let mut channels = 3;
        for block in network.layout().blocks {
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
        let side = self.sight.shape().width / 32;
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

#[cfg(all(test, feature = "flex"))]
mod tests {
    use blastscope_shared::{Class, Observation, Sight};
    use burn::prelude::*;

    use super::*;
    use crate::{
        data::symmetry::Symmetry,
        pack::quantization::QuantizedLayers,
        training::{architecture::Architecture, fixed_weights::fixed, network::Network},
    };

    /// The whole path from Burn's tensors to the int8 kernels, with random weights: a mixed-up layout, a lost bias or an unfolded
    /// normalization would change the logits completely.
    #[test]
    fn the_quantized_network_follows_the_float_one() {
        let device = Device::flex();
        let sight = Sight::whole_field(64);
        let float = FloatNetwork {
            architecture: Architecture::Allcnn,
            network: fixed(Network::new(Architecture::Allcnn, 64, 0.5, &device), blastscope_tests::seed()),
            sight,
            device,
        };
        let examples: Vec<Example> = (0..6u32)
            .map(|seed| {
                let mut state = seed;
                let mut input: Vec<u8> = (0..sight.framing.input_len())
                    .map(|at| {
                        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                        ((at as u32 / 97 * (seed + 3)) as u8) ^ ((state >> 28) as u8)
                    })
                    .collect();
                sight.framing.mask(&mut input);
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
        let network = blastscope_shared::Network::new(sight.shape(), &quantized.layers()).expect("it fits");
        let mut workspace = network.workspace();
        // Over three seeds rounding moves no logit by more than 0.04 of the largest; such mistakes move them by all of it.
        let spread = expected.iter().flatten().fold(0.0f32, |spread, logit| spread.max(logit.abs()));
        for (example, expected) in examples.iter().zip(&expected) {
            let logits = network.run(&example.input, &mut workspace).logits;
            for (logit, expected) in logits.iter().zip(expected) {
                assert!((logit - expected).abs() < 0.1 * spread, "{logits:?} instead of {expected:?}");
            }
        }
    }
}
