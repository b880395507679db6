//! Tests maps against the definition: by hand, by differences of logits, and for equal bits from every instruction set.

use alloc::{vec, vec::Vec};

use proptest::prelude::*;

use super::*;
use crate::{
    engine::{
        arch::Isa,
        network::{Execution, Network},
    },
    layers::{Filters, Layer, Shape, quantization::multiplier},
};

/// Filters that own their bytes.
#[derive(Clone)]
struct Owned {
    output_scale: f32,
    scales: Vec<f32>,
    biases: Vec<i32>,
    weights: Vec<i8>,
    bytes: [Vec<u8>; 3],
}

impl Owned {
    fn new(output_scale: f32, scales: Vec<f32>, biases: Vec<i32>, weights: Vec<i8>) -> Self {
        let bytes = [
            scales.iter().flat_map(|scale| scale.to_le_bytes()).collect(),
            biases.iter().flat_map(|bias| bias.to_le_bytes()).collect(),
            weights.iter().map(|&weight| weight as u8).collect(),
        ];
        Self { output_scale, scales, biases, weights, bytes }
    }

    fn draw(numbers: &mut Numbers, inputs: usize, outputs: usize, output_scale: f32) -> Self {
        let scale = 0.02 / (inputs as f32).sqrt();
        let scales = (0..outputs).map(|_| scale * (50 + numbers.below(100)) as f32 / 100.0).collect();
        let biases = (0..outputs).map(|_| numbers.below(4000) as i32 - 1000).collect();
        let weights = (0..inputs * outputs).map(|_| (numbers.below(255) as i32 - 127) as i8).collect();
        Self::new(output_scale, scales, biases, weights)
    }

    fn filters(&self) -> Filters<'_> {
        let [weight_scales, biases, weights] = &self.bytes;
        Filters { output_scale: self.output_scale, weight_scales, biases, weights }
    }
}

struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as u32) % bound
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.below(256) as u8).collect()
    }
}

fn shape(height: u16, width: u16) -> Shape {
    Shape { height: height.into(), width: width.into(), channels: 3 }
}

fn network(size: (u16, u16), layers: &[Layer<'_>], execution: Execution) -> Network {
    Network::with(shape(size.0, size.1), layers, execution).expect("the layers fit")
}

fn scalar() -> Execution {
    Execution { isa: Isa::Scalar, threads: 1 }
}

/// A 3x3 convolution whose channel `k` is input channel `k`, unchanged.
fn identity(channels: usize) -> Owned {
    let mut weights = vec![0; channels * 27];
    for channel in 0..channels {
        weights[channel * 27 + 4 * 3 + channel] = 1;
    }
    Owned::new(1.0 / 255.0, vec![1.0; channels], vec![0; channels], weights)
}

/// Red at the upper left, green at the lower right, of 4 x 4 pixels: the first hidden unit sees red, the second green where it
/// exceeds red, the third is never on. Benign follows red, Early green, Pre their difference, Pro neither.
fn two_spots() -> ([Owned; 3], Vec<u8>) {
    let per_channel = |red: i8, green: i8| [red, green].repeat(4);
    let hidden = [per_channel(1, 0), per_channel(-1, 2), per_channel(-1, -1)].concat();
    let hidden = Owned::new(1.0 / 255.0, vec![0.25, 0.25, 0.25], vec![0; 3], hidden);
    let output = Owned::new(1.0, vec![1.0; 4], vec![0; 4], vec![2, 0, 100, 0, 4, 100, 2, -4, 0, -1, -1, 0]);
    let mut input = vec![0; 4 * 4 * 3];
    input[0] = 200; // red of (0, 0)
    input[(4 + 1) * 3] = 100; // red of (1, 1), which the max-pool drops
    input[(3 * 4 + 3) * 3 + 1] = 240; // green of (3, 3)
    ([identity(2), hidden, output], input)
}

fn two_spots_map(class: Class, output: &Owned) -> Explanation {
    let ([convolution, hidden, _], input) = two_spots();
    let layers = [
        Layer::Convolution(convolution.filters()),
        Layer::MaxPool,
        Layer::Dense(hidden.filters()),
        Layer::Dense(output.filters()),
    ];
    let network = network((4, 4), &layers, scalar());
    let mut workspace = network.workspace();
    network.run(&input, &mut workspace);
    network.explain(&mut workspace, class).expect("a map")
}

#[test]
fn a_map_is_what_one_computes_by_hand() {
    let output = two_spots().0[2].clone();
    // Positions of the pooled map: 4, so S = 4 times the weights. alpha (up to a factor): red 2 * 1, green 0.
    let benign = two_spots_map(Class::Benign, &output);
    let at = |map: &Explanation, x: usize, y: usize| map.values()[y * 4 + x];
    assert_eq!((benign.width(), benign.height(), benign.class()), (4, 4, Class::Benign));
    assert_eq!((at(&benign, 0, 0), at(&benign, 1, 1), at(&benign, 3, 3)), (1.0, 0.5, 0.0));
    assert_eq!((benign.peak(), benign.peak_in(224, 112)), (Some((0, 0)), Some((28, 14))));
    // Early: the second unit only, red -4, green 8; red cannot support it.
    let early = two_spots_map(Class::Early, &output);
    assert_eq!((early.peak(), at(&early, 0, 0), at(&early, 3, 3)), (Some((3, 3)), 0.0, 1.0));
    // Pre: 2 * (1, 0) - 4 * (-1, 2) = (6, -8).
    let pre = two_spots_map(Class::Pre, &output);
    assert_eq!((pre.peak(), at(&pre, 1, 1), at(&pre, 3, 3)), (Some((0, 0)), 0.5, 0.0));
}

#[test]
fn a_map_is_zero_where_nothing_speaks_for_the_class() {
    // Pro: -(1, 0) - (-1, 2) = (0, -2).
    let pro = two_spots_map(Class::Pro, &two_spots().0[2]);
    assert_eq!((pro.values(), pro.peak(), pro.peak_in(9, 9)), (&[0.0; 16][..], None, None));
    assert!(pro.resized(5, 7).iter().all(|&value| value == 0.0));
}

#[test]
fn a_map_changes_with_the_head() {
    let mut other = two_spots().0[2].clone();
    other.weights.rotate_left(3);
    let other = Owned::new(other.output_scale, other.scales, other.biases, other.weights);
    assert_ne!(two_spots_map(Class::Benign, &two_spots().0[2]).values(), two_spots_map(Class::Benign, &other).values());
}

#[test]
fn without_a_convolution_or_a_field_there_is_no_map() {
    let mut numbers = Numbers(1);
    let dense = Owned::draw(&mut numbers, 48, Class::COUNT, 1.0);
    for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
        let flat = network((4, 4), &[Layer::Dense(dense.filters())], Execution { isa, threads: 1 });
        let mut workspace = flat.workspace();
        assert_eq!(flat.explain(&mut workspace, Class::Pre), Err(Unexplained::NothingRun), "{isa}");
        flat.run(&[7; 48], &mut workspace);
        assert_eq!(flat.explain(&mut workspace, Class::Pre), Err(Unexplained::NoConvolution), "{isa}");
    }
}

