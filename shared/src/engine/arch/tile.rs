//! The loops of the fast kernels, written once over [`Vector`].
//!
//! A convolution is cut into units: a pair of output rows times a few blocks of 16 output channels. A unit runs along its rows in
//! tiles of pixels. A tile's sums stay in registers while each group of activations is broadcast and multiplied with the weights of
//! all its channels. Reads may run past the last pixel of a row: maps have a border of zeros and slack after it, and the surplus
//! results go to a dump.

use super::{
    memory::{ROWS, SLACK_BYTES, SLACK_PIXELS},
    vector::{BLOCK, GROUP_BYTES, Vector},
};

// A pair of rows is read with one row above and one below, even if the height is odd.
const _: () = assert!(ROWS.is_multiple_of(2));
// A dense layer reads its whole last group.
const _: () = assert!(GROUP_BYTES - 1 <= SLACK_BYTES);

/// A 3x3 convolution over maps in memory, as a kernel needs it.
///
/// The input's pixels are `input_pixel` bytes apart, its rows `input_row`; `input` is the border pixel above and left of the first.
/// The order of the weights is `[block][segment][group][tap]`. A filter has nine segments of `groups` groups, one per pixel, or
/// three, one per row of three pixels.
pub(crate) struct Convolution {
    pub(crate) input: *const u8,
    pub(crate) input_row: usize,
    pub(crate) input_pixel: usize,
    /// Groups per segment that have weights.
    pub(crate) groups: usize,
    /// Segments per filter row: 1, or 3 if pixels have bytes without a weight.
    pub(crate) segments: usize,
    pub(crate) output: *mut u8,
    pub(crate) output_row: usize,
    pub(crate) output_pixel: usize,
    pub(crate) weights: *const i8,
    pub(crate) biases: *const i32,
    pub(crate) multipliers: *const f32,
    /// Blocks of 16 output channels.
    pub(crate) blocks: usize,
    /// Size of the input, and of the sums.
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// Whether to store the 2x2 maximum instead of every pixel.
    pub(crate) pool: bool,
}

/// Weights that a later layer reads once. They are prefetched, one cache line per step, while a convolution keeps the multipliers
/// busy and the memory idle.
#[derive(Clone, Copy)]
pub(crate) struct Ahead {
    pub(crate) next: *const i8,
    pub(crate) end: *const i8,
}

impl Ahead {
    #[inline(always)]
    fn step<V: Vector>(&mut self) {
        // SAFETY: a prefetch needs no valid address; the vector's instruction set is that of the caller.
        unsafe { V::prefetch_for_later(self.next) };
        self.next = self.next.wrapping_add(64).min(self.end);
    }
}

// SAFETY: the pointers are used as the documentation of `convolve` says; threads write to different outputs.
unsafe impl Sync for Convolution {}

impl Convolution {
    /// Number of units of work.
    pub(crate) fn units(&self, blocks_at_once: usize) -> usize {
        self.blocks.div_ceil(blocks_at_once) * self.row_pairs()
    }

    fn row_pairs(&self) -> usize {
        if self.pool { self.height / 2 } else { self.height.div_ceil(2) }
    }

    /// Bytes of weights per block.
    fn block_weights<V: Vector>(&self) -> usize {
        3 * self.segments * self.groups * V::TAP_BYTES
    }

    /// Destination for `BLOCK` channels of pixel `(y, x)`; `dump` if there is no such pixel.
    #[inline(always)]
    pub(crate) fn target<V: Vector>(&self, y: usize, x: usize, block: usize, dump: *mut u8) -> *mut u8 {
        let (height, width) = if self.pool { (self.height / 2, self.width / 2) } else { (self.height, self.width) };
        let offset = y * self.output_row + x * self.output_pixel + block * BLOCK * V::CHANNEL_BYTES;
        if y < height && x < width { self.output.wrapping_add(offset) } else { dump }
    }
}

/// How an instruction set cuts a pair of rows into tiles: its registers limit the pixels and blocks.
///
/// # Safety
/// As for [`Vector`], and [`Tiling::row_pair`] works by [`strip`] and [`square`] over the columns `0..task.width`, so that their
/// assertions about the slack after a map hold.
pub(crate) unsafe trait Tiling: Vector {
    /// Most blocks of 16 channels per unit of work.
    const BLOCKS: usize;

    /// Computes rows `y` and `y + 1` of `blocks` (at most [`Tiling::BLOCKS`]) blocks of output channels from `block` on, and
    /// meanwhile prefetches the weights `ahead`.
    unsafe fn row_pair(task: &Convolution, block: usize, blocks: usize, y: usize, ahead: &mut Ahead);
}

