//! A frame as delivered by a camera or a file, and its decoding to RGB.

mod ycbcr;

use std::{mem, time::Duration};

use blastscope_core::frame::Frame;
use blastscope_files::Printable as _;
use blastscope_shared::{
    RgbPixels,
    field::decode::{self, DecodeError},
};

use self::ycbcr::Converter;
use super::SourceError;

/// Encoding of a frame's bytes. `stride` is the number of bytes from one row to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// A picture file: JPEG, PNG, BMP or TIFF.
    File,
    /// One JPEG picture of a stream, possibly padded.
    Mjpeg,
    /// Two pixels in four bytes: Y0 Cb Y1 Cr (BT.601, 16..=235).
    Yuyv {
        /// Pixels in a row, even.
        width: usize,
        /// Rows.
        height: usize,
        /// Bytes from row to row.
        stride: usize,
    },
    /// A plane of Y, then a plane of Cb Cr pairs at half the resolution (BT.601, 16..=235).
    Nv12 {
        /// Pixels in a row, even.
        width: usize,
        /// Rows, even.
        height: usize,
        /// Bytes from row to row, of both planes.
        stride: usize,
    },
    /// One byte a pixel.
    Grey {
        /// Pixels in a row.
        width: usize,
        /// Rows.
        height: usize,
        /// Bytes from row to row.
        stride: usize,
    },
    /// Three bytes a pixel, red first.
    Rgb {
        /// Pixels in a row.
        width: usize,
        /// Rows.
        height: usize,
        /// Bytes from row to row.
        stride: usize,
    },
    /// Three bytes a pixel, blue first.
    Bgr {
        /// Pixels in a row.
        width: usize,
        /// Rows.
        height: usize,
        /// Bytes from row to row.
        stride: usize,
    },
}

/// Hash of `bytes`: equal for different bytes with a chance of about 2^-64. Eight bytes at a time, after Firefox's FxHash.
#[must_use]
pub(super) fn fingerprint(bytes: &[u8]) -> u64 {
    const ODD: u64 = 0x517C_C1B7_2722_0A95;
    let add = |print: u64, word: u64| (print.rotate_left(5) ^ word).wrapping_mul(ODD);
    let (words, rest) = bytes.as_chunks::<8>();
    let print = words.iter().fold(bytes.len() as u64, |print, word| add(print, u64::from_le_bytes(*word)));
    rest.iter().fold(print, |print, &byte| add(print, byte.into()))
}

/// A frame that is not decoded yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawFrame {
    /// The bytes, without the unused end of a buffer.
    pub bytes: Vec<u8>,
    /// Their encoding.
    pub encoding: Encoding,
    /// As [`Frame::sequence`].
    pub sequence: u64,
    /// As [`Frame::time`].
    pub time: Duration,
    /// As [`Frame::name`].
    pub name: Option<String>,
}

impl RawFrame {
    /// Checks for missing bytes, as far as possible without decoding.
    ///
    /// # Errors
    /// [`SourceError::Corrupt`] if bytes are missing.
    pub(super) fn is_whole(&self) -> Result<(), SourceError> {
        let whole = match self.encoding {
            Encoding::Mjpeg if !decode::has_end_of_image(&self.bytes) => {
                Err("is damaged or cut off (the end-of-image marker is missing)".to_string())
            }
            Encoding::File | Encoding::Mjpeg | Encoding::Nv12 { .. } => Ok(()),
            Encoding::Yuyv { width, height, stride } => self.rows(width, height, stride, width * 2).map(drop),
            Encoding::Grey { width, height, stride } => self.rows(width, height, stride, width).map(drop),
            Encoding::Rgb { width, height, stride } | Encoding::Bgr { width, height, stride } => {
                self.rows(width, height, stride, width * 3).map(drop)
            }
        };
        whole.map_err(|reason| self.corrupt(reason))
    }

    fn corrupt(&self, reason: String) -> SourceError {
        let what =
            self.name.as_ref().map_or_else(|| format!("frame {}", self.sequence), |name| name.printable().to_string());
        SourceError::Corrupt { what, reason }
    }

    /// Decodes.
    ///
    /// # Errors
    /// [`SourceError::Corrupt`] when bytes are missing or broken.
    pub fn decode(mut self) -> Result<Frame, SourceError> {
        match self.pixels() {
            Ok(picture) => {
                let is_picture_file = matches!(self.encoding, Encoding::File | Encoding::Mjpeg);
                let original = is_picture_file.then_some(self.bytes);
                Ok(Frame { picture, sequence: self.sequence, time: self.time, name: self.name, original })
            }
            Err(reason) => Err(self.corrupt(reason)),
        }
    }

