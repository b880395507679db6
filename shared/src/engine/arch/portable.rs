//! [`Vector`] in plain Rust, for tests: it runs the loops and the layout without any instruction set (Miri).
//! Lanes are counted rather than iterated: an iterator takes Miri ten times as long.

use super::{
    tile::{Ahead, Convolution, Tiling, square, strip},
    vector::{BLOCK, Lanes, Vector},
    winograd::Winograd,
};
use crate::layers::quantization::requantize;

/// `$value` for each lane.
macro_rules! lanes {
    ($start:expr, $lane:ident => $value:expr) => {{
        let mut lanes = $start;
        let mut $lane = 0;
        while $lane < lanes.len() {
            lanes[$lane] = $value;
            $lane += 1;
        }
        lanes
    }};
}

/// Stores activations by `ZERO`; `WIDE` takes two blocks at once and squares for single ones, as AVX-512 does.
#[derive(Clone, Copy)]
pub(crate) struct Portable<const ZERO: u8, const WIDE: bool>;

// SAFETY: arrays of 16 `i32`, 64 weights and 4 bytes are read and written whole, and a stored block is 16 bytes.
unsafe impl<const ZERO: u8, const WIDE: bool> Vector for Portable<ZERO, WIDE> {
    const ZERO: u8 = ZERO;
    const CHANNEL_BYTES: usize = 1;
    type Sums = [i32; BLOCK];
    type Taps = [i8; 64];
    type Group = [u8; 4];

    unsafe fn sums(biases: *const i32) -> [i32; BLOCK] {
        // SAFETY: the trait's contract.
        unsafe { biases.cast::<[i32; BLOCK]>().read_unaligned() }
    }

    unsafe fn taps(weights: *const i8) -> [i8; 64] {
        // SAFETY: the trait's contract.
        unsafe { weights.cast::<[i8; 64]>().read_unaligned() }
    }

    unsafe fn group(input: *const u8) -> [u8; 4] {
        // SAFETY: the trait's contract.
        unsafe { input.cast::<[u8; 4]>().read_unaligned() }
    }

    unsafe fn dot(mut sums: [i32; BLOCK], group: [u8; 4], taps: [i8; 64]) -> [i32; BLOCK] {
        let value = |byte: u8| if ZERO == 0 { i32::from(byte) } else { i32::from(byte as i8) };
        let values = [value(group[0]), value(group[1]), value(group[2]), value(group[3])];
        let mut lane = 0;
        while lane < BLOCK {
            let at = 4 * lane;
            let pairs = values[0] * i32::from(taps[at]) + values[1] * i32::from(taps[at + 1]);
            let others = values[2] * i32::from(taps[at + 2]) + values[3] * i32::from(taps[at + 3]);
            sums[lane] = sums[lane].wrapping_add(pairs + others);
            lane += 1;
        }
        sums
    }

    unsafe fn max(a: [i32; BLOCK], b: [i32; BLOCK]) -> [i32; BLOCK] {
        lanes!(a, lane => a[lane].max(b[lane]))
    }

    unsafe fn add(a: [i32; BLOCK], b: [i32; BLOCK]) -> [i32; BLOCK] {
        lanes!(a, lane => a[lane].wrapping_add(b[lane]))
    }

    unsafe fn store(sums: [[i32; BLOCK]; 4], multipliers: [*const f32; 4], outputs: [*mut u8; 4]) {
        for ((sums, multipliers), output) in sums.into_iter().zip(multipliers).zip(outputs) {
            for (lane, sum) in sums.into_iter().enumerate() {
                // SAFETY: the trait's contract.
                unsafe { output.add(lane).write(requantize(sum, 0, multipliers.add(lane).read()) ^ ZERO) };
            }
        }
    }

    unsafe fn spill(sums: [i32; BLOCK], output: *mut i32) {
        // SAFETY: the trait's contract.
        unsafe { output.cast::<[i32; BLOCK]>().write_unaligned(sums) }
    }
}

// SAFETY: only `strip` and `square` compute tiles, one after the other, and each begins inside the row.
unsafe impl<const ZERO: u8, const WIDE: bool> Tiling for Portable<ZERO, WIDE> {
    const BLOCKS: usize = if WIDE { 2 } else { 1 };

