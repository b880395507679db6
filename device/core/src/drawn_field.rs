//! Drawn fields for checks and measurements: cells on a bright background, identical on every machine.
//! Verdicts on them mean nothing.

use alloc::vec::Vec;

use blastscope_shared::RgbPixels;

/// Cells in a row.
const CELLS: usize = 8;

/// A field of `width` x `height` pixels with round cells, some with dark nuclei, moved by `shift` pixels.
///
/// # Panics
/// When the width is below one pixel for each of the eight columns, or the height is 0.
#[must_use]
pub fn field(width: usize, height: usize, shift: usize) -> RgbPixels {
    let pitch = width / CELLS;
    assert!(pitch > 0 && height > 0, "a field is at least {CELLS} pixels wide and one high");
    let pixel = |at: usize| {
        let (x, y) = (at % width + shift, at / width + shift);
        let distance = (x % pitch).abs_diff(pitch / 2).pow(2) + (y % pitch).abs_diff(pitch / 2).pow(2);
        let nucleated = (x / pitch + y / pitch * 3).is_multiple_of(5);
        match distance * 100 / (pitch * pitch) {
            0..9 if nucleated => [110, 60, 170],
            0..12 => [200, 178, 205],
            _ => [240, 238, 230],
        }
    };
    let bytes: Vec<u8> = (0..width * height).flat_map(pixel).collect();
    RgbPixels::new(width, height, bytes).expect("three bytes a pixel")
}

#[cfg(test)]
mod tests {
    use blastscope_shared::field::gate::Gate;

    use super::*;

    #[test]
    fn a_drawn_field_passes_the_gate_at_the_sizes_of_cameras() {
        for (width, height) in [(224, 224), (640, 480), (1024, 768)] {
            let quality = Gate::inspect(&field(width, height, 5));
            assert_eq!(Gate::default().judge(&quality), Ok(()), "{width}x{height}: {quality:?}");
        }
    }
}
