//! Resizes a picture. Integers only, so that every machine agrees.
//!
//! Each output pixel is the mean of the source area it covers, with partial pixels weighted by their share. Along one axis of
//! `source` pixels squashed to `target`, source pixel `i` covers units `i * target .. (i + 1) * target` and output pixel `o` covers
//! `o * source .. (o + 1) * source`; their overlap is the weight, and the weights of an output pixel add up to `source`. The mean
//! is `(sum + area / 2) / area` with `area = width * height`: rounded half up. A picture of the target size passes unchanged.
//!
//! For speed it sums down the columns first, then along the row, and reads each byte of the picture once, or twice on a border
//! between two output rows.
//!
//! Weights along an axis are divided by the common divisor of `source` and `target`: 1024 to 224 becomes 32 to 7. Sums and area
//! shrink alike, so the rounded mean does not change. Most cameras' weighted columns then fit 16 bits (`narrow`), eight to a
//! register; others take the same path in wider numbers.
//!
//! Along the row no output pixel adds up its own pixels. With `I(x)` the integral of the row from its start to `x`, the sum of an
//! output pixel is `I(its end) - I(its start)`: one multiplication per border, however many pixels lie between. `I` may wrap
//! around; the difference is still right.
//!
//! The loops over pixels are functions that are not inlined: on their own, the compiler vectorizes each.

use alloc::{vec, vec::Vec};
use core::fmt;

use crate::field::pixels::RgbPixels;

/// A border between two output pixels: `part / inner` of source pixel `at` lies before it.
#[derive(Clone, Copy)]
struct Border {
    at: usize,
    part: u32,
}

/// The borders of `target` output pixels among `source` source pixels.
#[derive(Default)]
struct Axis {
    /// The start of the first output pixel and the end of each.
    borders: Vec<Border>,
    /// Weight of a fully covered source pixel.
    inner: u32,
    /// Sum of an output pixel's weights.
    total: u64,
}

impl Axis {
    fn new(source: usize, target: usize) -> Self {
        let common = greatest_common_divisor(source, target);
        let (source, target) = (source / common, target / common);
        let borders = (0..=target * common)
            .map(|output| Border { at: output * source / target, part: (output * source % target) as u32 })
            .collect();
        Self { borders, inner: target as u32, total: source as u64 }
    }
}

const fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

/// Squashes picture after picture; keeps the buffers and the tables for the current size.
#[derive(Default)]
pub struct Squash {
    source: (usize, usize),
    target: (usize, usize),
    rows: Axis,
    columns: Axis,
    /// A row of zeros, for output rows with fewer source rows than are added at once.
    blank: Vec<u8>,
    narrow: Buffers<u16, u32>,
    wide: Buffers<u32, u64>,
}

#[derive(Default)]
struct Buffers<L, S> {
    /// The columns' weighted sums, followed by a pixel of zeros.
    line: Vec<L>,
    /// The integral of the line before each pixel: three channels and an unused lane, because registers have four.
    integral: Vec<[S; 4]>,
    /// The output row before division; the last element is the unused lane.
    sums: Vec<S>,
}

impl<L: Number, S: Number> Buffers<L, S> {
    fn fit(&mut self, source_width: usize, target_width: usize) {
        self.line = vec![L::default(); source_width * 3 + 4];
        self.integral = vec![[S::default(); 4]; source_width + 1];
        self.sums = vec![S::default(); target_width * 3 + 1];
    }
}

