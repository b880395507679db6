//! Optical density against the field's own background.

use alloc::vec::Vec;

use crate::preprocess::Preprocessing;

/// Logarithms are kept in units of `2 / 255 / 16`: sixteen to a step of density.
const FINE: f64 = 255.0 / super::FULL_DENSITY as f64 * 16.0;

/// A field in optical density, with its buffers.
#[derive(Default)]
pub(super) struct Density {
    bytes: Vec<u8>,
    /// `ln(v + 1)` of each byte in fine units; empty before the first field.
    logarithms: Vec<u16>,
}

impl Density {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Measures an input of `preprocessing`.
    pub(super) fn measure(&mut self, preprocessing: &Preprocessing, input: &[u8]) {
        if self.logarithms.is_empty() {
            self.logarithms = (0..256).map(|v| libm::round(libm::log(f64::from(v) + 1.0) * FINE) as u16).collect();
        }
        let background = background(preprocessing, input);
        let tables = background.map(|background| table(&self.logarithms, background));
        self.bytes.resize(input.len(), 0);
        for (densities, pixel) in self.bytes.chunks_exact_mut(3).zip(input.chunks_exact(3)) {
            for channel in 0..3 {
                densities[channel] = tables[channel][usize::from(pixel[channel])];
            }
        }
        preprocessing.mask_with(&mut self.bytes, [0; 3]);
    }
}

/// The density of each byte.
fn table(logarithms: &[u16], background: u8) -> [u8; 256] {
    let highest = logarithms[usize::from(background)];
    let mut table = [0; 256];
    for (density, &logarithm) in table.iter_mut().zip(logarithms) {
        *density = ((highest.saturating_sub(logarithm) + 8) / 16).min(255) as u8;
    }
    table
}

/// The smallest value of each channel that 95 % of the pixels outside of the mask do not surpass.
fn background(preprocessing: &Preprocessing, input: &[u8]) -> [u8; 3] {
    let mut counts = [[0u32; 256]; 3];
    let width = usize::from(preprocessing.width);
    let mask = &preprocessing.mask;
    let (rows, left) = (usize::from(mask.top)..usize::from(mask.bottom), usize::from(mask.left));
    let right = usize::from(mask.right);
    let mut seen = 0u32;
    for (y, row) in input.chunks_exact(width * 3).enumerate() {
        let (before, after) = if rows.contains(&y) { (left, right) } else { (width, width) };
        for pixel in row[..before * 3].chunks_exact(3).chain(row[after * 3..].chunks_exact(3)) {
            for channel in 0..3 {
                counts[channel][usize::from(pixel[channel])] += 1;
            }
            seen += 1;
        }
    }
    let enough = (u64::from(seen) * 95).div_ceil(100);
    let mut background = [255; 3];
    for (background, counts) in background.iter_mut().zip(&counts) {
        let mut below = 0u64;
        for (value, &count) in counts.iter().enumerate() {
            below += u64::from(count);
            if below >= enough {
                *background = value as u8;
                break;
            }
        }
    }
    background
}
