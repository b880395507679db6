//! Stored pictures: lossless, so that the network's output can be recomputed from them.
//!
//! A camera's JPEG, or a replayed JPEG or PNG file, keeps its own bytes with everything in them. Other pictures, such as a camera's
//! YUYV, are stored as PNG of the exact pixels that the network saw. Each has a JPEG thumbnail, so that no list and no report
//! decodes the large picture.

use std::str::FromStr;

use blastscope_core::{cells::FieldCells, frame::Frame};
use blastscope_shared::{
    RgbPixels,
    field::{
        decode::{self, DecodeError},
        squash::squash,
    },
};
use image::{
    ExtendedColorType, ImageEncoder as _,
    codecs::png::{CompressionType, FilterType, PngEncoder},
};
use serde::Serialize;

use super::{Jpeg, RecordError, cell_strip};

/// Longest side of a thumbnail, in pixels: 55 mm at 166 dots an inch.
pub const THUMBNAIL_SIDE: usize = 360;
/// Largest file stored with its own bytes: a phone's picture may have a film attached.
const MAX_OWN_BYTES: usize = 32 << 20;

/// Format of the stored bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PictureFormat {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
}

impl PictureFormat {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Jpeg, Self::Png];

    /// Its name in the record.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
        }
    }

    /// Its HTTP media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }

    /// File extension, without the dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }

    /// The format of a file by its first bytes; `None` for any other.
    fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xFF, 0xD8, 0xFF, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', ..] => Some(Self::Png),
            _ => None,
        }
    }
}

/// Origin of the stored bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PictureOrigin {
    /// The camera's or the file's own bytes.
    Source,
    /// Encoded here, without loss, from the pixels that the network saw.
    Pixels,
}

impl PictureOrigin {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Source, Self::Pixels];

    /// Its name in the record.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Pixels => "pixels",
        }
    }
}

macro_rules! from_name {
    ($kind:ty, $what:literal) => {
        impl FromStr for $kind {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                Self::ALL
                    .into_iter()
                    .find(|known| known.name() == text)
                    .ok_or_else(|| format!(concat!("{:?} is not a ", $what), text))
            }
        }
    };
}

from_name!(PictureFormat, "picture format");
from_name!(PictureOrigin, "picture origin");

/// The bytes of a picture, with format and origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureFile {
    /// Their format.
    pub format: PictureFormat,
    /// Where they come from.
    pub origin: PictureOrigin,
    /// A complete file.
    pub bytes: Vec<u8>,
}

impl PictureFile {
    /// The pixels that the network saw.
    ///
    /// # Errors
    /// [`DecodeError`] if the bytes cannot be decoded.
    pub fn pixels(&self) -> Result<RgbPixels, DecodeError> {
        decode::decode(&self.bytes)
    }
}

/// A picture to store, with its thumbnail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPicture {
    /// The picture itself.
    pub file: PictureFile,
    /// Thumbnail: at most [`THUMBNAIL_SIDE`] pixels a side.
    pub thumbnail: Jpeg,
    /// The cells that the network saw, side by side, [`CELL_SIDE`](super::CELL_SIDE) pixels a side; `None` without cells.
    pub cell_strip: Option<Jpeg>,
}

impl StoredPicture {
    /// The bytes to store for a frame: the source's own if they are JPEG or PNG, else its pixels.
    ///
    /// # Errors
    /// As [`Self::lossless`].
    pub fn of_frame(frame: &Frame) -> Result<Self, RecordError> {
        match &frame.original {
            Some(original) => Self::of_source(original, &frame.picture),
            None => Self::lossless(&frame.picture),
        }
    }

    /// The bytes to store for a picture decoded from the file `original`: the file itself if it is a JPEG or a PNG of at most 32
    /// MiB, else the pixels.
    ///
    /// # Errors
    /// As [`Self::lossless`].
    pub fn of_source(original: &[u8], pixels: &RgbPixels) -> Result<Self, RecordError> {
        match PictureFormat::of(original).filter(|_| original.len() <= MAX_OWN_BYTES) {
            Some(format) => {
                let file = PictureFile { format, origin: PictureOrigin::Source, bytes: original.to_vec() };
                Ok(Self { file, thumbnail: Self::thumbnail_of(pixels)?, cell_strip: None })
            }
            None => Self::lossless(pixels),
        }
    }

