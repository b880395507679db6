//! ResNet-50, for comparison with the paper's network: He et al., "Deep Residual Learning for Image Recognition" (CVPR 2016), in
//! variant 1.5, whose bottlenecks halve the map in their 3x3 convolution. torchvision publishes weights for this variant.
//!
//! Parameters are named as in torchvision (`layer1.0.conv1.weight`, `layer1.0.downsample.0.weight`, `fc.bias`).

use blastscope_shared::Class;
use burn::{
    module::Module,
    nn::{
        BatchNorm, BatchNormConfig, Initializer, Linear, LinearConfig, PaddingConfig2d,
        conv::{Conv2d, Conv2dConfig},
        pool::{MaxPool2d, MaxPool2dConfig},
    },
    prelude::*,
    tensor::activation::relu,
};

/// Mean of red, green and blue in ImageNet, which the published weights expect to be subtracted.
const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
/// Their standard deviations.
const DEVIATION: [f32; 3] = [0.229, 0.224, 0.225];
/// Output channels of a bottleneck per inner channel.
const EXPANSION: usize = 4;

/// A convolution without bias, initialized as He et al. (ICCV 2015) recommend for ReLU.
fn convolution(channels: usize, filters: usize, size: usize, stride: usize, device: &Device) -> Conv2d {
    let padding = size / 2;
    Conv2dConfig::new([channels, filters], [size, size])
        .with_stride([stride, stride])
        .with_padding(PaddingConfig2d::Explicit(padding, padding, padding, padding))
        .with_bias(false)
        .with_initializer(Initializer::KaimingNormal { gain: std::f64::consts::SQRT_2, fan_out_only: true })
        .init(device)
}

/// 1x1, 3x3 and 1x1 convolution, added to the identity or a projection.
#[derive(Module, Debug)]
pub struct Bottleneck {
    conv1: Conv2d,
    bn1: BatchNorm,
    conv2: Conv2d,
    bn2: BatchNorm,
    conv3: Conv2d,
    bn3: BatchNorm,
    downsample: Option<(Conv2d, BatchNorm)>,
}

impl Bottleneck {
    fn new(channels: usize, inner: usize, stride: usize, device: &Device) -> Self {
        let filters = inner * EXPANSION;
        let norm = |features| BatchNormConfig::new(features).init(device);
        Self {
            conv1: convolution(channels, inner, 1, 1, device),
            bn1: norm(inner),
            conv2: convolution(inner, inner, 3, stride, device),
            bn2: norm(inner),
            conv3: convolution(inner, filters, 1, 1, device),
            bn3: norm(filters),
            downsample: (stride != 1 || channels != filters)
                .then(|| (convolution(channels, filters, 1, stride, device), norm(filters))),
        }
    }

    fn normalizations_mut(&mut self) -> impl Iterator<Item = &mut BatchNorm> {
        let beside = self.downsample.as_mut().map(|(_, normalization)| normalization);
        [&mut self.bn1, &mut self.bn2, &mut self.bn3].into_iter().chain(beside)
    }

    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let map = relu(self.bn1.forward(self.conv1.forward(input.clone())));
        let map = relu(self.bn2.forward(self.conv2.forward(map)));
        let map = self.bn3.forward(self.conv3.forward(map));
        let beside = match &self.downsample {
            Some((convolution, normalization)) => normalization.forward(convolution.forward(input)),
            None => input,
        };
        relu(map + beside)
    }
}

/// A stem, four stages of 3, 4, 6 and 3 bottlenecks, the mean over the map, one dense layer.
#[derive(Module, Debug)]
pub struct ResNet50 {
    conv1: Conv2d,
    bn1: BatchNorm,
    maxpool: MaxPool2d,
    layer1: Vec<Bottleneck>,
    layer2: Vec<Bottleneck>,
    layer3: Vec<Bottleneck>,
    layer4: Vec<Bottleneck>,
    fc: Linear,
}

impl ResNet50 {
    /// A network with fresh weights.
    #[must_use]
    pub fn new(device: &Device) -> Self {
        let stage = |channels: usize, inner: usize, count: usize, stride: usize| -> Vec<Bottleneck> {
            (0..count)
                .map(|at| match at {
                    0 => Bottleneck::new(channels, inner, stride, device),
                    _ => Bottleneck::new(inner * EXPANSION, inner, 1, device),
                })
                .collect()
        };
        Self {
            conv1: convolution(3, 64, 7, 2, device),
            bn1: BatchNormConfig::new(64).init(device),
            maxpool: MaxPool2dConfig::new([3, 3])
                .with_strides([2, 2])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .init(),
            layer1: stage(64, 64, 3, 1),
            layer2: stage(256, 128, 4, 2),
            layer3: stage(512, 256, 6, 2),
            layer4: stage(1024, 512, 3, 2),
            fc: LinearConfig::new(2048, Class::COUNT).init(device),
        }
    }

    /// Every batch normalization.
    pub fn normalizations_mut(&mut self) -> impl Iterator<Item = &mut BatchNorm> {
        let stages = [&mut self.layer1, &mut self.layer2, &mut self.layer3, &mut self.layer4];
        std::iter::once(&mut self.bn1).chain(stages.into_iter().flatten().flat_map(Bottleneck::normalizations_mut))
    }

    /// Logits `[batch, 4]` of inputs `[batch, 3, side, side]` in 0..1, which are standardized by ImageNet's mean and deviation.
    #[must_use]
    pub fn forward(&self, input: Tensor<4>) -> Tensor<2> {
        let device = input.device();
        let by_channel = |values: [f32; 3]| Tensor::<1>::from_floats(values, &device).reshape([1, 3, 1, 1]);
        let input = (input - by_channel(MEAN)) / by_channel(DEVIATION);
        let mut map = self.maxpool.forward(relu(self.bn1.forward(self.conv1.forward(input))));
        for bottleneck in [&self.layer1, &self.layer2, &self.layer3, &self.layer4].into_iter().flatten() {
            map = bottleneck.forward(map);
        }
        self.fc.forward(mean_over_map(map))
    }
}

/// `[batch, channels]`: the mean of each channel of a map `[batch, channels, height, width]`.
pub(super) fn mean_over_map(map: Tensor<4>) -> Tensor<2> {
    map.flatten::<3>(2, 3).mean_dim(2).flatten::<2>(1, 2)
}
