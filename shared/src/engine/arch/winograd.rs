//! 3x3 convolutions by Winograd's minimal filtering, F(4x4, 3x3) of Lavin and Gray (CVPR 2016), in exact integers.
//!
//! A tile of 4x4 sums takes 36 products per channel instead of 144. In floats the method is approximate; here it is exact. With the
//! scales of [`weights`], transformed activations and weights are 16-bit integers, their products are summed modulo 2^32, and the
//! inverse transform yields 576 times the sums of a direct convolution. 576 is 9 * 2^6: multiplying by the inverse of 9 modulo 2^32
//! and shifting by 6 bits recovers the sums, as long as they stay within ±2^25. Layers whose weights could exceed that are
//! convolved directly.
//!
//! ```text
//! activations 6x6 --B'dB--> 36 x i16 --dot products with 36 x i16/channel--> 36 x i32 --A'mA, / 576--> 4x4 sums
//! ```
//! The kernel works on one run of tiles at a time, so that the intermediate results stay in the second-level cache.

pub(crate) mod weights;

use core::ops::Range;

use super::{
    memory::{ROWS, SLACK_PIXELS},
    tile::{Convolution, DUMP, covered, wide_tiles},
    vector::{BLOCK, GROUP_BYTES, Lanes, Vector},
};

/// Rows and columns of sums per tile.
pub(crate) const TILE: usize = 4;
/// Rows and columns of activations per tile.
const WINDOW: usize = TILE + 2;
/// Products per tile and channel.
pub(crate) const PRODUCTS: usize = WINDOW * WINDOW;
/// Channels per group of transformed activations.
pub(crate) const PAIR: usize = 2;
/// Most tiles in a run, and the limit of channels times tiles.
const RUN: usize = 28;
const RUN_CHANNELS: usize = 4096;
/// Tiles multiplied at once.
const WIDE: usize = 6;
const NARROW: usize = 4;
/// Inverse of 9 modulo 2^32.
const INVERSE_OF_9: i32 = 0x38e3_8e39;

// A map contains whole tiles of rows and the border.
const _: () = assert!(ROWS.is_multiple_of(TILE) && WINDOW == TILE + 2);
// A group is a pair of transformed activations.
const _: () = assert!(GROUP_BYTES == PAIR * size_of::<i16>());
const _: () = assert!(INVERSE_OF_9.wrapping_mul(9) == 1);
// The wide and narrow tiles of a run read at most `reach` past it and write at most as far as the sums have room.
const _: () = {
    let mut count = 1;
    while count <= RUN {
        let tiles = covered(count, wide_tiles(count, WIDE, NARROW), WIDE, NARROW);
        assert!(tiles >= count && tiles <= count + NARROW && tiles <= count + WIDE);
        count += 1;
    }
};

/// What the method needs from an instruction set beyond [`Vector`].
///
/// # Safety
/// As for [`Vector`], including these constants: [`Winograd::widen`] reads `HALVES` stored activations, [`Winograd::store_halves`]
/// writes as many numbers, [`Winograd::words`] reads `WORDS` and [`Winograd::store_words`] writes as many.
pub(crate) unsafe trait Winograd: Vector {
    /// 16-bit lanes: transformed activations.
    type Halves: Lanes;
    /// 32-bit lanes: sums.
    type Words: Lanes;
    /// Transformed weights of [`PAIR`] channels for 16 outputs.
    type Pairs: Copy;

    /// Lanes of [`Self::Halves`], at most 16.
    const HALVES: usize;
    /// Lanes of [`Self::Words`], a divisor of 16.
    const WORDS: usize;

    /// Index in [`Self::Pairs`] of the weight of channel `channel` of a pair for output `lane`.
    fn pair_index(lane: usize, channel: usize) -> usize;