    /// A PNG, for a picture of which only the pixels are known.
    ///
    /// # Errors
    /// [`RecordError::Picture`] for a picture without pixels.
    pub fn lossless(pixels: &RgbPixels) -> Result<Self, RecordError> {
        let thumbnail = Self::thumbnail_of(pixels)?;
        let (width, height) = (pixels.width(), pixels.height());
        let failed = |reason: String| RecordError::Picture { width, height, reason };
        let side = |length: usize| u32::try_from(length).map_err(|error| failed(error.to_string()));
        let mut bytes = Vec::new();
        // The fastest setting that still saves space: a slow board keeps up with a field a second.
        PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Adaptive)
            .write_image(pixels.bytes(), side(width)?, side(height)?, ExtendedColorType::Rgb8)
            .map_err(|error| failed(error.to_string()))?;
        let file = PictureFile { format: PictureFormat::Png, origin: PictureOrigin::Pixels, bytes };
        Ok(Self { file, thumbnail, cell_strip: None })
    }

    /// The same with a strip of the `cells` of its `pixels`.
    ///
    /// # Errors
    /// [`RecordError::Picture`] for a picture without pixels.
    pub fn with_cells(self, pixels: &RgbPixels, cells: Option<&FieldCells>) -> Result<Self, RecordError> {
        let cell_strip = cells.map(|cells| cell_strip::of(pixels, cells)).transpose()?.flatten();
        Ok(Self { cell_strip, ..self })
    }

    /// A thumbnail of at most [`THUMBNAIL_SIDE`] pixels a side.
    ///
    /// # Errors
    /// [`RecordError::Picture`] for a picture without pixels.
    pub fn thumbnail_of(pixels: &RgbPixels) -> Result<Jpeg, RecordError> {
        let (width, height) = (pixels.width(), pixels.height());
        let longest = width.max(height);
        if longest <= THUMBNAIL_SIDE {
            return Jpeg::encode(pixels);
        }
        let scaled = |side: usize| (side * THUMBNAIL_SIDE / longest).max(1);
        Jpeg::encode(&squash(pixels, scaled(width), scaled(height)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::source::{Encoding, RawFrame};
    use blastscope_core::drawn_field;

    fn frame(bytes: Vec<u8>, encoding: Encoding) -> Frame {
        RawFrame { bytes, encoding, sequence: 1, time: Duration::ZERO, name: None }.decode().expect("a picture")
    }

    fn as_format(pixels: &RgbPixels, format: image::ImageFormat) -> Vec<u8> {
        let mut bytes = std::io::Cursor::new(Vec::new());
        let (width, height) = (pixels.width() as u32, pixels.height() as u32);
        image::write_buffer_with_format(&mut bytes, pixels.bytes(), width, height, ExtendedColorType::Rgb8, format)
            .expect("encoded");
        bytes.into_inner()
    }

    /// An uncompressed TIFF of one strip; the encoder of the library is not compiled in.
    fn as_tiff(pixels: &RgbPixels) -> Vec<u8> {
        let (width, height) = (pixels.width() as u32, pixels.height() as u32);
        let data = pixels.bytes();
        let entries: [(u16, u32); 9] = [
            (256, width),             // ImageWidth
            (257, height),            // ImageLength
            (258, 8),                 // BitsPerSample: the same for the three that follow
            (259, 1),                 // Compression: none
            (262, 2),                 // PhotometricInterpretation: RGB
            (273, 8),                 // StripOffsets: behind the header
            (277, 3),                 // SamplesPerPixel
            (278, height),            // RowsPerStrip
            (279, data.len() as u32), // StripByteCounts
        ];
        let directory = 8 + data.len() as u32;
        let samples = directory + 2 + 12 * entries.len() as u32 + 4;
        let mut bytes = [&b"II*\0"[..], &directory.to_le_bytes(), data].concat();
        bytes.extend((entries.len() as u16).to_le_bytes());
        for (tag, value) in entries {
            let (kind, count, value): (u16, u32, u32) = if tag == 258 { (3, 3, samples) } else { (4, 1, value) };
            bytes.extend(
                [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value.to_le_bytes()].concat(),
            );
        }
        bytes.extend([0; 4]);
        (0..3).for_each(|_| bytes.extend(8u16.to_le_bytes()));
        bytes
    }

    /// Whatever a source delivers, the pixels that the network saw come back.
    #[test]
    fn what_the_network_saw_comes_back_from_what_is_kept() {
        use image::ImageFormat::{Bmp, Jpeg as JpegFile, Png};
        let drawn = drawn_field::field(160, 120, 3);
        let yuyv: Vec<u8> = (0..160 * 120 * 2).map(|at| (16 + at * 7 % 219) as u8).collect();
        let (width, height) = (160, 120);
        let mut padded = as_format(&drawn, JpegFile);
        padded.extend([0; 64]);
        for (bytes, encoding, own) in [
            (as_format(&drawn, JpegFile), Encoding::File, Some(PictureFormat::Jpeg)),
            (as_format(&drawn, Png), Encoding::File, Some(PictureFormat::Png)),
            (as_format(&drawn, Bmp), Encoding::File, None),
            (as_tiff(&drawn), Encoding::File, None),
            (as_format(&drawn, JpegFile), Encoding::Mjpeg, Some(PictureFormat::Jpeg)),
            (padded, Encoding::Mjpeg, Some(PictureFormat::Jpeg)),
            (yuyv.clone(), Encoding::Yuyv { width, height, stride: 320 }, None),
            (yuyv[..160 * 120 * 3 / 2].to_vec(), Encoding::Nv12 { width, height, stride: 160 }, None),
            (yuyv[..160 * 120].to_vec(), Encoding::Grey { width, height, stride: 160 }, None),
            (drawn.bytes().to_vec(), Encoding::Rgb { width, height, stride: 480 }, None),
            (drawn.bytes().to_vec(), Encoding::Bgr { width, height, stride: 480 }, None),
        ] {
            let frame = frame(bytes.clone(), encoding);
            let kept = StoredPicture::of_frame(&frame).expect("kept");
            assert_eq!(kept.file.pixels().as_ref(), Ok(&frame.picture), "{encoding:?}");
            match own {
                Some(format) => {
                    assert_eq!((kept.file.format, kept.file.origin), (format, PictureOrigin::Source));
                    assert_eq!(kept.file.bytes, bytes, "{encoding:?}");
                }
                None => assert_eq!(
                    (kept.file.format, kept.file.origin),
                    (PictureFormat::Png, PictureOrigin::Pixels),
                    "{encoding:?}"
                ),
            }
        }
    }

    #[test]
    fn thumbnails_keep_the_aspect_and_small_pictures_their_size() {
        for (width, height, expected) in [(1024, 768, (360, 270)), (480, 960, (180, 360)), (96, 64, (96, 64))] {
            let kept = StoredPicture::lossless(&drawn_field::field(width, height, 0)).expect("kept");
            let decoded = decode::decode_jpeg(kept.thumbnail.bytes()).expect("a JPEG");
            assert_eq!((decoded.width(), decoded.height()), expected);
        }
    }

    #[test]
    fn a_picture_without_pixels_is_refused() {
        let picture = RgbPixels::new(0, 5, Vec::new()).expect("no pixels");
        assert!(matches!(StoredPicture::lossless(&picture), Err(RecordError::Picture { .. })));
    }

    #[test]
    fn names_come_back() {
        for format in PictureFormat::ALL {
            assert_eq!(format.name().parse(), Ok(format));
        }
        for origin in PictureOrigin::ALL {
            assert_eq!(origin.name().parse(), Ok(origin));
        }
        assert_eq!("gif".parse::<PictureFormat>(), Err("\"gif\" is not a picture format".into()));
    }
}
