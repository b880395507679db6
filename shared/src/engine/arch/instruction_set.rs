//! What an instruction set brings: the features that a processor must have for it, its kernels, and the layout that they want.
//!
//! [`features!`] is the only list of features. What is looked for at run time and what the kernels' functions enable both come
//! from it, so that no function can enable what was not looked for.

use core::ops::Range;

use super::{
    memory::Map,
    tile::{Ahead, Convolution, DUMP, Dense},
    vector::{BLOCK, GROUP_BYTES, Vector},
    winograd::{self, Winograd},
};
use crate::layers::{Parameters, Shape};

/// Calls a macro with the features of an instruction set, named as in [`Isa`](super::Isa): `features!(Avx2 => then! rest)` is
/// `then! { ["avx2"] rest }`.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! features {
    (Avx2 => $then:ident! $($rest:tt)*) => { $then! { ["avx2"] $($rest)* } };
    (AvxVnni => $then:ident! $($rest:tt)*) => { $then! { ["avx2", "avxvnni"] $($rest)* } };
    (Avx512Vnni => $then:ident! $($rest:tt)*) => {
        $then! { ["avx512f", "avx512bw", "avx512vl", "avx512vnni"] $($rest)* }
    };
    (Neon => $then:ident! $($rest:tt)*) => { $then! { ["neon"] $($rest)* } };
    (NeonDotprod => $then:ident! $($rest:tt)*) => { $then! { ["neon", "dotprod"] $($rest)* } };
    (NeonI8mm => $then:ident! $($rest:tt)*) => { $then! { ["neon", "i8mm"] $($rest)* } };
}

/// Whether the machine has all of some features; without `std`, whether the program was compiled for them.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! detected {
    ([$($feature:tt),+]) => {{
        #[cfg(all(feature = "std", target_arch = "x86_64"))]
        let detected = [$(std::arch::is_x86_feature_detected!($feature)),+].into_iter().all(|there| there);
        #[cfg(all(feature = "std", target_arch = "aarch64"))]
        let detected = [$(std::arch::is_aarch64_feature_detected!($feature)),+].into_iter().all(|there| there);
        #[cfg(not(feature = "std"))]
        let detected = cfg!(all($(target_feature = $feature),+));
        detected
    }};
}

/// A function that enables some features.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! enabling {
    ([$($feature:tt),+] $($function:tt)+) => {
        #[target_feature($(enable = $feature),+)]
        $($function)+
    };
}

/// The kernels over a [`Vector`] as functions that enable some features, and `kernels()`, which hands them out where the machine
/// has these. The limit of the instruction set is measured with so many vectors of sums, and with groups in a register that
/// `asm!` calls by the class and the template given. `by_winograd` where the vector is [`Winograd`] too.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! kernels {
    ($features:tt $vector:ty, $sums:literal sums, $register:ident $template:literal) => {
        kernels!(@functions $features $vector, $sums, $register, $template);

        /// The kernels, where the machine has the instruction set.
        pub(crate) fn kernels() -> Option<$crate::engine::arch::Kernels> {
            // SAFETY: the functions enable the features that were found, and call those of `tile` for the vector.
            detected!($features).then(|| unsafe {
                $crate::engine::arch::Kernels::new::<$vector>(convolve_units, dense_blocks, ceiling)
            })
        }
    };
    ($features:tt $vector:ty, $sums:literal sums, $register:ident $template:literal, by_winograd) => {
        kernels!(@functions $features $vector, $sums, $register, $template);

        enabling! { $features
            /// # Safety
            /// As for [`winograd::convolve`](crate::engine::arch::winograd::convolve).
            unsafe fn convolve_tiles(
                task: &$crate::engine::arch::tile::Convolution,
                tiles: core::ops::Range<usize>,
                scratch: *mut u8,
            ) {
                // SAFETY: as the caller promises.
                unsafe { $crate::engine::arch::winograd::convolve::<$vector>(task, tiles, scratch) }
            }
        }

        /// The kernels, where the machine has the instruction set.
        pub(crate) fn kernels() -> Option<$crate::engine::arch::Kernels> {
            // SAFETY: the functions enable the features that were found, and call those of `tile` and `winograd` for the vector.
            detected!($features).then(|| unsafe {
                $crate::engine::arch::Kernels::new::<$vector>(convolve_units, dense_blocks, ceiling)
                    .with_winograd::<$vector>(convolve_tiles)
            })
        }
    };
    (@functions $features:tt $vector:ty, $sums:literal, $register:ident, $template:literal) => {
        enabling! { $features
            /// # Safety
            /// As for [`tile::convolve`](crate::engine::arch::tile::convolve).
            unsafe fn convolve_units(
                task: &$crate::engine::arch::tile::Convolution,
                units: core::ops::Range<usize>,
                ahead: $crate::engine::arch::tile::Ahead,
            ) {
                // SAFETY: as the caller promises.
                unsafe { $crate::engine::arch::tile::convolve::<$vector>(task, units, ahead) }
            }
        }

        enabling! { $features
            /// # Safety
            /// As for [`tile::dense`](crate::engine::arch::tile::dense).
            unsafe fn dense_blocks(task: &$crate::engine::arch::tile::Dense, blocks: core::ops::Range<usize>) {
                // SAFETY: as the caller promises.
                unsafe { $crate::engine::arch::tile::dense::<$vector>(task, blocks) }
            }
        }

        enabling! { $features
            /// # Safety
            /// The instruction set is there.
            unsafe fn ceiling(rounds: u32) -> u64 {
                // SAFETY: as the caller promises; the assembly is no instruction at all.
                unsafe {
                    $crate::engine::arch::tile::multiply_in_registers::<$vector, $sums>(rounds, |group| {
                        let mut group = group;
                        core::arch::asm!(
                            $template,
                            inout($register) group,
                            options(pure, nomem, nostack, preserves_flags),
                        );
                        group
                    })
                }
            }
        }
    };
}

