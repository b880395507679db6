//! One decoder for host and device: an image file's bytes in, RGB pixels out.
//!
//! JPEG goes through `zune-jpeg` in strict mode, so that a truncated file is an error and not a picture with a grey lower
//! half. PNG, BMP and TIFF go through `image`. Dimensions are checked in the header, before anything of the picture's size is
//! allocated. EXIF orientation is ignored on purpose: the training set has none, and a smear has no up.

mod reader;

use alloc::string::{String, ToString};
use std::io::Cursor;

use image::{ImageFormat, ImageReader, Limits};
use zune_core::{colorspace::ColorSpace, options::DecoderOptions};
use zune_jpeg::JpegDecoder;

use self::reader::Reader;
use crate::pixels::RgbPixels;

/// Largest picture that is decoded, in pixels (width times height): a 24-megapixel camera.
pub const MAX_PIXELS: u64 = 24_000_000;
/// Smallest width and height of a picture, in pixels.
pub const MIN_SIDE: u32 = 64;
/// Largest file that is read, in bytes.
pub const MAX_FILE_BYTES: u64 = 256 << 20;

/// Why a file is not a usable picture.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DecodeError {
    /// No known signature at the start of the file.
    #[error("is not a JPEG, PNG, BMP or TIFF picture")]
    UnknownFormat,
    /// Fewer pixels than a field has.
    #[error("is {width}x{height} pixels: a field needs at least {MIN_SIDE}x{MIN_SIDE}")]
    TooSmall {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// More pixels than any camera here has.
    #[error("is {width}x{height} pixels: at most {} megapixels are decoded; scale it down first", MAX_PIXELS / 1_000_000)]
    TooLarge {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// The file ends early or its content is broken.
    #[error("is damaged or cut off ({0}); copy it again from its source")]
    Damaged(String),
}

/// Decodes a JPEG, PNG, BMP or TIFF file's `bytes`, told apart by their content and not by a file name.
///
/// # Errors
/// [`DecodeError`] names what is wrong; nothing of the picture's size was allocated when its dimensions are refused.
pub fn decode(bytes: &[u8]) -> Result<RgbPixels, DecodeError> {
    match image::guess_format(bytes) {
        Ok(ImageFormat::Jpeg) => decode_jpeg(bytes),
        Ok(format @ (ImageFormat::Png | ImageFormat::Bmp | ImageFormat::Tiff)) => decode_other(bytes, format),
        _ => Err(DecodeError::UnknownFormat),
    }
}

/// Decodes one JPEG picture, as a file or a camera frame holds it.
///
/// # Errors
/// As [`decode`].
pub fn decode_jpeg(bytes: &[u8]) -> Result<RgbPixels, DecodeError> {
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(Reader::new(bytes), options);
    decoder.decode_headers().map_err(damaged)?;
    let (width, height) =
        decoder.dimensions().ok_or_else(|| DecodeError::Damaged("it has no dimensions".to_string()))?;
    check_dimensions(width as u32, height as u32)?;
    if !ends_with_end_of_image(bytes) {
        return Err(DecodeError::Damaged("the end-of-image marker is missing".to_string()));
    }
    let pixels = decoder.decode().map_err(damaged)?;
    RgbPixels::new(width, height, pixels)
        .ok_or_else(|| DecodeError::Damaged("it holds fewer pixels than it announces".to_string()))
}

fn decode_other(bytes: &[u8], format: ImageFormat) -> Result<RgbPixels, DecodeError> {
    let (width, height) = ImageReader::with_format(Cursor::new(bytes), format).into_dimensions().map_err(damaged)?;
    check_dimensions(width, height)?;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_PIXELS * 8);
    reader.limits(limits);
    let picture = reader.decode().map_err(damaged)?.into_rgb8();
    RgbPixels::new(width as usize, height as usize, picture.into_raw())
        .ok_or_else(|| DecodeError::Damaged("it holds fewer pixels than it announces".to_string()))
}

fn check_dimensions(width: u32, height: u32) -> Result<(), DecodeError> {
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(DecodeError::TooLarge { width, height });
    }
    if width < MIN_SIDE || height < MIN_SIDE {
        return Err(DecodeError::TooSmall { width, height });
    }
    Ok(())
}

/// Whether the marker FF D9 stands at the end, where some cameras pad frames with zeros or FF.
#[must_use]
pub fn ends_with_end_of_image(bytes: &[u8]) -> bool {
    let end = bytes.iter().rposition(|&byte| byte == 0xD9).map_or(0, |at| at + 1);
    bytes[..end].ends_with(&[0xFF, 0xD9]) && bytes[end..].iter().all(|&byte| matches!(byte, 0 | 0xFF))
}

fn damaged(error: impl core::fmt::Display) -> DecodeError {
    DecodeError::Damaged(error.to_string().trim_end_matches(['\n', '.']).to_string())
}
