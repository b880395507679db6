//! One decoder for host and device: a picture file's bytes in, RGB pixels out.
//!
//! What a file holds is found out before anything of the picture's size is allocated, and by its content, whatever its name says. Then
//! there are three answers: the pixels, and all of them; *damaged*, when something is missing or broken; *unsupported*, when the
//! file is sound but holds what is not decoded here, or several pictures of which nobody says which is meant. A layout is decoded
//! when a test shows that its pixels come out right, and refused otherwise.
//!
//! Orientation is applied, because the scale bar is masked in one corner; transparency lies on white. Colours are taken as sRGB, and a
//! [`Note`] says where a file would have them otherwise.

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

/// Largest picture that is decoded, in pixels (width times height): those of 24-megapixel cameras have up to 6144 x 4096.
pub const MAX_PIXELS: u64 = 6144 * 4096;
/// Smallest width and height of a picture, in pixels.
pub const MIN_SIDE: u32 = 64;
/// Largest file that is read, in bytes: the largest picture with four samples of 16 bits a pixel, plain, and its metadata.
pub const MAX_FILE_BYTES: u64 = MAX_PIXELS * 8 + (8 << 20);

/// What to do with a sound file that is not decoded.
const SAVE_AS_PNG: &str = "open it in an image program and save it as PNG";

/// Why a file is not a usable picture: a clause that continues its name.
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
    /// More bytes than any picture has that is decoded.
    #[error(
        "is too large, {} MB: a file may have {} MB; scale the picture down or save it as PNG",
        bytes / 1_000_000,
        MAX_FILE_BYTES / 1_000_000
    )]
    TooManyBytes {
        /// The file's length.
        bytes: u64,
    },
    /// A sound file with something that is not decoded.
    #[error("is unsupported: {feature}; {remedy}")]
    Unsupported {
        /// What it is: "a JPEG with arithmetic coding".
        feature: String,
        /// What to do.
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
    /// What the file says and was not applied.
    pub notes: Vec<Note>,
}

impl Decoded {
    /// Pixels of which there is nothing to note.
    const fn plain(pixels: RgbPixels) -> Self {
        Self { pixels, notes: Vec::new() }
    }
}

/// Decodes a JPEG, PNG, BMP or TIFF file's `bytes`, told apart by their content and not by a file name.
///
/// # Errors
/// [`DecodeError`] names what is wrong; nothing of the picture's size was allocated when its dimensions are refused.
pub fn decode(bytes: &[u8]) -> Result<RgbPixels, DecodeError> {
    decode_with_notes(bytes).map(|decoded| decoded.pixels)
}

/// As [`decode`], with what was not applied.
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

/// Decodes one JPEG picture, as a file or a camera frame holds it.
///
/// # Errors
/// As [`decode`].
pub fn decode_jpeg(bytes: &[u8]) -> Result<RgbPixels, DecodeError> {
    jpeg::decode(bytes).map(|decoded| decoded.pixels)
}

/// Whether a JPEG's end is there, as far as that shows without decoding: a camera's frame without one is not worth more.
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
        return damaged("it holds nothing but zeros");
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
