//! The classification networks of YOLOv8, for comparison with the paper's network: Jocher, Chaurasia and Qiu, "Ultralytics YOLO"
//! (version 8, 2023), `yolov8-cls.yaml`, scales n and s.
//!
//! Parameters are named as in Ultralytics (`model.0.conv.weight`, `model.2.m.0.cv1.bn.weight`, `model.9.linear.bias`).

use blastscope_shared::Class;
use burn::{
    module::Module,
    nn::{
        BatchNorm, BatchNormConfig, Linear, LinearConfig, PaddingConfig2d,
        conv::{Conv2d, Conv2dConfig},
    },
    prelude::*,
    tensor::activation::silu,
};

use super::resnet::mean_over_map;

/// Filters of the head's convolution, at every scale.
const HEAD: usize = 1280;

/// A scale of the family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// n: a quarter of the filters.
    Nano,
    /// s: half of the filters.
    Small,
}

impl Scale {
    /// Filters at this scale for `filters` at full width.
    const fn filters(self, filters: usize) -> usize {
        match self {
            Self::Nano => filters / 4,
            Self::Small => filters / 2,
        }
    }
}

/// Convolution without bias, batch normalization, SiLU.
#[derive(Module, Debug)]
pub struct Conv {
    conv: Conv2d,
    bn: BatchNorm,
}

impl Conv {
    fn new(channels: usize, filters: usize, size: usize, stride: usize, device: &Device) -> Self {
        let padding = size / 2;
        Self {
            conv: Conv2dConfig::new([channels, filters], [size, size])
                .with_stride([stride, stride])
                .with_padding(PaddingConfig2d::Explicit(padding, padding, padding, padding))
                .with_bias(false)
                .init(device),
            bn: BatchNormConfig::new(filters).with_epsilon(1e-3).with_momentum(0.03).init(device),
        }
    }

    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        silu(self.bn.forward(self.conv.forward(input)))
    }
}

/// Two 3x3 convolutions beside the identity.
#[derive(Module, Debug)]
pub struct Bottleneck {
    cv1: Conv,
    cv2: Conv,
}

impl Bottleneck {
    fn new(channels: usize, device: &Device) -> Self {
        Self { cv1: Conv::new(channels, channels, 3, 1, device), cv2: Conv::new(channels, channels, 3, 1, device) }
    }

    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        self.cv2.forward(self.cv1.forward(input.clone())) + input
    }
}

/// A cross-stage partial block: half of the map goes through bottlenecks, and all their outputs are joined.
#[derive(Module, Debug)]
pub struct C2f {
    cv1: Conv,
    cv2: Conv,
    m: Vec<Bottleneck>,
}

impl C2f {
    fn new(channels: usize, count: usize, device: &Device) -> Self {
        let half = channels / 2;
        Self {
            cv1: Conv::new(channels, 2 * half, 1, 1, device),
            cv2: Conv::new((2 + count) * half, channels, 1, 1, device),
            m: (0..count).map(|_| Bottleneck::new(half, device)).collect(),
        }
    }

    fn normalizations_mut(&mut self) -> impl Iterator<Item = &mut BatchNorm> {
        let inner = self.m.iter_mut().flat_map(|bottleneck| [&mut bottleneck.cv1.bn, &mut bottleneck.cv2.bn]);
        [&mut self.cv1.bn, &mut self.cv2.bn].into_iter().chain(inner)
    }

    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let map = self.cv1.forward(input);
        let half = map.dims()[1] / 2;
        let mut last = map.clone().narrow(1, half, half);
        let mut maps = vec![map];
        for bottleneck in &self.m {
            last = bottleneck.forward(last);
            maps.push(last.clone());
        }
        self.cv2.forward(Tensor::cat(maps, 1))
    }
}

/// 1x1 convolution, the mean over the map, one dense layer.
#[derive(Module, Debug)]
pub struct Classify {
    conv: Conv,
    linear: Linear,
}

/// A stem, four stages, each a convolution that halves the map and a [`C2f`], and the head.
#[derive(Module, Debug)]
pub struct Yolov8Cls {
    model: (Conv, Conv, C2f, Conv, C2f, Conv, C2f, Conv, C2f, Classify),
}

impl Yolov8Cls {
    /// A network with fresh weights.
    #[must_use]
    pub fn new(scale: Scale, device: &Device) -> Self {
        let [c1, c2, c3, c4, c5] = [64, 128, 256, 512, 1024].map(|filters| scale.filters(filters));
        let halving = |channels, filters| Conv::new(channels, filters, 3, 2, device);
        Self {
            model: (
                halving(3, c1),
                halving(c1, c2),
                C2f::new(c2, 1, device),
                halving(c2, c3),
                C2f::new(c3, 2, device),
                halving(c3, c4),
                C2f::new(c4, 2, device),
                halving(c4, c5),
                C2f::new(c5, 1, device),
                Classify {
                    conv: Conv::new(c5, HEAD, 1, 1, device),
                    linear: LinearConfig::new(HEAD, Class::COUNT).init(device),
                },
            ),
        }
    }

    /// Every batch normalization.
    pub fn normalizations_mut(&mut self) -> impl Iterator<Item = &mut BatchNorm> {
        let (stem, down1, c2f1, down2, c2f2, down3, c2f3, down4, c2f4, head) = &mut self.model;
        let single = [stem, down1, down2, down3, down4, &mut head.conv].into_iter().map(|layer| &mut layer.bn);
        single.chain([c2f1, c2f2, c2f3, c2f4].into_iter().flat_map(C2f::normalizations_mut))
    }

    /// Logits `[batch, 4]` of inputs `[batch, 3, side, side]` in 0..1.
    #[must_use]
    pub fn forward(&self, input: Tensor<4>) -> Tensor<2> {
        let (stem, down1, c2f1, down2, c2f2, down3, c2f3, down4, c2f4, head) = &self.model;
        let map = c2f1.forward(down1.forward(stem.forward(input)));
        let map = c2f2.forward(down2.forward(map));
        let map = c2f3.forward(down3.forward(map));
        let map = c2f4.forward(down4.forward(map));
        head.linear.forward(mean_over_map(head.conv.forward(map)))
    }
}