/// A random network: convolutions each with or without a max-pool, more max-pools, dense layers.
fn draw(
    numbers: &mut Numbers,
    size: (u16, u16),
    convolutions: &[(usize, bool)],
    pools: usize,
    dense: &[usize],
) -> Vec<Option<(bool, Owned)>> {
    let (mut height, mut width, mut channels) = (usize::from(size.0), usize::from(size.1), 3);
    let mut drawn = Vec::new();
    let pool = |drawn: &mut Vec<_>, height: &mut usize, width: &mut usize| {
        if *height > 1 && *width > 1 {
            (*height, *width) = (*height / 2, *width / 2);
            drawn.push(None);
        }
    };
    for &(filters, pooled) in convolutions {
        drawn.push(Some((true, Owned::draw(numbers, 9 * channels, filters, 0.02))));
        channels = filters;
        if pooled {
            pool(&mut drawn, &mut height, &mut width);
        }
    }
    for _ in 0..pools {
        pool(&mut drawn, &mut height, &mut width);
    }
    let mut inputs = height * width * channels;
    for &units in dense {
        drawn.push(Some((false, Owned::draw(numbers, inputs, units, 0.02))));
        inputs = units;
    }
    drawn.push(Some((false, Owned::draw(numbers, inputs, Class::COUNT, 1.0))));
    drawn
}

fn layers(drawn: &[Option<(bool, Owned)>]) -> Vec<Layer<'_>> {
    drawn
        .iter()
        .map(|drawn| match drawn {
            Some((true, filters)) => Layer::Convolution(filters.filters()),
            Some((false, filters)) => Layer::Dense(filters.filters()),
            None => Layer::MaxPool,
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]
    #[test]
    fn every_instruction_set_gives_the_same_map(
        size in (2u16..12, 2u16..20),
        convolutions in proptest::collection::vec((1usize..40, any::<bool>()), 1..4),
        pools in 0usize..3,
        dense in proptest::collection::vec(1usize..40, 0..3),
        threads in 1usize..4,
        seed: u64,
    ) {
        let mut numbers = Numbers(seed);
        let drawn = draw(&mut numbers, size, &convolutions, pools, &dense);
        let layers = layers(&drawn);
        let reference = network(size, &layers, scalar());
        let mut expected = reference.workspace();
        let inputs = [0; 3].map(|_| numbers.bytes(reference.input_len()));
        for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
            let network = network(size, &layers, Execution { isa, threads });
            let mut workspace = network.workspace();
            for input in &inputs {
                reference.run(input, &mut expected);
                let hidden = network.run(input, &mut workspace).hidden.to_vec();
                for class in Class::ALL {
                    let map = network.explain(&mut workspace, class).expect("a map");
                    prop_assert_eq!(&map, &reference.explain(&mut expected, class).expect("a map"), "{}", isa);
                    prop_assert!(map.values().iter().all(|value| (0.0..=1.0).contains(value)));
                }
                // Explaining does not change the run.
                prop_assert_eq!(&hidden[..], network.run(input, &mut workspace).hidden);
            }
        }
    }
}

