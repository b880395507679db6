//! The int8 network: layers checked and packed once, then run as often as there are fields.

use alloc::vec::Vec;

use crate::{
    artifact::ArtifactError,
    engine::arch::{self, Isa},
    field::preprocess::Preprocessing,
    label::Class,
    layers::{
        BLOCK, Filters, Layer, LayerPlan, Parameters, Shape, StepInfo,
        explanation::{Explanation, Unexplained},
        quantization::{INPUT_SCALE, MAX_BIAS, MAX_INPUTS, multiplier},
        reference::{Maps, Reference},
    },
};

/// Most elements of a map: 1024 x 1024 pixels with 64 channels.
const MAX_MAP: usize = 1 << 26;
/// Most elements of all layers' maps together, their channels in whole blocks: 256 MiB where an activation takes two bytes. A file
/// of a few megabytes could else ask for more memory than a board has.
const MAX_MAPS: usize = 1 << 27;

/// How a network is run; every way gives the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Execution {
    /// Instruction set.
    pub isa: Isa,
    /// Threads that share the work on a frame, the caller's included. The scalar kernels use one.
    pub threads: usize,
}

impl Default for Execution {
    /// The fastest instruction set of this machine, one thread.
    fn default() -> Self {
        Self { isa: Isa::detect(), threads: 1 }
    }
}

/// A network ready to run. Immutable: threads share it, each with its own [`Workspace`].
pub struct Network {
    input: Shape,
    hidden_len: usize,
    output_scales: [f32; Class::COUNT],
    macs: u64,
    execution: Execution,
    engine: Engine,
}

enum Engine {
    Reference(Reference),
    Fast(arch::Engine),
}

/// The maps of one run, allocated once, and the threads that work on it. It belongs to the network that made it.
pub struct Workspace {
    buffers: Buffers,
    /// Whether a field was run, so that there is something to explain.
    ran: bool,
}

enum Buffers {
    Reference(Maps),
    Fast(arch::Arena),
}

/// What a run yields.
#[derive(Clone, Copy, Debug)]
pub struct Output<'a> {
    /// One number a class, larger is more probable; not yet probabilities.
    pub logits: [f32; Class::COUNT],
    /// The activations that the last layer saw.
    pub hidden: &'a [u8],
}

/// What the network sees.
fn input_shape(preprocessing: &Preprocessing) -> Shape {
    let (width, height) = preprocessing.network_size();
    Shape { height, width, channels: 3 }
}

