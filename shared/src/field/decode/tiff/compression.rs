//! TIFF compression methods.

use alloc::format;

use super::super::{DecodeError, unsupported};

/// Compression of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Lzw,
    Deflate,
    PackBits,
}

impl Compression {
    /// Reads the value of tag 259.
    pub(super) fn read(value: u64) -> Result<Self, DecodeError> {
        let name = match value {
            1 => return Ok(Self::None),
            5 => return Ok(Self::Lzw),
            8 | 32_946 => return Ok(Self::Deflate),
            32_773 => return Ok(Self::PackBits),
            2..=4 => "CCITT (fax) compression",
            6 | 7 => "JPEG compression",
            33_003 | 33_005 | 34_712 => "JPEG 2000 compression",
            34_887 => "LERC compression",
            34_925 => "LZMA compression",
            50_000 => "Zstandard compression",
            50_001 => "WebP compression",
            50_002 => "JPEG XL compression",
            other => return Err(unsupported(format!("a TIFF with compression {other}"))),
        };
        Err(unsupported(format!("a TIFF with {name}")))
    }
}
