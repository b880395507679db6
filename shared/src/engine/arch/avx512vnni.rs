//! AVX-512 with VNNI: `vpdpbusd` multiplies 64 pairs, `u8` by `i8`, and adds them to 16 sums.

use core::arch::x86_64::*;

use super::{
    tile::{Ahead, Convolution, Tiling, square, strip},
    vector::Vector,
};

#[derive(Clone, Copy)]
struct Avx512Vnni;

// SAFETY: 16 sums, 16 times 4 weights and 16 multipliers are 64 bytes each, and a stored block is 16 bytes. The intrinsics only
// need their instruction set and valid pointers.
unsafe impl Vector for Avx512Vnni {
    const ZERO: u8 = 0;
    const CHANNEL_BYTES: usize = 1;
    type Sums = __m512i;
    type Taps = __m512i;
    type Group = __m512i;

    #[inline(always)]
    unsafe fn sums(biases: *const i32) -> __m512i {
        // SAFETY: the trait's contract.
        unsafe { _mm512_loadu_si512(biases.cast()) }
    }

    #[inline(always)]
    unsafe fn taps(weights: *const i8) -> __m512i {
        // SAFETY: the trait's contract.
        unsafe { _mm512_loadu_si512(weights.cast()) }
    }

    #[inline(always)]
    unsafe fn group(input: *const u8) -> __m512i {
        // SAFETY: the trait's contract.
        unsafe { _mm512_set1_epi32(input.cast::<i32>().read_unaligned()) }
    }

    #[inline(always)]
    unsafe fn dot(sums: __m512i, group: __m512i, taps: __m512i) -> __m512i {
        // SAFETY: the trait's contract.
        unsafe { _mm512_dpbusd_epi32(sums, group, taps) }
    }

    #[inline(always)]
    unsafe fn max(a: __m512i, b: __m512i) -> __m512i {
        // SAFETY: the trait's contract.
        unsafe { _mm512_max_epi32(a, b) }
    }

    #[inline(always)]
    unsafe fn add(a: __m512i, b: __m512i) -> __m512i {
        // SAFETY: the trait's contract.
        unsafe { _mm512_add_epi32(a, b) }
    }

    #[inline(always)]
    unsafe fn store(sums: [__m512i; 4], multipliers: [*const f32; 4], outputs: [*mut u8; 4]) {
        // SAFETY: the trait's contract.
        unsafe {
            // Clamp from above before the conversion, which would make large numbers negative; saturation clamps from below.
            let scaled = |i: usize| {
                let product = _mm512_mul_ps(_mm512_cvtepi32_ps(sums[i]), _mm512_loadu_ps(multipliers[i]));
                _mm512_cvtps_epi32(_mm512_min_ps(product, _mm512_set1_ps(255.0)))
            };
            let low = _mm512_packs_epi32(scaled(0), scaled(1));
            let high = _mm512_packs_epi32(scaled(2), scaled(3));
            // Four 128-bit lanes, each with 4 channels from all four.
            let mixed = _mm512_packus_epi16(low, high);
            let order = _mm512_set_epi32(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0);
            let sorted = _mm512_permutexvar_epi32(order, mixed);
            _mm_storeu_si128(outputs[0].cast(), _mm512_castsi512_si128(sorted));
            _mm_storeu_si128(outputs[1].cast(), _mm512_extracti32x4_epi32::<1>(sorted));
            _mm_storeu_si128(outputs[2].cast(), _mm512_extracti32x4_epi32::<2>(sorted));
            _mm_storeu_si128(outputs[3].cast(), _mm512_extracti32x4_epi32::<3>(sorted));
        }
    }

    #[inline(always)]
    unsafe fn spill(sums: __m512i, output: *mut i32) {
        // SAFETY: the trait's contract.
        unsafe { _mm512_storeu_si512(output.cast(), sums) }
    }

    #[inline(always)]
    unsafe fn prefetch(address: *const i8) {
        // SAFETY: a prefetch never faults.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address) }
    }

    #[inline(always)]
    unsafe fn prefetch_for_later(address: *const i8) {
        // SAFETY: a prefetch never faults.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(address) }
    }
}

// SAFETY: only `strip` and `square` compute tiles, one after the other, and each begins inside the row.
unsafe impl Tiling for Avx512Vnni {
    const BLOCKS: usize = 2;

    #[inline(always)]
    unsafe fn row_pair(task: &Convolution, block: usize, blocks: usize, y: usize, ahead: &mut Ahead) {
        // SAFETY: as the caller promises.
        unsafe {
            match (blocks, task.input_pixel) {
                (2, _) => row_pair_of_two(task, block, y, ahead),
                (_, 4) => square::<Self, 4>(task, block, y),
                (_, 16) => square::<Self, 16>(task, block, y),
                _ => square::<Self, 0>(task, block, y),
            }
        }
    }
}

features!(Avx512Vnni => enabling!
    /// 14 pixels of 32 channels: 28 registers of sums, 2 of weights, 1 of activations.
    #[inline]
    unsafe fn row_pair_of_two(task: &Convolution, block: usize, y: usize, ahead: &mut Ahead) {
        // SAFETY: as the caller promises.
        unsafe { strip::<Avx512Vnni, 14, 2>(task, block, y, 0, task.width, ahead) }
    }
);

features!(Avx512Vnni => kernels! Avx512Vnni, 16 sums, zmm_reg "/* {0} */");
