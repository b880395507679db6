//! The int8 network: layers checked and packed once, then run as often as there are fields.

use alloc::{vec, vec::Vec};

use crate::{
    artifact::{ArtifactError, Filters, Layer},
    kernels::{PackedFilters, Shape, scalar},
    label::Class,
    preprocess::Preprocessing,
    quantization::{INPUT_SCALE, MAX_BIAS, MAX_INPUTS, multiplier},
};

/// Most elements of a map: 1024 x 1024 pixels with 64 channels.
const MAX_MAP: usize = 1 << 26;

/// A network ready to run. Immutable: threads share it, each with its own [`Workspace`].
pub struct Network {
    input: Shape,
    steps: Vec<Step>,
    output: PackedFilters,
    output_scales: [f32; Class::COUNT],
    largest_map: usize,
    macs: u64,
}

enum Step {
    Convolution { filters: PackedFilters, shape: Shape },
    MaxPool { shape: Shape },
    Dense { filters: PackedFilters },
}

/// The maps of one run, allocated once.
pub struct Workspace {
    maps: [Vec<u8>; 2],
}

/// What a run yields.
#[derive(Clone, Copy, Debug)]
pub struct Output<'a> {
    /// One number a class, larger is more probable; not yet probabilities.
    pub logits: [f32; Class::COUNT],
    /// The activations that the last layer saw.
    pub hidden: &'a [u8],
}

impl Network {
    /// Checks that `layers` fit each other and the input of `preprocessing`, and packs them.
    ///
    /// # Errors
    /// [`ArtifactError::Invalid`] with the first thing that does not fit.
    pub fn new(preprocessing: &Preprocessing, layers: &[Layer<'_>]) -> Result<Self, ArtifactError> {
        let input = Shape { height: preprocessing.height.into(), width: preprocessing.width.into(), channels: 3 };
        let Some((last, inner)) = layers.split_last() else {
            return Err(ArtifactError::Invalid("it has no layers"));
        };
        let mut shape = input;
        let mut scale = INPUT_SCALE;
        let mut steps = Vec::with_capacity(inner.len());
        let mut largest_map = input.len();
        let mut macs = 0;
        for layer in inner {
            let step = match layer {
                Layer::Convolution(filters) => {
                    let inputs = 9 * shape.channels;
                    macs += (shape.height * shape.width * inputs * filters.outputs()) as u64;
                    let packed = pack(filters, inputs, scale)?;
                    scale = filters.output_scale;
                    let step = Step::Convolution { filters: packed, shape };
                    shape.channels = filters.outputs();
                    step
                }
                Layer::MaxPool => {
                    if shape.height < 2 || shape.width < 2 {
                        return Err(ArtifactError::Invalid("a max-pool has less than 2x2 pixels to work on"));
                    }
                    let step = Step::MaxPool { shape };
                    shape = Shape { height: shape.height / 2, width: shape.width / 2, channels: shape.channels };
                    step
                }
                Layer::Dense(filters) => {
                    let inputs = shape.len();
                    macs += (inputs * filters.outputs()) as u64;
                    let packed = pack(filters, inputs, scale)?;
                    scale = filters.output_scale;
                    shape = Shape { height: 1, width: 1, channels: filters.outputs() };
                    Step::Dense { filters: packed }
                }
            };
            if shape.len() > MAX_MAP {
                return Err(ArtifactError::Invalid("a layer's output is too large"));
            }
            largest_map = largest_map.max(shape.len());
            steps.push(step);
        }
        let Layer::Dense(filters) = last else {
            return Err(ArtifactError::Invalid("its last layer is not dense"));
        };
        if filters.outputs() != Class::COUNT {
            return Err(ArtifactError::Invalid("its last layer does not have one output a class"));
        }
        let output = pack(filters, shape.len(), scale)?;
        macs += (shape.len() * Class::COUNT) as u64;
        let mut output_scales = [0.0; Class::COUNT];
        for (output_scale, weight_scale) in output_scales.iter_mut().zip(filters.weight_scales()) {
            *output_scale = multiplier(scale, weight_scale, filters.output_scale);
        }
        Ok(Self { input, steps, output, output_scales, largest_map, macs })
    }

    /// Number of bytes of the input: height * width * 3.
    #[must_use]
    pub const fn input_len(&self) -> usize {
        self.input.len()
    }

    /// Multiply-accumulate operations of one run.
    #[must_use]
    pub const fn macs(&self) -> u64 {
        self.macs
    }

    /// Number of activations that the last layer sees.
    #[must_use]
    pub const fn hidden_len(&self) -> usize {
        self.output.inputs
    }

    /// The buffers that [`Self::run`] needs.
    #[must_use]
    pub fn workspace(&self) -> Workspace {
        Workspace { maps: [vec![0; self.largest_map], vec![0; self.largest_map]] }
    }

    /// Runs the network on a preprocessed field. Allocates nothing.
    ///
    /// # Panics
    /// When `input` is not [`Self::input_len`] long or `workspace` is another network's.
    pub fn run<'a>(&self, input: &[u8], workspace: &'a mut Workspace) -> Output<'a> {
        assert_eq!(input.len(), self.input_len(), "the input has height * width * 3 bytes");
        let [current, next] = &mut workspace.maps;
        let (mut current, mut next) = (current, next);
        current[..input.len()].copy_from_slice(input);
        let mut len = input.len();
        for step in &self.steps {
            let map = &current[..len];
            match step {
                Step::Convolution { filters, shape } => {
                    len = shape.height * shape.width * filters.outputs;
                    scalar::convolve(filters, *shape, map, &mut next[..len]);
                }
                Step::MaxPool { shape } => {
                    len = (shape.height / 2) * (shape.width / 2) * shape.channels;
                    scalar::max_pool(*shape, map, &mut next[..len]);
                }
                Step::Dense { filters } => {
                    len = filters.outputs;
                    scalar::dense(filters, map, &mut next[..len]);
                }
            }
            core::mem::swap(&mut current, &mut next);
        }
        let hidden = &current[..len];
        let mut sums = [0; Class::COUNT];
        scalar::dense_sums(&self.output, hidden, &mut sums);
        let mut logits = [0.0; Class::COUNT];
        for ((logit, sum), scale) in logits.iter_mut().zip(sums).zip(self.output_scales) {
            *logit = sum as f32 * scale;
        }
        Output { logits, hidden }
    }
}

