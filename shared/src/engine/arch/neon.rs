//! aarch64: three ways to multiply bytes.
//!
//! * NEON alone: `smull` and `smlal` make 16-bit products of pairs, `sadalp` adds them up in 32 bits. Two products of at most
//!   128 * 127 fit 16 bits.
//! * Dot products of equal signs: `sdot`. As with NEON alone, activations are stored minus 128, as signed bytes, and the biases
//!   compensate.
//! * Dot products of mixed signs: `usdot`.
//!
//! The dot products are written in assembly because their intrinsics are not stable.

use core::{
    arch::{aarch64::*, asm},
    marker::PhantomData,
};

use super::{
    tile::{Ahead, Convolution, Tiling, strip},
    vector::{Lanes, Vector},
    winograd::Winograd,
};

/// Adds 4 bytes of activations to each of 4 sums.
trait Product: Copy {
    /// The byte that stores activation 0.
    const ZERO: u8;

    /// Index of the weight of channel `channel` for output `lane` within the 16 weights of 4 outputs.
    fn tap_index(lane: usize, channel: usize) -> usize;

    /// # Safety
    /// As for [`Vector::dot`]; `group` repeats the 4 bytes four times.
    unsafe fn dot(sums: int32x4_t, group: uint8x16_t, taps: int8x16_t) -> int32x4_t;
}

/// NEON alone. The halves of the weights belong to channels 0, 1 and 2, 3.
#[derive(Clone, Copy)]
struct Multiply8;

impl Product for Multiply8 {
    const ZERO: u8 = 0x80;

    fn tap_index(lane: usize, channel: usize) -> usize {
        channel / 2 * 8 + lane * 2 + channel % 2
    }

    #[inline(always)]
    unsafe fn dot(sums: int32x4_t, group: uint8x16_t, taps: int8x16_t) -> int32x4_t {
        // SAFETY: the trait's contract.
        unsafe {
            let pairs = vreinterpretq_s16_u8(group);
            let first = vreinterpret_s8_s16(vdup_laneq_s16::<0>(pairs));
            let second = vreinterpret_s8_s16(vdup_laneq_s16::<1>(pairs));
            let products = vmull_s8(first, vget_low_s8(taps));
            let products = vmlal_s8(products, second, vget_high_s8(taps));
            vpadalq_s16(sums, products)
        }
    }
}

/// `sdot`.
#[derive(Clone, Copy)]
struct SignedDot;

impl Product for SignedDot {
    const ZERO: u8 = 0x80;

    fn tap_index(lane: usize, channel: usize) -> usize {
        lane * 4 + channel
    }

    #[inline(always)]
    unsafe fn dot(mut sums: int32x4_t, group: uint8x16_t, taps: int8x16_t) -> int32x4_t {
        // SAFETY: the trait's contract; the instruction reads and writes registers only.
        unsafe {
            asm!(
                ".arch_extension dotprod",
                "sdot {sums:v}.4s, {taps:v}.16b, {group:v}.16b",
                sums = inout(vreg) sums, taps = in(vreg) taps, group = in(vreg) group,
                options(pure, nomem, nostack, preserves_flags),
            );
        }
        sums
    }
}

/// `usdot`.
#[derive(Clone, Copy)]
struct MixedDot;

impl Product for MixedDot {
    const ZERO: u8 = 0;

    fn tap_index(lane: usize, channel: usize) -> usize {
        lane * 4 + channel
    }

    #[inline(always)]
    unsafe fn dot(mut sums: int32x4_t, group: uint8x16_t, taps: int8x16_t) -> int32x4_t {
        // SAFETY: the trait's contract; the instruction reads and writes registers only.
        unsafe {
            asm!(
                ".arch_extension i8mm",
                "usdot {sums:v}.4s, {group:v}.16b, {taps:v}.16b",
                sums = inout(vreg) sums, taps = in(vreg) taps, group = in(vreg) group,
                options(pure, nomem, nostack, preserves_flags),
            );
        }
        sums
    }
}

/// A block of 16 output channels as four vectors.
#[derive(Clone, Copy)]
struct Neon<P>(PhantomData<P>);

// SAFETY: 16 sums and 16 multipliers are four vectors of 16 bytes, 16 times 4 weights likewise, and a stored block is one.
unsafe impl<P: Product> Vector for Neon<P> {
    const ZERO: u8 = P::ZERO;
    const CHANNEL_BYTES: usize = 1;
    type Sums = [int32x4_t; 4];
    type Taps = [int8x16_t; 4];
    type Group = uint8x16_t;

    fn tap_index(lane: usize, channel: usize) -> usize {
        lane / 4 * 16 + P::tap_index(lane % 4, channel)
    }

