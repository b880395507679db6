//! Quantization-aware fine-tuning: adjusts the weights until the int8 network agrees with the float network.
//!
//! The forward pass rounds weights and activations as the device does; the backward pass treats the rounding as the identity (Jacob
//! et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference", CVPR 2018, section 3;
//! the straight-through estimator of Bengio et al., 2013, arXiv:1308.3432). The targets are the float network's logits, not labels
//! (Ba and Caruana, "Do Deep Nets Really Need to be Deep?", NIPS 2014), so the training items are not memorized again. Batch
//! normalization is folded first and stays fixed.

use burn::{
    module::{Module as _, Param},
    nn::{BatchNormConfig, Linear},
    optim::GradientsParams,
    prelude::*,
};
use rand::seq::SliceRandom as _;

use crate::{
    Error,
    recipe::batches::Example,
    support::{progress::Progress, random, signal},
    training::{
        float_network::{FloatNetwork, values},
        model::{AllCnn, convolve},
        network::Network,
        optimizer::OptimizerKind,
    },
};

/// Examples per step.
const BATCH: usize = 32;
/// Greatest number of evaluations on the validation examples.
const LOOKS: usize = 5;
/// Random stream that shuffles the examples.
const SHUFFLE: u64 = 1 << 41;

/// Length and rate of the fine-tuning.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FineTuning {
    /// Steps of 32 examples.
    pub steps: usize,
    /// Learning rate of Adam at the first step; it falls linearly to zero.
    pub rate: f64,
    /// Seed of the order of examples.
    pub seed: u64,
}

/// What fine-tuning gained: mean squared differences between the logits of the quantized and the float network, on the validation
/// examples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gain {
    /// Rounded without fine-tuning.
    pub before: f32,
    /// With the weights that were kept.
    pub after: f32,
    /// The step that gave those weights; 0 when none beat plain rounding.
    pub step: usize,
}

/// Fine-tunes the float network for quantization; `clips` are the largest values of the activations. Returns a float network to
/// quantize instead, with the same `clips`: of the evaluated weights, those whose quantized logits on `validation` differ least
/// from the float network's.
///
/// # Errors
/// When the network is not of the paper's kind, there are no examples, the back end fails, or the user stops.
pub fn fine_tune(
    float: &FloatNetwork,
    clips: &[f32],
    train: &[Example],
    validation: &[Example],
    settings: &FineTuning,
    progress: Progress,
) -> Result<(FloatNetwork, Gain), Error> {
    if train.is_empty() || validation.is_empty() {
        return Err(Error::Usage(
            "fine-tuning needs a training and a validation part; split the data with both".into(),
        ));
    }
    let device = float.device.clone().autodiff();
    let mut network = folded(float.paper_kind()?).train().fork(&device);
    let mut optimizer = OptimizerKind::Adam.build();
    let mut order: Vec<usize> = Vec::new();
    let mut random = random::stream(settings.seed, SHUFFLE);
    let look = |network: &AllCnn| difference(float, &network.valid(), clips, validation);
    let before = look(&network)?;
    let mut gain = Gain { before, after: before, step: 0 };
    let mut best = network.valid();
    let every = settings.steps.div_ceil(LOOKS).max(1);
    let task = progress.start("fine-tuning, steps", settings.steps);
    for step in 1..=settings.steps {
        if signal::interrupted() {
            return Err(Error::Interrupted(
                "fine-tuning was stopped and nothing was written; run the command again".into(),
            ));
        }
        if order.len() < BATCH.min(train.len()) {
            order = (0..train.len()).collect();
            order.shuffle(&mut random);
        }
        let batch: Vec<Example> =
            order.split_off(order.len() - BATCH.min(order.len())).into_iter().map(|at| train[at].clone()).collect();
        task.advance(1);
        // Nothing to see: no field of the batch has cells.
        let Some(input) = float.network_input(&batch) else { continue };
        let wanted = Tensor::from_inner(float.network.forward(input.clone()));
        let logits = rounded_forward(&network, clips, Tensor::from_inner(input));
        let gradients = GradientsParams::from_grads((logits - wanted).square().mean().backward(), &network);
        let rate = settings.rate * (1.0 - (step - 1) as f64 / settings.steps as f64);
        network = optimizer.step(rate, network, gradients);
        if step % every == 0 || step == settings.steps {
            let after = look(&network)?;
            if after < gain.after {
                (gain.after, gain.step, best) = (after, step, network.valid());
            }
        }
    }
    let tuned = FloatNetwork {
        architecture: float.architecture,
        network: Network::AllCnn(Box::new(best)),
        sight: float.sight,
        device: float.device.clone(),
    };
    Ok((tuned, gain))
}

