//! The optics: optical density per pixel, turned into bytes by light, lens and sensor.
//!
//! Stains absorb light, so densities add up where things overlap: `transmitted = exp(-density)` per channel.

use blastscope_shared::RgbPixels;

use super::{conditions::Conditions, noise, scene::FIELD_UM};

/// Red, green and blue optical density of a stain at its nominal depth.
pub(super) type Stain = [f32; 3];

/// Most bytes of memory per pixel of the film: densities, their copy while blurring, output bytes.
pub(super) const BYTES_PER_PIXEL: usize = 30;

/// Optical density of a field, three numbers per pixel.
pub(super) struct Film {
    width: usize,
    height: usize,
    pixels_per_um: f32,
    density: Vec<f32>,
}

impl Film {
    /// Bare glass. `width` pixels are [`FIELD_UM`] wide.
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self { width, height, pixels_per_um: width as f32 / FIELD_UM[0], density: vec![0.0; width * height * 3] }
    }

    /// Size of a pixel, µm.
    pub(super) fn pixel_um(&self) -> f32 {
        1.0 / self.pixels_per_um
    }

    /// Calls `add` for each pixel within `reach_um` of `centre_um`, row by row, with the pixel's position relative to the centre in
    /// µm and its density to add to.
    pub(super) fn paint(&mut self, centre_um: [f32; 2], reach_um: f32, mut add: impl FnMut(f32, f32, &mut [f32])) {
        let range = |centre: f32, size: usize| {
            let first = ((centre - reach_um) * self.pixels_per_um).floor().max(0.0) as usize;
            let end = ((centre + reach_um) * self.pixels_per_um).ceil().max(0.0) as usize;
            first.min(size)..end.min(size)
        };
        let (columns, rows) = (range(centre_um[0], self.width), range(centre_um[1], self.height));
        let pixel_um = self.pixel_um();
        for row in rows {
            let y = (row as f32 + 0.5) * pixel_um - centre_um[1];
            let start = (row * self.width + columns.start) * 3;
            let line = &mut self.density[start..start + columns.len() * 3];
            for (column, pixel) in columns.clone().zip(line.chunks_exact_mut(3)) {
                let x = (column as f32 + 0.5) * pixel_um - centre_um[0];
                add(x, y, pixel);
            }
        }
    }

    /// Renders the film: transmission, defocus, illumination, white balance, sensor noise.
    pub(super) fn developed(self, conditions: &Conditions) -> RgbPixels {
        let Self { width, height, pixels_per_um, density } = self;
        let transmission = Transmission::new();
        let mut light = density;
        for value in &mut light {
            *value = transmission.of(*value);
        }
        blur(&mut light, width, height, conditions.blur_um * pixels_per_um);
        // A smaller picture of the same field averages sensor pixels.
        let noise = conditions.noise * (pixels_per_um / 10.0).min(1.0);
        let mut bytes = Vec::with_capacity(light.len());
        for (row, line) in light.chunks_exact(width * 3).enumerate() {
            let y = (row as f32 + 0.5) / height as f32 * 2.0 - 1.0;
            for (column, pixel) in line.chunks_exact(3).enumerate() {
                let x = (column as f32 + 0.5) / width as f32 * 2.0 - 1.0;
                let lamp = 1.0 - conditions.vignette * (0.6 * x * x + 0.4 * y * y)
                    + conditions.gradient[0] * x
                    + conditions.gradient[1] * y;
                let grain = grain((row * width + column) as u32, conditions.texture);
                for channel in 0..3 {
                    let value = pixel[channel] * lamp * conditions.white[channel] * 255.0;
                    // Shot noise: less in the dark.
                    bytes.push((value + grain[channel] * noise * (0.35 + value * 0.0025) + 0.5) as u8);
                }
            }
        }
        RgbPixels::new(width, height, bytes).expect("three bytes per pixel")
    }
}

/// A pixel's three random numbers: mean 0, standard deviation 1, triangular.
fn grain(pixel: u32, seed: u32) -> [f32; 3] {
    let mut state = u64::from(pixel) << 32 | u64::from(seed);
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^= state >> 31;
    [0, 20, 40].map(|shift| {
        let bits = (state >> shift) as u32;
        let sum = (bits & 0x3ff) as f32 + (bits >> 10 & 0x3ff) as f32;
        // The sum of two uniform numbers of 0..1023 has mean 1023 and standard deviation 418.
        (sum - 1023.0) * (1.0 / 418.0)
    })
}

