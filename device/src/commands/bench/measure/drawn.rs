//! The reference network's shape with random weights: times depend on shapes only.

use blastscope_shared::{
    Class, Network, Sight,
    engine::network::Execution,
    layers::{Filters, Layer},
};

/// Blocks of the reference network: channels and convolutions; each ends in a 2x2 max pool.
const BLOCKS: [(usize, usize); 5] = [(16, 2), (32, 2), (64, 3), (128, 3), (256, 3)];
/// Outputs of the first dense layer.
const HIDDEN: usize = 512;
/// Side of the input, in pixels.
const SIDE: u16 = 224;

/// Scale of every activation; with the weight scales below, activations use most of their range.
const ACTIVATION_SCALE: f32 = 1.0 / 255.0;

struct Drawn {
    scales: Vec<u8>,
    biases: Vec<u8>,
    weights: Vec<u8>,
}

impl Drawn {
    fn new(state: &mut u64, inputs: usize, outputs: usize) -> Self {
        let mut next = || {
            *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (*state >> 33) as u32
        };
        let weights = (0..inputs * outputs).map(|_| ((next() % 255) as i16 - 127) as i8 as u8).collect();
        let scale = 1.0 / (73.0 * (inputs as f32).sqrt());
        let scales = (0..outputs).flat_map(|_| scale.to_le_bytes()).collect();
        let biases = (0..outputs).flat_map(|_| ((next() % 2000) as i32 - 1000).to_le_bytes()).collect();
        Self { scales, biases, weights }
    }

    fn filters(&self) -> Filters<'_> {
        Filters {
            output_scale: ACTIVATION_SCALE,
            weight_scales: &self.scales,
            biases: &self.biases,
            weights: &self.weights,
        }
    }
}

/// A network of the reference's shape.
///
/// # Panics
/// Never: the shapes fit.
#[must_use]
pub fn network(execution: Execution) -> Network {
    let mut state = 2025;
    let mut channels = 3;
    let mut side = usize::from(SIDE);
    let mut convolutions = Vec::new();
    for (filters, count) in BLOCKS {
        for _ in 0..count {
            convolutions.push(Drawn::new(&mut state, 9 * channels, filters));
            channels = filters;
        }
        side /= 2;
    }
    let hidden = Drawn::new(&mut state, side * side * channels, HIDDEN);
    let output = Drawn::new(&mut state, HIDDEN, Class::COUNT);
    let mut layers = Vec::new();
    let mut drawn = convolutions.iter();
    for (_, count) in BLOCKS {
        layers.extend(drawn.by_ref().take(count).map(|drawn| Layer::Convolution(drawn.filters())));
        layers.push(Layer::MaxPool);
    }
    layers.push(Layer::Dense(hidden.filters()));
    layers.push(Layer::Dense(output.filters()));
    Network::with(Sight::whole_field(SIDE).shape(), &layers, execution).expect("the shapes fit")
}