/// Most bytes of a block of 16 activations.
pub(crate) const DUMP: usize = 2 * BLOCK;

/// Computes `units` of a convolution.
///
/// # Safety
/// The caller has detected and enabled `V`'s instruction set. The pointers of `task` are valid for the shapes that it gives:
/// the input with a border of one pixel, one more row if the height is odd, and after that [`SLACK_PIXELS`]; the output with
/// room for whole blocks. No other thread writes what the units write.
#[inline(always)]
pub(crate) unsafe fn convolve<V: Tiling>(task: &Convolution, units: core::ops::Range<usize>, mut ahead: Ahead) {
    let pairs = task.row_pairs();
    for unit in units {
        let (block, pair) = (unit / pairs * V::BLOCKS, unit % pairs);
        let blocks = V::BLOCKS.min(task.blocks - block);
        // SAFETY: as the caller promises.
        unsafe { V::row_pair(task, block, blocks, 2 * pair, &mut ahead) };
    }
}

/// Computes a pair of rows in tiles of `PIXELS` pixels of one row and `BLOCKS` blocks, from column `x` on while `x < end`.
///
/// A tile begins at a pixel of the row and reads the two beside its last, so it ends at most `PIXELS - 1` pixels past the border.
///
/// # Safety
/// As for [`convolve`]; no tile begins at `task.width` or beyond.
#[inline(always)]
pub(crate) unsafe fn strip<V: Vector, const PIXELS: usize, const BLOCKS: usize>(
    task: &Convolution,
    block: usize,
    y: usize,
    x: usize,
    end: usize,
    ahead: &mut Ahead,
) {
    const {
        assert!(PIXELS > 0 && PIXELS.is_multiple_of(2), "a maximum is taken of pairs of pixels");
        assert!(PIXELS - 1 <= SLACK_PIXELS, "the last tile of the last row ends in the slack");
        assert!(BLOCKS > 0);
    }
    let mut dump = [0u8; DUMP];
    let dump = dump.as_mut_ptr();
    // SAFETY: the block exists, so its weights, biases and multipliers do.
    let multipliers = |n: usize| unsafe { task.multipliers.add((block + n) * BLOCK) };
    let mut x = x;
    while x < end {
        // SAFETY: as the caller promises.
        let upper = unsafe { row_tile::<V, PIXELS, BLOCKS>(task, block, y, x, ahead) };
        if task.pool {
            let mut kept = core::mem::MaybeUninit::<[[V::Sums; BLOCKS]; PIXELS]>::uninit();
            let kept = kept.as_mut_ptr().cast::<V::Sums>();
            for (at, (pair, n)) in (0..PIXELS / 2).flat_map(|pair| (0..BLOCKS).map(move |n| (pair, n))).enumerate() {
                // SAFETY: `kept` has `PIXELS * BLOCKS` places.
                unsafe { kept.add(at).write(V::max(upper[2 * pair][n], upper[2 * pair + 1][n])) };
            }
            // SAFETY: as the caller promises.
            let lower = unsafe { row_tile::<V, PIXELS, BLOCKS>(task, block, y + 1, x, ahead) };
            let count = PIXELS / 2 * BLOCKS;
            let pooled = |at: usize| {
                let (pair, n) = (at / BLOCKS, at % BLOCKS);
                // SAFETY: written above.
                unsafe { V::max(kept.add(at).read(), V::max(lower[2 * pair][n], lower[2 * pair + 1][n])) }
            };
            for first in (0..count).step_by(4) {
                let at = |i: usize| (first + i).min(count - 1);
                let target = |i: usize| {
                    let at = first + i;
                    if at < count {
                        task.target::<V>(y / 2, x / 2 + at / BLOCKS, block + at % BLOCKS, dump)
                    } else {
                        dump
                    }
                };
                let scale = |i: usize| multipliers(at(i) % BLOCKS);
                // SAFETY: targets lie in the output or are the dump.
                unsafe {
                    V::store(
                        [pooled(at(0)), pooled(at(1)), pooled(at(2)), pooled(at(3))],
                        [scale(0), scale(1), scale(2), scale(3)],
                        [target(0), target(1), target(2), target(3)],
                    );
                }
            }
        } else {
            // SAFETY: as the caller promises.
            unsafe {
                store_row::<V, PIXELS, BLOCKS>(task, block, y, x, &upper, dump);
                if y + 1 < task.height {
                    let lower = row_tile::<V, PIXELS, BLOCKS>(task, block, y + 1, x, ahead);
                    store_row::<V, PIXELS, BLOCKS>(task, block, y + 1, x, &lower, dump);
                }
            }
        }
        x += PIXELS;
    }
}