/// Mean squared difference between the rounded logits of `network` and those of `float`.
fn difference(float: &FloatNetwork, network: &AllCnn, clips: &[f32], examples: &[Example]) -> Result<f32, Error> {
    let (mut sum, mut count) = (0.0f64, 0);
    for chunk in examples.chunks(BATCH) {
        let Some(input) = float.network_input(chunk) else { continue };
        let expected = float.network.forward(input.clone());
        let squares = values((rounded_forward(network, clips, input) - expected).square())?;
        sum += squares.iter().map(|&square| f64::from(square)).sum::<f64>();
        count += squares.len();
    }
    Ok((sum / count.max(1) as f64) as f32)
}

/// The same function with each batch normalization folded into the convolution before it; the remaining normalization only adds a
/// bias.
fn folded(network: &AllCnn) -> AllCnn {
    let mut folded = network.clone();
    for layer in &mut folded.convolutions {
        let norm = &mut layer.normalization;
        let scale = norm.gamma.val() / (norm.running_var.value() + norm.epsilon).sqrt();
        let bias = norm.beta.val() - norm.running_mean.value() * scale.clone();
        let filters = scale.dims()[0];
        let weight = layer.convolution.weight.val() * scale.reshape([filters, 1, 1, 1]);
        layer.convolution.weight = Param::initialized(layer.convolution.weight.id, weight);
        let device = bias.device();
        // With mean 0 and variance 1 it only adds the bias.
        let mut plain = BatchNormConfig::new(filters).with_epsilon(f32::MIN_POSITIVE.into()).init(&device);
        plain.beta = Param::initialized(plain.beta.id, bias);
        *norm = plain;
    }
    folded
}

/// Logits of `[batch, 3, side, side]` from the rounded weights and activations of a [`folded`] network.
fn rounded_forward(network: &AllCnn, clips: &[f32], input: Tensor<4>) -> Tensor<2> {
    // The device sees bytes.
    let mut map = (input * 255.0).round() / 255.0;
    let mut clips = clips.iter().copied();
    let mut next_clip = || clips.next().unwrap_or(f32::INFINITY);
    let mut layers = network.convolutions.iter();
    for block in network.layout().blocks {
        for layer in layers.by_ref().take(block.len()) {
            let weight = layer.convolution.weight.val();
            let [filters, channels, height, width] = weight.dims();
            let rows = round_rows(weight.reshape([filters, channels * height * width]));
            let sums = convolve(map, rows.reshape([filters, channels, height, width]));
            let bias = layer.normalization.beta.val().reshape([1, filters, 1, 1]);
            map = round_activations(sums + bias, next_clip());
        }
        map = network.pool().forward(map);
    }
    let hidden = round_activations(dense(&network.hidden, map.flatten::<2>(1, 3)), next_clip());
    dense(&network.output, hidden)
}

fn dense(layer: &Linear, input: Tensor<2>) -> Tensor<2> {
    let product = input.matmul(round_rows(layer.weight.val().transpose()).transpose());
    match &layer.bias {
        Some(bias) => product + bias.val().unsqueeze(),
        None => product,
    }
}

/// Weights `[filters, inputs]` rounded to 127 steps on either side of zero, one scale per filter, as
/// [`blastscope_shared::layers::quantization::quantize_channel`] does. Gradients pass straight through.
fn round_rows(weights: Tensor<2>) -> Tensor<2> {
    let fixed = weights.clone().detach();
    let scale = fixed.clone().abs().max_dim(1).clamp_min(f32::MIN_POSITIVE * 127.0) / 127.0;
    let rounded = (fixed.clone() / scale.clone()).round() * scale;
    weights + (rounded - fixed)
}

