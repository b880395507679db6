//! 256-bit vectors: AVX-VNNI's `vpdpbusd`, and AVX2 alone, which multiplies 16-bit numbers in pairs.
//!
//! `vpmaddubsw` takes bytes but saturates its sums, so it is not used. AVX2 keeps activations in 16 bits instead and widens weights
//! when it loads them. Its factors are 16 bits wide anyway, so Winograd's method costs no width.

use core::{arch::x86_64::*, marker::PhantomData};

use super::{
    tile::{Ahead, Convolution, Tiling, strip},
    vector::{Lanes, Vector},
    winograd::Winograd,
};

/// Adds 4 bytes of activations to each of 8 sums.
///
/// # Safety
/// `CHANNEL_BYTES` is 1 or 2; `taps` reads at most half of [`Vector::TAP_BYTES`].
unsafe trait Product: Copy {
    /// Bytes per stored activation.
    const CHANNEL_BYTES: usize;

    /// A group's weights for 8 outputs.
    ///
    /// # Safety
    /// As for [`Vector::taps`].
    unsafe fn taps(weights: *const i8) -> __m256i;

    /// # Safety
    /// As for [`Vector::dot`].
    unsafe fn dot(sums: __m256i, group: __m256i, taps: __m256i) -> __m256i;
}

/// AVX2: `vpmaddwd` and an addition, two channels per group.
#[derive(Clone, Copy)]
struct Multiply16;

// SAFETY: `taps` reads 16 bytes: 8 outputs of 2 channels.
unsafe impl Product for Multiply16 {
    const CHANNEL_BYTES: usize = 2;

    #[inline(always)]
    unsafe fn taps(weights: *const i8) -> __m256i {
        // SAFETY: the trait's contract.
        unsafe { _mm256_cvtepi8_epi16(_mm_loadu_si128(weights.cast())) }
    }

    #[inline(always)]
    unsafe fn dot(sums: __m256i, group: __m256i, taps: __m256i) -> __m256i {
        // SAFETY: the trait's contract.
        unsafe { _mm256_add_epi32(sums, _mm256_madd_epi16(group, taps)) }
    }
}

/// AVX-VNNI: `vpdpbusd`, four channels per group.
#[derive(Clone, Copy)]
struct DotProduct;

// SAFETY: `taps` reads 32 bytes: 8 outputs of 4 channels.
unsafe impl Product for DotProduct {
    const CHANNEL_BYTES: usize = 1;

    #[inline(always)]
    unsafe fn taps(weights: *const i8) -> __m256i {
        // SAFETY: the trait's contract.
        unsafe { _mm256_loadu_si256(weights.cast()) }
    }

    #[inline(always)]
    unsafe fn dot(sums: __m256i, group: __m256i, taps: __m256i) -> __m256i {
        // SAFETY: the trait's contract.
        unsafe { _mm256_dpbusd_avx_epi32(sums, group, taps) }
    }
}

/// A block of 16 output channels as two vectors.
#[derive(Clone, Copy)]
struct Ymm<P>(PhantomData<P>);

// SAFETY: 16 sums are two vectors of 8, whose halves of the weights `Product` vouches for. A stored block is 16 bytes, or 32 where
// an activation has two.
unsafe impl<P: Product> Vector for Ymm<P> {
    const ZERO: u8 = 0;
    const CHANNEL_BYTES: usize = P::CHANNEL_BYTES;
    type Sums = [__m256i; 2];
    type Taps = [__m256i; 2];
    type Group = __m256i;

    #[inline(always)]
    unsafe fn sums(biases: *const i32) -> [__m256i; 2] {
        // SAFETY: the trait's contract.
        unsafe { [_mm256_loadu_si256(biases.cast()), _mm256_loadu_si256(biases.add(8).cast())] }
    }

    #[inline(always)]
    unsafe fn taps(weights: *const i8) -> [__m256i; 2] {
        // SAFETY: the trait's contract.
        unsafe { [P::taps(weights), P::taps(weights.add(Self::TAP_BYTES / 2))] }
    }

