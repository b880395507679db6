//! A network laid out for one instruction set: weights in the order its kernels read them, maps with borders in one arena,
//! max-pools fused into the convolutions before them.

mod explain;

use alloc::{vec, vec::Vec};
use core::ops::Range;

use super::{
    kernels::Kernels,
    memory::{LINE, Lines, Map},
    packed::{Method, Packed},
    tile::{Ahead, Convolution, Dense, Outputs},
    vector::{BLOCK, GROUP_BYTES},
    winograd,
};
use crate::{
    label::Class,
    layers::{LayerPlan, Parameters, Shape, StepInfo, StepKind, identity::Identity},
};

/// Most threads that share the work: no map has rows for more.
const MAX_THREADS: usize = 64;

/// What a convolution prefetches for a later dense layer: that layer's step, and the range of the [`SHARES`] of the weights that
/// each of its parts will read.
#[derive(Clone, Default)]
struct Fetch {
    step: usize,
    shares: Range<usize>,
}

/// Approximate pixels per tile.
const TILE: usize = 14;

/// Fewest weights for which a second thread saves time.
#[cfg(feature = "std")]
const LARGE: usize = 1 << 20;

/// Number of shares that a dense layer's weights are divided into for prefetching.
const SHARES: usize = 1024;

enum Step {
    /// Spreads the input's three channels to whole groups.
    Spread {
        output: Map,
    },
    Convolve {
        input: Map,
        output: Map,
        filters: Packed,
        pool: bool,
        fetch: Fetch,
    },
    /// A max-pool that is not fused into a convolution.
    MaxPool {
        input: Map,
        output: Map,
    },
    /// Packs all activations of a map side by side.
    Flatten {
        input: Map,
        output: Map,
    },
    Dense {
        input: Map,
        output: Map,
        filters: Packed,
    },
    /// The last layer; writes sums as `i32` at this offset.
    Sums {
        input: Map,
        output: usize,
        filters: Packed,
    },
}

/// The dense layers of `layers`, in order.
fn pack_dense(kernels: &Kernels, layers: &[LayerPlan<'_>]) -> Vec<Packed> {
    let pack = |layer: &LayerPlan<'_>| match layer {
        LayerPlan::Dense(parameters) => Some(Packed::dense(kernels, parameters, layer.macs())),
        LayerPlan::Convolution(..) | LayerPlan::MaxPool(_) => None,
    };
    layers.iter().filter_map(pack).collect()
}

/// Spreads prefetching of the first dense layer's weights over the convolutions before it, from the last backwards: a cache line
/// for every second vector of weights they read themselves. Only direct convolutions leave the memory idle enough.
fn plan_fetches(steps: &mut [Step], kernels: &Kernels) {
    let Some(dense) = steps.iter().position(|step| matches!(step, Step::Dense { .. })) else { return };
    let Step::Dense { filters, .. } = &steps[dense] else { return };
    let lines = filters.weights.bytes().len() / LINE;
    let mut end = SHARES;
    for step in steps[..dense].iter_mut().rev() {
        let Step::Convolve { input, filters, fetch, .. } = step else { continue };
        if filters.method == Method::Winograd {
            break;
        }
        let tiles = input.shape.height * input.shape.width.div_ceil(TILE);
        let turns = tiles * filters.groups * filters.blocks().div_ceil(kernels.blocks_at_once);
        let start = end.saturating_sub((turns / 2 * SHARES).div_ceil(lines.max(1)));
        *fetch = Fetch { step: dense, shares: start..end };
        end = start;
    }
}

/// Whether a layer fits a map of `shape` and has one row of weights, one bias and one multiplier per output.
fn fits(layer: &LayerPlan<'_>, shape: Shape) -> bool {
    let whole = |parameters: &Parameters<'_>, inputs: usize| {
        let outputs = parameters.biases.len();
        parameters.inputs == inputs
            && parameters.weights.len() == inputs * outputs
            && parameters.multipliers.len() == outputs
    };
    match layer {
        LayerPlan::Convolution(of, parameters) => *of == shape && whole(parameters, 9 * shape.channels),
        LayerPlan::MaxPool(of) => *of == shape,
        LayerPlan::Dense(parameters) => whole(parameters, shape.len()),
    }
}

