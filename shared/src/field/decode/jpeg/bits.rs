//! Reads the bits of entropy-coded data, up to the next marker.

/// Reads the bits between two markers. A byte FF in the data is followed by 00, which is skipped; FF before anything else ends it.
///
/// Past the end it returns zeros and [`Bits::overran`] is true, which the inner loop checks once per block. Functions that are not
/// inlined get a copy, so that the inner loop keeps it in registers.
#[derive(Clone, Copy)]
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    /// Next byte to load.
    at: usize,
    /// The next bits, from the top.
    bits: u64,
    /// Number of data bits in `bits`; negative after reading past the end.
    left: i32,
    /// Data bytes loaded, without the stuffed zeros.
    loaded: usize,
    start: usize,
}

impl<'a> Bits<'a> {
    /// Reads `bytes` from `at`.
    pub(super) const fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at, bits: 0, left: 0, loaded: 0, start: at }
    }

    /// Loads until 32 bits, or all that remain, are available.
    #[inline(always)]
    pub(super) fn fill(&mut self) {
        if self.left >= 32 {
            return;
        }
        if let Some(&[a, b, c, d]) = self.bytes.get(self.at..).and_then(<[u8]>::first_chunk) {
            let word = u32::from_be_bytes([a, b, c, d]);
            let inverse = !word;
            // No byte of `word` is FF when no byte of its inverse is zero.
            if inverse.wrapping_sub(0x0101_0101) & word & 0x8080_8080 == 0 && self.left >= 0 {
                self.bits |= u64::from(word) << (32 - self.left);
                self.left += 32;
                self.at += 4;
                self.loaded += 4;
                return;
            }
        }
        *self = self.filled_by_byte();
    }

    #[inline(never)]
    fn filled_by_byte(mut self) -> Self {
        while (0..=56).contains(&self.left) {
            let Some(byte) = self.next_byte() else { break };
            self.bits |= u64::from(byte) << (56 - self.left);
            self.left += 8;
            self.loaded += 1;
        }
        self
    }

    fn next_byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        if byte == 0xFF {
            if self.bytes.get(self.at + 1) != Some(&0) {
                return None;
            }
            self.at += 1;
        }
        self.at += 1;
        Some(byte)
    }

    /// The next 16 bits. [`Self::fill`] must have been called.
    #[inline(always)]
    pub(super) const fn peek(&self) -> usize {
        (self.bits >> 48) as usize
    }

    /// Skips `count` bits, at most 31, after [`Self::fill`].
    #[inline(always)]
    pub(super) const fn skip(&mut self, count: u32) {
        self.bits <<= count;
        self.left -= count as i32;
    }

    /// Takes `count` bits, at most 16.
    pub(super) fn take(&mut self, count: u32) -> u32 {
        self.fill();
        let taken = (self.peek() as u32) >> (16 - count);
        self.skip(count);
        taken
    }

    /// Skips any number of bits.
    pub(super) fn skip_many(&mut self, mut count: u32) {
        while count > 0 && !self.overran() {
            self.fill();
            let some = count.min(31);
            self.skip(some);
            count -= some;
        }
    }

    /// Whether more bits were read than there are.
    #[inline(always)]
    pub(super) const fn overran(&self) -> bool {
        self.left < 0
    }

    /// End of the data read, counting a partly read byte, and position of the marker after it, or of the end.
    pub(super) fn end(mut self) -> (usize, usize) {
        let unread = (self.left.max(0) / 8) as usize;
        let taken = self.loaded - unread;
        let data_end = if unread == 0 { self.at } else { self.position_after(taken) };
        while self.next_byte().is_some() {}
        (data_end, self.at.min(self.bytes.len()))
    }

    fn position_after(&self, count: usize) -> usize {
        let mut walker = Self::new(self.bytes, self.start);
        for _ in 0..count {
            walker.next_byte();
        }
        walker.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stuffed_zeros_are_left_out_and_a_marker_ends_the_data() {
        let bytes = [0x12, 0xFF, 0x00, 0x34, 0xFF, 0xD9, 0x56];
        let mut bits = Bits::new(&bytes, 0);
        assert_eq!([bits.take(8), bits.take(8), bits.take(8)], [0x12, 0xFF, 0x34]);
        assert!(!bits.overran());
        assert_eq!(bits.take(1), 0);
        assert!(bits.overran());
        assert_eq!(bits.end(), (4, 4));
    }

    #[test]
    fn what_was_not_taken_is_found_behind_stuffed_zeros_too() {
        let bytes = [0xFF, 0x00, 0xFF, 0x00, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0xFF, 0xD0];
        let mut bits = Bits::new(&bytes, 0);
        bits.skip_many(17);
        assert_eq!(bits.end(), (5, 13));
        let mut bits = Bits::new(&bytes, 0);
        bits.skip_many(16 + 9 * 8);
        assert!(!bits.overran());
        assert_eq!(bits.end(), (13, 13));
    }

    #[test]
    fn an_end_without_a_marker_is_the_end() {
        let mut bits = Bits::new(&[0xAB, 0xFF], 0);
        assert_eq!(bits.take(8), 0xAB);
        bits.skip_many(100);
        assert!(bits.overran());
        assert_eq!(bits.end(), (1, 1));
    }
}
