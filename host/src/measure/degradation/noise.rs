//! Sensor noise.

use blastscope_shared::RgbPixels;
use rand::{Rng, SeedableRng, rngs::ChaCha8Rng};

use super::light::{byte, light};

/// Read noise, electrons: that of an inexpensive CMOS sensor.
const READ: f32 = 4.0;

/// Shot and read noise of a sensor that counts `electrons` at white: in light, a variance that grows with the light (Foi et al.,
/// "Practical Poissonian-Gaussian Noise Modeling and Fitting for Single-Image Raw-Data", IEEE TIP 17, 2008), the Poisson part as
/// the Gaussian of the same variance. The noise is independent in each channel of each pixel.
pub(super) fn sensor(picture: &RgbPixels, electrons: f32, seed: u64) -> RgbPixels {
    let deviations: [f32; 256] = std::array::from_fn(|value| {
        libm::sqrtf(light(value as u8) / electrons + READ * READ / (electrons * electrons))
    });
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut result = picture.clone();
    for value in result.bytes_mut() {
        *value = byte(light(*value) + deviations[usize::from(*value)] * normal(&mut random));
    }
    result
}

/// An approximately normal number with mean 0 and deviation 1: a sum of twelve uniform numbers of ten bits each (Irwin and Hall),
/// the same on every machine. It stays within 6 deviations.
fn normal(random: &mut ChaCha8Rng) -> f32 {
    let mut sum = 0u32;
    for _ in 0..2 {
        let word = random.next_u64();
        sum += (0..6).map(|at| (word >> (10 * at)) as u32 & 1023).sum::<u32>();
    }
    // Twelve numbers from 0 to 1023: mean 12 * 511.5, variance 12 * (1024^2 - 1) / 12.
    (sum as f32 - 6138.0) / 1_023.999_5
}