    #[inline(always)]
    unsafe fn group(input: *const u8) -> __m256i {
        // SAFETY: the trait's contract.
        unsafe { _mm256_set1_epi32(input.cast::<i32>().read_unaligned()) }
    }

    #[inline(always)]
    unsafe fn dot(sums: [__m256i; 2], group: __m256i, taps: [__m256i; 2]) -> [__m256i; 2] {
        // SAFETY: the trait's contract.
        unsafe { [P::dot(sums[0], group, taps[0]), P::dot(sums[1], group, taps[1])] }
    }

    #[inline(always)]
    unsafe fn max(a: [__m256i; 2], b: [__m256i; 2]) -> [__m256i; 2] {
        // SAFETY: the trait's contract.
        unsafe { [_mm256_max_epi32(a[0], b[0]), _mm256_max_epi32(a[1], b[1])] }
    }

    #[inline(always)]
    unsafe fn add(a: [__m256i; 2], b: [__m256i; 2]) -> [__m256i; 2] {
        // SAFETY: the trait's contract.
        unsafe { [_mm256_add_epi32(a[0], b[0]), _mm256_add_epi32(a[1], b[1])] }
    }

    #[inline(always)]
    unsafe fn store(sums: [[__m256i; 2]; 4], multipliers: [*const f32; 4], outputs: [*mut u8; 4]) {
        // SAFETY: the trait's contract.
        unsafe {
            for ((sums, multipliers), output) in sums.into_iter().zip(multipliers).zip(outputs) {
                // Clamp from above before the conversion, which would make large numbers negative; saturation clamps from below.
                let scaled = |half: usize| {
                    let product =
                        _mm256_mul_ps(_mm256_cvtepi32_ps(sums[half]), _mm256_loadu_ps(multipliers.add(8 * half)));
                    _mm256_cvtps_epi32(_mm256_min_ps(product, _mm256_set1_ps(255.0)))
                };
                // The quarters hold the channels in the order 0, 2, 1, 3.
                let words = _mm256_packus_epi32(scaled(0), scaled(1));
                let words = _mm256_permute4x64_epi64::<0b11_01_10_00>(words);
                if P::CHANNEL_BYTES == 2 {
                    _mm256_storeu_si256(output.cast(), words);
                } else {
                    let (low, high) = (_mm256_castsi256_si128(words), _mm256_extracti128_si256::<1>(words));
                    _mm_storeu_si128(output.cast(), _mm_packus_epi16(low, high));
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn spill(sums: [__m256i; 2], output: *mut i32) {
        // SAFETY: the trait's contract.
        unsafe {
            _mm256_storeu_si256(output.cast(), sums[0]);
            _mm256_storeu_si256(output.add(8).cast(), sums[1]);
        }
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
unsafe impl<P: Product> Tiling for Ymm<P> {
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

/// 16 lanes of 16 bits.
#[derive(Clone, Copy)]
struct Halves(__m256i);

impl Lanes for Halves {
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: the trait's contract.
        Self(unsafe { _mm256_add_epi16(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        // SAFETY: the trait's contract.
        Self(unsafe { _mm256_sub_epi16(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn shift_left<const BITS: i32>(self) -> Self {
        // SAFETY: the trait's contract.
        Self(unsafe { _mm256_slli_epi16::<BITS>(self.0) })
    }
}

/// 8 lanes of 32 bits.
#[derive(Clone, Copy)]
struct Words(__m256i);

impl Lanes for Words {
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: the trait's contract.
        Self(unsafe { _mm256_add_epi32(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        // SAFETY: the trait's contract.
        Self(unsafe { _mm256_sub_epi32(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn shift_left<const BITS: i32>(self) -> Self {
        // SAFETY: the trait's contract.
        Self(unsafe { _mm256_slli_epi32::<BITS>(self.0) })
    }
}

// SAFETY: vectors of 32 bytes are 16 lanes of 16 bits and 8 of 32; activations are stored as 16 bits, so that a vector of them is
// 32 bytes too.
unsafe impl Winograd for Ymm<Multiply16> {
    type Halves = Halves;
    type Words = Words;
    type Pairs = [__m256i; 2];
    const HALVES: usize = 16;
    const WORDS: usize = 8;

    fn pair_index(lane: usize, channel: usize) -> usize {
        lane * 2 + channel
    }

    #[inline(always)]
    unsafe fn pairs(weights: *const i16) -> [__m256i; 2] {
        // SAFETY: the trait's contract.
        unsafe { [_mm256_loadu_si256(weights.cast()), _mm256_loadu_si256(weights.add(16).cast())] }
    }

    #[inline(always)]
    unsafe fn dot_pairs(sums: [__m256i; 2], group: __m256i, pairs: [__m256i; 2]) -> [__m256i; 2] {
        // SAFETY: the trait's contract.
        unsafe { [Multiply16::dot(sums[0], group, pairs[0]), Multiply16::dot(sums[1], group, pairs[1])] }
    }

    #[inline(always)]
    unsafe fn widen(activations: *const u8) -> Halves {
        // SAFETY: the trait's contract; activations are stored as 16 bits.
        Halves(unsafe { _mm256_loadu_si256(activations.cast()) })
    }

    #[inline(always)]
    unsafe fn store_halves(halves: Halves, output: *mut i16) {
        // SAFETY: the trait's contract.
        unsafe { _mm256_storeu_si256(output.cast(), halves.0) }
    }

    #[inline(always)]
    unsafe fn words(input: *const i32) -> Words {
        // SAFETY: the trait's contract.
        Words(unsafe { _mm256_loadu_si256(input.cast()) })
    }

    #[inline(always)]
    unsafe fn store_words(words: Words, output: *mut i32) {
        // SAFETY: the trait's contract.
        unsafe { _mm256_storeu_si256(output.cast(), words.0) }
    }

    #[inline(always)]
    unsafe fn multiply_and_shift(words: Words, factor: i32) -> Words {
        // SAFETY: the trait's contract.
        Words(unsafe { _mm256_srai_epi32::<6>(_mm256_mullo_epi32(words.0, _mm256_set1_epi32(factor))) })
    }

    #[inline(always)]
    unsafe fn max_words(a: Words, b: Words) -> Words {
        // SAFETY: the trait's contract.
        Words(unsafe { _mm256_max_epi32(a.0, b.0) })
    }
}

/// AVX2.
pub(crate) mod avx2 {
    use super::{Multiply16, Ymm};

    features!(Avx2 => kernels! Ymm<Multiply16>, 6 sums, ymm_reg "/* {0} */", by_winograd);
}

/// AVX-VNNI.
pub(crate) mod avxvnni {
    use super::{DotProduct, Ymm};

    features!(AvxVnni => kernels! Ymm<DotProduct>, 6 sums, ymm_reg "/* {0} */");
}

/// The 256-bit `vpdpbusd` of AVX-512: tests the loops of AVX-VNNI on machines that have only this encoding.
#[cfg(test)]
pub(crate) mod evex {
    use super::*;

    #[derive(Clone, Copy)]
    struct Evex;

    // SAFETY: as for `DotProduct`.
    unsafe impl Product for Evex {
        const CHANNEL_BYTES: usize = 1;

        #[inline(always)]
        unsafe fn taps(weights: *const i8) -> __m256i {
            // SAFETY: the trait's contract.
            unsafe { DotProduct::taps(weights) }
        }

        #[inline(always)]
        unsafe fn dot(sums: __m256i, group: __m256i, taps: __m256i) -> __m256i {
            // SAFETY: the trait's contract.
            unsafe { _mm256_dpbusd_epi32(sums, group, taps) }
        }
    }

    features!(Avx512Vnni => kernels! Ymm<Evex>, 6 sums, ymm_reg "/* {0} */");
}
