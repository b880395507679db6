//! Memory for weights and maps: aligned to cache lines; a map's border serves as padding.

use alloc::{vec, vec::Vec};

use super::vector::{BLOCK, GROUP_BYTES};
use crate::layers::Shape;

/// Bytes of a cache line.
pub(crate) const LINE: usize = 64;
/// Pixels that a kernel may read past the last row of a map. A pixel has [`GROUP_BYTES`] or more.
pub(crate) const SLACK_PIXELS: usize = 18;
/// Bytes that a kernel may read past the last activation of a flat map.
pub(crate) const SLACK_BYTES: usize = 4 * GROUP_BYTES;
/// A map with a border has room for a multiple of this many rows, which a kernel may read.
pub(crate) const ROWS: usize = 4;

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; LINE]);

/// Bytes aligned to a cache line.
pub(crate) struct Lines(Vec<Line>);

impl Lines {
    /// `len` bytes of `value`.
    pub(crate) fn new(len: usize, value: u8) -> Self {
        Self(vec![Line([value; LINE]); len.div_ceil(LINE)])
    }

    pub(crate) fn as_ptr(&self) -> *const u8 {
        self.0.as_ptr().cast()
    }

    pub(crate) fn as_mut_ptr(&mut self) -> *mut u8 {
        self.0.as_mut_ptr().cast()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: a `Line` is an array of bytes without padding.
        unsafe { core::slice::from_raw_parts(self.as_ptr(), self.0.len() * LINE) }
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        let len = self.0.len() * LINE;
        // SAFETY: a `Line` is an array of bytes without padding.
        unsafe { core::slice::from_raw_parts_mut(self.as_mut_ptr(), len) }
    }
}

/// Position of a map in the arena.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Map {
    pub(crate) shape: Shape,
    /// Offset of the border pixel above and left of the first pixel, or of the first pixel without a border.
    pub(crate) start: usize,
    /// Bytes from pixel to pixel.
    pub(crate) pixel: usize,
    /// Bytes from row to row.
    pub(crate) row: usize,
    /// Width of the border in pixels: 1 if a convolution reads the map, else 0.
    border: usize,
    /// Bytes per activation.
    channel: usize,
}

impl Map {
    /// A map at `start` whose pixels have room for `channels` activations of `channel` bytes.
    pub(crate) fn new(shape: Shape, start: usize, channels: usize, channel: usize, border: bool) -> Self {
        let pixel = channels * channel;
        let border = usize::from(border);
        Self { shape, start, pixel, row: (shape.width + 2 * border) * pixel, border, channel }
    }

    /// A map that a kernel writes: room for whole blocks of channels.
    pub(crate) fn of_blocks(shape: Shape, start: usize, channel: usize, border: bool) -> Self {
        Self::new(shape, start, shape.channels.next_multiple_of(BLOCK), channel, border)
    }

    /// First byte after the map and its slack: whole tiles of [`ROWS`] rows and the border, then [`SLACK_PIXELS`] and
    /// [`SLACK_BYTES`].
    pub(crate) fn end(&self) -> usize {
        let rows = match self.border {
            0 => self.shape.height,
            border => self.shape.height.next_multiple_of(ROWS) + 2 * border,
        };
        (self.start + rows * self.row + SLACK_PIXELS * self.pixel + SLACK_BYTES).next_multiple_of(LINE)
    }

    /// Offset of a pixel.
    pub(crate) fn at(&self, y: usize, x: usize) -> usize {
        self.start + (y + self.border) * self.row + (x + self.border) * self.pixel
    }

    /// Room for activations per pixel.
    pub(crate) fn channels(&self) -> usize {
        self.pixel / self.channel
    }

    /// Whether all activations lie side by side.
    pub(crate) fn is_flat(&self) -> bool {
        self.border == 0
            && (self.pixel == self.shape.channels * self.channel || self.shape.len() == self.shape.channels)
    }
}