    /// [`PAIR`] times 16 transformed weights at `weights`.
    unsafe fn pairs(weights: *const i16) -> Self::Pairs;
    /// `sums[lane] + sum over channels of group[channel] * pairs[lane][channel]` modulo 2^32; the group is two of `i16`.
    unsafe fn dot_pairs(sums: Self::Sums, group: Self::Group, pairs: Self::Pairs) -> Self::Sums;
    /// [`Self::HALVES`] stored activations, widened to the numbers that [`Vector::dot`] multiplies.
    unsafe fn widen(activations: *const u8) -> Self::Halves;
    /// Writes [`Self::HALVES`] numbers.
    unsafe fn store_halves(halves: Self::Halves, output: *mut i16);
    /// [`Self::WORDS`] numbers at `input`.
    unsafe fn words(input: *const i32) -> Self::Words;
    /// Writes [`Self::WORDS`] numbers.
    unsafe fn store_words(words: Self::Words, output: *mut i32);
    /// `words * factor` modulo 2^32, shifted right by 6 bits as signed numbers.
    unsafe fn multiply_and_shift(words: Self::Words, factor: i32) -> Self::Words;
    /// The larger of each pair.
    unsafe fn max_words(a: Self::Words, b: Self::Words) -> Self::Words;
}

/// Tiles of a map.
pub(crate) const fn tiles(height: usize, width: usize) -> usize {
    height.div_ceil(TILE) * width.div_ceil(TILE)
}

/// Tiles per run for activations of `channels` channels.
fn run_tiles(channels: usize) -> usize {
    (RUN_CHANNELS / channels).clamp(2 * WIDE, RUN)
}

/// Bytes from one product's transformed activations to the next for `tiles` tiles, plus a vector: an odd number of cache lines, so
/// that the 36 do not share a few sets of the cache.
fn product_bytes(tiles: usize, channels: usize) -> usize {
    let lines = ((tiles * channels + BLOCK) * size_of::<i16>()).div_ceil(64);
    (lines | 1) * 64
}

/// Bytes of the transformed activations of `tiles` tiles, including what [`Multiply`] may read past them.
fn transformed_bytes(tiles: usize, channels: usize) -> usize {
    let reach = NARROW * channels * size_of::<i16>();
    (PRODUCTS * product_bytes(tiles, channels) + reach).next_multiple_of(64)
}

/// Scratch bytes of [`convolve`] for pixels of `channels` channels.
pub(crate) fn scratch(channels: usize) -> usize {
    let tiles = run_tiles(channels);
    transformed_bytes(tiles, channels) + (tiles + WIDE) * PRODUCTS * BLOCK * size_of::<i32>()
}

/// Computes the `tiles` of a convolution, counted along the rows.
///
/// The pixels of `task` have room for an even number of channels, its `groups` are pairs of channels, and its weights come from
/// [`weights::transform`].
///
/// # Safety
/// The caller has detected and enabled `V`'s instruction set. The pointers of `task` are valid for the shapes that it gives:
/// the input with a border of one pixel, whole tiles of rows, and after that [`SLACK_PIXELS`]; the output with room for whole
/// blocks. `scratch` has [`scratch`] bytes, aligned to 64, used by nothing else. No other thread writes what the tiles write.
#[inline(always)]
pub(crate) unsafe fn convolve<V: Winograd>(task: &Convolution, tiles: Range<usize>, scratch: *mut u8) {
    const {
        // The last window of the last row begins at a pixel of the row, so it ends `TILE - 1` pixels past the border, and a vector
        // that begins at the last activation of that pixel ends less than its length beyond.
        let behind = TILE - 1 + (V::HALVES * V::CHANNEL_BYTES).div_ceil(GROUP_BYTES);
        assert!(V::HALVES > 0 && behind <= SLACK_PIXELS, "the last window of the last row ends in the slack");
        assert!(V::HALVES <= BLOCK, "the last transformed activations have room behind them, see `product_bytes`");
        assert!(V::WORDS > 0 && BLOCK.is_multiple_of(V::WORDS), "a block is whole vectors of sums");
    }
    let runs = tiles.len().div_ceil(run_tiles(task.input_pixel / V::CHANNEL_BYTES));
    for run in 0..runs {
        let at = |run: usize| tiles.start + tiles.len() * run / runs;
        // SAFETY: as the caller promises.
        unsafe { convolve_run::<V>(task, at(run)..at(run + 1), scratch) };
    }
}

