//! An RGB picture in memory.

use alloc::vec::Vec;

/// A picture: rows from the top, `width * height * 3` bytes, red, green, blue.
#[derive(Clone, PartialEq, Eq)]
pub struct RgbPixels {
    width: usize,
    height: usize,
    bytes: Vec<u8>,
}

impl RgbPixels {
    /// Wraps `bytes`; `None` unless there are `width * height * 3`.
    #[must_use]
    pub fn new(width: usize, height: usize, bytes: Vec<u8>) -> Option<Self> {
        let expected = width.checked_mul(height)?.checked_mul(3)?;
        (bytes.len() == expected).then_some(Self { width, height, bytes })
    }

    /// Width in pixels.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels.
    #[must_use]
    pub const fn height(&self) -> usize {
        self.height
    }

    /// All bytes, row by row, three per pixel.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// All bytes, mutable.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// Consumes the picture and returns its bytes.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The pixel in column `x` of row `y`; `None` outside the picture.
    #[must_use]
    pub fn get(&self, x: usize, y: usize) -> Option<[u8; 3]> {
        if x >= self.width || y >= self.height {
            return None;
        }
        let at = (y * self.width + x) * 3;
        Some([self.bytes[at], self.bytes[at + 1], self.bytes[at + 2]])
    }
}

impl core::fmt::Debug for RgbPixels {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "RgbPixels({}x{})", self.width, self.height)
    }
}

/// Mirrors the place `at` into `0..size`, for pixels beyond the edge; the one at the edge is not repeated.
#[must_use]
pub const fn mirrored(at: isize, size: usize) -> usize {
    let last = size as isize - 1;
    if last == 0 {
        return 0;
    }
    let at = at.rem_euclid(2 * last);
    (if at > last { 2 * last - at } else { at }) as usize
}