/// Channels from which on Winograd's method pays: with three, the ways there and back cost more than it saves.
const LEAST_CHANNELS: usize = 8;

/// The kernels of one instruction set, and the layout that they want.
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

/// What the instruction sets have for which Winograd's method pays.
#[derive(Clone, Copy)]
pub(super) struct WinogradKernels {
    pair_index: fn(usize, usize) -> usize,
    /// Whether it is taken where it does not pay, too.
    always: bool,
    pub(super) convolve: unsafe fn(&Convolution, Range<usize>, *mut u8),
}

impl Kernels {
    /// Kernels written over `V`.
    ///
    /// # Safety
    /// `V`'s instruction set is there; the functions enable it and keep the contracts of [`tile::convolve`](super::tile::convolve),
    /// [`tile::dense`](super::tile::dense) and [`tile::multiply_in_registers`](super::tile::multiply_in_registers) over `V`.
    pub(crate) unsafe fn new<V: Vector>(
        convolve: unsafe fn(&Convolution, Range<usize>, Ahead),
        dense: unsafe fn(&Dense, Range<usize>),
        ceiling: unsafe fn(u32) -> u64,
    ) -> Self {
        const {
            assert!(V::CHANNEL_BYTES == 1 || V::CHANNEL_BYTES == 2, "a group is of whole activations");
            assert!(V::BLOCKS > 0, "a unit of work has a block");
            assert!(BLOCK * V::CHANNEL_BYTES <= DUMP, "what is stored for no pixel fits the dump");
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

    /// Kernels that also have Winograd's method.
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

    /// Winograd's method wherever it is exact.
    #[cfg(test)]
    pub(crate) fn always_winograd(mut self) -> Self {
        if let Some(winograd) = &mut self.winograd {
            winograd.always = true;
        }
        self
    }

    /// Multiplies in registers only, `rounds` times: the number of multiply-accumulate operations.
    pub(crate) fn ceiling(&self, rounds: u32) -> u64 {
        // SAFETY: `new` vouches for the instruction set.
        unsafe { (self.ceiling)(rounds) }
    }

    /// Channels of a group.
    pub(crate) fn group(&self) -> usize {
        GROUP_BYTES / self.channel_bytes
    }

    /// The stored byte of activation 0.
    pub(crate) fn zero(&self) -> u8 {
        self.zero
    }

    /// See [`Vector::tap_index`].
    pub(crate) fn tap_index(&self, lane: usize, channel: usize) -> usize {
        (self.tap_index)(lane, channel)
    }

    /// Whether a convolution over `input` is faster by Winograd's method, and exact: [`Winograd::pair_index`] if so.
    pub(crate) fn winograd_pays(&self, input: &Map, parameters: &Parameters<'_>) -> Option<fn(usize, usize) -> usize> {
        let winograd = self.winograd?;
        let Shape { height, width, channels } = input.shape;
        // Tiles at the edge yield more sums than are asked for, and the ways there and back cost something as well.
        let products = winograd::PRODUCTS * winograd::tiles(height, width);
        let pays = winograd.always || (channels >= LEAST_CHANNELS && 2 * products <= 9 * height * width);
        (pays && winograd::weights::fit(parameters.weights, parameters.inputs)).then_some(winograd.pair_index)
    }
}