#[inline(always)]
unsafe fn convolve_run<V: Winograd>(task: &Convolution, tiles: Range<usize>, scratch: *mut u8) {
    let channels = task.input_pixel / V::CHANNEL_BYTES;
    let columns = task.width.div_ceil(TILE);
    let count = tiles.len();
    let product = product_bytes(count, channels);
    let place = |tile: usize| (tile / columns * TILE, tile % columns * TILE);
    // SAFETY: as the caller promises; `scratch` is long enough for `count` tiles.
    unsafe {
        for (n, tile) in tiles.clone().enumerate() {
            let (y, x) = place(tile);
            let window = task.input.add(y * task.input_row + x * task.input_pixel);
            // A pixel with fewer channels than a vector has lanes includes its neighbours; the next tile overwrites them.
            for channel in (0..channels).step_by(V::HALVES) {
                let output = scratch.cast::<i16>().add(n * channels + channel);
                transform_input::<V>(task, window.add(channel * V::CHANNEL_BYTES), output, product);
            }
        }
        let sums = scratch.add(transformed_bytes(count, channels)).cast::<i32>();
        let wide = WIDE * wide_tiles(count, WIDE, NARROW);
        for block in 0..task.blocks {
            for n in 0..PRODUCTS {
                let pairs = task.weights.cast::<i16>().add((block * PRODUCTS + n) * task.groups * PAIR * BLOCK);
                let multiply = Multiply { input: scratch.add(n * product), channels, groups: task.groups, pairs };
                for tile in (0..wide).step_by(WIDE) {
                    multiply.tiles::<V, WIDE>(tile, sums.add((tile * PRODUCTS + n) * BLOCK));
                }
                for tile in (wide..count).step_by(NARROW) {
                    multiply.tiles::<V, NARROW>(tile, sums.add((tile * PRODUCTS + n) * BLOCK));
                }
            }
            for (n, tile) in tiles.clone().enumerate() {
                let (y, x) = place(tile);
                store_tile::<V>(task, block, y, x, sums.add(n * PRODUCTS * BLOCK));
            }
        }
    }
}

/// Transforms a window of activations to 36 values, `product` bytes apart.
#[inline(always)]
unsafe fn transform_input<V: Winograd>(task: &Convolution, window: *const u8, output: *mut i16, product: usize) {
    // SAFETY: the window lies in the map or its slack; the output in the scratch memory.
    unsafe {
        let start = V::widen(window);
        let mut columns = [[start; WINDOW]; WINDOW];
        for (x, column) in columns.iter_mut().enumerate() {
            for (y, halves) in column.iter_mut().enumerate() {
                *halves = V::widen(window.add(y * task.input_row + x * task.input_pixel));
            }
            *column = forward(*column);
        }
        for y in 0..WINDOW {
            let [a, b, c, d, e, f] = &columns;
            let row = forward([a[y], b[y], c[y], d[y], e[y], f[y]]);
            for (x, halves) in row.into_iter().enumerate() {
                V::store_halves(halves, output.byte_add((y * WINDOW + x) * product));
            }
        }
    }
}

/// `B' d`: within ±17,340 after rows and columns, for activations of 0..=255 or -128..=127.
#[inline(always)]
unsafe fn forward<L: Lanes>(d: [L; WINDOW]) -> [L; WINDOW] {
    // SAFETY: the caller enables the instruction set.
    unsafe {
        let even = d[4].sub(d[2]);
        let odd = d[3].sub(d[1]);
        let odd = odd.add(odd);
        let sum = d[4].sub(d[2].shift_left::<2>());
        let difference = d[3].sub(d[1].shift_left::<2>());
        [
            d[0].sub(d[2]).shift_left::<2>().add(even),
            sum.add(difference),
            sum.sub(difference),
            even.add(odd),
            even.sub(odd),
            d[5].sub(d[3]).sub(odd.add(odd)),
        ]
    }
}

/// The dot products for one of the 36 positions of a tile.
struct Multiply {
    /// Transformed activations: a tile's `channels` side by side.
    input: *const u8,
    channels: usize,
    groups: usize,
    pairs: *const i16,
}