    #[inline(always)]
    unsafe fn sums(biases: *const i32) -> [int32x4_t; 4] {
        // SAFETY: the trait's contract.
        unsafe { [vld1q_s32(biases), vld1q_s32(biases.add(4)), vld1q_s32(biases.add(8)), vld1q_s32(biases.add(12))] }
    }

    #[inline(always)]
    unsafe fn taps(weights: *const i8) -> [int8x16_t; 4] {
        // SAFETY: the trait's contract.
        unsafe { [vld1q_s8(weights), vld1q_s8(weights.add(16)), vld1q_s8(weights.add(32)), vld1q_s8(weights.add(48))] }
    }

    #[inline(always)]
    unsafe fn group(input: *const u8) -> uint8x16_t {
        // SAFETY: the trait's contract.
        unsafe { vreinterpretq_u8_u32(vdupq_n_u32(input.cast::<u32>().read_unaligned())) }
    }

    #[inline(always)]
    unsafe fn dot(sums: [int32x4_t; 4], group: uint8x16_t, taps: [int8x16_t; 4]) -> [int32x4_t; 4] {
        // SAFETY: the trait's contract.
        unsafe {
            [
                P::dot(sums[0], group, taps[0]),
                P::dot(sums[1], group, taps[1]),
                P::dot(sums[2], group, taps[2]),
                P::dot(sums[3], group, taps[3]),
            ]
        }
    }

    #[inline(always)]
    unsafe fn max(a: [int32x4_t; 4], b: [int32x4_t; 4]) -> [int32x4_t; 4] {
        // SAFETY: the trait's contract.
        unsafe { [vmaxq_s32(a[0], b[0]), vmaxq_s32(a[1], b[1]), vmaxq_s32(a[2], b[2]), vmaxq_s32(a[3], b[3])] }
    }

    #[inline(always)]
    unsafe fn add(a: [int32x4_t; 4], b: [int32x4_t; 4]) -> [int32x4_t; 4] {
        // SAFETY: the trait's contract.
        unsafe { [vaddq_s32(a[0], b[0]), vaddq_s32(a[1], b[1]), vaddq_s32(a[2], b[2]), vaddq_s32(a[3], b[3])] }
    }

    #[inline(always)]
    unsafe fn store(sums: [[int32x4_t; 4]; 4], multipliers: [*const f32; 4], outputs: [*mut u8; 4]) {
        // SAFETY: the trait's contract.
        unsafe {
            for ((sums, multipliers), output) in sums.into_iter().zip(multipliers).zip(outputs) {
                // The two conversions saturate at different bounds: together they clamp to 0..=255.
                let scaled = |quarter: usize| {
                    let product = vmulq_f32(vcvtq_f32_s32(sums[quarter]), vld1q_f32(multipliers.add(4 * quarter)));
                    vqmovun_s32(vcvtnq_s32_f32(product))
                };
                let low = vqmovn_u16(vcombine_u16(scaled(0), scaled(1)));
                let high = vqmovn_u16(vcombine_u16(scaled(2), scaled(3)));
                vst1q_u8(output, veorq_u8(vcombine_u8(low, high), vdupq_n_u8(P::ZERO)));
            }
        }
    }

    #[inline(always)]
    unsafe fn spill(sums: [int32x4_t; 4], output: *mut i32) {
        // SAFETY: the trait's contract.
        unsafe {
            vst1q_s32(output, sums[0]);
            vst1q_s32(output.add(4), sums[1]);
            vst1q_s32(output.add(8), sums[2]);
            vst1q_s32(output.add(12), sums[3]);
        }
    }
}

// SAFETY: only `strip` and `square` compute tiles, one after the other, and each begins inside the row.
unsafe impl<P: Product> Tiling for Neon<P> {
    const BLOCKS: usize = 1;

    #[inline(always)]
    unsafe fn row_pair(task: &Convolution, block: usize, _blocks: usize, y: usize, ahead: &mut Ahead) {
        let sixes = super::tile::wide_tiles(task.width, 6, 4);
        // SAFETY: as the caller promises.
        unsafe {
            strip::<Self, 6, 1>(task, block, y, 0, 6 * sixes, ahead);
            strip::<Self, 4, 1>(task, block, y, 6 * sixes, task.width, ahead);
        }
    }
}

impl Lanes for int16x8_t {
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: the trait's contract.
        unsafe { vaddq_s16(self, other) }
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        // SAFETY: the trait's contract.
        unsafe { vsubq_s16(self, other) }
    }

    #[inline(always)]
    unsafe fn shift_left<const BITS: i32>(self) -> Self {
        // SAFETY: the trait's contract.
        unsafe { vshlq_n_s16::<BITS>(self) }
    }
}

