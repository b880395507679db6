//! Compression.

use blastscope_shared::{RgbPixels, field::decode::decode_jpeg};
use image::{ExtendedColorType, codecs::jpeg::JpegEncoder};

/// The picture after JPEG compression with `quality` (1..=100). A picture too large for JPEG, beyond 65,535 pixels of width or
/// height, stays unchanged.
pub(super) fn jpeg(picture: &RgbPixels, quality: u8) -> RgbPixels {
    let mut file = Vec::new();
    let encoded = JpegEncoder::new_with_quality(&mut file, quality).encode(
        picture.bytes(),
        picture.width() as u32,
        picture.height() as u32,
        ExtendedColorType::Rgb8,
    );
    encoded.ok().and_then(|()| decode_jpeg(&file).ok()).unwrap_or_else(|| picture.clone())
}
