//! Pictures for screens.

use blastscope_shared::{RgbPixels, field::squash::squash};
use image::{
    ExtendedColorType, ImageEncoder as _, ImageResult,
    codecs::{jpeg::JpegEncoder, png::PngEncoder},
};

/// JPEG quality, 1..=100, of pictures that are shown and not stored.
const QUALITY: u8 = 80;

/// A JPEG of at most `longest` pixels on its longer side.
pub(super) fn jpeg(picture: &RgbPixels, longest: usize) -> Result<Vec<u8>, String> {
    let (width, height) = (picture.width(), picture.height());
    let side = width.max(height);
    let small;
    let shown = if side > longest {
        let scaled = |length: usize| (length * longest / side).max(1);
        small = squash(picture, scaled(width), scaled(height));
        &small
    } else {
        picture
    };
    encoded(shown, |bytes, picture, width, height| {
        JpegEncoder::new_with_quality(bytes, QUALITY).write_image(picture, width, height, ExtendedColorType::Rgb8)
    })
}

/// A PNG.
pub(super) fn png(picture: &RgbPixels) -> Result<Vec<u8>, String> {
    encoded(picture, |bytes, picture, width, height| {
        PngEncoder::new(bytes).write_image(picture, width, height, ExtendedColorType::Rgb8)
    })
}

fn encoded(
    picture: &RgbPixels,
    encode: impl FnOnce(&mut Vec<u8>, &[u8], u32, u32) -> ImageResult<()>,
) -> Result<Vec<u8>, String> {
    let side = |length: usize| u32::try_from(length).map_err(|_| "it is too large".to_owned());
    let mut bytes = Vec::new();
    encode(&mut bytes, picture.bytes(), side(picture.width())?, side(picture.height())?)
        .map_err(|error| error.to_string())?;
    Ok(bytes)
}
