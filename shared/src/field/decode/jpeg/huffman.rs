//! Huffman tables of a JPEG picture: reading, lookup, and the standard tables for frames that omit them.

use super::bits::Bits;

/// Codes of up to this many bits need one lookup.
const SHORT: u32 = 10;
/// Longest code, in bits.
const LONGEST: usize = 16;
/// Largest category of a coefficient of 8-bit samples, in bits; a DC difference may have one more.
pub(super) const AC_LARGEST: u8 = 10;

/// The symbol of each code.
#[derive(Clone)]
pub(super) struct Table {
    /// By the next bits: the code's length times 256 plus its symbol; 0 for a longer or invalid code.
    short: [u16; 1 << SHORT],
    /// By the next bits, for nonzero coefficients: the distance from the one before times 256, plus the bits of its code and of its
    /// value; 0 for everything else.
    steps: [u16; 1 << SHORT],
    /// By length: one more than the last code of up to that length, left-aligned in 16 bits.
    bound: [u32; LONGEST + 1],
    /// By length: the offset from a code to its symbol's index.
    offset: [i32; LONGEST + 1],
    symbols: [u8; 256],
}

impl Table {
    /// The table with `counts[n]` codes of `n + 1` bits and the symbols in order. `None` if no such code exists.
    pub(super) fn new(counts: [u8; LONGEST], symbols: &[u8]) -> Option<Self> {
        if counts.iter().map(|&count| usize::from(count)).sum::<usize>() != symbols.len() || symbols.len() > 256 {
            return None;
        }
        let mut table = Self {
            short: [0; 1 << SHORT],
            steps: [0; 1 << SHORT],
            bound: [0; LONGEST + 1],
            offset: [0; LONGEST + 1],
            symbols: [0; 256],
        };
        table.symbols[..symbols.len()].copy_from_slice(symbols);
        let (mut code, mut at) = (0u32, 0usize);
        for (length, count) in (1u32..).zip(counts) {
            table.offset[length as usize] = at as i32 - code as i32;
            for &symbol in &symbols[at..at + usize::from(count)] {
                if code >= 1 << length {
                    return None;
                }
                if length <= SHORT {
                    let first = (code << (SHORT - length)) as usize;
                    let places = first..first + (1 << (SHORT - length));
                    table.short[places.clone()].fill((length as u16) << 8 | u16::from(symbol));
                    let (zeros, category) = (u16::from(symbol >> 4), u16::from(symbol & 15));
                    if (1..=u16::from(AC_LARGEST)).contains(&category) {
                        table.steps[places].fill((zeros + 1) << 8 | (length as u16 + category));
                    }
                }
                code += 1;
            }
            at += usize::from(count);
            table.bound[length as usize] = code << (LONGEST as u32 - length);
            code <<= 1;
        }
        Some(table)
    }

    /// Reads the next symbol; `None` for an invalid code. At least 15 more bits, or all that remain, are available.
    #[inline(always)]
    pub(super) fn symbol(&self, bits: &mut Bits<'_>) -> Option<u8> {
        bits.fill();
        let entry = self.short[bits.peek() >> (LONGEST as u32 - SHORT)];
        if entry != 0 {
            bits.skip(u32::from(entry >> 8));
            return Some(entry as u8);
        }
        let (symbol, length) = self.long_symbol(bits.peek())?;
        bits.skip(length);
        Some(symbol)
    }

    /// Skips the next coefficient if it is a common one with a short code. Returns its distance from the one before.
    #[inline(always)]
    pub(super) fn step(&self, bits: &mut Bits<'_>) -> Option<usize> {
        bits.fill();
        let step = self.steps[bits.peek() >> (LONGEST as u32 - SHORT)];
        bits.skip(u32::from(step & 0xFF));
        (step != 0).then_some(usize::from(step >> 8))
    }

    /// The symbol and length of the long code at the start of the 16 bits `next`.
    #[inline(never)]
    fn long_symbol(&self, next: usize) -> Option<(u8, u32)> {
        let length = (SHORT as usize + 1..=LONGEST).find(|&length| (next as u32) < self.bound[length])?;
        let place = (next >> (LONGEST - length)) as i32 + self.offset[length];
        self.symbols.get(usize::try_from(place).ok()?).map(|&symbol| (symbol, length as u32))
    }
}

