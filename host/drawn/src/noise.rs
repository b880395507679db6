//! Smooth noise over the plane, without tables: the texture of chromatin, cytoplasm and stain.

/// The random number of a lattice point, in -1..1.
fn lattice(x: i32, y: i32, seed: u32) -> f32 {
    let mut h = seed ^ (x as u32).wrapping_mul(0x9e37_79b1) ^ (y as u32).wrapping_mul(0x85eb_ca77);
    h = (h ^ (h >> 15)).wrapping_mul(0x2c1b_3c6d);
    h = (h ^ (h >> 12)).wrapping_mul(0x297a_2d39);
    h ^= h >> 15;
    (h >> 8) as f32 / 8_388_608.0 - 1.0
}

/// Value noise in -1..1 with features one unit wide.
pub(super) fn value(x: f32, y: f32, seed: u32) -> f32 {
    let (cell_x, cell_y) = (x.floor(), y.floor());
    let (u, v) = (ease(x - cell_x), ease(y - cell_y));
    let (i, j) = (cell_x as i32, cell_y as i32);
    let top = mix(lattice(i, j, seed), lattice(i + 1, j, seed), u);
    let bottom = mix(lattice(i, j + 1, seed), lattice(i + 1, j + 1, seed), u);
    mix(top, bottom, v)
}

/// Sum of `octaves` of [`value`], each half as wide and 0.6 times as strong as the one before, and rotated against it to hide the
/// lattice; about -1..1.
pub(super) fn fractal(mut x: f32, mut y: f32, seed: u32, octaves: u32) -> f32 {
    let (mut sum, mut weight, mut total) = (0.0, 1.0, 0.0);
    for octave in 0..octaves {
        // Rotate by 36.9 degrees, twice as fine; the shift keeps lattice points from coinciding.
        (x, y) = if octave == 0 {
            (0.8 * x - 0.6 * y, 0.6 * x + 0.8 * y)
        } else {
            (1.6 * x - 1.2 * y + 17.31, 1.2 * x + 1.6 * y - 17.31)
        };
        sum += weight * value(x, y, seed.wrapping_add(octave * 0x51ed));
        total += weight;
        weight *= 0.6;
    }
    sum / total * 1.3
}

/// Cubic step from 0 to 1 for `x` in 0..1; clamped outside.
pub(super) fn ease(x: f32) -> f32 {
    let x = x.clamp(0.0, 1.0);
    x * x * (3.0 - 2.0 * x)
}

/// Step from 0 at `low` to 1 at `high`.
pub(super) fn step(low: f32, high: f32, x: f32) -> f32 {
    ease((x - low) / (high - low))
}

/// A hump: 1 at 0, 0 from -1 and from 1 on.
pub(super) fn hump(x: f32) -> f32 {
    let rest = (1.0 - x * x).max(0.0);
    rest * rest
}

/// Mix: `a` for a `share` of 0, `b` for 1.
pub(super) fn mix(a: f32, b: f32, share: f32) -> f32 {
    a + (b - a) * share
}