impl Squash {
    /// An empty squash without a size yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes `picture` at `width` x `height` pixels to `output`: rows from the top, three bytes per pixel. Allocates only if the
    /// size of the picture or of the output has changed.
    ///
    /// # Panics
    /// If a side is 0, the picture has more than 2^24 rows, or the length of `output` is not `width * height * 3`.
    pub fn run(&mut self, picture: &RgbPixels, width: usize, height: usize, output: &mut [u8]) {
        assert_eq!(output.len(), width * height * 3, "three bytes per pixel");
        if (picture.width(), picture.height()) == (width, height) {
            output.copy_from_slice(picture.bytes());
            return;
        }
        self.fit((picture.width(), picture.height()), (width, height));
        let area = self.rows.total * self.columns.total;
        let Self { rows, columns, blank, .. } = self;
        if narrow(rows.total, area) {
            let reciprocal = Reciprocal::of(area);
            squash_rows(picture, rows, columns, blank, &mut self.narrow, output, |sums, row| {
                reciprocal.means(sums, row);
            });
        } else {
            assert!(rows.total <= 1 << 24, "255 times the rows must fit 32 bits");
            squash_rows(picture, rows, columns, blank, &mut self.wide, output, |sums, row| {
                for (mean, sum) in row.iter_mut().zip(sums) {
                    *mean = ((sum + area / 2) / area) as u8;
                }
            });
        }
    }

    fn fit(&mut self, source: (usize, usize), target: (usize, usize)) {
        if (self.source, self.target) == (source, target) {
            return;
        }
        assert!(source.0 > 0 && source.1 > 0 && target.0 > 0 && target.1 > 0, "no side may be 0");
        (self.source, self.target) = (source, target);
        (self.columns, self.rows) = (Axis::new(source.0, target.0), Axis::new(source.1, target.1));
        self.blank = vec![0; source.0 * 3];
        (self.narrow, self.wide) = (Buffers::default(), Buffers::default());
        if narrow(self.rows.total, self.rows.total * self.columns.total) {
            self.narrow.fit(source.0, target.0);
        } else {
            self.wide.fit(source.0, target.0);
        }
    }
}

impl fmt::Debug for Squash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Squash").field("source", &self.source).field("target", &self.target).finish_non_exhaustive()
    }
}

/// Whether 255 times a column's weights fits 16 bits, and 256 times the area leaves room for its reciprocal: 32 bits each, 64 bits
/// together.
const fn narrow(column_total: u64, area: u64) -> bool {
    column_total <= 257 && area <= 1 << 22
}

/// Divides by a [`narrow`] area, by multiplication.
#[derive(Clone, Copy)]
struct Reciprocal {
    half: u32,
    multiplier: u32,
    shift: u32,
}

impl Reciprocal {
    /// With `multiplier = ceil(2^shift / area)`, `n * multiplier >> shift` is `n / area` as long as
    /// `n * (multiplier * area - 2^shift) < 2^shift`. The bracket is less than `area` and `n` at most `256 * area`.
    const fn of(area: u64) -> Self {
        let shift = 8 + 2 * area.next_power_of_two().trailing_zeros();
        Self { half: (area / 2) as u32, multiplier: (1u64 << shift).div_ceil(area) as u32, shift }
    }

    /// `(sum + area / 2) / area` of each sum, which is at most `255 * area`.
    #[inline(never)]
    fn means(self, sums: &[u32], means: &mut [u8]) {
        let Self { half, multiplier, shift } = self;
        for (mean, &sum) in means.iter_mut().zip(sums) {
            *mean = ((u64::from(sum + half) * u64::from(multiplier)) >> shift) as u8;
        }
    }
}

fn squash_rows<L: Number, S: Number + From<L>>(
    picture: &RgbPixels,
    rows: &Axis,
    columns: &Axis,
    blank: &[u8],
    Buffers { line, integral, sums }: &mut Buffers<L, S>,
    output: &mut [u8],
    divide: impl Fn(&[S], &mut [u8]),
) {
    let columns_len = picture.width() * 3;
    let output_len = sums.len() - 1;
    for (borders, output_row) in rows.borders.windows(2).zip(output.chunks_exact_mut(output_len)) {
        sum_down(picture, blank, borders[0], borders[1], rows.inner, &mut line[..columns_len]);
        sum_along(line, columns, integral, sums);
        divide(sums, output_row);
    }
}

