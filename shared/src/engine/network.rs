//! The int8 network: layers are checked and packed once, then run for every field.

use alloc::vec::Vec;

use crate::{
    engine::arch::{self, Isa},
    label::Class,
    layers::{
        Layer, Shape, StepInfo, UnfitLayers,
        explanation::{Explanation, Unexplained},
        plan::{LayerPlan, Plan, check},
        reference::{Maps, Reference},
    },
};

/// How a network runs; every execution gives the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Execution {
    /// Instruction set.
    pub isa: Isa,
    /// Threads that share the work on a frame, including the caller's. The scalar kernels use one.
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

/// The maps of one run, allocated once, and its threads. It belongs to the network that made it.
pub struct Workspace {
    buffers: Buffers,
    /// Whether a field was run and can be explained.
    ran: bool,
}

enum Buffers {
    Reference(Maps),
    Fast(arch::Arena),
}

/// The output of a run.
#[derive(Clone, Copy, Debug)]
pub struct Output<'a> {
    /// One number per class; larger is more probable, but they are not probabilities.
    pub logits: [f32; Class::COUNT],
    /// The input activations of the last layer.
    pub hidden: &'a [u8],
}

impl Network {
    /// Checks that `layers` fit each other and an input of this shape, and packs them for this machine's fastest instruction set.
    ///
    /// # Errors
    /// [`UnfitLayers`] for the first misfit.
    pub fn new(input: Shape, layers: &[Layer<'_>]) -> Result<Self, UnfitLayers> {
        Self::with(input, layers, Execution::default())
    }

    /// [`Self::new`] with a chosen execution. If this machine lacks its instruction set, the scalar kernels run.
    ///
    /// # Errors
    /// [`UnfitLayers`] for the first misfit.
    pub fn with(input: Shape, layers: &[Layer<'_>], execution: Execution) -> Result<Self, UnfitLayers> {
        let Plan { layers, hidden_len, output_scales } = check(input, layers)?;
        let macs = layers.iter().map(LayerPlan::macs).sum();
        let (execution, engine) = match execution.isa.kernels() {
            Some(kernels) => (execution, Engine::Fast(arch::Engine::new(kernels, input, &layers))),
            None => (Execution { isa: Isa::Scalar, threads: 1 }, Engine::Reference(Reference::new(input, &layers))),
        };
        Ok(Self { input, hidden_len, output_scales, macs, execution, engine })
    }

    /// The execution in use.
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

    /// Length of the input in bytes: height * width * 3.
    #[must_use]
    pub const fn input_len(&self) -> usize {
        self.input.len()
    }

    /// Multiply-accumulate operations of one run.
    #[must_use]
    pub const fn macs(&self) -> u64 {
        self.macs
    }

    /// Number of input activations of the last layer.
    #[must_use]
    pub const fn hidden_len(&self) -> usize {
        self.hidden_len
    }

    /// The buffers for [`Self::run`], and the threads that share its work.
    #[must_use]
    pub fn workspace(&self) -> Workspace {
        let buffers = match &self.engine {
            Engine::Reference(reference) => Buffers::Reference(reference.maps()),
            Engine::Fast(engine) => Buffers::Fast(engine.arena(self.execution.threads)),
        };
        Workspace { buffers, ran: false }
    }

    /// Whether [`Self::run`] can use `workspace` unchanged: it belongs to this network, and no run in it has panicked.
    pub(crate) fn accepts(&self, workspace: &Workspace) -> bool {
        match (&self.engine, &workspace.buffers) {
            (Engine::Reference(reference), Buffers::Reference(maps)) => reference.accepts(maps),
            (Engine::Fast(engine), Buffers::Fast(arena)) => engine.accepts(arena),
            _ => false,
        }
    }

    /// Runs the network on a view of a field: HWC bytes. Allocates nothing in a workspace of this network; any other, even one of a
    /// network with the same layers, is replaced by a new one.
    ///
    /// # Panics
    /// If `input` is not [`Self::input_len`] long.
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
        // Nothing can be explained until the run is complete.
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

    /// Map of the evidence for `class` in the field last run with `workspace`; see [`crate::layers::explanation`].
    ///
    /// The first call with a workspace adds up the weights of the dense layers and allocates a map; every call allocates its
    /// result.
    ///
    /// # Errors
    /// [`Unexplained`] if nothing was run with `workspace` yet, another network used it, or this one has no convolution.
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