/// A dense layer in 64-bit floats without rounding, from quantized to quantized units; the last has no ReLU.
fn float_dense(layer: &Owned, input_scale: f32, inputs: &[f64], last: bool) -> Vec<f64> {
    let rows = layer.weights.chunks_exact(inputs.len()).zip(&layer.biases).zip(&layer.scales);
    rows.map(|((row, &bias), &scale)| {
        let sum: f64 = row.iter().zip(inputs).map(|(&weight, value)| f64::from(weight) * value).sum();
        let value = (sum + f64::from(bias)) * f64::from(multiplier(input_scale, scale, layer.output_scale));
        if last { value } else { value.max(0.0) }
    })
    .collect()
}

/// The output of each layer of a head.
fn float_head(dense: &[Owned], map: &[f64]) -> Vec<Vec<f64>> {
    let mut outputs: Vec<Vec<f64>> = Vec::new();
    for (at, layer) in dense.iter().enumerate() {
        let inputs = outputs.last().map_or(map, Vec::as_slice);
        outputs.push(float_dense(layer, input_scale(dense, at), inputs, at + 1 == dense.len()));
    }
    outputs
}

fn input_scale(dense: &[Owned], at: usize) -> f32 {
    if at == 0 { 0.02 } else { dense[at - 1].output_scale }
}

#[test]
fn channel_weights_are_the_slopes_of_the_logits() {
    let (positions, channels) = (3 * 2, 5);
    let sizes = [positions * channels, 12, 7, Class::COUNT];
    let mut compared = 0;
    for seed in 0..20 {
        let mut numbers = Numbers(seed);
        let scales = [0.02, 0.03, 1.0];
        let dense: Vec<Owned> =
            (0..3).map(|at| Owned::draw(&mut numbers, sizes[at], sizes[at + 1], scales[at])).collect();
        let map: Vec<f64> = numbers.bytes(positions * channels).into_iter().map(f64::from).collect();
        // The floats decide which units are on, so that rounding cannot differ.
        let hidden: Vec<Vec<u8>> = float_head(&dense, &map)[..2]
            .iter()
            .map(|units| units.iter().map(|&on| u8::from(on > 0.0)).collect())
            .collect();
        let layers = dense.iter().enumerate().map(|(at, layer)| {
            let multipliers: Vec<f32> = layer
                .scales
                .iter()
                .map(|&scale| multiplier(input_scale(&dense, at), scale, layer.output_scale))
                .collect();
            let inputs = sizes[at];
            let unpack =
                |output: usize, row: &mut [i8]| row.copy_from_slice(&layer.weights[output * inputs..][..inputs]);
            head::DenseLayer::summed(inputs, if at == 0 { channels } else { inputs }, &multipliers, unpack)
        });
        let head = head::Head(layers.collect());
        for class in Class::ALL {
            let alpha = head.channel_weights(&hidden, class, positions);
            for (channel, &alpha) in alpha.iter().enumerate() {
                let moved = |by: f64| {
                    let mut map = map.clone();
                    map.iter_mut().skip(channel).step_by(channels).for_each(|value| *value += by);
                    float_head(&dense, &map)[2][class.index()]
                };
                let step = 1e-4;
                let slope = (moved(step) - moved(-step)) / (2.0 * step) / positions as f64;
                assert!((slope - f64::from(alpha)).abs() < 1e-4 * slope.abs() + 1e-9, "{slope} and {alpha}");
                compared += usize::from(slope != 0.0);
            }
        }
    }
    assert!(compared > 200, "{compared} slopes that are not 0");
}

#[test]
fn a_resized_map_runs_through_the_centres_of_its_cells() {
    let map = Explanation::new(Class::Pro, 2, 2, vec![0.0, 4.0, 2.0, 4.0]);
    assert_eq!(map.values(), [0.0, 1.0, 0.5, 1.0]);
    assert_eq!(map.resized(2, 2), map.values());
    assert_eq!(map.resized(4, 1), [0.25, 0.4375, 0.8125, 1.0]);
    let large = map.resized(8, 8);
    assert_eq!((large[0], large[7], large[56], large[63]), (0.0, 1.0, 0.5, 1.0));
    assert!(large[..8].is_sorted());
    assert_eq!(map.resized(0, 3), []);
}

#[test]
fn numbers_beyond_the_range_leave_a_map_within_it() {
    let map = Explanation::new(Class::Pro, 4, 1, vec![f32::NAN, f32::INFINITY, -1.0, 1.0]);
    assert_eq!(map.values(), [0.0, 1.0, 0.0, 1.0 / f32::MAX]);
}