impl Network {
    /// Checks that `layers` fit each other and the input of `preprocessing`, and packs them for the fastest instruction
    /// set of this machine.
    ///
    /// # Errors
    /// [`ArtifactError::Invalid`] with the first thing that does not fit.
    pub fn new(preprocessing: &Preprocessing, layers: &[Layer<'_>]) -> Result<Self, ArtifactError> {
        Self::with(preprocessing, layers, Execution::default())
    }

    /// [`Self::new`] with an execution of the caller's choice. Where this machine lacks its instruction set, the scalar
    /// kernels run.
    ///
    /// # Errors
    /// [`ArtifactError::Invalid`] with the first thing that does not fit.
    pub fn with(
        preprocessing: &Preprocessing,
        layers: &[Layer<'_>],
        execution: Execution,
    ) -> Result<Self, ArtifactError> {
        let input = input_shape(preprocessing);
        let (plans, hidden_len, output_scales) = check(input, layers)?;
        let macs = plans.iter().map(LayerPlan::macs).sum();
        let (execution, engine) = match execution.isa.kernels() {
            Some(kernels) => (execution, Engine::Fast(arch::Engine::new(kernels, input, &plans))),
            None => (Execution { isa: Isa::Scalar, threads: 1 }, Engine::Reference(Reference::new(input, &plans))),
        };
        Ok(Self { input, hidden_len, output_scales, macs, execution, engine })
    }

    /// Checks `layers` as [`Self::new`] does, without packing them; gives the number of activations that the last sees.
    ///
    /// # Errors
    /// [`ArtifactError::Invalid`] with the first thing that does not fit.
    pub fn check(preprocessing: &Preprocessing, layers: &[Layer<'_>]) -> Result<usize, ArtifactError> {
        let input = input_shape(preprocessing);
        check(input, layers).map(|(_, hidden_len, _)| hidden_len)
    }

    /// How it is run.
    #[must_use]
    pub const fn execution(&self) -> Execution {
        self.execution
    }

    /// The steps of a run, in order.
    #[must_use]
    pub fn steps(&self) -> Vec<StepInfo> {
        match &self.engine {
            Engine::Reference(reference) => reference.steps(),
            Engine::Fast(engine) => engine.steps(),
        }
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
        self.hidden_len
    }

    /// The buffers that [`Self::run`] needs, and the threads that share its work.
    #[must_use]
    pub fn workspace(&self) -> Workspace {
        let buffers = match &self.engine {
            Engine::Reference(reference) => Buffers::Reference(reference.maps()),
            Engine::Fast(engine) => Buffers::Fast(engine.arena(self.execution.threads)),
        };
        Workspace { buffers, ran: false }
    }

    /// Whether [`Self::run`] runs in `workspace` as it is: it is of this network, and no run in it has panicked.
    pub(crate) fn accepts(&self, workspace: &Workspace) -> bool {
        match (&self.engine, &workspace.buffers) {
            (Engine::Reference(reference), Buffers::Reference(maps)) => reference.accepts(maps),
            (Engine::Fast(engine), Buffers::Fast(arena)) => engine.accepts(arena),
            _ => false,
        }
    }

    /// Runs the network on a preprocessed field. Allocates nothing in a workspace of this network; another one, even of a network of
    /// the same layers, is replaced by a new one of this.
    ///
    /// # Panics
    /// When `input` is not [`Self::input_len`] long.
    pub fn run<'a>(&self, input: &[u8], workspace: &'a mut Workspace) -> Output<'a> {
        self.run_observed(input, workspace, || ())
    }

    /// [`Self::run`] that calls `observe` after each of [`Self::steps`].
    ///
    /// # Panics
    /// As [`Self::run`].
    pub fn run_observed<'a>(&self, input: &[u8], workspace: &'a mut Workspace, observe: impl FnMut()) -> Output<'a> {
        assert_eq!(input.len(), self.input_len(), "the input has height * width * 3 bytes");
        if !self.accepts(workspace) {
            *workspace = self.workspace();
        }
        let Workspace { buffers, ran } = workspace;
        // Until the run is through, there is nothing to explain.
        *ran = false;
        let (sums, hidden) = match (&self.engine, buffers) {
            (Engine::Reference(reference), Buffers::Reference(maps)) => reference.run(input, maps, observe),
            (Engine::Fast(engine), Buffers::Fast(arena)) => engine.run(input, arena, observe),
            _ => unreachable!("`accepts` tells these apart"),
        };
        *ran = true;
        let mut logits = [0.0; Class::COUNT];
        for ((logit, sum), scale) in logits.iter_mut().zip(sums).zip(self.output_scales) {
            *logit = sum as f32 * scale;
        }
        Output { logits, hidden }
    }

    /// Where in the field that was run last with `workspace` lies what speaks for `class`; see [`crate::layers::explanation`].
    ///
    /// The first call with a workspace adds up the weights of the dense layers and allocates a map; every call allocates what
    /// it returns.
    ///
    /// # Errors
    /// [`Unexplained`] when nothing was run with `workspace` yet, or by another network, or this one has no convolution.
    pub fn explain(&self, workspace: &mut Workspace, class: Class) -> Result<Explanation, Unexplained> {
        if !workspace.ran {
            return Err(Unexplained::NothingRun);
        }
        if !self.accepts(workspace) {
            return Err(Unexplained::OtherNetwork);
        }
        match (&self.engine, &mut workspace.buffers) {
            (Engine::Reference(reference), Buffers::Reference(maps)) => reference.explain(maps, class),
            (Engine::Fast(engine), Buffers::Fast(arena)) => engine.explain(arena, class),
            _ => Err(Unexplained::OtherNetwork),
        }
    }
}

/// Checks that `layers` fit each other and `input`. The plans, the activations that the last layer sees, and what turns its
/// sums into logits.
#[allow(clippy::type_complexity)]
fn check<'a>(
    input: Shape,
    layers: &[Layer<'a>],
) -> Result<(Vec<LayerPlan<'a>>, usize, [f32; Class::COUNT]), ArtifactError> {
    let Some((last, inner)) = layers.split_last() else {
        return Err(ArtifactError::Invalid("it has no layers"));
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
                    return Err(ArtifactError::Invalid("a max-pool has less than 2x2 pixels to work on"));
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
            return Err(ArtifactError::Invalid("a layer's output is too large"));
        }
        maps += shape.height * shape.width * shape.channels.next_multiple_of(BLOCK);
        if maps > MAX_MAPS {
            return Err(ArtifactError::Invalid("its layers' outputs are too large together"));
        }
        plans.push(plan);
    }
    let Layer::Dense(filters) = last else {
        return Err(ArtifactError::Invalid("its last layer is not dense"));
    };
    if filters.outputs() != Class::COUNT {
        return Err(ArtifactError::Invalid("its last layer does not have one output a class"));
    }
    plans.push(LayerPlan::Dense(parameters(filters, shape.len(), scale)?));
    let mut output_scales = [0.0; Class::COUNT];
    for (output_scale, weight_scale) in output_scales.iter_mut().zip(filters.weight_scales()) {
        *output_scale = multiplier(scale, weight_scale, filters.output_scale);
    }
    Ok((plans, shape.len(), output_scales))
}

fn parameters<'a>(filters: &Filters<'a>, inputs: usize, input_scale: f32) -> Result<Parameters<'a>, ArtifactError> {
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
    Ok(Parameters { inputs, weights: bytemuck::cast_slice(filters.weights), biases, multipliers })
}
