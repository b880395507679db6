//! Thumbnails.

use blastscope_shared::RgbPixels;
use image::{ExtendedColorType, ImageEncoder as _, codecs::jpeg::JpegEncoder};

use super::RecordError;

/// JPEG quality of thumbnails, 1..=100.
pub const QUALITY: u8 = 85;

/// A JPEG encoded here: a JFIF header and the picture, no EXIF, no comment, no thumbnail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jpeg(Vec<u8>);

impl Jpeg {
    /// Encodes a picture with [`QUALITY`].
    ///
    /// # Errors
    /// [`RecordError::Picture`] for a picture without pixels or with more than 65,535 in a row or column.
    pub fn encode(picture: &RgbPixels) -> Result<Self, RecordError> {
        let (width, height) = (picture.width(), picture.height());
        let failed = |reason: String| RecordError::Picture { width, height, reason };
        let side = |length: usize| {
            u16::try_from(length)
                .ok()
                .filter(|&length| length > 0)
                .map(u32::from)
                .ok_or_else(|| failed("its sides must be 1 to 65535 pixels long".into()))
        };
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, QUALITY)
            .write_image(picture.bytes(), side(width)?, side(height)?, ExtendedColorType::Rgb8)
            .map_err(|error| failed(error.to_string()))?;
        Ok(Self(bytes))
    }

    /// The file's bytes.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// The file's bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The markers up to the picture's data.
    fn markers(bytes: &[u8]) -> Vec<u8> {
        assert_eq!(&bytes[..2], [0xFF, 0xD8]);
        let (mut at, mut found) = (2, Vec::new());
        loop {
            assert_eq!(bytes[at], 0xFF);
            let marker = bytes[at + 1];
            found.push(marker);
            if marker == 0xDA {
                return found;
            }
            at += 2 + usize::from(u16::from_be_bytes([bytes[at + 2], bytes[at + 3]]));
        }
    }

    #[test]
    fn a_thumbnail_says_nothing_but_the_picture() {
        let bytes = (0..320 * 240 * 3).map(|index| (index % 251) as u8).collect();
        let picture = RgbPixels::new(320, 240, bytes).expect("three bytes a pixel");
        let jpeg = Jpeg::encode(&picture).expect("encoded");
        let found = markers(jpeg.bytes());
        assert!(found.contains(&0xE0) && found.contains(&0xDA), "{found:x?}");
        // APP1 to APP15 hold EXIF, XMP, profiles; COM a comment.
        assert!(!found.iter().any(|marker| matches!(marker, 0xE1..=0xEF | 0xFE)), "{found:x?}");
        let decoded = blastscope_shared::field::decode::decode_jpeg(jpeg.bytes()).expect("a picture");
        assert_eq!((decoded.width(), decoded.height()), (320, 240));
    }

    #[test]
    fn pictures_that_jpeg_cannot_hold_are_refused() {
        for (width, height) in [(0, 5), (65_536, 1)] {
            let picture = RgbPixels::new(width, height, vec![0; width * height * 3]).expect("three bytes a pixel");
            assert!(matches!(Jpeg::encode(&picture), Err(RecordError::Picture { .. })));
        }
    }
}
