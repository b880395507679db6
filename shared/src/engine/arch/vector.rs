//! What a kernel needs from an instruction set.

/// Output channels that a [`Vector`] sums at once: one block of packed weights.
pub(crate) const BLOCK: usize = 16;
/// Bytes of activations multiplied with a vector of weights in one step: four channels of `u8` or two of `i16`.
pub(crate) const GROUP_BYTES: usize = 4;

/// The arithmetic of one instruction set: 16 output channels at a time.
///
/// An activation is stored as `CHANNEL_BYTES` bytes; zero is stored as [`Vector::ZERO`] (bit-wise: a stored byte is the
/// activation XOR `ZERO`). A *group* is the activations of one pixel that lie in [`GROUP_BYTES`] bytes.
///
/// # Safety
/// The kernels derive the bounds of memory from the constants, so an implementor promises:
///
/// * `CHANNEL_BYTES` is the number of bytes that [`Vector::store`] writes per activation: 1 or 2.
/// * `CHANNELS` and `TAP_BYTES` keep their definitions from here.
/// * A method reads and writes no more than its documentation says, and keeps no pointer.
///
/// A method may be called only if the machine has the implementor's instruction set, inside a function that enables it.
/// Pointers must be valid for what the method's documentation says; no alignment is required.
pub(crate) unsafe trait Vector: Copy {
    /// The byte that stores activation 0.
    const ZERO: u8;
    /// Bytes per stored activation.
    const CHANNEL_BYTES: usize;
    /// Sums of 16 output channels.
    type Sums: Copy;
    /// A group's weights for 16 output channels.
    type Taps: Copy;
    /// A group, ready to multiply.
    type Group: Copy;

    /// Channels per group.
    const CHANNELS: usize = GROUP_BYTES / Self::CHANNEL_BYTES;
    /// Bytes of [`Vector::Taps`] in memory.
    const TAP_BYTES: usize = BLOCK * Self::CHANNELS;

    /// Index in [`Vector::Taps`] of the weight of channel `channel` of a group for output `lane`.
    fn tap_index(lane: usize, channel: usize) -> usize {
        lane * Self::CHANNELS + channel
    }

    /// Sums that start from the 16 biases at `biases`.
    unsafe fn sums(biases: *const i32) -> Self::Sums;
    /// [`Vector::TAP_BYTES`] weights at `weights`.
    unsafe fn taps(weights: *const i8) -> Self::Taps;
    /// [`GROUP_BYTES`] bytes at `input`.
    unsafe fn group(input: *const u8) -> Self::Group;
    /// `sums[lane] + sum over channels of group[channel] * taps[lane][channel]`, exact.
    unsafe fn dot(sums: Self::Sums, group: Self::Group, taps: Self::Taps) -> Self::Sums;
    /// The larger of each pair.
    unsafe fn max(a: Self::Sums, b: Self::Sums) -> Self::Sums;
    /// The sum of each pair.
    unsafe fn add(a: Self::Sums, b: Self::Sums) -> Self::Sums;
    /// Requantizes four times 16 sums, each with the 16 multipliers at `multipliers[i]`, and stores them as 16 activations of
    /// `CHANNEL_BYTES` at `outputs[i]`, in order.
    unsafe fn store(sums: [Self::Sums; 4], multipliers: [*const f32; 4], outputs: [*mut u8; 4]);
    /// Writes 16 sums to `output`.
    unsafe fn spill(sums: Self::Sums, output: *mut i32);
    /// Prefetches the cache line at `address`, which need not be valid, for use soon.
    #[inline(always)]
    unsafe fn prefetch(address: *const i8) {
        let _ = address;
    }

    /// Prefetches the cache line at `address`, which need not be valid, for later use: not into the nearest cache.
    #[inline(always)]
    unsafe fn prefetch_for_later(address: *const i8) {
        let _ = address;
    }
}

/// A register of 16-bit or 32-bit integers.
///
/// # Safety
/// As for [`Vector`].
pub(crate) trait Lanes: Copy {
    /// The sums; they must fit 16-bit lanes and wrap modulo 2^32 in 32-bit lanes.
    unsafe fn add(self, other: Self) -> Self;
    /// The differences, likewise.
    unsafe fn sub(self, other: Self) -> Self;
    /// The lanes times 2^`BITS`, likewise.
    unsafe fn shift_left<const BITS: i32>(self) -> Self;
}