    /// Decodes to pixels.
    fn pixels(&mut self) -> Result<RgbPixels, String> {
        match self.encoding {
            Encoding::File => decode::decode(&self.bytes).map_err(|error| error.to_string()),
            Encoding::Mjpeg => decode::decode_jpeg(&self.bytes).map_err(|error| match error {
                // The usual remedies, copying or converting a file, do not apply to a frame.
                DecodeError::Damaged(how) => format!("is damaged or cut off ({how})"),
                DecodeError::Unsupported { feature, .. } => {
                    format!("is unsupported: {feature}; use another camera, or another format of this one")
                }
                other => other.to_string(),
            }),
            Encoding::Yuyv { width, height, stride } => {
                let rows = self.rows(width, height, stride, width * 2)?;
                let mut converter = Converter::new();
                collect(width, height, rows, |row, rgb| converter.yuyv(row, rgb))
            }
            Encoding::Nv12 { width, height, stride } => {
                let rows = self.rows(width, height, stride, width)?;
                let colours = self.bytes.get(stride * height..).unwrap_or_default();
                if colours.len() < (height.div_ceil(2) - 1) * stride + width {
                    return Err(self.cut_off(stride * height * 3 / 2));
                }
                // Two rows of Y share a row of colours.
                let colours = colours.chunks(stride).flat_map(|row| [&row[..width]; 2]);
                let mut converter = Converter::new();
                collect(width, height, rows.zip(colours), |(row, colours), rgb| converter.nv12(row, colours, rgb))
            }
            Encoding::Grey { width, height, stride } => {
                let rows = self.rows(width, height, stride, width)?;
                let bytes = rows.flatten().flat_map(|&value| [value; 3]).collect();
                RgbPixels::new(width, height, bytes).ok_or_else(|| impossible(width, height, stride))
            }
            Encoding::Bgr { width, height, stride } => {
                let mut bytes = self.rows(width, height, stride, width * 3)?.collect::<Vec<_>>().concat();
                bytes.as_chunks_mut::<3>().0.iter_mut().for_each(|pixel| pixel.swap(0, 2));
                RgbPixels::new(width, height, bytes).ok_or_else(|| impossible(width, height, stride))
            }
            Encoding::Rgb { width, height, stride } => {
                let rows = self.rows(width, height, stride, width * 3)?;
                let bytes = if stride == width * 3 {
                    drop(rows);
                    let mut bytes = mem::take(&mut self.bytes);
                    bytes.truncate(stride * height);
                    bytes
                } else {
                    rows.collect::<Vec<_>>().concat()
                };
                RgbPixels::new(width, height, bytes).ok_or_else(|| impossible(width, height, stride))
            }
        }
    }

    /// The `row_len` bytes of each of `height` rows.
    fn rows(
        &self,
        width: usize,
        height: usize,
        stride: usize,
        row_len: usize,
    ) -> Result<impl Iterator<Item = &[u8]>, String> {
        if width == 0 || height == 0 || stride < row_len {
            return Err(impossible(width, height, stride));
        }
        let expected = stride * (height - 1) + row_len;
        if self.bytes.len() < expected {
            return Err(self.cut_off(expected));
        }
        Ok(self.bytes.chunks(stride).take(height).map(move |row| &row[..row_len]))
    }

    fn cut_off(&self, expected: usize) -> String {
        format!("is cut off ({} of {expected} bytes)", self.bytes.len())
    }
}

fn impossible(width: usize, height: usize, stride: usize) -> String {
    format!("has impossible dimensions ({width}x{height}, {stride} bytes a row)")
}

