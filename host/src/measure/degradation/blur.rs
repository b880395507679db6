//! Blur, and its opposite.

use blastscope_shared::RgbPixels;

/// A Gaussian blur of standard deviation `sigma` (pixels), cut off at three deviations, the border repeated.
pub(super) fn gaussian(picture: &RgbPixels, sigma: f32) -> RgbPixels {
    let (width, height) = (picture.width(), picture.height());
    let reach = (sigma * 3.0).ceil().max(1.0) as isize;
    let mut kernel: Vec<f32> =
        (-reach..=reach).map(|at| libm::expf(-(at * at) as f32 / (2.0 * sigma * sigma))).collect();
    let sum: f32 = kernel.iter().sum();
    kernel.iter_mut().for_each(|weight| *weight /= sum);

    let source: Vec<f32> = picture.bytes().iter().map(|&byte| f32::from(byte)).collect();
    let within = |at: isize, size: usize| at.clamp(0, size as isize - 1) as usize;
    let mut across = vec![0.0f32; source.len()];
    for (row, blurred) in source.chunks_exact(width * 3).zip(across.chunks_exact_mut(width * 3)) {
        for (x, pixel) in blurred.chunks_exact_mut(3).enumerate() {
            for (weight, offset) in kernel.iter().zip(-reach..) {
                let from = within(x as isize + offset, width) * 3;
                for channel in 0..3 {
                    pixel[channel] += weight * row[from + channel];
                }
            }
        }
    }
    let mut result = picture.clone();
    let mut sums = vec![0.0f32; width * 3];
    for (y, row) in result.bytes_mut().chunks_exact_mut(width * 3).enumerate() {
        sums.fill(0.0);
        for (weight, offset) in kernel.iter().zip(-reach..) {
            let from = within(y as isize + offset, height) * width * 3;
            for (sum, value) in sums.iter_mut().zip(&across[from..from + width * 3]) {
                *sum += weight * value;
            }
        }
        for (byte, sum) in row.iter_mut().zip(&sums) {
            *byte = (sum + 0.5) as u8;
        }
    }
    result
}

/// Sharpens: adds `amount` of the difference to a Gaussian blur of deviation `sigma` (pixels).
pub(super) fn unsharp(picture: &RgbPixels, sigma: f32, amount: f32) -> RgbPixels {
    let blurred = gaussian(picture, sigma);
    let mut result = picture.clone();
    for (byte, &soft) in result.bytes_mut().iter_mut().zip(blurred.bytes()) {
        let sharp = f32::from(*byte) + amount * (f32::from(*byte) - f32::from(soft));
        *byte = (sharp + 0.5).clamp(0.0, 255.0) as u8;
    }
    result
}
