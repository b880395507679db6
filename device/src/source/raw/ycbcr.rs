//! Converts rows of Y, Cb and Cr to RGB: BT.601, limited range, integer form in units of 1/256.
//!
//! ```text
//! red   = (298 (Y - 16)                 + 409 (Cr - 128) + 128) >> 8
//! green = (298 (Y - 16) - 100 (Cb - 128) - 208 (Cr - 128) + 128) >> 8
//! blue  = (298 (Y - 16) + 516 (Cb - 128)                 + 128) >> 8
//! ```
//! each clamped to 0..=255. Whole multiples of 256 are taken out of the factors, `298 = 256 + 42`, `409 = 256 + 153`,
//! `-208 = -256 + 48` and `516 = 512 + 4`; the remainder fits 16 bits for every Y, Cb and Cr, eight to a register. The steps are
//! separate functions, not inlined: only then does the compiler vectorize each of them.

/// Pairs of pixels converted at once. Two pixels share a Cb and a Cr.
const PAIRS: usize = 64;
/// Bytes of a pair in RGB.
const PAIR_BYTES: usize = 6;

/// One value per pair.
type Lanes = [u16; PAIRS];

/// Converts rows; holds the intermediate values.
pub(super) struct Converter {
    /// Y of the left pixel in the low byte, Cb in the high byte.
    left: Lanes,
    /// Y of the right pixel in the low byte, Cr in the high byte.
    right: Lanes,
    /// The bytes of a pair in RGB, two each.
    words: [Lanes; 3],
    /// The first two words, combined.
    heads: [u32; PAIRS],
}

impl Converter {
    pub(super) const fn new() -> Self {
        Self { left: [0; PAIRS], right: [0; PAIRS], words: [[0; PAIRS]; 3], heads: [0; PAIRS] }
    }

    /// A row of Y0 Cb Y1 Cr, four bytes a pair, to `rgb`, six bytes a pair.
    pub(super) fn yuyv(&mut self, row: &[u8], rgb: &mut [u8]) {
        for (pairs, rgb) in row.as_chunks().0.chunks(PAIRS).zip(rgb.chunks_mut(PAIRS * PAIR_BYTES)) {
            split_yuyv(pairs, &mut self.left, &mut self.right);
            self.convert(rgb);
        }
    }

    /// A row of Y and the row of Cb Cr that belongs to it, each two bytes a pair, to `rgb`, six bytes a pair.
    pub(super) fn nv12(&mut self, lumas: &[u8], colours: &[u8], rgb: &mut [u8]) {
        let pairs = lumas.as_chunks().0.chunks(PAIRS).zip(colours.as_chunks().0.chunks(PAIRS));
        for ((lumas, colours), rgb) in pairs.zip(rgb.chunks_mut(PAIRS * PAIR_BYTES)) {
            split_nv12(lumas, colours, &mut self.left, &mut self.right);
            self.convert(rgb);
        }
    }

    /// Converts the split pairs, as many as fit into `rgb`.
    fn convert(&mut self, rgb: &mut [u8]) {
        to_rgb(&self.left, &self.right, &mut self.words);
        join(&self.words, &mut self.heads);
        store(&self.heads, &self.words[2], rgb);
    }
}

#[inline(never)]
fn split_yuyv(pairs: &[[u8; 4]], left: &mut Lanes, right: &mut Lanes) {
    for ((left, right), pair) in left.iter_mut().zip(right).zip(pairs) {
        let pair = u32::from_le_bytes(*pair);
        (*left, *right) = (pair as u16, (pair >> 16) as u16);
    }
}

#[inline(never)]
fn split_nv12(lumas: &[[u8; 2]], colours: &[[u8; 2]], left: &mut Lanes, right: &mut Lanes) {
    for (((left, right), lumas), colours) in left.iter_mut().zip(right).zip(lumas).zip(colours) {
        let (lumas, colours) = (u16::from_le_bytes(*lumas), u16::from_le_bytes(*colours));
        (*left, *right) = (lumas & 0xFF | colours << 8, lumas >> 8 | colours & 0xFF00);
    }
}

#[inline(never)]
fn to_rgb(left: &Lanes, right: &Lanes, [first, second, third]: &mut [Lanes; 3]) {
    let words = first.iter_mut().zip(second).zip(third);
    for ((&left, &right), ((first, second), third)) in left.iter().zip(right).zip(words) {
        let (cb, cr) = ((left >> 8) as i16 - 128, (right >> 8) as i16 - 128);
        let [r0, g0, b0] = pixel((left & 0xFF) as i16 - 16, cb, cr);
        let [r1, g1, b1] = pixel((right & 0xFF) as i16 - 16, cb, cr);
        (*first, *second, *third) = (r0 | g0 << 8, b0 | r1 << 8, g1 | b1 << 8);
    }
}