/// Number of tiles of `wide` pixels that, followed by tiles of `narrow` ones, cover `width` pixels with the least excess; ties go
/// to the largest number. Each tile begins at one of the pixels.
pub(crate) const fn wide_tiles(width: usize, wide: usize, narrow: usize) -> usize {
    let most = width.div_ceil(wide);
    let mut best = most;
    let mut count = most;
    while count > most.saturating_sub(narrow) {
        count -= 1;
        if covered(width, count, wide, narrow) < covered(width, best, wide, narrow) {
            best = count;
        }
    }
    best
}

/// Pixels covered by `count` tiles of `wide` pixels and the necessary number of `narrow` ones.
pub(crate) const fn covered(width: usize, count: usize, wide: usize, narrow: usize) -> usize {
    count * wide + width.saturating_sub(count * wide).next_multiple_of(narrow)
}

#[inline(always)]
unsafe fn store_row<V: Vector, const PIXELS: usize, const BLOCKS: usize>(
    task: &Convolution,
    block: usize,
    y: usize,
    x: usize,
    sums: &[[V::Sums; BLOCKS]; PIXELS],
    dump: *mut u8,
) {
    let count = PIXELS * BLOCKS;
    for first in (0..count).step_by(4) {
        let at = |i: usize| (first + i).min(count - 1);
        let sum = |i: usize| sums[at(i) / BLOCKS][at(i) % BLOCKS];
        // SAFETY: the block exists.
        let scale = |i: usize| unsafe { task.multipliers.add((block + at(i) % BLOCKS) * BLOCK) };
        let target = |i: usize| {
            let at = first + i;
            if at < count { task.target::<V>(y, x + at / BLOCKS, block + at % BLOCKS, dump) } else { dump }
        };
        // SAFETY: targets lie in the output or are the dump.
        unsafe {
            V::store(
                [sum(0), sum(1), sum(2), sum(3)],
                [scale(0), scale(1), scale(2), scale(3)],
                [target(0), target(1), target(2), target(3)],
            );
        }
    }
}

/// Computes the sums of `PIXELS` pixels from `(y, x)` on.
#[inline(always)]
unsafe fn row_tile<V: Vector, const PIXELS: usize, const BLOCKS: usize>(
    task: &Convolution,
    block: usize,
    y: usize,
    x: usize,
    ahead: &mut Ahead,
) -> [[V::Sums; BLOCKS]; PIXELS] {
    let block_weights = task.block_weights::<V>();
    let pixel = task.input_pixel;
    // SAFETY: as for `convolve`.
    unsafe {
        let start: [V::Sums; BLOCKS] = core::array::from_fn(|n| V::sums(task.biases.add((block + n) * BLOCK)));
        let mut sums = [start; PIXELS];
        let mut weights = task.weights.add(block * block_weights);
        let corner = task.input.add(y * task.input_row + x * pixel);
        for row in 0..3 {
            for segment in 0..task.segments {
                let mut input = corner.add(row * task.input_row + segment * pixel);
                for _ in 0..task.groups {
                    ahead.step::<V>();
                    let mut taps = [V::taps(weights); BLOCKS];
                    for (n, taps) in taps.iter_mut().enumerate().skip(1) {
                        *taps = V::taps(weights.add(n * block_weights));
                    }
                    for (j, sums) in sums.iter_mut().enumerate() {
                        let group = V::group(input.add(j * pixel));
                        for (sums, &taps) in sums.iter_mut().zip(&taps) {
                            *sums = V::dot(*sums, group, taps);
                        }
                    }
                    input = input.add(GROUP_BYTES);
                    weights = weights.add(V::TAP_BYTES);
                }
            }
        }
        sums
    }
}

/// Repeats a body for each column that the pixels of [`square`] see. A loop would be too long for the compiler to unroll, and sums
/// stay in registers only if every index is a constant.
macro_rules! for_columns {
    ($x:ident => $body:block) => {
        for_columns!($x $body: 0 1 2 3 4 5 6 7 8 9)
    };
    ($x:ident $body:block: $($column:literal)*) => {
        $({
            const $x: usize = $column;
            $body
        })*
    };
}

