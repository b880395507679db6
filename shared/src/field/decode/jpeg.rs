//! JPEG: baseline and progressive Huffman coding of 8-bit samples, in one plane or three.
//!
//! The pixels come from `zune-jpeg`, which is fast but fills in missing data and decodes some legal layouts into garbage. So
//! [`segments`] checks the whole file first: only layouts that come out right are decoded, and only if every bit of every block is
//! present.

mod band;
mod bits;
mod frame;
mod huffman;
mod reader;
mod scan;
mod segments;

use alloc::format;

use zune_core::{colorspace::ColorSpace, options::DecoderOptions};
use zune_jpeg::JpegDecoder;

use self::{reader::Reader, segments::MAX_SCANS};
use super::{
    DecodeError, Decoded, damaged,
    signature::{self, Format},
    unsupported,
};
use crate::field::pixels::RgbPixels;

pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    if signature::format(bytes) != Some(Format::Jpeg) {
        return Err(damaged("it does not start like a JPEG"));
    }
    let checked = segments::check(bytes)?;
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        .jpeg_set_max_scans(MAX_SCANS)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(Reader::new(&checked.stream), options);
    // The data is complete: an error now is the decoder's own limit.
    let pixels = decoder.decode().map_err(|error| unsupported(format!("a JPEG that is not decoded ({error})")))?;
    let pixels = decoder.dimensions().and_then(|(width, height)| RgbPixels::new(width, height, pixels));
    let pixels = pixels.ok_or_else(|| damaged("it has fewer pixels than its header says"))?;
    Ok(Decoded { pixels: checked.orientation.apply(pixels), notes: checked.notes })
}

/// Whether the end marker follows the data of the first scan, judged without decoding. Metadata may hold whole pictures with end
/// markers; data after the end does not matter.
pub(super) fn has_an_end(bytes: &[u8]) -> bool {
    let mut at = 2;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        // Any number of bytes FF may stand before a marker.
        let fill = rest.iter().take_while(|&&byte| byte == 0xFF).count();
        match rest.get(fill..) {
            // Markers without a segment.
            Some([0x01 | 0xD0..=0xD7, ..]) if fill > 0 => at += fill + 1,
            Some(&[marker @ 0xC0..=0xFE, high, low, ..]) if fill > 0 && marker != 0xD9 => {
                at += fill + 1 + usize::from(u16::from_be_bytes([high, low]));
                if marker == 0xDA {
                    break;
                }
            }
            _ => break,
        }
    }
    // A length beyond the end says nothing about where the data is.
    let data = bytes.get(at..).unwrap_or(bytes);
    data.windows(2).rev().any(|pair| pair == [0xFF, 0xD9])
}
