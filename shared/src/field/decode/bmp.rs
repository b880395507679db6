//! BMP: 1 to 32 bits per pixel, uncompressed, through the crate `image`. The header is checked here first: a cut-off or compressed
//! file is refused.

use alloc::format;
use std::io::Cursor;

use image::{DynamicImage, ImageFormat, ImageReader};

use super::{
    DecodeError, Decoded, check_dimensions, damaged,
    samples::{Alpha, Collector, Samples},
    transparent, unsupported,
};
use crate::field::pixels::RgbPixels;

pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let (width, height) = look(bytes)?;
    let picture = ImageReader::with_format(Cursor::new(bytes), ImageFormat::Bmp).decode().map_err(damaged)?;
    let pixels = match picture {
        DynamicImage::ImageRgba8(picture) => {
            let samples = Samples { grey: false, alpha: Alpha::Straight, deep: false };
            let mut collector = Collector::new(samples, width as usize * height as usize);
            collector.push(picture.as_raw());
            let (pixels, shows) = collector.finish();
            if !shows {
                return Err(transparent());
            }
            pixels
        }
        picture => picture.into_rgb8().into_raw(),
    };
    let pixels = RgbPixels::new(width as usize, height as usize, pixels);
    Ok(Decoded::plain(pixels.ok_or_else(|| damaged("it has fewer pixels than its header says"))?))
}

/// Checks the headers and that all rows are present. Returns width and height.
fn look(bytes: &[u8]) -> Result<(u32, u32), DecodeError> {
    let cut = || damaged("its header is cut off");
    let word = |at: usize| bytes.get(at..)?.first_chunk().map(|&word| u32::from_le_bytes(word));
    let half = |at: usize| bytes.get(at..)?.first_chunk().map(|&half| u16::from_le_bytes(half));
    let (data, header) = word(10).zip(word(14)).ok_or_else(cut)?;
    let (width, height, bits, packing) = match header {
        12 => {
            let (width, height) = half(18).zip(half(20)).ok_or_else(cut)?;
            (width.into(), i64::from(height), half(24).ok_or_else(cut)?, 0)
        }
        40 | 52 | 56 | 108 | 124 => {
            let (width, height) = word(18).zip(word(22)).ok_or_else(cut)?;
            let (bits, packing) = half(28).zip(word(30)).ok_or_else(cut)?;
            (width, i64::from(height.cast_signed()), bits, packing)
        }
        _ => return Err(unsupported(format!("a BMP with a header of {header} bytes"))),
    };
    match packing {
        0 | 3 | 6 => {}
        1 | 2 => return Err(unsupported("a BMP with run-length compression")),
        4 => return Err(unsupported("a BMP with a JPEG in it")),
        5 => return Err(unsupported("a BMP with a PNG in it")),
        _ => return Err(unsupported(format!("a BMP with compression {packing}"))),
    }
    if !matches!(bits, 1 | 4 | 8 | 16 | 24 | 32) {
        return Err(unsupported(format!("a BMP with {bits} bits per pixel")));
    }
    let height = u32::try_from(height.unsigned_abs()).map_err(damaged)?;
    check_dimensions(width, height)?;
    let row = (u64::from(width) * u64::from(bits)).div_ceil(32) * 4;
    let (there, needed) = (bytes.len() as u64, u64::from(data) + row * u64::from(height));
    if there < needed {
        return Err(damaged(format!("only {there} of {needed} bytes are present")));
    }
    Ok((width, height))
}