/// Columns of [`square`].
const SQUARE: usize = 8;
// The last square of the last row ends in the slack.
const _: () = assert!(SQUARE - 1 <= SLACK_PIXELS);
// `for_columns` counts the columns and the two beside them.
const _: () = assert!(SQUARE + 2 == 10);

/// Computes a pair of rows of one block in tiles of 2 x 8 pixels: the nine weights of a group stay in registers, and a broadcast
/// serves up to six sums. For few channels, where loads would be the limit. `PIXEL` is `input_pixel`, or 0 for any. A segment of
/// three pixels is read as three segments: its pixels have no other bytes.
///
/// # Safety
/// As for [`convolve`].
#[inline(always)]
pub(crate) unsafe fn square<V: Vector, const PIXEL: usize>(task: &Convolution, block: usize, y: usize) {
    let mut dump = [0u8; DUMP];
    let dump = dump.as_mut_ptr();
    let pixel = if PIXEL == 0 { task.input_pixel } else { PIXEL };
    let groups = task.groups * task.segments / 3;
    let tap_weights = groups * V::TAP_BYTES;
    // SAFETY: as the caller promises.
    unsafe {
        let scale = task.multipliers.add(block * BLOCK);
        let first_weights = task.weights.add(block * task.block_weights::<V>());
        for x in (0..task.width).step_by(SQUARE) {
            let start = V::sums(task.biases.add(block * BLOCK));
            let mut sums = [[start; SQUARE]; 2];
            let mut weights = first_weights;
            let mut input = task.input.add(y * task.input_row + x * pixel);
            for _ in 0..groups {
                let taps: [[V::Taps; 3]; 3] = core::array::from_fn(|row| {
                    core::array::from_fn(|column| V::taps(weights.add((3 * row + column) * tap_weights)))
                });
                let [upper, lower] = &mut sums;
                let row = |row: usize| input.add(row * task.input_row);
                square_row::<V>(upper, &taps[0], row(0), pixel);
                square_rows::<V>(upper, &taps[1], lower, &taps[0], row(1), pixel);
                square_rows::<V>(upper, &taps[2], lower, &taps[1], row(2), pixel);
                square_row::<V>(lower, &taps[2], row(3), pixel);
                weights = weights.add(V::TAP_BYTES);
                input = input.add(GROUP_BYTES);
            }
            let [u, l] = &sums;
            if task.pool {
                let pooled = |i: usize| V::max(V::max(u[2 * i], u[2 * i + 1]), V::max(l[2 * i], l[2 * i + 1]));
                let target = |i: usize| task.target::<V>(y / 2, x / 2 + i, block, dump);
                V::store(
                    [pooled(0), pooled(1), pooled(2), pooled(3)],
                    [scale; 4],
                    [target(0), target(1), target(2), target(3)],
                );
            } else {
                for (dy, sums) in sums.iter().enumerate() {
                    let target = |i: usize| task.target::<V>(y + dy, x + i, block, dump);
                    let [a, b, c, d, e, f, g, h] = *sums;
                    V::store([a, b, c, d], [scale; 4], [target(0), target(1), target(2), target(3)]);
                    V::store([e, f, g, h], [scale; 4], [target(4), target(5), target(6), target(7)]);
                }
            }
        }
    }
}

/// Adds an input row to the one output row that sees it.
#[inline(always)]
unsafe fn square_row<V: Vector>(sums: &mut [V::Sums; SQUARE], taps: &[V::Taps; 3], input: *const u8, pixel: usize) {
    for_columns!(X => {
        // SAFETY: as for `square`.
        unsafe { square_column::<V, X>(sums, taps, V::group(input.add(X * pixel))) };
    });
}

/// Adds an input row to both output rows.
#[inline(always)]
unsafe fn square_rows<V: Vector>(
    upper: &mut [V::Sums; SQUARE],
    upper_taps: &[V::Taps; 3],
    lower: &mut [V::Sums; SQUARE],
    lower_taps: &[V::Taps; 3],
    input: *const u8,
    pixel: usize,
) {
    for_columns!(X => {
        // SAFETY: as for `square`.
        unsafe {
            let group = V::group(input.add(X * pixel));
            square_column::<V, X>(upper, upper_taps, group);
            square_column::<V, X>(lower, lower_taps, group);
        }
    });
}

/// Adds one pixel to the up to three sums of an output row that see it.
#[inline(always)]
unsafe fn square_column<V: Vector, const X: usize>(sums: &mut [V::Sums; SQUARE], taps: &[V::Taps; 3], group: V::Group) {
    for (column, &taps) in taps.iter().enumerate() {
        if let Some(sums) = X.checked_sub(column).and_then(|x| sums.get_mut(x)) {
            // SAFETY: as for `square`.
            *sums = unsafe { V::dot(*sums, group, taps) };
        }
    }
}

