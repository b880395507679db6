//! Random networks from a seed, with numbers like those of training or as only a hostile writer would choose.

use blastscope_shared::{
    Class, Isa, Network, Sight,
    engine::network::Execution,
    field::framing::Framing,
    layers::Shape,
    layers::{Filters, Layer, quantization::MAX_INPUTS},
};
use proptest::prelude::*;

/// Knuth's MMIX generator: the same numbers on every machine.
pub struct Numbers(pub u64);

impl Numbers {
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.below(256) as u8).collect()
    }
}

/// Kind of a layer; its size follows from the layers before it.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// With so many outputs.
    Convolution(usize),
    MaxPool,
    /// With so many outputs.
    Dense(usize),
}

/// Distribution of a network's numbers.
#[derive(Clone, Copy, Debug)]
pub enum Values {
    /// Most sums lie within an activation's range.
    Usual,
    /// The limits of what a reader accepts, and a little beyond.
    Hostile,
}

struct Parts {
    output_scale: f32,
    scales: Vec<u8>,
    biases: Vec<u8>,
    weights: Vec<u8>,
}

impl Parts {
    fn draw(numbers: &mut Numbers, inputs: usize, outputs: usize, values: Values) -> Self {
        match values {
            Values::Usual => Self::usual(numbers, inputs, outputs),
            Values::Hostile => Self::hostile(numbers, inputs, outputs),
        }
    }

    fn usual(numbers: &mut Numbers, inputs: usize, outputs: usize) -> Self {
        let scale = 0.02 / (inputs as f32).sqrt();
        let scales = (0..outputs).flat_map(|_| (scale * (50 + numbers.below(100)) as f32 / 100.0).to_le_bytes());
        Self {
            output_scale: 0.02,
            scales: scales.collect(),
            biases: (0..outputs).flat_map(|_| (numbers.below(4000) as i32 - 1000).to_le_bytes()).collect(),
            weights: (0..inputs * outputs).map(|_| (numbers.below(255) as i32 - 127) as u8).collect(),
        }
    }

    /// Each array has one distribution. Numbers that a reader must refuse are rare, so that most files pass.
    fn hostile(numbers: &mut Numbers, inputs: usize, outputs: usize) -> Self {
        let refused = |numbers: &mut Numbers| numbers.below(40) == 0;
        let mut scales = [1e-45, f32::MIN_POSITIVE, 1e-20, 1e-3, 1.0, 1e9, 3e38].to_vec();
        if refused(numbers) {
            scales.extend([0.0, -1.0, f32::NAN, f32::INFINITY]);
        }
        let alike = numbers.below(3) > 0;
        let common = numbers.one_of(&scales[2..5]);
        let scale = |numbers: &mut Numbers| if alike { common } else { numbers.one_of(&scales) };
        let output_scale = if alike { 0.02 } else { numbers.one_of(&scales[3..]) };
        let scales = (0..outputs).flat_map(|_| scale(numbers).to_le_bytes()).collect();
        let far = if refused(numbers) { i32::MIN } else { -(1 << 30) };
        let bias = |numbers: &mut Numbers| numbers.one_of(&[0, 1, -1, 1000, -70_000, 1 << 30, far]);
        let biases = (0..outputs).flat_map(|_| bias(numbers).to_le_bytes()).collect();
        let extremes: &[i8] = numbers.one_of(&[&[127][..], &[-127], &[127, -127], &[0], &[0, 0, 0, 1]]);
        let extreme = numbers.below(2) == 0;
        let weight = |numbers: &mut Numbers| {
            let number = if extreme { numbers.one_of(extremes) } else { (numbers.below(255) as i32 - 127) as i8 };
            number as u8
        };
        let mut weights: Vec<u8> = (0..inputs * outputs).map(|_| weight(numbers)).collect();
        if refused(numbers) {
            let at = numbers.below(weights.len());
            weights[at] = i8::MIN as u8;
        }
        Self { output_scale, scales, biases, weights }
    }

    fn filters(&self) -> Filters<'_> {
        Filters {
            output_scale: self.output_scale,
            weight_scales: &self.scales,
            biases: &self.biases,
            weights: &self.weights,
        }
    }
}

enum Drawn {
    Convolution(Parts),
    MaxPool,
    Dense(Parts),
}

/// A network's layers.
pub struct Model {
    pub sight: Sight,
    pub hidden_len: usize,
    drawn: Vec<Drawn>,
}

