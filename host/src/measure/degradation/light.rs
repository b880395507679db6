//! Light and bytes, exposure and lamp colour.

use std::sync::LazyLock;

use blastscope_shared::RgbPixels;

/// Steps of the table from light to bytes: fine enough for the darkest byte, which spans 0.0003 of the light.
const STEPS: usize = 1 << 14;

/// The light of every byte, 0..=1: the inverse transfer function of sRGB (IEC 61966-2-1).
static LIGHT: LazyLock<[f32; 256]> = LazyLock::new(|| {
    std::array::from_fn(|byte| {
        let value = byte as f32 / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { libm::powf((value + 0.055) / 1.055, 2.4) }
    })
});

/// The byte of every step of light.
static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let byte = |step: usize| {
        let light = step as f32 / (STEPS - 1) as f32;
        let value = if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * libm::powf(light, 1.0 / 2.4) - 0.055 };
        (value * 255.0 + 0.5) as u8
    };
    (0..STEPS).map(byte).collect()
});

/// The light that a byte stands for, 0..=1.
pub(super) fn light(byte: u8) -> f32 {
    LIGHT[usize::from(byte)]
}

/// The byte nearest to a light; the sensor clips outside 0..=1.
pub(super) fn byte(light: f32) -> u8 {
    BYTES[(light.clamp(0.0, 1.0) * (STEPS - 1) as f32 + 0.5) as usize]
}

/// A picture whose light in each channel is multiplied by a gain.
pub(super) fn gains(picture: &RgbPixels, gains: [f32; 3]) -> RgbPixels {
    let tables = gains.map(|gain| std::array::from_fn::<u8, 256, _>(|value| byte(light(value as u8) * gain)));
    let mut result = picture.clone();
    for pixel in result.bytes_mut().chunks_exact_mut(3) {
        for (value, table) in pixel.iter_mut().zip(&tables) {
            *value = table[usize::from(*value)];
        }
    }
    result
}

/// Gains of a lamp with `share` more red and as much less blue (negative: the other way round) and the same luminance of white
/// (Rec. 709: 0.2126, 0.7152, 0.0722).
pub(super) fn cast(share: f32) -> [f32; 3] {
    let gains = [1.0 + share, 1.0, 1.0 - share];
    let luminance = 0.2126 * gains[0] + 0.7152 * gains[1] + 0.0722 * gains[2];
    gains.map(|gain| gain / luminance)
}

/// A picture that is darker towards the corners: there `missing` of the light is missing, and less with the square of the distance to
/// the middle.
pub(super) fn vignette(picture: &RgbPixels, missing: f32) -> RgbPixels {
    let (width, height) = (picture.width(), picture.height());
    let mut result = picture.clone();
    let from_middle = |at: usize, size: usize| (2.0 * at as f32 + 1.0) / size as f32 - 1.0;
    for (y, row) in result.bytes_mut().chunks_exact_mut(width * 3).enumerate() {
        for (x, pixel) in row.chunks_exact_mut(3).enumerate() {
            let distance = (from_middle(x, width).powi(2) + from_middle(y, height).powi(2)) / 2.0;
            pixel.iter_mut().for_each(|value| *value = byte(light(*value) * (1.0 - missing * distance)));
        }
    }
    result
}