fn pack(filters: &Filters<'_>, inputs: usize, input_scale: f32) -> Result<PackedFilters, ArtifactError> {
    if inputs > MAX_INPUTS {
        return Err(ArtifactError::Invalid("a layer adds up more products than 32 bits can hold"));
    }
    let outputs = filters.outputs();
    if outputs == 0 || outputs > 4096 {
        return Err(ArtifactError::Invalid("a layer does not have between 1 and 4096 outputs"));
    }
    if filters.weights.len() != inputs * outputs || filters.biases.len() != 4 * outputs {
        return Err(ArtifactError::Invalid("a layer's weights do not fit its input"));
    }
    if filters.weights.contains(&(i8::MIN as u8)) {
        return Err(ArtifactError::Invalid("a weight is -128: weights lie between -127 and 127"));
    }
    let usable = |scale: f32| scale.is_finite() && scale > 0.0;
    if !usable(filters.output_scale) || !filters.weight_scales().all(usable) {
        return Err(ArtifactError::Invalid("a scale is not a positive number"));
    }
    let biases: Vec<i32> = filters.biases().collect();
    if biases.iter().any(|bias| bias.unsigned_abs() > MAX_BIAS.unsigned_abs()) {
        return Err(ArtifactError::Invalid("a bias is too large"));
    }
    let multipliers: Vec<f32> =
        filters.weight_scales().map(|scale| multiplier(input_scale, scale, filters.output_scale)).collect();
    if !multipliers.iter().all(|multiplier| multiplier.is_finite()) {
        return Err(ArtifactError::Invalid("its scales are too far apart"));
    }
    Ok(PackedFilters::new(inputs, bytemuck::cast_slice(filters.weights), &biases, &multipliers))
}