impl Model {
    /// Layers of these kinds for inputs of `height` x `width` pixels, then the last, with one output per class.
    pub fn draw((height, width): (u16, u16), kinds: &[Kind], values: Values, seed: u64) -> Self {
        Self::of(whole((height, width)), kinds, values, seed)
    }

    pub fn of(sight: Sight, kinds: &[Kind], values: Values, seed: u64) -> Self {
        let numbers = &mut Numbers(seed);
        let Shape { mut height, mut width, mut channels } = sight.shape();
        let mut drawn = Vec::new();
        // A dense layer with more inputs would be refused, so the layers before it are made to shrink its input.
        let shrink = |drawn: &mut Vec<_>, height: &mut usize, width: &mut usize, channels: usize| {
            while *height * *width * channels > MAX_INPUTS {
                drawn.push(Drawn::MaxPool);
                (*height, *width) = (*height / 2, *width / 2);
            }
        };
        for &kind in kinds {
            match kind {
                Kind::Convolution(outputs) => {
                    drawn.push(Drawn::Convolution(Parts::draw(numbers, 9 * channels, outputs, values)));
                    channels = outputs;
                }
                Kind::MaxPool if height < 2 || width < 2 => {}
                Kind::MaxPool => {
                    drawn.push(Drawn::MaxPool);
                    (height, width) = (height / 2, width / 2);
                }
                Kind::Dense(outputs) => {
                    shrink(&mut drawn, &mut height, &mut width, channels);
                    let inputs = height * width * channels;
                    drawn.push(Drawn::Dense(Parts::draw(numbers, inputs, outputs, values)));
                    (height, width, channels) = (1, 1, outputs);
                }
            }
        }
        shrink(&mut drawn, &mut height, &mut width, channels);
        let hidden_len = height * width * channels;
        drawn.push(Drawn::Dense(Parts::draw(numbers, hidden_len, Class::COUNT, values)));
        Self { sight, hidden_len, drawn }
    }

    pub fn layers(&self) -> Vec<Layer<'_>> {
        let layers = self.drawn.iter().map(|drawn| match drawn {
            Drawn::Convolution(parts) => Layer::Convolution(parts.filters()),
            Drawn::MaxPool => Layer::MaxPool,
            Drawn::Dense(parts) => Layer::Dense(parts.filters()),
        });
        layers.collect()
    }

    pub fn network(&self, execution: Execution) -> Network {
        Network::with(self.sight.shape(), &self.layers(), execution).expect("the layers fit each other")
    }
}

/// Layers in any order possible in a file, including dense ones before convolutions.
pub fn kinds() -> impl Strategy<Value = Vec<Kind>> {
    let outputs = || prop_oneof![1usize..21, 30usize..36, Just(48usize)];
    let layer = prop_oneof![
        6 => outputs().prop_map(Kind::Convolution),
        4 => Just(Kind::MaxPool),
        1 => outputs().prop_map(Kind::Dense),
    ];
    (proptest::collection::vec(layer, 0..6), proptest::collection::vec((1usize..40).prop_map(Kind::Dense), 0..3))
        .prop_map(|(layers, dense)| [layers, dense].concat())
}

/// The sight of whole fields of `height` x `width` pixels.
pub fn whole((height, width): (u16, u16)) -> Sight {
    Sight { framing: Framing { height, width, ..Framing::square(32) }, ..Sight::whole_field(32) }
}

/// Every execution that this machine supports, the scalar kernels first.
pub fn executions() -> impl Iterator<Item = Execution> {
    let available = Isa::ALL.into_iter().filter(|isa| isa.is_available());
    let threads = |isa| if isa == Isa::Scalar { &[1][..] } else { &[1, 3] };
    available.flat_map(move |isa| threads(isa).iter().map(move |&threads| Execution { isa, threads }))
}

/// Inputs of `len` bytes: dark squares under noise on a light background, which look like cells to a network that sees cells; and
/// all bytes at their maximum.
pub fn inputs(framing: &Framing, len: usize, seed: u64) -> [Vec<u8>; 2] {
    let mut numbers = Numbers(seed);
    let width = usize::from(framing.width);
    let square = |at: usize| {
        let (x, y) = (at / 3 % width, at / 3 / width);
        let colour = if x % 48 < 12 && y % 48 < 12 { [110, 60, 170] } else { [235, 230, 225] };
        colour[at % 3] + numbers.below(13) as u8
    };
    [(0..len).map(square).collect(), vec![255; len]]
}