/// `exp(-density)` from a table: exact to 1e-6 and the same on every machine.
struct Transmission(Vec<f32>);

impl Transmission {
    const LEAST: f32 = -0.5;
    const STEPS: f32 = 512.0;

    fn new() -> Self {
        Self((0..=4096).map(|at| libm::expf(-(at as f32 / Self::STEPS + Self::LEAST))).collect())
    }

    fn of(&self, density: f32) -> f32 {
        let place = ((density - Self::LEAST) * Self::STEPS).clamp(0.0, 4095.0);
        let at = place as usize;
        let share = place - at as f32;
        self.0[at] + (self.0[at + 1] - self.0[at]) * share
    }
}

/// Gaussian blur of `sigma` pixels over three interleaved channels; the border is repeated.
fn blur(light: &mut [f32], width: usize, height: usize, sigma: f32) {
    let radius = (sigma * 2.6).ceil() as usize;
    if sigma < 0.2 || radius == 0 || radius >= width.min(height) {
        return;
    }
    let weights: Vec<f32> = {
        let raw: Vec<f32> =
            (0..=radius).map(|at| libm::expf(-(at as f32 * at as f32) / (2.0 * sigma * sigma))).collect();
        let total = raw[0] + 2.0 * raw[1..].iter().sum::<f32>();
        raw.iter().map(|weight| weight / total).collect()
    };
    let row_len = width * 3;
    let mut padded = vec![0.0; row_len + radius * 6];
    for row in light.chunks_exact_mut(row_len) {
        for at in 0..radius {
            let end = padded.len() - (at + 1) * 3;
            padded[at * 3..at * 3 + 3].copy_from_slice(&row[..3]);
            padded[end..end + 3].copy_from_slice(&row[row_len - 3..]);
        }
        padded[radius * 3..radius * 3 + row_len].copy_from_slice(row);
        let middle = radius * 3;
        for (out, &value) in row.iter_mut().zip(&padded[middle..]) {
            *out = value * weights[0];
        }
        for (off, &weight) in weights.iter().enumerate().skip(1) {
            let (before, after) = (&padded[middle - off * 3..], &padded[middle + off * 3..]);
            for ((out, &a), &b) in row.iter_mut().zip(before).zip(after) {
                *out += (a + b) * weight;
            }
        }
    }
    // Down the columns.
    let source = light.to_vec();
    let line = |row: usize| &source[row * row_len..(row + 1) * row_len];
    for (row, out) in light.chunks_exact_mut(row_len).enumerate() {
        for (out, &value) in out.iter_mut().zip(line(row)) {
            *out = value * weights[0];
        }
        for (off, &weight) in weights.iter().enumerate().skip(1) {
            let (above, below) = (line(row.saturating_sub(off)), line((row + off).min(height - 1)));
            for ((out, &a), &b) in out.iter_mut().zip(above).zip(below) {
                *out += (a + b) * weight;
            }
        }
    }
}

/// The stains of a picture, from its conditions.
pub(super) struct Stains {
    pub(super) chromatin: Stain,
    pub(super) cytoplasm: Stain,
    pub(super) eosin: Stain,
    pub(super) red_cell: Stain,
    pub(super) precipitate: Stain,
}

impl Stains {
    pub(super) fn new(conditions: &Conditions) -> Self {
        let strength = conditions.stain_strength;
        let between = |a: Stain, b: Stain, share: f32, strength: f32| -> Stain {
            std::array::from_fn(|channel| noise::mix(a[channel], b[channel], share) * strength)
        };
        let azure = 0.5 + 0.5 * conditions.azure;
        Self {
            chromatin: between([0.42, 0.98, 0.16], [1.02, 1.08, 0.22], azure, strength),
            cytoplasm: between([0.40, 0.36, 0.05], [0.58, 0.36, 0.06], azure, strength),
            eosin: [0.08, 0.40, 0.16].map(|density| density * strength),
            red_cell: between(
                [0.09, 0.32, 0.21],
                [0.42, 0.32, 0.19],
                conditions.red_cell_grey,
                conditions.red_cell_strength,
            ),
            precipitate: between([0.5, 0.9, 0.2], [1.0, 1.0, 0.3], azure, strength),
        }
    }
}
