//! Grad-CAM in float, by differentiation: the reference for the closed form of [`blastscope_shared::layers::explanation`] on int8
//! activations. The two share only the definition.

use blastscope_shared::{
    Class,
    layers::{Shape, quantization::FloatFilters},
};
use burn::{
    nn::pool::{MaxPool2d, MaxPool2dConfig},
    prelude::*,
    tensor::{
        TensorData,
        activation::relu,
        module::{conv2d, linear},
        ops::ConvOptions,
    },
};

use blastscope_host::{Error, pack::quantization::FloatLayer};

/// A float network, split after its last convolution.
pub struct FloatExplainer {
    height: usize,
    width: usize,
    device: Device,
    features: Vec<Layer>,
    /// On a device with automatic differentiation.
    head: Vec<Layer>,
    differentiating: Device,
}

/// The float network's output for a field, with its map.
#[derive(Clone, Debug)]
pub struct FloatExplanation {
    /// One number a class.
    pub logits: [f32; Class::COUNT],
    /// Row by row at the size of the last convolution's output, at least 0, not normalized.
    pub map: Vec<f32>,
}

enum Layer {
    /// `[outputs, channels, 3, 3]`, `[outputs]`; followed by ReLU.
    Convolution(Tensor<4>, Tensor<1>),
    MaxPool(MaxPool2d),
    /// `[inputs, outputs]`, inputs HWC, `[outputs]`; followed by ReLU unless it is the last.
    Dense(Tensor<2>, Tensor<1>),
}

impl Layer {
    fn new(layer: &FloatLayer, device: &Device) -> Self {
        let weights = |filters: &FloatFilters| {
            let outputs = filters.biases.len();
            let inputs = filters.weights.len() / outputs.max(1);
            Tensor::<2>::from_data(TensorData::new(filters.weights.clone(), [outputs, inputs]), device)
        };
        let biases = |filters: &FloatFilters| {
            Tensor::<1>::from_data(TensorData::new(filters.biases.clone(), [filters.biases.len()]), device)
        };
        match layer {
            FloatLayer::Convolution(filters) => {
                let weights = weights(filters);
                let [outputs, inputs] = weights.dims();
                let weights = weights.reshape([outputs, 3, 3, inputs / 9]).permute([0, 3, 1, 2]);
                Self::Convolution(weights, biases(filters))
            }
            FloatLayer::MaxPool => Self::MaxPool(MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init()),
            FloatLayer::Dense(filters) => Self::Dense(weights(filters).transpose(), biases(filters)),
        }
    }
}

impl FloatExplainer {
    /// Puts `layers` on `device`.
    ///
    /// # Errors
    /// If they have no convolution, or anything but max-pools and dense layers after the last.
    pub fn new(layers: &[FloatLayer], shape: Shape, device: &Device) -> Result<Self, Error> {
        let last = layers
            .iter()
            .rposition(|layer| matches!(layer, FloatLayer::Convolution(_)))
            .ok_or_else(|| Error::Usage("the network has no convolution to explain".into()))?;
        let differentiating = device.clone().autodiff();
        let on = |layers: &[FloatLayer], device| layers.iter().map(|layer| Layer::new(layer, device)).collect();
        Ok(Self {
            height: shape.height,
            width: shape.width,
            features: on(&layers[..=last], device),
            head: on(&layers[last + 1..], &differentiating),
            device: device.clone(),
            differentiating,
        })
    }

    /// The map for `class` of masked pixels, HWC.
    ///
    /// # Errors
    /// If the device returns something that is not numbers.
    pub fn explain(&self, input: &[u8], class: Class) -> Result<FloatExplanation, Error> {
        let pixels: Vec<f32> = input.iter().map(|&byte| f32::from(byte) / 255.0).collect();
        let pixels = TensorData::new(pixels, [1, self.height, self.width, 3]);
        let mut map = Tensor::<4>::from_data(pixels, &self.device).permute([0, 3, 1, 2]);
        for layer in &self.features {
            map = match layer {
                Layer::Convolution(weights, biases) => {
                    let options = ConvOptions::new([1, 1], [1, 1], [1, 1], 1);
                    relu(conv2d(map, weights.clone(), Some(biases.clone()), options))
                }
                Layer::MaxPool(pool) => pool.forward(map),
                Layer::Dense(..) => return Err(Error::Usage("a convolution follows a dense layer".into())),
            };
        }
        let [_, channels, height, width] = map.dims();
        let activations = values(map.clone())?;
        let map = Tensor::<4>::from_data(map.into_data(), &self.differentiating).require_grad();
        let logits = self.classify(map.clone());
        let gradients = logits.clone().slice([0..1, class.index()..class.index() + 1]).sum().backward();
        let gradient = map.grad(&gradients).ok_or_else(|| Error::Usage("the back end gives no gradient".into()))?;
        let gradient = values(gradient)?;
        let logits = values(logits)?;
        let positions = height * width;
        let mut evidence = vec![0.0f64; positions];
        for channel in 0..channels {
            let plane = channel * positions..(channel + 1) * positions;
            let alpha = gradient[plane.clone()].iter().map(|&slope| f64::from(slope)).sum::<f64>() / positions as f64;
            for (sum, &activation) in evidence.iter_mut().zip(&activations[plane]) {
                *sum += alpha * f64::from(activation);
            }
        }
        Ok(FloatExplanation {
            logits: std::array::from_fn(|class| logits[class]),
            map: evidence.iter().map(|&sum| sum.max(0.0) as f32).collect(),
        })
    }

    /// From the last convolution's activations to the logits `[1, 4]`.
    fn classify(&self, mut map: Tensor<4>) -> Tensor<2> {
        let mut dense = self.head.iter();
        let mut flat = None;
        for layer in dense.by_ref() {
            match layer {
                Layer::MaxPool(pool) => map = pool.forward(map),
                Layer::Dense(weights, biases) => {
                    let inputs = map.clone().permute([0, 2, 3, 1]).flatten::<2>(1, 3);
                    flat = Some(linear(inputs, weights.clone(), Some(biases.clone())));
                    break;
                }
                Layer::Convolution(..) => unreachable!("the head begins after the last convolution"),
            }
        }
        let mut logits = flat.unwrap_or_else(|| map.permute([0, 2, 3, 1]).flatten::<2>(1, 3));
        for layer in dense {
            if let Layer::Dense(weights, biases) = layer {
                logits = linear(relu(logits), weights.clone(), Some(biases.clone()));
            }
        }
        logits
    }
}

fn values<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, Error> {
    tensor.into_data().try_to_vec::<f32>().map_err(|error| Error::Usage(format!("not 32-bit floats: {error:?}")))
}
