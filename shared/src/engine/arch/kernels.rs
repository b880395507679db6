//! The kernels of one instruction set as functions, and the layout they need.

use core::ops::Range;

use super::{
    memory::Map,
    tile::{Ahead, Convolution, DUMP, Dense, Tiling},
    vector::{BLOCK, GROUP_BYTES},
    winograd::{self, Winograd},
};
use crate::layers::{Parameters, Shape};

/// Fewest channels for which Winograd's method pays: with three, the transforms cost more than it saves.
const LEAST_CHANNELS: usize = 8;

/// The kernels of one instruction set, and the layout they need.
#[derive(Clone, Copy)]
pub(crate) struct Kernels {
    pub(super) zero: u8,
    pub(super) channel_bytes: usize,
    pub(super) blocks_at_once: usize,
    tap_index: fn(usize, usize) -> usize,
    pub(super) convolve: unsafe fn(&Convolution, Range<usize>, Ahead),
    pub(super) dense: unsafe fn(&Dense, Range<usize>),
    ceiling: unsafe fn(u32) -> u64,
    pub(super) winograd: Option<WinogradKernels>,
}

/// For instruction sets on which Winograd's method pays.
#[derive(Clone, Copy)]
pub(super) struct WinogradKernels {
    pair_index: fn(usize, usize) -> usize,
    /// Whether it is used even where it does not pay.
    always: bool,
    pub(super) convolve: unsafe fn(&Convolution, Range<usize>, *mut u8),
}

impl Kernels {
    /// Kernels written over `V`.
    ///
    /// # Safety
    /// The machine has `V`'s instruction set; the functions enable it and keep the contracts of
    /// [`tile::convolve`](super::tile::convolve), [`tile::dense`](super::tile::dense) and
    /// [`tile::multiply_in_registers`](super::tile::multiply_in_registers) over `V`.
    pub(crate) unsafe fn new<V: Tiling>(
        convolve: unsafe fn(&Convolution, Range<usize>, Ahead),
        dense: unsafe fn(&Dense, Range<usize>),
        ceiling: unsafe fn(u32) -> u64,
    ) -> Self {
        const {
            assert!(V::CHANNEL_BYTES == 1 || V::CHANNEL_BYTES == 2, "a group is of whole activations");
            assert!(V::BLOCKS > 0, "a unit of work has a block");
            assert!(BLOCK * V::CHANNEL_BYTES <= DUMP, "surplus results fit the dump");
        }
        Self {
            zero: V::ZERO,
            channel_bytes: V::CHANNEL_BYTES,
            blocks_at_once: V::BLOCKS,
            tap_index: V::tap_index,
            convolve,
            dense,
            ceiling,
            winograd: None,
        }
    }

    /// Kernels that include Winograd's method.
    ///
    /// # Safety
    /// As for [`Self::new`]; `convolve` keeps the contract of [`winograd::convolve`] over `V`.
    pub(crate) unsafe fn with_winograd<V: Winograd>(
        mut self,
        convolve: unsafe fn(&Convolution, Range<usize>, *mut u8),
    ) -> Self {
        self.winograd = Some(WinogradKernels { pair_index: V::pair_index, always: false, convolve });
        self
    }

    /// Uses Winograd's method wherever it is exact.
    #[cfg(test)]
    pub(crate) fn always_winograd(mut self) -> Self {
        if let Some(winograd) = &mut self.winograd {
            winograd.always = true;
        }
        self
    }

    /// Multiplies in registers only, `rounds` times. Returns the number of multiply-accumulate operations.
    pub(crate) fn ceiling(&self, rounds: u32) -> u64 {
        // SAFETY: `new` vouches for the instruction set.
        unsafe { (self.ceiling)(rounds) }
    }

    /// Channels per group.
    pub(crate) fn group(&self) -> usize {
        GROUP_BYTES / self.channel_bytes
    }

    /// The byte that stores activation 0.
    pub(crate) fn zero(&self) -> u8 {
        self.zero
    }

    /// See [`Vector::tap_index`].
    pub(crate) fn tap_index(&self, lane: usize, channel: usize) -> usize {
        (self.tap_index)(lane, channel)
    }

    /// [`Winograd::pair_index`] if Winograd's method is exact and faster for a convolution over `input`.
    pub(crate) fn winograd_pays(&self, input: &Map, parameters: &Parameters<'_>) -> Option<fn(usize, usize) -> usize> {
        let winograd = self.winograd?;
        let Shape { height, width, channels } = input.shape;
        // Tiles at the edge compute more sums than needed, and the transforms have a cost too.
        let products = winograd::PRODUCTS * winograd::tiles(height, width);
        let pays = winograd.always || (channels >= LEAST_CHANNELS && 2 * products <= 9 * height * width);
        (pays && winograd::weights::fit(parameters.weights, parameters.inputs)).then_some(winograd.pair_index)
    }
}