/// ReLU, clipped, rounded to 255 steps. Gradients pass between 0 and `clip`.
fn round_activations<const D: usize>(sums: Tensor<D>, clip: f32) -> Tensor<D> {
    let step = clip / 255.0;
    let between = sums.clamp(0.0, clip);
    let fixed = between.clone().detach();
    let rounded = (fixed.clone() / step).round() * step;
    between + (rounded - fixed)
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use blastscope_shared::{Class, Framing, Sight};

    use super::*;
    use crate::{
        data::symmetry::Symmetry,
        pack::quantization::QuantizedLayers,
        training::{
            architecture::Architecture,
            fixed_weights::{Numbers, fixed},
        },
    };

    const SIDE: u16 = 32;

    fn float(device: &Device) -> FloatNetwork {
        let (architecture, seed) = (Architecture::AllcnnSmall, blastscope_tests::seed());
        let device_of_training = device.clone().autodiff();
        let network = fixed(Network::new(architecture, SIDE.into(), 0.0, &device_of_training), seed);
        // Statistics that differ from a fresh network's.
        let mut noise = Numbers(seed);
        for _ in 0..3 {
            drop(network.forward(noise.tensor([4, 3, 32, 32], 0.5, 0.5, &device_of_training)));
        }
        FloatNetwork { architecture, network: network.valid(), sight: Sight::whole_field(SIDE), device: device.clone() }
    }

    fn logits(network: &FloatNetwork, examples: &[Example]) -> Vec<f32> {
        let logits = network.logits(examples, Progress::Silent).expect("logits").into_iter();
        logits.flat_map(|logits| logits.observed().expect("something to see")).collect()
    }

    fn examples(count: u32, first: u32) -> Vec<Example> {
        let framing = Framing::square(SIDE);
        (first..first + count)
            .map(|seed| {
                let mut state = seed.wrapping_mul(747_796_405).wrapping_add(1);
                let mut input: Vec<u8> = (0..framing.input_len())
                    .map(|at| {
                        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                        ((at as u32 / 96 * (seed % 9 + 2)) as u8) ^ ((state >> 27) as u8)
                    })
                    .collect();
                framing.mask(&mut input);
                Example { input: input.into(), symmetry: Symmetry::Identity, class: Class::Benign }
            })
            .collect()
    }

    /// What the device computes with a float network's weights.
    fn device_logits(weights: &FloatNetwork, clips: &[f32], examples: &[Example]) -> Vec<f32> {
        let quantized = QuantizedLayers::new(&weights.layers().expect("layers"), clips);
        let network =
            blastscope_shared::Network::new(Sight::whole_field(SIDE).shape(), &quantized.layers()).expect("it fits");
        let mut workspace = network.workspace();
        examples.iter().flat_map(|example| network.run(&example.input, &mut workspace).logits).collect()
    }

    fn rounded_logits(float: &FloatNetwork, network: &AllCnn, clips: &[f32], examples: &[Example]) -> Vec<f32> {
        let input = float.network_input(examples).expect("an input");
        values(rounded_forward(network, clips, input)).expect("logits")
    }

    /// Rows of at most 127 steps on either side of zero, one step at 127 in each, and the step size: a power of two.
    fn on_grid(rows: Tensor<2>) -> (Tensor<2>, f32) {
        let ([count, inputs], device) = (rows.dims(), rows.device());
        let mut values: Vec<f32> = rows.into_data().try_to_vec().expect("numbers");
        let largest = values.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
        let step = 2f32.powi((largest / 127.0).log2().ceil() as i32);
        values.iter_mut().for_each(|value| *value = (*value / step).round() * step);
        values.chunks_exact_mut(inputs).for_each(|row| row[0] = 127.0 * step);
        (Tensor::from_data(TensorData::new(values, [count, inputs]), &device), step)
    }

    /// A network and clips with weights, biases and activations on power-of-two grids: with pixels of 0 and 1, every product and
    /// every sum is exact in 32 bits, whatever the order of summation.
    fn exact(float: &FloatNetwork, examples: &[Example]) -> (FloatNetwork, Vec<f32>) {
        let mut network = folded(float.paper_kind().expect("of the paper's kind"));
        let (mut numbers, mut first_step) = (Numbers(blastscope_tests::seed()), None);
        let mut bias = |length: usize| (numbers.tensor([length], 0.0, 8.0, &float.device)).round() / 16.0;
        for layer in &mut network.convolutions {
            let weight = &mut layer.convolution.weight;
            let dims @ [filters, channels, ..] = weight.dims();
            let (rows, step) = on_grid(weight.val().reshape([filters, channels * 9]));
            *weight = Param::initialized(weight.id, rows.reshape(dims));
            layer.normalization.beta = Param::initialized(layer.normalization.beta.id, bias(filters));
            first_step.get_or_insert(step);
        }
        for layer in [&mut network.hidden, &mut network.output] {
            let rows = on_grid(layer.weight.val().transpose()).0;
            layer.bias = Some(Param::from_tensor(bias(rows.dims()[0])));
            layer.weight = Param::initialized(layer.weight.id, rows.transpose());
        }
        let exact = FloatNetwork {
            architecture: float.architecture,
            network: Network::AllCnn(Box::new(network)),
            sight: float.sight,
            device: float.device.clone(),
        };
        let clips = exact.clips(examples, Progress::Silent).expect("clips");
        let mut clips: Vec<f32> =
            clips.iter().map(|clip| 255.0 * 2f32.powi((clip / 255.0).log2().ceil() as i32)).collect();
        // On the device a pixel of 1 is 255 times the number nearest to 1/255. As the first layer's sums are whole steps, that
        // cannot tip a sum that lies between two.
        clips[0] = 255.0 * first_step.expect("a layer");
        (exact, clips)
    }

    #[test]
    fn rounding_is_the_devices_bit_for_bit() {
        let mut examples = examples(8, 1);
        for example in &mut examples {
            example.input = example.input.iter().map(|&byte| if byte > 127 { 255 } else { 0 }).collect();
        }
        let (network, clips) = exact(&float(&Device::flex()), &examples);
        let simulated = rounded_logits(&network, network.paper_kind().expect("of the paper's kind"), &clips, &examples);
        assert_eq!(simulated, device_logits(&network, &clips, &examples));
        let plain = logits(&network, &examples);
        assert!(simulated.iter().zip(&plain).all(|(rounded, plain)| rounded != plain), "rounding changes every logit");
    }

    #[test]
    fn folding_keeps_the_function() {
        let device = Device::flex();
        let (float, examples) = (float(&device), examples(8, 1));
        let network = folded(float.paper_kind().expect("of the paper's kind"));
        let again = FloatNetwork {
            architecture: float.architecture,
            network: Network::AllCnn(Box::new(network.clone())),
            sight: float.sight,
            device,
        };
        let plain: Vec<f32> = logits(&float, &examples);
        let of_folded: Vec<f32> = logits(&again, &examples);
        let spread = plain.iter().fold(0.0f32, |spread, logit| spread.max(logit.abs()));
        let furthest = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        // Seen over six seeds: at most 0.000002 of the spread.
        assert!(furthest(&plain, &of_folded) < 1e-3 * spread, "{plain:?}\n{of_folded:?}");
    }

    #[test]
    fn fine_tuning_brings_the_devices_logits_nearer_to_the_float_ones() {
        let device = Device::flex();
        let float = float(&device);
        let (train, validation, unseen) = (examples(64, 1), examples(16, 100), examples(16, 200));
        // Poor scales, as of a network that is hard to quantize.
        let clips: Vec<f32> =
            float.clips(&train, Progress::Silent).expect("clips").into_iter().map(|clip| 0.4 * clip).collect();
        let settings = FineTuning { steps: 60, rate: 1e-3, seed: 1 };
        let (tuned, gain) =
            fine_tune(&float, &clips, &train, &validation, &settings, Progress::Silent).expect("fine-tuned");
        // Over three seeds at most 0.21 of the difference is left here, and 0.19 on other examples.
        assert!(gain.step > 0 && gain.after < 0.5 * gain.before, "{gain:?}");
        let wanted: Vec<f32> = logits(&float, &unseen);
        let error = |weights: &FloatNetwork| -> f32 {
            device_logits(weights, &clips, &unseen).iter().zip(&wanted).map(|(a, b)| (a - b).powi(2)).sum()
        };
        let (before, after) = (error(&float), error(&tuned));
        assert!(after < 0.7 * before, "on other examples, by the device's arithmetic: {before} and then {after}");
        let standing = FineTuning { rate: 0.0, ..settings };
        let (_, none) =
            fine_tune(&float, &clips, &train, &validation, &standing, Progress::Silent).expect("fine-tuned");
        assert_eq!((none.step, none.after), (0, none.before), "nothing moved, nothing gained");
    }
}
