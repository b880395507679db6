//! Converts int8 layers back to float, for comparisons with float arithmetic.

use blastscope_shared::layers::{
    Filters, Layer,
    quantization::{FloatFilters, INPUT_SCALE},
};

use blastscope_host::pack::quantization::{FloatLayer, QuantizedLayers};

/// The layers with the weights and biases that their integers stand for. Activations are not rounded.
#[must_use]
pub fn dequantized(layers: &[Layer<'_>]) -> Vec<FloatLayer> {
    let mut input_scale = INPUT_SCALE;
    layers
        .iter()
        .map(|layer| match layer {
            Layer::Convolution(filters) => FloatLayer::Convolution(dequantize(filters, &mut input_scale)),
            Layer::MaxPool => FloatLayer::MaxPool,
            Layer::Dense(filters) => FloatLayer::Dense(dequantize(filters, &mut input_scale)),
        })
        .collect()
}

fn dequantize(filters: &Filters<'_>, input_scale: &mut f32) -> FloatFilters {
    FloatFilters::dequantize(filters, std::mem::replace(input_scale, filters.output_scale))
}

#[test]
fn what_was_quantized_comes_back_within_half_a_step() {
    let filters = |outputs: usize, inputs: usize| FloatFilters {
        weights: (0..outputs * inputs).map(|at| ((at * 37 % 101) as f32 - 50.0) * 1e-3).collect(),
        biases: (0..outputs).map(|at| at as f32 * 0.1 - 0.2).collect(),
    };
    let layers = [
        FloatLayer::Convolution(filters(5, 27)),
        FloatLayer::MaxPool,
        FloatLayer::Dense(filters(7, 20)),
        FloatLayer::Dense(filters(4, 7)),
    ];
    let back = dequantized(&QuantizedLayers::new(&layers, &[2.0, 3.0]).layers());
    assert_eq!(back.len(), layers.len());
    for (layer, back) in layers.iter().zip(&back) {
        let ((FloatLayer::Convolution(filters), FloatLayer::Convolution(back))
        | (FloatLayer::Dense(filters), FloatLayer::Dense(back))) = (layer, back)
        else {
            assert_eq!(layer, back);
            continue;
        };
        let near = |a: &[f32], b: &[f32]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 3e-4);
        assert!(near(&filters.weights, &back.weights) && near(&filters.biases, &back.biases), "{back:?}");
    }
}
