//! One decoder for host and device: a picture file's bytes in, RGB pixels out.
//!
//! A file's format comes from its content, never from its name, and is checked before anything of the picture's size is allocated.
//! There are three results: all pixels; *damaged*, when something is missing or broken; *unsupported*, when the file is sound but
//! holds something not decoded here, or several pictures without saying which is meant. A layout is decoded only if a test shows
//! that its pixels come out right.
//!
//! Orientation is applied, because the scale bar is masked in one corner; transparency is composed on white. Colours are taken as
//! sRGB, and a [`Note`] reports a file that asks for something else.

mod bmp;
mod jpeg;
mod note;
mod orientation;
mod png;
mod profile;
mod samples;
mod signature;
mod tiff;

use alloc::{
    string::{String, ToString},
    vec::Vec,
};

pub use self::note::Note;
use self::signature::Format;
use crate::field::pixels::RgbPixels;

/// Largest picture decoded, in pixels (width times height): 24-megapixel cameras have up to 6144 x 4096.
pub const MAX_PIXELS: u64 = 6144 * 4096;
/// Smallest width and height of a picture, in pixels.
pub const MIN_SIDE: u32 = 64;
/// Largest file read, in bytes: the largest picture uncompressed, with four 16-bit samples per pixel, plus metadata.
pub const MAX_FILE_BYTES: u64 = MAX_PIXELS * 8 + (8 << 20);

/// Remedy for a sound file that is not decoded.
const SAVE_AS_PNG: &str = "open it in an image program and save it as PNG";

/// Why a file is not a usable picture; the text follows the file's name.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DecodeError {
    /// The file starts with no known signature.
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
    #[error(
        "is too large, {width}x{height} pixels: at most {} megapixels are decoded; scale it down first",
        MAX_PIXELS / 1_000_000
    )]
    TooLarge {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// More bytes than any picture that is decoded.
    #[error(
        "is too large, {} MB: at most {} MB are read; scale the picture down or save it as PNG",
        bytes / 1_000_000,
        MAX_FILE_BYTES / 1_000_000
    )]
    TooManyBytes {
        /// The file's length in bytes.
        bytes: u64,
    },
    /// A sound file with a feature that is not decoded.
    #[error("is unsupported: {feature}; {remedy}")]
    Unsupported {
        /// The feature, such as "a JPEG with arithmetic coding".
        feature: String,
        /// The remedy.
        remedy: &'static str,
    },
    /// The file ends early or its content is broken.
    #[error("is damaged or cut off ({0}); copy it again from its source")]
    Damaged(String),
}

/// A decoded picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The pixels, upright.
    pub pixels: RgbPixels,
    /// Information in the file that was not applied.
    pub notes: Vec<Note>,
}

impl Decoded {
    /// Pixels without notes.
    const fn plain(pixels: RgbPixels) -> Self {
        Self { pixels, notes: Vec::new() }
    }
}

/// Decodes the `bytes` of a JPEG, PNG, BMP or TIFF file, recognized by content.
///
/// # Errors
/// [`DecodeError`] names the fault. If the dimensions are refused, nothing of the picture's size was allocated.
pub fn decode(bytes: &[u8]) -> Result<RgbPixels, DecodeError> {
    decode_with_notes(bytes).map(|decoded| decoded.pixels)
}

/// [`decode`] with notes on what was not applied.
///
/// # Errors
/// As [`decode`].
pub fn decode_with_notes(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(DecodeError::TooManyBytes { bytes: bytes.len() as u64 });
    }
    match signature::format(bytes) {
        Some(Format::Jpeg) => jpeg::decode(bytes),
        Some(Format::Png) => png::decode(bytes),
        Some(Format::Bmp) => bmp::decode(bytes),
        Some(Format::Tiff) => tiff::decode(bytes),
        None => Err(signature::other(bytes).map_or_else(|| unknown(bytes), unsupported)),
    }
}

/// Decodes one JPEG picture from a file or a camera frame.
///
/// # Errors
/// As [`decode`].
pub fn decode_jpeg(bytes: &[u8]) -> Result<RgbPixels, DecodeError> {
    jpeg::decode(bytes).map(|decoded| decoded.pixels)
}

/// Whether a JPEG seems to have its end, judged without decoding: enough to discard a camera's cut-off frame.
#[must_use]
pub fn has_end_of_image(bytes: &[u8]) -> bool {
    jpeg::has_an_end(bytes)
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

fn unknown(bytes: &[u8]) -> DecodeError {
    if !bytes.is_empty() && bytes.iter().all(|&byte| byte == 0) {
        return damaged("it contains only zeros");
    }
    DecodeError::UnknownFormat
}

fn damaged(how: impl core::fmt::Display) -> DecodeError {
    DecodeError::Damaged(how.to_string().trim_end_matches(['\n', '.']).to_string())
}

fn unsupported(feature: impl Into<String>) -> DecodeError {
    unsupported_with(feature, SAVE_AS_PNG)
}

fn unsupported_with(feature: impl Into<String>, remedy: &'static str) -> DecodeError {
    DecodeError::Unsupported { feature: feature.into(), remedy }
}

fn transparent() -> DecodeError {
    unsupported_with("a picture that is transparent everywhere", "save it without transparency")
}
