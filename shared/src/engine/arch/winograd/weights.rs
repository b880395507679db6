//! Transforms the weights of a convolution.

use super::{PAIR, PRODUCTS, WINDOW};
use crate::engine::arch::{memory::Lines, vector::BLOCK};

/// Bound on the sums of a direct convolution, so that 64 times a sum fits 32 bits.
const LIMIT: i64 = 1 << 25;

/// Whether every output's sums stay within the inverse transform's range for all activations (0..=255, or 128 less).
pub(crate) fn fit(weights: &[i8], inputs: usize) -> bool {
    weights.chunks_exact(inputs).all(|row| {
        // At most 33,000 weights: far from the limit of 32 bits.
        let total: i32 = row.iter().map(|&weight| i32::from(weight)).sum();
        let magnitude: i32 = row.iter().map(|&weight| i32::from(weight).abs()).sum();
        let (total, magnitude) = (i64::from(total), i64::from(magnitude));
        let (positive, negative) = ((magnitude + total) / 2, (magnitude - total) / 2);
        (255 * positive.max(negative)).max(128 * magnitude) < LIMIT
    })
}

/// `G g`: 24 times the transform of Lavin and Gray, except the last row, which is 6 times it, so that 16 bits suffice after rows
/// and columns: within 144 * 127. [`super::backward`] compensates.
fn transform_column(g: [i16; 3]) -> [i16; WINDOW] {
    let [a, b, c] = g;
    [6 * a, -4 * (a + b + c), -4 * (a - b + c), a + 2 * b + 4 * c, a - 2 * b + 4 * c, 6 * c]
}

/// Rows of `9 * channels` weights as `[block][product][pair of channels][place]`; `pair_index` gives the place of output and
/// channel among the 32 of a pair.
pub(crate) fn transform(weights: &[i8], channels: usize, pair_index: fn(usize, usize) -> usize) -> Lines {
    const PLACES: usize = PAIR * BLOCK;
    let inputs = 9 * channels;
    let pairs = channels.div_ceil(PAIR);
    let outputs = weights.len() / inputs;
    let places: [[usize; PAIR]; BLOCK] =
        core::array::from_fn(|lane| core::array::from_fn(|channel| pair_index(lane, channel)));
    let block_len = PRODUCTS * pairs * PLACES;
    let mut lines = Lines::new(outputs.div_ceil(BLOCK) * block_len * size_of::<i16>(), 0);
    let transformed: &mut [i16] = bytemuck::cast_slice_mut(lines.bytes_mut());
    for (rows, block) in weights.chunks(BLOCK * inputs).zip(transformed.chunks_exact_mut(block_len)) {
        for pair in 0..pairs {
            // The taps of all places lie side by side, so that the transform vectorizes.
            let mut taps = [[0i16; PLACES]; 9];
            for (row, places) in rows.chunks_exact(inputs).zip(&places) {
                for (taps, pixel) in taps.iter_mut().zip(row.chunks_exact(channels)) {
                    for (&place, &weight) in places.iter().zip(&pixel[pair * PAIR..]) {
                        taps[place] = weight.into();
                    }
                }
            }
            let mut columns = [[[0i16; PLACES]; 3]; WINDOW];
            for x in 0..3 {
                for place in 0..PLACES {
                    let column = transform_column([taps[x][place], taps[3 + x][place], taps[6 + x][place]]);
                    for (y, value) in column.into_iter().enumerate() {
                        columns[y][x][place] = value;
                    }
                }
            }
            for (y, [left, middle, right]) in columns.iter().enumerate() {
                let mut rows = [[0i16; PLACES]; WINDOW];
                for place in 0..PLACES {
                    let row = transform_column([left[place], middle[place], right[place]]);
                    for (x, value) in row.into_iter().enumerate() {
                        rows[x][place] = value;
                    }
                }
                for (x, row) in rows.iter().enumerate() {
                    block[((y * WINDOW + x) * pairs + pair) * PLACES..][..PLACES].copy_from_slice(row);
                }
            }
        }
    }
    lines
}