/// Red, green and blue of a pixel. Avoids `array::map`: if the compiler does not inline it, values leave the registers.
#[inline(always)]
fn pixel(y: i16, cb: i16, cr: i16) -> [u16; 3] {
    let rest = 42 * y + 128;
    [
        clamped(y + cr + ((rest + 153 * cr) >> 8)),
        clamped(y - cr + ((rest + 48 * cr - 100 * cb) >> 8)),
        clamped(y + 2 * cb + ((rest + 4 * cb) >> 8)),
    ]
}

#[inline(always)]
fn clamped(value: i16) -> u16 {
    value.clamp(0, 255) as u16
}

#[inline(never)]
fn join([first, second, _]: &[Lanes; 3], heads: &mut [u32; PAIRS]) {
    for ((head, &first), &second) in heads.iter_mut().zip(first).zip(second) {
        *head = u32::from(first) | u32::from(second) << 16;
    }
}

/// Writes eight bytes for six: the next pair overwrites the two extra ones.
#[inline(never)]
fn store(heads: &[u32; PAIRS], tails: &Lanes, rgb: &mut [u8]) {
    let pairs = heads.iter().zip(tails).map(|(&head, &tail)| u64::from(head) | u64::from(tail) << 32);
    if let Ok(rgb) = <&mut [u8; PAIRS * PAIR_BYTES]>::try_from(&mut *rgb) {
        for (pair, bytes) in pairs.enumerate() {
            let at = pair * PAIR_BYTES;
            if pair + 1 < PAIRS {
                rgb[at..at + 8].copy_from_slice(&bytes.to_le_bytes());
            } else {
                rgb[at..].copy_from_slice(&bytes.to_le_bytes()[..PAIR_BYTES]);
            }
        }
    } else {
        for (pair, bytes) in rgb.chunks_exact_mut(PAIR_BYTES).zip(pairs) {
            pair.copy_from_slice(&bytes.to_le_bytes()[..PAIR_BYTES]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_the_textbook(y: u8, cb: u8, cr: u8) -> [u8; 3] {
        let (c, d, e) = (298 * (i32::from(y) - 16) + 128, i32::from(cb) - 128, i32::from(cr) - 128);
        [c + 409 * e, c - 100 * d - 208 * e, c + 516 * d].map(|value| (value >> 8).clamp(0, 255) as u8)
    }

    #[test]
    fn every_colour_is_the_textbooks() {
        let mut converter = Converter::new();
        let (mut row, mut rgb) = ([0; 512], [0; 768]);
        for (cb, cr) in (0..=255).flat_map(|cb| (0..=255).map(move |cr| (cb, cr))) {
            for (pair, y) in row.as_chunks_mut().0.iter_mut().zip((0..=254).step_by(2)) {
                *pair = [y, cb, y + 1, cr];
            }
            converter.yuyv(&row, &mut rgb);
            for (&pixel, y) in rgb.as_chunks().0.iter().zip(0..=255) {
                assert_eq!(pixel, by_the_textbook(y, cb, cr), "Y {y}, Cb {cb}, Cr {cr}");
            }
        }
    }

    #[test]
    fn rows_of_every_length_are_converted_to_their_end() {
        let mut converter = Converter::new();
        for pairs in (0..=PAIRS + 2).chain([2 * PAIRS - 1, 2 * PAIRS, 5 * PAIRS + 7]) {
            let lumas: Vec<u8> = (0..2 * pairs).map(|at| (at * 37 % 251) as u8).collect();
            let colours: Vec<u8> = (0..2 * pairs).map(|at| (at * 91 % 253) as u8).collect();
            let yuyv: Vec<u8> = lumas.iter().zip(&colours).flat_map(|(&y, &colour)| [y, colour]).collect();
            let pixels = lumas.iter().enumerate().map(|(at, &y)| (y, colours[at & !1], colours[at | 1]));
            let expected: Vec<u8> = pixels.flat_map(|(y, cb, cr)| by_the_textbook(y, cb, cr)).collect();
            let mut rgb = vec![0; 6 * pairs];
            converter.yuyv(&yuyv, &mut rgb);
            assert_eq!(rgb, expected, "{pairs} pairs");
            rgb.fill(0);
            converter.nv12(&lumas, &colours, &mut rgb);
            assert_eq!(rgb, expected, "{pairs} pairs");
        }
    }
}
