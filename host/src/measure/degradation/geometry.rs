//! What another objective, adapter or sensor would have shown of the same place.

use blastscope_shared::{RgbPixels, field::pixels::mirrored};

/// The picture as if its `across` and `down` times as wide and high a part of the slide lay under the sensor: below 1 its middle is
/// enlarged, above 1 it is reduced and mirrored at its edges. Bilinear, about the middle; the size stays.
pub(super) fn view(picture: &RgbPixels, [across, down]: [f32; 2]) -> RgbPixels {
    let (width, height) = (picture.width(), picture.height());
    let bytes = picture.bytes();
    let mut result = picture.clone();
    let places = |size: usize, scale: f32| -> Vec<(usize, usize, f32)> {
        let middle = (size - 1) as f32 / 2.0;
        (0..size)
            .map(|at| {
                let place = middle + (at as f32 - middle) * scale;
                let (low, share) = (place.floor(), place - place.floor());
                (mirrored(low as isize, size), mirrored(low as isize + 1, size), share)
            })
            .collect()
    };
    let columns = places(width, across);
    for (row, (top, bottom, below)) in result.bytes_mut().chunks_exact_mut(width * 3).zip(places(height, down)) {
        for (pixel, (left, right, beside)) in row.chunks_exact_mut(3).zip(&columns) {
            for (channel, value) in pixel.iter_mut().enumerate() {
                let at = |x: usize, y: usize| f32::from(bytes[(y * width + x) * 3 + channel]);
                let line = |y: usize| at(*left, y) * (1.0 - beside) + at(*right, y) * beside;
                *value = (line(top) * (1.0 - below) + line(bottom) * below + 0.5) as u8;
            }
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_part_is_the_same_picture_and_a_half_is_its_middle() {
        let bytes = (0..60 * 40 * 3).map(|at| (at % 251) as u8).collect();
        let picture = RgbPixels::new(60, 40, bytes).expect("as many bytes");
        assert_eq!(view(&picture, [1.0, 1.0]), picture);
        let mut bright_middle = vec![0; 60 * 40 * 3];
        for y in 10..30 {
            bright_middle[(y * 60 + 15) * 3..(y * 60 + 45) * 3].fill(200);
        }
        let picture = RgbPixels::new(60, 40, bright_middle).expect("as many bytes");
        let share = |picture: &RgbPixels| picture.bytes().iter().filter(|&&byte| byte > 100).count() as f32 / 7200.0;
        assert!((share(&picture) - 0.25).abs() < 1e-3);
        assert!(share(&view(&picture, [0.5, 0.5])) > 0.95);
        assert!((share(&view(&picture, [0.5, 1.0])) - 0.5).abs() < 0.02);
        assert!((share(&view(&picture, [2.0, 2.0])) - 0.25).abs() < 0.05, "mirrored beside itself");
    }
}