/// A DHT segment with the four tables of annex K.3, which MJPEG frames may omit.
pub(super) const STANDARD_SEGMENT: [u8; 2 + 2 + 2 * (17 + 12) + 2 * (17 + 162)] = {
    let mut segment = [0; 2 + 2 + 2 * (17 + 12) + 2 * (17 + 162)];
    let mut at = append(&mut segment, 0, &[0xFF, 0xC4, 0x01, 0xA2, 0x00]);
    at = append(&mut segment, at, &DC_LUMINANCE);
    at = append(&mut segment, at, &CATEGORIES);
    at = append(&mut segment, at, &[0x01]);
    at = append(&mut segment, at, &DC_CHROMINANCE);
    at = append(&mut segment, at, &CATEGORIES);
    at = append(&mut segment, at, &[0x10]);
    at = append(&mut segment, at, &AC_LUMINANCE);
    at = append(&mut segment, at, &AC_LUMINANCE_SYMBOLS);
    at = append(&mut segment, at, &[0x11]);
    at = append(&mut segment, at, &AC_CHROMINANCE);
    at = append(&mut segment, at, &AC_CHROMINANCE_SYMBOLS);
    assert!(at == segment.len());
    segment
};

const fn append(to: &mut [u8], mut at: usize, from: &[u8]) -> usize {
    let mut index = 0;
    while index < from.len() {
        to[at] = from[index];
        at += 1;
        index += 1;
    }
    at
}

const DC_LUMINANCE: [u8; LONGEST] = [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0];
const DC_CHROMINANCE: [u8; LONGEST] = [0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0];
const CATEGORIES: [u8; 12] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
const AC_LUMINANCE: [u8; LONGEST] = [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125];
const AC_CHROMINANCE: [u8; LONGEST] = [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 119];
#[rustfmt::skip]
const AC_LUMINANCE_SYMBOLS: [u8; 162] = [
    0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07, 0x22, 0x71, 0x14, 0x32, 0x81, 0x91, 0xa1, 0x08,
    0x23, 0x42, 0xb1, 0xc1, 0x15, 0x52, 0xd1, 0xf0, 0x24, 0x33, 0x62, 0x72, 0x82, 0x09, 0x0a, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x25, 0x26, 0x27, 0x28,
    0x29, 0x2a, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59,
    0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89,
    0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6,
    0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe1, 0xe2,
    0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa,
];
#[rustfmt::skip]
const AC_CHROMINANCE_SYMBOLS: [u8; 162] = [
    0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61, 0x71, 0x13, 0x22, 0x32, 0x81, 0x08, 0x14, 0x42, 0x91,
    0xa1, 0xb1, 0xc1, 0x09, 0x23, 0x33, 0x52, 0xf0, 0x15, 0x62, 0x72, 0xd1, 0x0a, 0x16, 0x24, 0x34, 0xe1, 0x25, 0xf1, 0x17, 0x18, 0x19, 0x1a, 0x26,
    0x27, 0x28, 0x29, 0x2a, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58,
    0x59, 0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87,
    0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4,
    0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda,
    0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_codes_are_found() {
        let table = Table::new(AC_LUMINANCE, &AC_LUMINANCE_SYMBOLS).expect("a code");
        // 00 is 0x01, 1010 the end of a block, sixteen bits 0xFA; then bits of no valid code.
        let bytes = [0b0010_1011, 0b1111_1111, 0x00, 0b1111_1011, 0b1111_1111, 0x00, 0xFF, 0x00, 0xFF, 0xD9];
        let mut bits = Bits::new(&bytes, 0);
        let found: [_; 3] = core::array::from_fn(|_| table.symbol(&mut bits));
        assert_eq!(found, [Some(0x01), Some(0x00), Some(0xFA)]);
        let mut ones = Bits::new(&[0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0], 0);
        assert_eq!(table.symbol(&mut ones), None);
    }

    #[test]
    fn codes_that_do_not_exist_are_refused() {
        let mut counts = [0; 16];
        counts[0] = 3;
        assert!(Table::new(counts, &[1, 2, 3]).is_none(), "three codes of one bit");
        assert!(Table::new(counts, &[1, 2]).is_none(), "fewer symbols than codes");
    }
}