impl Multiply {
    /// Computes `TILES` tiles from `tile` on and a block of 16 outputs; the next tile's sums go [`PRODUCTS`] blocks further on.
    #[inline(always)]
    unsafe fn tiles<V: Winograd, const TILES: usize>(&self, tile: usize, output: *mut i32) {
        // SAFETY: as for `convolve`; tiles after the last are in the scratch memory too.
        unsafe {
            let zeros = [0i32; BLOCK];
            let mut sums = [V::sums(zeros.as_ptr()); TILES];
            let stride = self.channels * size_of::<i16>();
            let mut input = self.input.add(tile * stride);
            let mut weights = self.pairs;
            for _ in 0..self.groups {
                let pairs = V::pairs(weights);
                for (n, sums) in sums.iter_mut().enumerate() {
                    *sums = V::dot_pairs(*sums, V::group(input.add(n * stride)), pairs);
                }
                input = input.add(GROUP_BYTES);
                weights = weights.add(PAIR * BLOCK);
            }
            for (n, sums) in sums.into_iter().enumerate() {
                V::spill(sums, output.add(n * PRODUCTS * BLOCK));
            }
        }
    }
}

/// Inverse transform and requantization for one tile and block.
#[inline(always)]
unsafe fn store_tile<V: Winograd>(task: &Convolution, block: usize, y: usize, x: usize, products: *const i32) {
    let mut dump = [0u8; DUMP];
    let dump = dump.as_mut_ptr();
    let mut kept = core::mem::MaybeUninit::<[[i32; BLOCK]; TILE * TILE]>::uninit();
    let kept = kept.as_mut_ptr().cast::<i32>();
    // SAFETY: as for `convolve`; `kept` is written before it is read.
    unsafe {
        let biases = task.biases.add(block * BLOCK);
        for part in (0..BLOCK).step_by(V::WORDS) {
            let bias = V::words(biases.add(part));
            let mut columns = [[bias; TILE]; WINDOW];
            for (x, column) in columns.iter_mut().enumerate() {
                let mut scaled = [bias; WINDOW];
                for (y, scaled) in scaled.iter_mut().enumerate() {
                    *scaled = V::words(products.add((y * WINDOW + x) * BLOCK + part));
                }
                *column = backward(scaled);
            }
            let mut sums = [[bias; TILE]; TILE];
            for (y, row) in sums.iter_mut().enumerate() {
                let [a, b, c, d, e, f] = &columns;
                for (sum, scaled) in row.iter_mut().zip(backward([a[y], b[y], c[y], d[y], e[y], f[y]])) {
                    *sum = V::multiply_and_shift(scaled, INVERSE_OF_9).add(bias);
                }
            }
            if task.pool {
                for (n, rows) in sums.chunks_exact(2).enumerate() {
                    for x in 0..TILE / 2 {
                        let upper = V::max_words(rows[0][2 * x], rows[0][2 * x + 1]);
                        let lower = V::max_words(rows[1][2 * x], rows[1][2 * x + 1]);
                        V::store_words(V::max_words(upper, lower), kept.add((n * TILE / 2 + x) * BLOCK + part));
                    }
                }
            } else {
                for (n, &sum) in sums.as_flattened().iter().enumerate() {
                    V::store_words(sum, kept.add(n * BLOCK + part));
                }
            }
        }
        let (y, x, side) = if task.pool { (y / 2, x / 2, TILE / 2) } else { (y, x, TILE) };
        let scale = task.multipliers.add(block * BLOCK);
        for first in (0..side * side).step_by(4) {
            let sums = |n: usize| V::sums(kept.add((first + n) * BLOCK));
            let target = |n: usize| task.target::<V>(y + (first + n) / side, x + (first + n) % side, block, dump);
            V::store([sums(0), sums(1), sums(2), sums(3)], [scale; 4], [target(0), target(1), target(2), target(3)]);
        }
    }
}

/// `A' m`, 24 times the sums of a row or a column, modulo 2^32.
#[inline(always)]
unsafe fn backward<L: Lanes>(m: [L; WINDOW]) -> [L; TILE] {
    // SAFETY: the caller enables the instruction set.
    unsafe {
        let (sum, difference) = (m[1].add(m[2]), m[1].sub(m[2]));
        let (far_sum, far_difference) = (m[3].add(m[4]), m[3].sub(m[4]));
        let far_difference = far_difference.add(far_difference);
        [
            m[0].add(sum).add(far_sum),
            difference.add(far_difference),
            sum.add(far_sum.shift_left::<2>()),
            far_difference.add(m[5]).shift_left::<2>().add(difference),
        ]
    }
}