impl Step {
    fn info(&self) -> StepInfo {
        let (kind, input, output, filters) = match self {
            Self::Spread { output } => (StepKind::Input, output.shape, output.shape, None),
            Self::Convolve { input, output, filters, pool: false, .. } => {
                (StepKind::Convolution, input.shape, output.shape, Some(filters))
            }
            Self::Convolve { input, output, filters, pool: true, .. } => {
                (StepKind::ConvolutionAndMaxPool, input.shape, output.shape, Some(filters))
            }
            Self::MaxPool { input, output } => (StepKind::MaxPool, input.shape, output.shape, None),
            Self::Flatten { input, output } => (StepKind::Flatten, input.shape, output.shape, None),
            Self::Dense { input, output, filters } => (StepKind::Dense, input.shape, output.shape, Some(filters)),
            Self::Sums { input, filters, .. } => {
                let output = Shape { height: 1, width: 1, channels: Class::COUNT };
                (StepKind::Dense, input.shape, output, Some(filters))
            }
        };
        StepInfo { kind, input, output, macs: filters.map_or(0, |filters| filters.macs) }
    }
}

/// A network ready to run on one instruction set.
pub(crate) struct Engine {
    identity: Identity,
    kernels: Kernels,
    steps: Vec<Step>,
    hidden: Map,
    sums: usize,
    arena: usize,
    /// Scratch bytes for each part of a step, after the maps.
    scratch: usize,
}

/// The maps of one run, a copy of the last layer's input activations, and the threads that share the work. Only the engine that
/// made it knows the positions of the maps, the length of `lines` and the number of threads.
pub(crate) struct Arena {
    owner: Identity,
    lines: Lines,
    hidden: Vec<u8>,
    explainer: Option<explain::Explainer>,
    #[cfg(feature = "std")]
    pool: super::pool::Pool,
}

/// An arena shared by several threads.
#[derive(Clone, Copy)]
struct Base(*mut u8);

// SAFETY: each thread writes to its own places, see `Engine::part`.
unsafe impl Send for Base {}
// SAFETY: as above.
unsafe impl Sync for Base {}

