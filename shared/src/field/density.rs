//! Optical density against the field's own background.
//!
//! The background `b` is the 95th percentile of a channel's values outside the mask. A value `v` has the density
//! `ln((b + 1) / (v + 1))`, at least 0 (Beer and Lambert; Ruifrok and Johnston, "Quantification of histochemical staining by color
//! deconvolution", 2001). It is stored in units of 2/255, so 255 means a density of 2. Masked pixels have density 0.

use alloc::vec::Vec;

use crate::field::{framing::Framing, histogram::percentile};

/// Optical density of the value 255.
pub const FULL_DENSITY: f32 = 2.0;
/// Logarithms are stored in units of `2 / 255 / 16`: sixteen per step of density.
const FINE: f64 = 255.0 / FULL_DENSITY as f64 * 16.0;

/// A field in optical density, with its buffers.
#[derive(Default)]
pub(crate) struct Density {
    bytes: Vec<u8>,
    background: [u8; 3],
    /// `ln(v + 1)` of each byte value, in fine units; empty before the first field.
    logarithms: Vec<u16>,
}

impl Density {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The background of the last field in red, green and blue.
    pub(crate) fn background(&self) -> [u8; 3] {
        self.background
    }

    /// Measures a field of `framing`.
    pub(crate) fn measure(&mut self, framing: &Framing, input: &[u8]) {
        if self.logarithms.is_empty() {
            self.logarithms = (0..256).map(|v| libm::round(libm::log(f64::from(v) + 1.0) * FINE) as u16).collect();
        }
        self.background = background(framing, input);
        let tables = self.background.map(|background| table(&self.logarithms, background));
        self.bytes.resize(input.len(), 0);
        for (densities, pixel) in self.bytes.chunks_exact_mut(3).zip(input.chunks_exact(3)) {
            for channel in 0..3 {
                densities[channel] = tables[channel][usize::from(pixel[channel])];
            }
        }
        framing.mask_with(&mut self.bytes, [0; 3]);
    }
}

/// The density of each byte value.
fn table(logarithms: &[u16], background: u8) -> [u8; 256] {
    let highest = logarithms[usize::from(background)];
    let mut table = [0; 256];
    for (density, &logarithm) in table.iter_mut().zip(logarithms) {
        *density = ((highest.saturating_sub(logarithm) + 8) / 16).min(255) as u8;
    }
    table
}

/// Passes every pixel outside the mask to `see`, row by row. `bytes` are HWC, three channels.
pub(crate) fn for_each_unmasked(framing: &Framing, bytes: &[u8], mut see: impl FnMut([u8; 3])) {
    let width = usize::from(framing.width);
    let mask = &framing.mask;
    let (rows, left) = (usize::from(mask.top)..usize::from(mask.bottom), usize::from(mask.left));
    let right = usize::from(mask.right);
    for (y, row) in bytes.chunks_exact(width * 3).enumerate() {
        let (before, after) = if rows.contains(&y) { (left, right) } else { (width, width) };
        for part in [&row[..before * 3], &row[after * 3..]] {
            part.chunks_exact(3).for_each(|pixel| see([pixel[0], pixel[1], pixel[2]]));
        }
    }
}

/// The 95th percentile of each channel's values outside the mask.
fn background(framing: &Framing, input: &[u8]) -> [u8; 3] {
    let mut counts = [[0u32; 256]; 3];
    for_each_unmasked(framing, input, |pixel| {
        for channel in 0..3 {
            counts[channel][usize::from(pixel[channel])] += 1;
        }
    });
    counts.map(|counts| percentile(&counts, 95))
}