/// A fully connected layer over maps in memory. The order of the weights is `[block][group][tap]`.
pub(crate) struct Dense {
    pub(crate) input: *const u8,
    /// Groups of the whole input.
    pub(crate) groups: usize,
    pub(crate) weights: *const i8,
    pub(crate) biases: *const i32,
    pub(crate) output: Outputs,
}

/// How the sums of a dense layer are stored.
pub(crate) enum Outputs {
    /// Requantized with these multipliers.
    Activations(*const f32, *mut u8),
    /// Unchanged.
    Sums(*mut i32),
}

// SAFETY: the pointers are used as the documentation of `dense` says; threads write to different outputs.
unsafe impl Sync for Dense {}

/// Prefetch distance of weights in bytes: they stream from memory.
const AHEAD: usize = 4096;

/// Computes the `blocks` of a dense layer.
///
/// # Safety
/// The caller has detected and enabled `V`'s instruction set. The pointers of `task` are valid for the counts that it gives: the
/// input for whole groups, the output for whole blocks. No other thread writes what the blocks write.
#[inline(always)]
pub(crate) unsafe fn dense<V: Vector>(task: &Dense, blocks: core::ops::Range<usize>) {
    let mut dump = [0u8; DUMP];
    let dump = dump.as_mut_ptr();
    for block in blocks {
        // SAFETY: as the caller promises; the zeros outlive the reads.
        unsafe {
            let zeros = [0i32; BLOCK];
            let zero = V::sums(zeros.as_ptr());
            let mut sums = [V::sums(task.biases.add(block * BLOCK)), zero, zero, zero];
            let mut weights = task.weights.add(block * task.groups * V::TAP_BYTES);
            let mut input = task.input;
            for _ in 0..task.groups / 4 {
                for (i, sums) in sums.iter_mut().enumerate() {
                    let address = weights.add(i * V::TAP_BYTES);
                    V::prefetch(address.wrapping_add(AHEAD));
                    *sums = V::dot(*sums, V::group(input.add(i * GROUP_BYTES)), V::taps(address));
                }
                input = input.add(4 * GROUP_BYTES);
                weights = weights.add(4 * V::TAP_BYTES);
            }
            for _ in 0..task.groups % 4 {
                sums[0] = V::dot(sums[0], V::group(input), V::taps(weights));
                input = input.add(GROUP_BYTES);
                weights = weights.add(V::TAP_BYTES);
            }
            let sum = V::add(V::add(sums[0], sums[1]), V::add(sums[2], sums[3]));
            match task.output {
                Outputs::Activations(multipliers, output) => V::store(
                    [sum; 4],
                    [multipliers.add(block * BLOCK); 4],
                    [output.add(block * BLOCK * V::CHANNEL_BYTES), dump, dump, dump],
                ),
                Outputs::Sums(output) => V::spill(sum, output.add(block * BLOCK)),
            }
        }
    }
}

/// Multiplies in registers only, `rounds` times with `SUMS` independent vectors of sums: the limit of every kernel. `hide` returns
/// its argument in a way that the compiler cannot see through. Returns the number of multiply-accumulate operations.
///
/// # Safety
/// The caller has detected and enabled `V`'s instruction set.
#[inline(always)]
pub(crate) unsafe fn multiply_in_registers<V: Vector, const SUMS: usize>(
    rounds: u32,
    hide: impl Fn(V::Group) -> V::Group,
) -> u64 {
    let (zeros, ones) = ([0i32; BLOCK], [1i8; 4 * BLOCK]);
    // SAFETY: the arrays are as long as the loads.
    unsafe {
        let mut group = V::group(core::hint::black_box(ones.as_ptr().cast()));
        let taps = V::taps(core::hint::black_box(ones.as_ptr()));
        let mut sums = [V::sums(core::hint::black_box(zeros.as_ptr())); SUMS];
        for _ in 0..rounds {
            for sums in &mut sums {
                // Otherwise the compiler would compute products of the same factors once.
                group = hide(group);
                *sums = V::dot(*sums, group, taps);
            }
        }
        let mut output = [0i32; BLOCK];
        for sums in sums {
            V::spill(sums, output.as_mut_ptr());
            core::hint::black_box(&output);
        }
    }
    u64::from(rounds) * (SUMS * BLOCK * V::CHANNELS) as u64
}
