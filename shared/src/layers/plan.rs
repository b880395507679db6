//! Checked layers: their parameters and shapes.

use alloc::vec::Vec;

use super::{
    Shape,
    filters::{Filters, Layer},
    quantization::{INPUT_SCALE, MAX_BIAS, MAX_INPUTS, multiplier},
};
use crate::label::Class;

/// Output channels per block.
pub(crate) const BLOCK: usize = 16;
/// Most elements of a map: 1024 x 1024 pixels with 64 channels.
const MAX_MAP: usize = 1 << 26;
/// Most elements of all layers' maps together, with channels in whole blocks: 256 MiB at two bytes per activation. Otherwise a file
/// of a few megabytes could demand more memory than a board has.
const MAX_MAPS: usize = 1 << 27;

/// A layer's checked parameters: per output one row of `inputs` weights, one bias and one multiplier.
pub(crate) struct Parameters<'a> {
    pub(crate) inputs: usize,
    pub(crate) weights: &'a [i8],
    pub(crate) biases: Vec<i32>,
    pub(crate) multipliers: Vec<f32>,
}

/// A checked layer; convolutions and max-pools carry the shape of their input map.
pub(crate) enum LayerPlan<'a> {
    Convolution(Shape, Parameters<'a>),
    MaxPool(Shape),
    Dense(Parameters<'a>),
}

impl LayerPlan<'_> {
    /// Shape of the layer's output.
    pub(crate) const fn output(&self) -> Shape {
        match self {
            Self::Convolution(shape, parameters) => Shape { channels: parameters.biases.len(), ..*shape },
            Self::MaxPool(shape) => shape.halved(),
            Self::Dense(parameters) => Shape { height: 1, width: 1, channels: parameters.biases.len() },
        }
    }

    /// Number of weights.
    #[cfg(feature = "std")]
    pub(crate) const fn weights(&self) -> usize {
        match self {
            Self::Convolution(_, parameters) | Self::Dense(parameters) => parameters.weights.len(),
            Self::MaxPool(_) => 0,
        }
    }

    /// Multiply-accumulate operations of the layer.
    pub(crate) const fn macs(&self) -> u64 {
        match self {
            Self::Convolution(shape, parameters) => (shape.height * shape.width * parameters.weights.len()) as u64,
            Self::MaxPool(_) => 0,
            Self::Dense(parameters) => parameters.weights.len() as u64,
        }
    }
}

/// The layers of a network, checked.
pub(crate) struct Plan<'a> {
    pub(crate) layers: Vec<LayerPlan<'a>>,
    /// Number of input activations of the last layer.
    pub(crate) hidden_len: usize,
    /// Multipliers that turn the last layer's sums into logits.
    pub(crate) output_scales: [f32; Class::COUNT],
}

/// Why layers do not form a network: they do not fit each other, the input or the classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnfitLayers(pub(crate) &'static str);

/// Checks that `layers` fit each other and `input`.
///
/// # Errors
/// [`UnfitLayers`] for the first misfit.
pub(crate) fn check<'a>(input: Shape, layers: &[Layer<'a>]) -> Result<Plan<'a>, UnfitLayers> {
    let Some((last, inner)) = layers.split_last() else {
        return Err(UnfitLayers("it has no layers"));
    };
    let mut shape = input;
    let mut scale = INPUT_SCALE;
    let mut plans = Vec::with_capacity(layers.len());
    let mut maps = 0;
    for layer in inner {
        let plan = match layer {
            Layer::Convolution(filters) => {
                let parameters = parameters(filters, 9 * shape.channels, scale)?;
                scale = filters.output_scale;
                LayerPlan::Convolution(shape, parameters)
            }
            Layer::MaxPool => {
                if shape.height < 2 || shape.width < 2 {
                    return Err(UnfitLayers("a max-pool's input is smaller than 2x2 pixels"));
                }
                LayerPlan::MaxPool(shape)
            }
            Layer::Dense(filters) => {
                let parameters = parameters(filters, shape.len(), scale)?;
                scale = filters.output_scale;
                LayerPlan::Dense(parameters)
            }
        };
        shape = plan.output();
        if shape.len() > MAX_MAP {
            return Err(UnfitLayers("a layer's output is too large"));
        }
        maps += shape.height * shape.width * shape.channels.next_multiple_of(BLOCK);
        if maps > MAX_MAPS {
            return Err(UnfitLayers("its layers' outputs are too large together"));
        }
        plans.push(plan);
    }
    let Layer::Dense(filters) = last else {
        return Err(UnfitLayers("its last layer is not dense"));
    };
    if filters.outputs() != Class::COUNT {
        return Err(UnfitLayers("its last layer does not have one output per class"));
    }
    plans.push(LayerPlan::Dense(parameters(filters, shape.len(), scale)?));
    let mut output_scales = [0.0; Class::COUNT];
    for (output_scale, weight_scale) in output_scales.iter_mut().zip(filters.weight_scales()) {
        *output_scale = multiplier(scale, weight_scale, filters.output_scale);
    }
    Ok(Plan { layers: plans, hidden_len: shape.len(), output_scales })
}

fn parameters<'a>(filters: &Filters<'a>, inputs: usize, input_scale: f32) -> Result<Parameters<'a>, UnfitLayers> {
    if inputs > MAX_INPUTS {
        return Err(UnfitLayers("a layer adds up more products than 32 bits can hold"));
    }
    let outputs = filters.outputs();
    if outputs == 0 || outputs > 4096 {
        return Err(UnfitLayers("a layer does not have between 1 and 4096 outputs"));
    }
    if filters.weights.len() != inputs * outputs || filters.biases.len() != 4 * outputs {
        return Err(UnfitLayers("a layer's weights do not fit its input"));
    }
    if filters.weights.contains(&(i8::MIN as u8)) {
        return Err(UnfitLayers("a weight is -128: weights lie between -127 and 127"));
    }
    let usable = |scale: f32| scale.is_finite() && scale > 0.0;
    if !usable(filters.output_scale) || !filters.weight_scales().all(usable) {
        return Err(UnfitLayers("a scale is not a positive number"));
    }
    let biases: Vec<i32> = filters.biases().collect();
    if biases.iter().any(|bias| bias.unsigned_abs() > MAX_BIAS.unsigned_abs()) {
        return Err(UnfitLayers("a bias is too large"));
    }
    let multipliers: Vec<f32> =
        filters.weight_scales().map(|scale| multiplier(input_scale, scale, filters.output_scale)).collect();
    if !multipliers.iter().all(|multiplier| multiplier.is_finite()) {
        return Err(UnfitLayers("its scales are too far apart"));
    }
    Ok(Parameters { inputs, weights: bytemuck::cast_slice(filters.weights), biases, multipliers })
}
