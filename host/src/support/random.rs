//! Random streams that are the same on every machine.

use rand::{SeedableRng, rngs::ChaCha8Rng};

/// The `number`th stream of `seed`. Streams are independent, so threads may take them in any order.
#[must_use]
pub fn stream(seed: u64, number: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&number.to_le_bytes());
    ChaCha8Rng::from_seed(key)
}