/// The picture of `rows` with pixels in pairs; `convert` decodes a row.
fn collect<R>(
    width: usize,
    height: usize,
    rows: impl Iterator<Item = R>,
    mut convert: impl FnMut(R, &mut [u8]),
) -> Result<RgbPixels, String> {
    if !width.is_multiple_of(2) {
        return Err("has an odd width".to_string());
    }
    let mut line = vec![0; width * 3];
    let mut rgb = Vec::with_capacity(width * height * 3);
    for row in rows {
        convert(row, &mut line);
        // Copying a cached row is faster than first filling the whole picture with zeros.
        rgb.extend_from_slice(&line);
    }
    RgbPixels::new(width, height, rgb).ok_or_else(|| "has fewer rows than declared".to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pixels(encoding: Encoding, bytes: &[u8]) -> Result<Vec<u8>, String> {
        let frame = RawFrame { bytes: bytes.to_vec(), encoding, sequence: 3, time: Duration::ZERO, name: None };
        frame.decode().map(|frame| frame.picture.into_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn video_levels_reach_black_white_and_red() {
        let encoding = Encoding::Yuyv { width: 2, height: 1, stride: 4 };
        assert_eq!(pixels(encoding, &[16, 128, 235, 128]), Ok(vec![0, 0, 0, 255, 255, 255]));
        assert_eq!(pixels(encoding, &[82, 90, 82, 240]), Ok(vec![255, 1, 0, 255, 1, 0]));
    }

    #[test]
    fn padding_at_the_end_of_rows_is_skipped() {
        let encoding = Encoding::Grey { width: 2, height: 2, stride: 3 };
        assert_eq!(pixels(encoding, &[1, 2, 99, 3, 4]), Ok(vec![1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]));
    }

    #[test]
    fn nv12_shares_colour_between_four_pixels() {
        let encoding = Encoding::Nv12 { width: 2, height: 2, stride: 2 };
        assert_eq!(
            pixels(encoding, &[16, 235, 235, 16, 128, 128]).map(|rgb| rgb[..6].to_vec()),
            Ok(vec![0, 0, 0, 255, 255, 255])
        );
        assert_eq!(pixels(encoding, &[16, 235, 235, 16, 128]), Err("frame 3 is cut off (5 of 6 bytes)".into()));
    }

    #[test]
    fn nv12_with_an_odd_number_of_rows_needs_a_row_of_colours_for_the_last() {
        let encoding = Encoding::Nv12 { width: 2, height: 3, stride: 2 };
        let bytes = [16, 235, 235, 16, 16, 16, 128, 128, 128, 128];
        assert_eq!(pixels(encoding, &bytes).map(|rgb| rgb.len()), Ok(18));
        assert_eq!(pixels(encoding, &bytes[..8]), Err("frame 3 is cut off (8 of 9 bytes)".into()));
    }

    #[test]
    fn rgb_is_taken_as_it_is_with_and_without_padding() {
        let bytes: Vec<u8> = (0..16).collect();
        let packed = Encoding::Rgb { width: 2, height: 2, stride: 6 };
        assert_eq!(pixels(packed, &bytes), Ok((0..12).collect()));
        let padded = Encoding::Rgb { width: 2, height: 2, stride: 7 };
        assert_eq!(pixels(padded, &bytes), Ok((0..6).chain(7..13).collect()));
    }

    #[test]
    fn blue_first_is_turned_around_with_and_without_padding() {
        let bytes: Vec<u8> = (0..14).collect();
        let padded = Encoding::Bgr { width: 2, height: 2, stride: 7 };
        assert_eq!(pixels(padded, &bytes), Ok(vec![2, 1, 0, 5, 4, 3, 9, 8, 7, 12, 11, 10]));
        assert_eq!(pixels(padded, &bytes[..12]), Err("frame 3 is cut off (12 of 13 bytes)".into()));
    }

    #[test]
    fn every_byte_and_the_length_change_the_fingerprint() {
        let bytes: Vec<u8> = (0..29).collect();
        let print = fingerprint(&bytes);
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 1;
            assert_ne!(fingerprint(&other), print, "byte {at}");
        }
        assert_ne!(fingerprint(&[0; 8]), fingerprint(&[0; 16]));
        assert_ne!(fingerprint(&[]), fingerprint(&[0]));
    }

    #[test]
    fn short_and_impossible_frames_are_refused() {
        let cases = [
            (Encoding::Rgb { width: 2, height: 2, stride: 6 }, 11),
            (Encoding::Yuyv { width: 2, height: 2, stride: 4 }, 7),
            (Encoding::Yuyv { width: 3, height: 1, stride: 8 }, 8),
            (Encoding::Nv12 { width: 3, height: 2, stride: 4 }, 12),
            (Encoding::Grey { width: 0, height: 2, stride: 2 }, 9),
            (Encoding::Rgb { width: 2, height: 2, stride: 5 }, 100),
            (Encoding::Bgr { width: 2, height: 2, stride: 6 }, 11),
            (Encoding::Mjpeg, 10),
            (Encoding::File, 0),
        ];
        for (encoding, len) in cases {
            assert!(pixels(encoding, &vec![0; len]).is_err(), "{encoding:?}");
        }
    }
}