/// Adds up the weighted rows between two borders into `line`.
#[inline(never)]
fn sum_down<L: Number>(
    picture: &RgbPixels,
    blank: &[u8],
    start: Border,
    end: Border,
    inner_weight: u32,
    line: &mut [L],
) {
    let (first_weight, last_weight) =
        if start.at == end.at { (end.part - start.part, 0) } else { (inner_weight - start.part, end.part) };
    let (first_weight, inner_weight, last_weight) =
        (L::truncated(first_weight), L::truncated(inner_weight), L::truncated(last_weight));
    // The last output row ends below the last source row; the row there has no weight.
    let row = |at: usize| picture.bytes().chunks_exact(blank.len()).nth(at).unwrap_or(blank);
    let (first, last) = (row(start.at), row(end.at));
    let mut inner = (start.at + 1..end.at).map(row);
    let mut next = || inner.next();
    let [a, b, c] = [(); 3].map(|()| next().unwrap_or(blank));
    for (sum, ((((&first, &last), &a), &b), &c)) in line.iter_mut().zip(first.iter().zip(last).zip(a).zip(b).zip(c)) {
        let inner = L::from(a).plus(L::from(b)).plus(L::from(c));
        let ends = L::from(first).times(first_weight).plus(L::from(last).times(last_weight));
        *sum = ends.plus(inner.times(inner_weight));
    }
    while let Some(a) = next() {
        let [b, c, d] = [(); 3].map(|()| next().unwrap_or(blank));
        for (sum, (((&a, &b), &c), &d)) in line.iter_mut().zip(a.iter().zip(b).zip(c).zip(d)) {
            let inner = L::from(a).plus(L::from(b)).plus(L::from(c)).plus(L::from(d));
            *sum = sum.plus(inner.times(inner_weight));
        }
    }
}

/// Writes a row's output pixels to `sums`, not yet divided.
#[inline(never)]
fn sum_along<L: Number, S: Number + From<L>>(line: &[L], columns: &Axis, integral: &mut [[S; 4]], sums: &mut [S]) {
    let mut before = [S::default(); 4];
    for (kept, pixel) in integral.iter_mut().zip(line.windows(4).step_by(3)) {
        *kept = before;
        for (sum, &value) in before.iter_mut().zip(pixel) {
            *sum = sum.plus(S::from(value));
        }
    }
    let inner = S::truncated(columns.inner);
    let mut start = [S::default(); 4];
    for (output, border) in columns.borders.iter().skip(1).enumerate() {
        let part = S::truncated(border.part);
        let mut end = integral[border.at];
        for (sum, &value) in end.iter_mut().zip(&line[border.at * 3..][..4]) {
            *sum = sum.times(inner).plus(S::from(value).times(part));
        }
        for ((sum, &end), &start) in sums[output * 3..][..4].iter_mut().zip(&end).zip(&start) {
            *sum = end.minus(start);
        }
        start = end;
    }
}

/// Wrapping unsigned integers: final values fit, intermediate ones need not.
trait Number: Copy + Default + From<u8> {
    fn truncated(value: u32) -> Self;
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
    fn times(self, other: Self) -> Self;
}

macro_rules! number {
    ($type:ty) => {
        impl Number for $type {
            #[inline]
            #[allow(clippy::cast_lossless, reason = "lossless for some of the types only")]
            fn truncated(value: u32) -> Self {
                value as Self
            }

            #[inline]
            fn plus(self, other: Self) -> Self {
                self.wrapping_add(other)
            }

            #[inline]
            fn minus(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }

            #[inline]
            fn times(self, other: Self) -> Self {
                self.wrapping_mul(other)
            }
        }
    };
}

number!(u16);
number!(u32);
number!(u64);

/// Resizes a picture; each pixel is the mean of the area it covers. The aspect ratio is not kept.
///
/// # Panics
/// If a size is 0.
#[must_use]
pub fn squash(picture: &RgbPixels, width: usize, height: usize) -> RgbPixels {
    let mut output = vec![0; width * height * 3];
    Squash::new().run(picture, width, height, &mut output);
    RgbPixels::new(width, height, output).expect("three bytes per pixel")
}

#[cfg(test)]
mod tests;