    unsafe fn row_pair(task: &Convolution, block: usize, blocks: usize, y: usize, ahead: &mut Ahead) {
        // SAFETY: as the caller promises.
        unsafe {
            match blocks {
                2 => strip::<Self, 14, 2>(task, block, y, 0, task.width, ahead),
                _ if WIDE => square::<Self, 0>(task, block, y),
                _ => strip::<Self, 6, 1>(task, block, y, 0, task.width, ahead),
            }
        }
    }
}

impl Lanes for [i16; 8] {
    unsafe fn add(self, other: Self) -> Self {
        lanes!(self, lane => self[lane] + other[lane])
    }

    unsafe fn sub(self, other: Self) -> Self {
        lanes!(self, lane => self[lane] - other[lane])
    }

    unsafe fn shift_left<const BITS: i32>(self) -> Self {
        lanes!(self, lane => self[lane] * (1 << BITS))
    }
}

impl Lanes for [i32; 8] {
    unsafe fn add(self, other: Self) -> Self {
        lanes!(self, lane => self[lane].wrapping_add(other[lane]))
    }

    unsafe fn sub(self, other: Self) -> Self {
        lanes!(self, lane => self[lane].wrapping_sub(other[lane]))
    }

    unsafe fn shift_left<const BITS: i32>(self) -> Self {
        lanes!(self, lane => self[lane] << BITS)
    }
}

/// Overflowing 16-bit sums panic, so running in plain Rust checks the bounds the method relies on.
// SAFETY: arrays of `HALVES` and `WORDS` numbers are read and written whole, one byte per activation.
unsafe impl<const ZERO: u8, const WIDE: bool> Winograd for Portable<ZERO, WIDE> {
    type Halves = [i16; 8];
    type Words = [i32; 8];
    type Pairs = [i16; 32];
    const HALVES: usize = 8;
    const WORDS: usize = 8;

    fn pair_index(lane: usize, channel: usize) -> usize {
        lane * 2 + channel
    }

    unsafe fn pairs(weights: *const i16) -> [i16; 32] {
        // SAFETY: the trait's contract.
        unsafe { weights.cast::<[i16; 32]>().read_unaligned() }
    }

    unsafe fn dot_pairs(mut sums: [i32; BLOCK], group: [u8; 4], pairs: [i16; 32]) -> [i32; BLOCK] {
        let group = [[group[0], group[1]], [group[2], group[3]]].map(|value| i32::from(i16::from_ne_bytes(value)));
        let mut lane = 0;
        while lane < BLOCK {
            let products = group[0] * i32::from(pairs[2 * lane]) + group[1] * i32::from(pairs[2 * lane + 1]);
            sums[lane] = sums[lane].wrapping_add(products);
            lane += 1;
        }
        sums
    }

    unsafe fn widen(activations: *const u8) -> [i16; 8] {
        // SAFETY: the trait's contract.
        let stored = unsafe { activations.cast::<[u8; 8]>().read_unaligned() };
        lanes!([0; 8], lane => if ZERO == 0 { i16::from(stored[lane]) } else { i16::from(stored[lane] as i8) })
    }

    unsafe fn store_halves(halves: [i16; 8], output: *mut i16) {
        // SAFETY: the trait's contract.
        unsafe { output.cast::<[i16; 8]>().write_unaligned(halves) }
    }

    unsafe fn words(input: *const i32) -> [i32; 8] {
        // SAFETY: the trait's contract.
        unsafe { input.cast::<[i32; 8]>().read_unaligned() }
    }

    unsafe fn store_words(words: [i32; 8], output: *mut i32) {
        // SAFETY: the trait's contract.
        unsafe { output.cast::<[i32; 8]>().write_unaligned(words) }
    }

    unsafe fn multiply_and_shift(words: [i32; 8], factor: i32) -> [i32; 8] {
        lanes!(words, lane => words[lane].wrapping_mul(factor) >> 6)
    }

    unsafe fn max_words(a: [i32; 8], b: [i32; 8]) -> [i32; 8] {
        lanes!(a, lane => a[lane].max(b[lane]))
    }
}
