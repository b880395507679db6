//! The convolutional network of Anand et al. (Sci Rep 15:29147, 2025), and its smaller relative, for a square input.

use blastscope_shared::Class;
use burn::{
    module::Module,
    nn::{
        BatchNorm, BatchNormConfig, Dropout, DropoutConfig, Linear, LinearConfig, PaddingConfig2d, Relu,
        conv::{Conv2d, Conv2dConfig},
        loss::CrossEntropyLossConfig,
        pool::{MaxPool2d, MaxPool2dConfig},
    },
    prelude::*,
    train::{ClassificationOutput, InferenceStep, TrainOutput, TrainStep},
};

use super::batches::Batch;
use crate::architecture::Architecture;

/// 3x3 convolution with padding 1, batch normalization, ReLU.
#[derive(Module, Debug)]
pub struct ConvolutionLayer {
    /// The convolution, without bias: batch normalization has one.
    pub convolution: Conv2d,
    /// Batch normalization over the filters.
    pub normalization: BatchNorm,
    activation: Relu,
}

impl ConvolutionLayer {
    fn new(channels: usize, filters: usize, device: &Device) -> Self {
        Self {
            convolution: Conv2dConfig::new([channels, filters], [3, 3])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .with_bias(false)
                .init(device),
            normalization: BatchNormConfig::new(filters).init(device),
            activation: Relu::new(),
        }
    }

    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        self.activation.forward(self.normalization.forward(self.convolution.forward(input)))
    }
}

/// Convolutions in five blocks, a hidden dense layer, dropout, a dense layer to four logits. The softmax is part of the loss.
#[derive(Module, Debug)]
pub struct AllCnn {
    #[module(skip)]
    architecture: Architecture,
    /// The convolutions, in order.
    pub convolutions: Vec<ConvolutionLayer>,
    pool: MaxPool2d,
    /// Dense layer from the flattened last map, channels first, to the hidden units.
    pub hidden: Linear,
    activation: Relu,
    dropout: Dropout,
    /// Dense layer from the hidden units to the logits.
    pub output: Linear,
}

impl AllCnn {
    /// A network with fresh weights for inputs of `side` x `side` pixels; `side` is a multiple of 32.
    #[must_use]
    pub fn new(architecture: Architecture, side: usize, dropout: f64, device: &Device) -> Self {
        let mut convolutions = Vec::new();
        let mut channels = 3;
        for &filters in architecture.blocks().into_iter().flatten() {
            convolutions.push(ConvolutionLayer::new(channels, filters, device));
            channels = filters;
        }
        let map = side / 32;
        Self {
            architecture,
            convolutions,
            pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
            hidden: LinearConfig::new(channels * map * map, architecture.hidden()).init(device),
            activation: Relu::new(),
            dropout: DropoutConfig::new(dropout).init(),
            output: LinearConfig::new(architecture.hidden(), Class::COUNT).init(device),
        }
    }

    /// Logits `[batch, 4]` of inputs `[batch, 3, side, side]` in 0..1.
    #[must_use]
    pub fn forward(&self, input: Tensor<4>) -> Tensor<2> {
        self.forward_observed(input, |_, _| ())
    }

    /// As [`Self::forward`], showing `observe` what leaves each layer: every convolution after ReLU and before pooling, in order
    /// from 0, then the hidden layer as `[batch, units, 1, 1]`.
    #[must_use]
    pub fn forward_observed(&self, input: Tensor<4>, mut observe: impl FnMut(usize, &Tensor<4>)) -> Tensor<2> {
        let mut map = input;
        let mut layers = self.convolutions.iter().enumerate();
        for block in self.architecture.blocks() {
            for (index, layer) in layers.by_ref().take(block.len()) {
                map = layer.forward(map);
                observe(index, &map);
            }
            map = self.pool.forward(map);
        }
        let hidden = self.activation.forward(self.hidden.forward(map.flatten::<2>(1, 3)));
        observe(self.convolutions.len(), &hidden.clone().unsqueeze_dims(&[2, 3]));
        self.output.forward(self.dropout.forward(hidden))
    }

    fn classify(&self, batch: Batch) -> ClassificationOutput {
        let logits = self.forward(batch.inputs);
        let loss = CrossEntropyLossConfig::new().init(&logits.device()).forward(logits.clone(), batch.targets.clone());
        ClassificationOutput::new(loss, logits, batch.targets)
    }
}

impl TrainStep for AllCnn {
    type Input = Batch;
    type Output = ClassificationOutput;

    fn step(&self, batch: Batch) -> TrainOutput<ClassificationOutput> {
        let output = self.classify(batch);
        TrainOutput::new(self, output.loss.backward(), output)
    }
}

impl InferenceStep for AllCnn {
    type Input = Batch;
    type Output = ClassificationOutput;

    fn step(&self, batch: Batch) -> ClassificationOutput {
        self.classify(batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_network_has_the_papers_size() {
        let device = Device::flex();
        let mut expected = 12_544 * 512 + 512 + 512 * 4 + 4;
        let mut channels = 3;
        for &filters in Architecture::Allcnn.blocks().into_iter().flatten() {
            // Batch normalization: scale, shift, and the running mean and variance.
            expected += 9 * channels * filters + 4 * filters;
            channels = filters;
        }
        assert_eq!(AllCnn::new(Architecture::Allcnn, 224, 0.5, &device).num_params(), expected);
        assert!((8_350_000..8_450_000).contains(&expected), "8.4 million, and not {expected}");
    }

    #[test]
    fn every_layer_is_observed_in_order_and_shape() {
        let device = Device::flex();
        let network = AllCnn::new(Architecture::Allcnn, 32, 0.5, &device);
        let mut shapes = Vec::new();
        let logits = network.forward_observed(Tensor::zeros([2, 3, 32, 32], &device), |index, map| {
            assert_eq!(index, shapes.len());
            shapes.push(map.dims());
        });
        assert_eq!(logits.dims(), [2, 4]);
        assert_eq!(shapes[0], [2, 16, 32, 32]);
        assert_eq!(shapes[4], [2, 64, 8, 8]);
        assert_eq!(shapes[12], [2, 256, 2, 2]);
        assert_eq!(shapes[13], [2, 512, 1, 1]);
    }
}
