//! A frame as a camera or a file delivers it, and its way to RGB.

use std::time::Duration;

use blastscope_shared::{
    RgbPixels,
    decode::{self, DecodeError},
};

use super::SourceError;
use crate::frame::Frame;

/// What a frame's bytes mean. `stride` is the number of bytes from one row to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// A picture file: JPEG, PNG, BMP or TIFF.
    File,
    /// One JPEG picture of a stream, maybe padded.
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
}

/// A frame that is not decoded yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawFrame {
    /// As they came, without the unused end of a buffer.
    pub bytes: Vec<u8>,
    /// What they mean.
    pub encoding: Encoding,
    /// As [`Frame::sequence`].
    pub sequence: u64,
    /// As [`Frame::time`].
    pub time: Duration,
    /// As [`Frame::name`].
    pub name: Option<String>,
}

impl RawFrame {
    /// Decodes.
    ///
    /// # Errors
    /// [`SourceError::Corrupt`] when bytes are missing or broken.
    pub fn decode(self) -> Result<Frame, SourceError> {
        match self.pixels() {
            Ok(picture) => Ok(Frame { picture, sequence: self.sequence, time: self.time, name: self.name }),
            Err(reason) => {
                let what = self.name.unwrap_or_else(|| format!("frame {}", self.sequence));
                Err(SourceError::Corrupt { what, reason })
            }
        }
    }

    fn pixels(&self) -> Result<RgbPixels, String> {
        match self.encoding {
            Encoding::File => decode::decode(&self.bytes).map_err(|error| error.to_string()),
            Encoding::Mjpeg => decode::decode_jpeg(&self.bytes).map_err(|error| match error {
                // A file could be copied again; a frame is gone.
                DecodeError::Damaged(how) => format!("is damaged or cut off ({how})"),
                other => other.to_string(),
            }),
            Encoding::Yuyv { width, height, stride } => self.rows(width, height, stride, width * 2, |row, rgb| {
                for pair in row.chunks_exact(4) {
                    rgb.extend(rgb_from_ycbcr(pair[0], pair[1], pair[3]));
                    rgb.extend(rgb_from_ycbcr(pair[2], pair[1], pair[3]));
                }
            }),
            Encoding::Nv12 { width, height, stride } => {
                let colours = self.bytes.get(stride * height..).unwrap_or_default();
                if colours.len() < (height / 2).saturating_sub(1) * stride + width {
                    return Err(self.cut_off(stride * height * 3 / 2));
                }
                let mut y = 0;
                self.rows(width, height, stride, width, |row, rgb| {
                    let colours = &colours[y / 2 * stride..][..width];
                    for (lumas, colour) in row.chunks_exact(2).zip(colours.chunks_exact(2)) {
                        rgb.extend(rgb_from_ycbcr(lumas[0], colour[0], colour[1]));
                        rgb.extend(rgb_from_ycbcr(lumas[1], colour[0], colour[1]));
                    }
                    y += 1;
                })
            }
            Encoding::Grey { width, height, stride } => self.rows(width, height, stride, width, |row, rgb| {
                rgb.extend(row.iter().flat_map(|&value| [value; 3]));
            }),
            Encoding::Rgb { width, height, stride } => {
                self.rows(width, height, stride, width * 3, |row, rgb| rgb.extend_from_slice(row))
            }
        }
    }

    /// Hands each row's `row_len` bytes to `convert`, which appends the row's pixels.
    fn rows(
        &self,
        width: usize,
        height: usize,
        stride: usize,
        row_len: usize,
        mut convert: impl FnMut(&[u8], &mut Vec<u8>),
    ) -> Result<RgbPixels, String> {
        if width == 0 || height == 0 || stride < row_len {
            return Err(format!("has impossible dimensions ({width}x{height}, {stride} bytes a row)"));
        }
        let expected = stride * (height - 1) + row_len;
        if self.bytes.len() < expected {
            return Err(self.cut_off(expected));
        }
        let mut rgb = Vec::with_capacity(width * height * 3);
        for row in self.bytes.chunks(stride).take(height) {
            convert(&row[..row_len], &mut rgb);
        }
        RgbPixels::new(width, height, rgb).ok_or_else(|| "has an odd width".to_string())
    }

    fn cut_off(&self, expected: usize) -> String {
        format!("is cut off ({} of {expected} bytes)", self.bytes.len())
    }
}

/// BT.601, limited range, in 1/256: the textbook's integer form.
fn rgb_from_ycbcr(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    let (c, d, e) = (298 * (i32::from(y) - 16) + 128, i32::from(cb) - 128, i32::from(cr) - 128);
    [c + 409 * e, c - 100 * d - 208 * e, c + 516 * d].map(|value| (value >> 8).clamp(0, 255) as u8)
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
    fn short_and_impossible_frames_are_refused() {
        let cases = [
            (Encoding::Rgb { width: 2, height: 2, stride: 6 }, 11),
            (Encoding::Yuyv { width: 2, height: 2, stride: 4 }, 7),
            (Encoding::Yuyv { width: 3, height: 1, stride: 8 }, 8),
            (Encoding::Grey { width: 0, height: 2, stride: 2 }, 9),
            (Encoding::Rgb { width: 2, height: 2, stride: 5 }, 100),
            (Encoding::Mjpeg, 10),
            (Encoding::File, 0),
        ];
        for (encoding, len) in cases {
            assert!(pixels(encoding, &vec![0; len]).is_err(), "{encoding:?}");
        }
    }
}