impl Engine {
    /// Lays out `layers`, the last of which is dense. In a large network, a second thread packs the dense layers while the first
    /// packs the convolutions, because the user waits for the program to start.
    ///
    /// # Panics
    /// If the layers do not fit the input and each other, or the last does not have [`Class::COUNT`] outputs.
    pub(crate) fn new(kernels: Kernels, input: Shape, layers: &[LayerPlan<'_>]) -> Self {
        let pack = || pack_dense(&kernels, layers);
        #[cfg(feature = "std")]
        if layers.iter().map(LayerPlan::weights).sum::<usize>() >= LARGE {
            return std::thread::scope(|scope| {
                let packing = std::thread::Builder::new().spawn_scoped(scope, pack);
                Self::lay_out(kernels, input, layers, || {
                    packing.ok().and_then(|packing| packing.join().ok()).unwrap_or_else(pack)
                })
            });
        }
        Self::lay_out(kernels, input, layers, pack)
    }

    /// Lays out `layers`; `dense` yields the packed dense layers in order.
    fn lay_out(kernels: Kernels, input: Shape, layers: &[LayerPlan<'_>], dense: impl FnOnce() -> Vec<Packed>) -> Self {
        let (mut dense, mut packed) = (Some(dense), Vec::new().into_iter());
        let channel = kernels.channel_bytes;
        let convolves = |at: usize| matches!(layers.get(at), Some(LayerPlan::Convolution(..)));
        let mut map = Map::new(input, 0, input.channels.next_multiple_of(kernels.group()), channel, convolves(0));
        let mut end = map.end();
        let mut steps = vec![Step::Spread { output: map }];
        let mut at = 0;
        let mut scratch = 0;
        while let Some(layer) = layers.get(at) {
            // The kernels derive from these sizes how many weights and activations they read.
            assert!(fits(layer, map.shape), "the layers fit each other");
            let last = at + 1 == layers.len();
            at += 1;
            match layer {
                LayerPlan::Convolution(shape, parameters) => {
                    let filters = Packed::convolution(&kernels, parameters, &map, layer.macs());
                    if filters.method == Method::Winograd {
                        scratch = scratch.max(winograd::scratch(map.channels()));
                    }
                    let channels = parameters.biases.len();
                    let pool = matches!(layers.get(at), Some(LayerPlan::MaxPool(_)));
                    let shape = Shape { channels, ..*shape };
                    let shape = if pool { shape.halved() } else { shape };
                    at += usize::from(pool);
                    let output = Map::of_blocks(shape, end, channel, convolves(at));
                    steps.push(Step::Convolve { input: map, output, filters, pool, fetch: Fetch::default() });
                    map = output;
                }
                LayerPlan::MaxPool(shape) => {
                    let output = Map::of_blocks(shape.halved(), end, channel, convolves(at));
                    steps.push(Step::MaxPool { input: map, output });
                    map = output;
                }
                LayerPlan::Dense(parameters) => {
                    if !map.is_flat() {
                        let shape = Shape { height: 1, width: 1, channels: map.shape.len() };
                        let output = Map::new(shape, end, shape.channels, channel, false);
                        steps.push(Step::Flatten { input: map, output });
                        map = output;
                        end = map.end();
                    }
                    if let Some(dense) = dense.take() {
                        packed = dense().into_iter();
                    }
                    let filters = packed.next().unwrap_or_else(|| Packed::dense(&kernels, parameters, layer.macs()));
                    if last {
                        assert_eq!(parameters.biases.len(), Class::COUNT, "the last layer has one output per class");
                        steps.push(Step::Sums { input: map, output: end, filters });
                        break;
                    }
                    let shape = Shape { height: 1, width: 1, channels: parameters.biases.len() };
                    let output = Map::of_blocks(shape, end, channel, convolves(at));
                    steps.push(Step::Dense { input: map, output, filters });
                    map = output;
                }
            }
            end = map.end();
        }
        plan_fetches(&mut steps, &kernels);
        let arena = end + Class::COUNT.next_multiple_of(BLOCK) * size_of::<i32>();
        let arena = arena.next_multiple_of(LINE);
        Self { identity: Identity::new(), kernels, steps, hidden: map, sums: end, arena, scratch }
    }

    /// The buffers for [`Self::run`], and `threads` threads including the caller's.
    pub(crate) fn arena(&self, threads: usize) -> Arena {
        let threads = if cfg!(feature = "std") { threads.clamp(1, MAX_THREADS) } else { 1 };
        Arena {
            owner: self.identity.clone(),
            lines: Lines::new(self.arena + threads * self.scratch, self.kernels.zero),
            hidden: vec![0; self.hidden.shape.len()],
            explainer: None,
            #[cfg(feature = "std")]
            pool: super::pool::Pool::new(threads),
        }
    }

    /// Whether [`Self::run`] can use `arena`: it belongs to this engine, and none of its threads has panicked.
    pub(crate) fn accepts(&self, arena: &Arena) -> bool {
        #[cfg(feature = "std")]
        let whole = !arena.pool.has_failed();
        #[cfg(not(feature = "std"))]
        let whole = true;
        self.identity.is(&arena.owner) && whole
    }

    /// The steps in order.
    pub(crate) fn steps(&self) -> Vec<StepInfo> {
        self.steps.iter().map(Step::info).collect()
    }

    /// Runs the network. Returns the sums of the last layer and its input activations. Calls `observe` after each step.
    ///
    /// # Panics
    /// If `arena` is another engine's.
    pub(crate) fn run<'a>(
        &self,
        input: &[u8],
        arena: &'a mut Arena,
        mut observe: impl FnMut(),
    ) -> ([i32; Class::COUNT], &'a [u8]) {
        assert!(self.identity.is(&arena.owner), "the arena is this engine's");
        let base = Base(arena.lines.as_mut_ptr());
        #[cfg(feature = "std")]
        {
            let parts = arena.pool.parts();
            let pool = &mut arena.pool;
            pool.run(
                &|part, barrier| {
                    for step in &self.steps {
                        // SAFETY: the arena is this engine's, so it has the length that the layout and these parts ask for; the
                        // barrier parts the steps.
                        unsafe { self.part(step, input, base, part, parts) };
                        barrier.wait();
                    }
                },
                |barrier| {
                    for step in &self.steps {
                        // SAFETY: as above.
                        unsafe { self.part(step, input, base, 0, parts) };
                        barrier.wait();
                        observe();
                    }
                },
            );
        }
        #[cfg(not(feature = "std"))]
        for step in &self.steps {
            // SAFETY: the arena is this engine's, so it has the length that the layout asks for; no other thread uses it.
            unsafe { self.part(step, input, base, 0, 1) };
            observe();
        }
        let bytes = arena.lines.bytes();
        let mut sums = [0; Class::COUNT];
        for (sum, bytes) in sums.iter_mut().zip(bytes[self.sums..].chunks_exact(4)) {
            *sum = i32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
        let stored = bytes[self.hidden.at(0, 0)..].chunks_exact(self.kernels.channel_bytes);
        for (activation, stored) in arena.hidden.iter_mut().zip(stored) {
            *activation = stored[0] ^ self.kernels.zero;
        }
        (sums, &arena.hidden)
    }

    /// Runs part `part` of `parts` of a step.
    ///
    /// # Safety
    /// `base` is an arena of this engine in which all earlier steps are done; only the other parts of the same step write to it.
    unsafe fn part(&self, step: &Step, input: &[u8], base: Base, part: usize, parts: usize) {
        let share = |units: usize| units * part / parts..units * (part + 1) / parts;
        // SAFETY: offsets of maps lie in the arena; see `Map::end`.
        let at = |offset: usize| unsafe { base.0.add(offset) };
        match step {
            Step::Spread { output } => {
                let shape = output.shape;
                for y in share(shape.height) {
                    let row = &input[y * shape.width * shape.channels..][..shape.width * shape.channels];
                    // SAFETY: a row of the map, which only this part writes.
                    let target =
                        unsafe { core::slice::from_raw_parts_mut(at(output.at(y, 0)), shape.width * output.pixel) };
                    spread(row, target, shape.channels, output.pixel, &self.kernels);
                }
            }
            Step::Convolve { input, output, filters, pool, fetch } => {
                // SAFETY: as the caller promises; each part has its own scratch memory.
                unsafe {
                    let scratch = at(self.arena + part * self.scratch);
                    let task = filters.convolution_between(input, at(input.start), output, at(output.at(0, 0)), *pool);
                    self.convolve(&task, filters, self.ahead(fetch, filters, part, parts), scratch, part, parts);
                }
            }
            Step::MaxPool { input, output } => {
                for y in share(output.shape.height) {
                    for x in 0..output.shape.width {
                        let corner = input.at(2 * y, 2 * x);
                        for byte in 0..input.shape.channels * self.kernels.channel_bytes {
                            // SAFETY: bytes of pixels of the two maps.
                            unsafe {
                                let value = |offset: usize| at(corner + offset + byte).read() ^ self.kernels.zero;
                                let upper = value(0).max(value(input.pixel));
                                let lower = value(input.row).max(value(input.row + input.pixel));
                                at(output.at(y, x) + byte).write(upper.max(lower) ^ self.kernels.zero);
                            }
                        }
                    }
                }
            }
            Step::Flatten { input, output } => {
                let shape = input.shape;
                let pixel = shape.channels * self.kernels.channel_bytes;
                for y in share(shape.height) {
                    for x in 0..shape.width {
                        let target = output.start + (y * shape.width + x) * pixel;
                        // SAFETY: bytes of pixels of two maps that do not overlap.
                        unsafe { core::ptr::copy_nonoverlapping(at(input.at(y, x)), at(target), pixel) };
                    }
                }
            }
            Step::Dense { input, output, filters } => {
                let multipliers = filters.multipliers.as_ptr();
                let outputs = Outputs::Activations(multipliers, at(output.at(0, 0)));
                // SAFETY: as for the convolution.
                unsafe { self.dense(input, filters, at(input.at(0, 0)), outputs, share(filters.blocks())) };
            }
            Step::Sums { input, output, filters } => {
                let outputs = Outputs::Sums(at(*output).cast());
                // SAFETY: as for the convolution; arenas and offsets are aligned to 64 bytes.
                unsafe { self.dense(input, filters, at(input.at(0, 0)), outputs, share(filters.blocks())) };
            }
        }
    }

    /// Runs part `part` of `parts` of a convolution.
    ///
    /// # Safety
    /// The pointers of `task`, made from `filters`, are valid as [`tile::convolve`](super::tile::convolve) and
    /// [`winograd::convolve`] require; `scratch` has the scratch bytes of one part of this engine.
    unsafe fn convolve(
        &self,
        task: &Convolution,
        filters: &Packed,
        ahead: Ahead,
        scratch: *mut u8,
        part: usize,
        parts: usize,
    ) {
        let share = |units: usize| units * part / parts..units * (part + 1) / parts;
        // SAFETY: as the caller promises; `Kernels` vouches for the instruction set.
        unsafe {
            match (filters.method, self.kernels.winograd) {
                (Method::Winograd, Some(winograd)) => {
                    (winograd.convolve)(task, share(winograd::tiles(task.height, task.width)), scratch);
                }
                _ => (self.kernels.convolve)(task, share(task.units(self.kernels.blocks_at_once)), ahead),
            }
        }
    }

    /// The weights that `part` prefetches for its part of the dense layer. Without any, it points at this layer's own weights:
    /// fetching an unmapped address takes hundreds of cycles.
    fn ahead(&self, fetch: &Fetch, filters: &Packed, part: usize, parts: usize) -> Ahead {
        let Some(Step::Dense { filters, .. }) = self.steps.get(fetch.step) else {
            let there = filters.weights.as_ptr().cast();
            return Ahead { next: there, end: there };
        };
        let block = filters.weights.bytes().len() / filters.blocks();
        let (first, end) = (filters.blocks() * part / parts * block, filters.blocks() * (part + 1) / parts * block);
        let at =
            |share: usize| filters.weights.as_ptr().cast::<i8>().wrapping_add(first + (end - first) * share / SHARES);
        Ahead { next: at(fetch.shares.start), end: at(fetch.shares.end) }
    }

    /// # Safety
    /// As for [`tile::dense`](super::tile::dense).
    unsafe fn dense(&self, map: &Map, filters: &Packed, input: *const u8, output: Outputs, blocks: Range<usize>) {
        let task = Dense {
            input,
            groups: (map.shape.len() * self.kernels.channel_bytes).div_ceil(GROUP_BYTES),
            weights: filters.weights.as_ptr().cast(),
            biases: filters.biases.as_ptr(),
            output,
        };
        // SAFETY: as the caller promises.
        unsafe { (self.kernels.dense)(&task, blocks) }
    }
}

/// Widens pixels of `channels` bytes to pixels of `pixel` bytes.
fn spread(input: &[u8], output: &mut [u8], channels: usize, pixel: usize, kernels: &Kernels) {
    if channels == 3 && pixel == 4 {
        for (input, output) in input.chunks_exact(3).zip(output.chunks_exact_mut(4)) {
            output[0] = input[0] ^ kernels.zero;
            output[1] = input[1] ^ kernels.zero;
            output[2] = input[2] ^ kernels.zero;
        }
        return;
    }
    for (input, output) in input.chunks_exact(channels).zip(output.chunks_exact_mut(pixel)) {
        for (&value, output) in input.iter().zip(output.chunks_exact_mut(kernels.channel_bytes)) {
            output[0] = value ^ kernels.zero;
        }
    }
}
