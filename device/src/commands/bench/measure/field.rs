//! A drawn field with the size, edges and noise of a camera frame, which times depend on.

use blastscope_shared::RgbPixels;
use image::{ExtendedColorType, ImageResult, codecs::jpeg::JpegEncoder};

const BACKGROUND: [u8; 3] = [236, 228, 226];
const RED_CELL: [u8; 3] = [206, 180, 196];
const NUCLEUS: [u8; 3] = [112, 64, 160];
/// Cells along the width.
const CELLS: usize = 12;
/// Quality of the JPEG frames of a webcam, of 100.
const QUALITY: u8 = 85;

/// A field of `width` x `height` pixels: cells with soft edges, every fifth with a nucleus, under the noise of a sensor.
#[must_use]
pub fn drawn_field(width: usize, height: usize) -> RgbPixels {
    let pitch = (width / CELLS).max(4);
    let mut state = 2025u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    let mut bytes = BACKGROUND.repeat(width * height);
    for row in 0..height.div_ceil(pitch) {
        for column in 0..width.div_ceil(pitch) {
            let centre = (column * pitch + next() % pitch, row * pitch + next() % pitch);
            let radius = pitch / 4 + next() % (pitch / 4);
            disc(&mut bytes, width, centre, radius, RED_CELL);
            if next() % 5 == 0 {
                disc(&mut bytes, width, centre, radius * 3 / 4, NUCLEUS);
            }
        }
    }
    for byte in &mut bytes {
        // Four terms: nearly a normal distribution, of sigma 3.
        let noise = (0..4).map(|_| next() % 6).sum::<usize>() as i8 - 10;
        *byte = byte.saturating_add_signed(noise);
    }
    RgbPixels::new(width, height, bytes).expect("three bytes a pixel")
}

/// Blends `colour` into a disc; the soft edge is a tenth of the radius wide.
fn disc(bytes: &mut [u8], width: usize, (x, y): (usize, usize), radius: usize, colour: [u8; 3]) {
    let (outer, inner) = (radius * radius, radius * radius * 4 / 5);
    for (at, row) in bytes.chunks_exact_mut(width * 3).enumerate().skip(y.saturating_sub(radius)).take(2 * radius + 1) {
        for (column, pixel) in row.chunks_exact_mut(3).enumerate().skip(x.saturating_sub(radius)).take(2 * radius + 1) {
            let distance = column.abs_diff(x).pow(2) + at.abs_diff(y).pow(2);
            let share = (outer.saturating_sub(distance) * 256 / (outer - inner).max(1)).min(256);
            for (value, target) in pixel.iter_mut().zip(colour) {
                *value = ((usize::from(*value) * (256 - share) + usize::from(target) * share) / 256) as u8;
            }
        }
    }
}

/// `picture` as a webcam would compress it, but with full chroma, which a webcam would halve.
///
/// # Errors
/// When a side is 0 or above 65535.
pub fn jpeg(picture: &RgbPixels) -> ImageResult<Vec<u8>> {
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, QUALITY).encode(
        picture.bytes(),
        picture.width() as u32,
        picture.height() as u32,
        ExtendedColorType::Rgb8,
    )?;
    Ok(file)
}

/// `picture` as Y0 Cb Y1 Cr (BT.601, 16..=235); a last odd column is left out.
#[must_use]
pub fn yuyv(picture: &RgbPixels) -> Vec<u8> {
    let rows = picture.bytes().chunks_exact(picture.width() * 3);
    rows.flat_map(|row| row.chunks_exact(6))
        .flat_map(|pair| {
            let [y, cb, cr] = ycbcr(&pair[..3]);
            [y, cb, ycbcr(&pair[3..])[0], cr]
        })
        .collect()
}

/// `picture` as a plane of Y and a plane of Cb Cr pairs; a last odd column and a last odd row are left out.
#[must_use]
pub fn nv12(picture: &RgbPixels) -> Vec<u8> {
    let (width, height) = (picture.width() / 2 * 2, picture.height() / 2 * 2);
    let rows = || picture.bytes().chunks_exact(picture.width() * 3).take(height);
    let lumas = rows().flat_map(|row| row[..width * 3].chunks_exact(3)).map(|pixel| ycbcr(pixel)[0]);
    let colours = rows().step_by(2).flat_map(|row| row[..width * 3].chunks_exact(6)).flat_map(|pair| {
        let [_, cb, cr] = ycbcr(&pair[..3]);
        [cb, cr]
    });
    lumas.chain(colours).collect()
}

fn ycbcr(pixel: &[u8]) -> [u8; 3] {
    let [red, green, blue] = [0, 1, 2].map(|channel| i32::from(pixel[channel]));
    [
        16 + (66 * red + 129 * green + 25 * blue + 128) / 256,
        128 + (112 * blue - 38 * red - 74 * green) / 256,
        128 + (112 * red - 94 * green - 18 * blue) / 256,
    ]
    .map(|value| value as u8)
}
