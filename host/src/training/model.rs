//! The convolutional network of Anand et al. (Sci Rep 15:29147, 2025), and its relatives, for a square input.

use blastscope_shared::Class;
use burn::{
    module::Module,
    nn::{
        BatchNorm, BatchNormConfig, Dropout, DropoutConfig, Linear, LinearConfig, PaddingConfig2d, Relu,
        conv::{Conv2d, Conv2dConfig},
        pool::{MaxPool2d, MaxPool2dConfig},
    },
    prelude::*,
    tensor::{
        module::conv2d,
        ops::{ConvOptions, PadMode},
    },
};

use crate::training::architecture::Layout;

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
        let map = convolve(input, self.convolution.weight.val());
        self.activation.forward(self.normalization.forward(map))
    }
}

/// A 3x3 convolution with padding 1 of `[batch, channels, height, width]` by weights `[filters, channels, 3, 3]`.
pub(crate) fn convolve(input: Tensor<4>, weight: Tensor<4>) -> Tensor<4> {
    let [_, _, height, width] = input.dims();
    if height * width <= SMALL_MAP {
        return convolve_small(input, weight);
    }
    conv2d(input, weight, None, ConvOptions::new([1, 1], [1, 1], [1, 1], 1))
}

/// Largest map, in pixels, that is convolved as one matrix product.
const SMALL_MAP: usize = 64;

/// [`convolve`] as one matrix product over the whole batch. Back ends go through the weights once per picture; for maps of a few
/// pixels, fetching the weights takes all the time.
fn convolve_small(input: Tensor<4>, weight: Tensor<4>) -> Tensor<4> {
    let [batch, channels, height, width] = input.dims();
    let filters = weight.dims()[0];
    let padded = input.pad((1, 1, 1, 1), PadMode::Constant(0.0)).permute([0, 2, 3, 1]);
    let shifted = (0..9)
        .map(|at| {
            let (y, x) = (at / 3, at % 3);
            padded.clone().slice([0..batch, y..y + height, x..x + width, 0..channels])
        })
        .collect();
    let rows = Tensor::cat(shifted, 3).reshape([batch * height * width, 9 * channels]);
    let columns = weight.permute([2, 3, 1, 0]).reshape([9 * channels, filters]);
    rows.matmul(columns).reshape([batch, height, width, filters]).permute([0, 3, 1, 2])
}

/// Convolutions in five blocks, a hidden dense layer, dropout, a dense layer to four logits. The softmax is part of the loss.
#[derive(Module, Debug)]
pub struct AllCnn {
    #[module(skip)]
    layout: Layout,
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
    pub fn new(layout: Layout, side: usize, dropout: f64, device: &Device) -> Self {
        let mut convolutions = Vec::new();
        let mut channels = 3;
        for &filters in layout.blocks.into_iter().flatten() {
            convolutions.push(ConvolutionLayer::new(channels, filters, device));
            channels = filters;
        }
        let map = side / 32;
        Self {
            layout,
            convolutions,
            pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
            hidden: LinearConfig::new(channels * map * map, layout.hidden).init(device),
            activation: Relu::new(),
            dropout: DropoutConfig::new(dropout).init(),
            output: LinearConfig::new(layout.hidden, Class::COUNT).init(device),
        }
    }

    /// Every batch normalization.
    pub fn normalizations_mut(&mut self) -> impl Iterator<Item = &mut BatchNorm> {
        self.convolutions.iter_mut().map(|layer| &mut layer.normalization)
    }

    /// What follows each block.
    pub(crate) const fn pool(&self) -> &MaxPool2d {
        &self.pool
    }

    /// Its layers.
    #[must_use]
    pub const fn layout(&self) -> Layout {
        self.layout
    }

    /// Logits `[batch, 4]` of inputs `[batch, 3, side, side]` in 0..1.
    #[must_use]
    pub fn forward(&self, input: Tensor<4>) -> Tensor<2> {
        self.forward_observed(input, |_, _| ())
    }

    /// As [`Self::forward`]; passes the output of each layer to `observe`: every convolution after ReLU and before pooling, in
    /// order from 0, then the hidden layer as `[batch, units, 1, 1]`.
    #[must_use]
    pub fn forward_observed(&self, input: Tensor<4>, mut observe: impl FnMut(usize, &Tensor<4>)) -> Tensor<2> {
        let mut map = input;
        let mut layers = self.convolutions.iter().enumerate();
        for block in self.layout.blocks {
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
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use burn::tensor::Tolerance;

    use super::*;
    use crate::training::{architecture::Architecture, fixed_weights::Numbers};

    fn papers() -> Layout {
        Architecture::Allcnn.layout().expect("the paper's network has a layout")
    }

    #[test]
    fn the_network_has_the_papers_size() {
        let device = Device::flex();
        let mut expected = 12_544 * 512 + 512 + 512 * 4 + 4;
        let mut channels = 3;
        for &filters in papers().blocks.into_iter().flatten() {
            // Batch normalization: scale, shift, and the running mean and variance.
            expected += 9 * channels * filters + 4 * filters;
            channels = filters;
        }
        assert_eq!(AllCnn::new(papers(), 224, 0.5, &device).num_params(), expected);
        assert!((8_350_000..8_450_000).contains(&expected), "8.4 million, and not {expected}");
    }

    #[test]
    fn small_maps_are_convolved_like_large_ones() {
        let device = Device::flex();
        let mut numbers = Numbers(blastscope_tests::seed());
        for (channels, filters, height, width) in [(3, 5, 8, 8), (16, 7, 2, 2), (4, 4, 1, 3)] {
            let device = device.clone().autodiff();
            let layer = ConvolutionLayer::new(channels, filters, &device);
            let input = numbers.tensor([3, channels, height, width], 0.0, 1.0, &device).require_grad();
            let weight = layer.convolution.weight.val();
            let fast = convolve_small(input.clone(), weight.clone());
            let slow = layer.convolution.forward(input.clone());
            fast.clone().into_data().assert_approx_eq::<f32>(&slow.clone().into_data(), Tolerance::default());
            let gradients = [fast, slow].map(|map| {
                let gradients = (map.clone() * map).sum().backward();
                [&input, &weight].map(|tensor| tensor.grad(&gradients).expect("a gradient").into_data())
            });
            for (fast, slow) in gradients[0].iter().zip(&gradients[1]) {
                fast.assert_approx_eq::<f32>(slow, Tolerance::default());
            }
        }
    }

    #[test]
    fn every_layer_is_observed_in_order_and_shape() {
        let device = Device::flex();
        let network = AllCnn::new(papers(), 32, 0.5, &device);
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
