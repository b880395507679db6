//! Seeded random numbers that are the same on every machine.

use rand::{Rng, SeedableRng, rngs::ChaCha8Rng};

/// Purpose of a stream of random numbers. Streams of one seed are independent, so a change in how cells are drawn does not change
/// the conditions of the picture.
#[derive(Clone, Copy)]
pub(super) enum Stream {
    Conditions = 1,
    Cells = 2,
    Background = 3,
    NonSmear = 4,
}

/// A stream of random numbers: ChaCha with 8 rounds, followed by exact arithmetic only.
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    pub(super) fn new(seed: u64, stream: Stream) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8] = stream as u8;
        Self(ChaCha8Rng::from_seed(key))
    }

    pub(super) fn word(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// Uniform in 0..1.
    pub(super) fn unit(&mut self) -> f32 {
        (self.word() >> 8) as f32 / 16_777_216.0
    }

    /// Uniform in `low..high`.
    pub(super) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// Bell-shaped, within 2.5 standard deviations: the sum of 12 uniform numbers.
    pub(super) fn bell(&mut self, mean: f32, deviation: f32) -> f32 {
        let sum: f32 = (0..12).map(|_| self.unit()).sum();
        mean + deviation * (sum - 6.0).clamp(-2.5, 2.5)
    }

    pub(super) fn chance(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }

    /// An integer from `low` to `high`, inclusive.
    pub(super) fn count(&mut self, low: usize, high: usize) -> usize {
        low + self.word() as usize % (high - low + 1)
    }

    /// A uniform point in the unit disk.
    pub(super) fn in_disk(&mut self) -> [f32; 2] {
        loop {
            let point = [self.between(-1.0, 1.0), self.between(-1.0, 1.0)];
            if point[0] * point[0] + point[1] * point[1] <= 1.0 {
                return point;
            }
        }
    }

    /// A direction: a vector of length 1.
    pub(super) fn direction(&mut self) -> [f32; 2] {
        let angle = self.between(0.0, core::f32::consts::TAU);
        [libm::cosf(angle), libm::sinf(angle)]
    }
}

/// A seed for item `number` of `kind` under `seed` (splitmix64's finalizer after each part).
pub(super) fn mixed_seed(seed: u64, kind: u64, number: u64) -> u64 {
    [kind, number].into_iter().fold(seed, |state, part| {
        let mut z = state.wrapping_add(part.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}