impl Lanes for int32x4_t {
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: the trait's contract.
        unsafe { vaddq_s32(self, other) }
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        // SAFETY: the trait's contract.
        unsafe { vsubq_s32(self, other) }
    }

    #[inline(always)]
    unsafe fn shift_left<const BITS: i32>(self) -> Self {
        // SAFETY: the trait's contract.
        unsafe { vshlq_n_s32::<BITS>(self) }
    }
}

/// If bytes are multiplied one by one, 16-bit products cost twice as much, and Winograd's method needs a quarter of them. Byte dot
/// products are four times as cheap, so it gains nothing there.
// SAFETY: vectors of 16 bytes are 8 lanes of 16 bits and 4 of 32; 8 activations are 8 bytes.
unsafe impl Winograd for Neon<Multiply8> {
    type Halves = int16x8_t;
    type Words = int32x4_t;
    /// The 16 outputs of the first channel, and of the second.
    type Pairs = [int16x8_t; 4];
    const HALVES: usize = 8;
    const WORDS: usize = 4;

    fn pair_index(lane: usize, channel: usize) -> usize {
        channel * 16 + lane
    }

    #[inline(always)]
    unsafe fn pairs(weights: *const i16) -> [int16x8_t; 4] {
        // SAFETY: the trait's contract.
        unsafe {
            [vld1q_s16(weights), vld1q_s16(weights.add(8)), vld1q_s16(weights.add(16)), vld1q_s16(weights.add(24))]
        }
    }

    #[inline(always)]
    unsafe fn dot_pairs(sums: [int32x4_t; 4], group: uint8x16_t, pairs: [int16x8_t; 4]) -> [int32x4_t; 4] {
        // SAFETY: the trait's contract.
        unsafe {
            let group = vget_low_s16(vreinterpretq_s16_u8(group));
            let [a, b, c, d] = sums;
            let a = vmlal_lane_s16::<0>(a, vget_low_s16(pairs[0]), group);
            let b = vmlal_high_lane_s16::<0>(b, pairs[0], group);
            let c = vmlal_lane_s16::<0>(c, vget_low_s16(pairs[1]), group);
            let d = vmlal_high_lane_s16::<0>(d, pairs[1], group);
            [
                vmlal_lane_s16::<1>(a, vget_low_s16(pairs[2]), group),
                vmlal_high_lane_s16::<1>(b, pairs[2], group),
                vmlal_lane_s16::<1>(c, vget_low_s16(pairs[3]), group),
                vmlal_high_lane_s16::<1>(d, pairs[3], group),
            ]
        }
    }

    #[inline(always)]
    unsafe fn widen(activations: *const u8) -> int16x8_t {
        // SAFETY: the trait's contract.
        unsafe { vmovl_s8(vld1_s8(activations.cast())) }
    }

    #[inline(always)]
    unsafe fn store_halves(halves: int16x8_t, output: *mut i16) {
        // SAFETY: the trait's contract.
        unsafe { vst1q_s16(output, halves) }
    }

    #[inline(always)]
    unsafe fn words(input: *const i32) -> int32x4_t {
        // SAFETY: the trait's contract.
        unsafe { vld1q_s32(input) }
    }

    #[inline(always)]
    unsafe fn store_words(words: int32x4_t, output: *mut i32) {
        // SAFETY: the trait's contract.
        unsafe { vst1q_s32(output, words) }
    }

    #[inline(always)]
    unsafe fn multiply_and_shift(words: int32x4_t, factor: i32) -> int32x4_t {
        // SAFETY: the trait's contract.
        unsafe { vshrq_n_s32::<6>(vmulq_n_s32(words, factor)) }
    }

    #[inline(always)]
    unsafe fn max_words(a: int32x4_t, b: int32x4_t) -> int32x4_t {
        // SAFETY: the trait's contract.
        unsafe { vmaxq_s32(a, b) }
    }
}

/// NEON alone.
pub(crate) mod plain {
    use super::{Multiply8, Neon};

    features!(Neon => kernels! Neon<Multiply8>, 6 sums, vreg "/* {0:v} */", by_winograd);
}

/// NEON with dot products.
pub(crate) mod dotprod {
    use super::{Neon, SignedDot};

    features!(NeonDotprod => kernels! Neon<SignedDot>, 6 sums, vreg "/* {0:v} */");
}

/// NEON with dot products of mixed signs.
pub(crate) mod i8mm {
    use super::{MixedDot, Neon};

    features!(NeonI8mm => kernels! Neon<MixedDot>, 6 sums, vreg "/* {0:v} */");
}
