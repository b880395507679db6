//! PNG: every colour type and depth, through the crate `png`. Metadata is read here and never unpacked there: a profile of two
//! megabytes can unpack to two gigabytes.

use alloc::{
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};
use std::io::Cursor;

use ::png::{BitDepth, ColorType, DecodeOptions, Decoder, DecodingError, Transformations};

use super::{
    DecodeError, Decoded, check_dimensions, damaged,
    note::{self, Note},
    orientation::Orientation,
    profile,
    samples::{Alpha, Collector, Samples},
    tiff::directory::{self, File},
    transparent, unsupported,
};
use crate::field::pixels::RgbPixels;

const SIGNATURE_LEN: usize = 8;
/// Most bytes of a profile that are unpacked; its colours come first.
const MAX_PROFILE: usize = 1 << 20;
/// sRGB's exponent and chromaticities in units of 1/100,000, as in gAMA and cHRM, and the tolerance.
const GAMMA: u32 = 45_455;
const CHROMATICITIES: [u32; 8] = [31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000];
const NEAR: u32 = 1_500;

/// Content of the chunks.
struct Chunks {
    width: u32,
    height: u32,
    orientation: Orientation,
    notes: Vec<Note>,
}

pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let Chunks { width, height, orientation, notes } = look(bytes)?;
    check_dimensions(width, height)?;
    let mut options = DecodeOptions::default();
    options.set_ignore_adler32(false);
    options.set_ignore_text_chunk(true);
    options.set_ignore_iccp_chunk(true);
    let mut decoder = Decoder::new_with_options(Cursor::new(bytes), options);
    // Expand palettes to colours, transparent colours to alpha, and fewer than 8 bits to 8.
    decoder.set_transformations(Transformations::EXPAND);
    let mut reader = decoder.read_info().map_err(broken)?;
    if (reader.info().width, reader.info().height) != (width, height) {
        return Err(damaged("its header contradicts itself"));
    }
    let (colours, depth) = reader.output_color_type();
    let (grey, alpha) = match colours {
        ColorType::Grayscale => (true, Alpha::Opaque),
        ColorType::GrayscaleAlpha => (true, Alpha::Straight),
        ColorType::Rgb | ColorType::Indexed => (false, Alpha::Opaque),
        ColorType::Rgba => (false, Alpha::Straight),
    };
    let samples = Samples { grey, alpha, deep: depth == BitDepth::Sixteen };
    let mut collector = Collector::new(samples, width as usize * height as usize);
    if reader.info().interlaced {
        let mut all = vec![0; reader.output_buffer_size().unwrap_or_default()];
        reader.next_frame(&mut all).map_err(broken)?;
        collector.push(&all);
    } else {
        while let Some(row) = reader.next_row().map_err(broken)? {
            collector.push(row.data());
        }
    }
    let (pixels, shows) = collector.finish();
    if !shows {
        return Err(transparent());
    }
    let pixels = RgbPixels::new(width as usize, height as usize, pixels);
    let pixels = pixels.ok_or_else(|| damaged("it has fewer pixels than its header says"))?;
    Ok(Decoded { pixels: orientation.apply(pixels), notes })
}

fn broken(error: DecodingError) -> DecodeError {
    match error {
        DecodingError::LimitsExceeded => unsupported("a PNG with more than 64 MB of metadata"),
        error => damaged(error.to_string()),
    }
}

/// Reads the chunks; their lengths and order must be valid to the end.
fn look(bytes: &[u8]) -> Result<Chunks, DecodeError> {
    let cut = || damaged("it ends within a chunk");
    let mut rest = bytes.get(SIGNATURE_LEN..).ok_or_else(cut)?;
    let mut chunks = Chunks { width: 0, height: 0, orientation: Orientation::UPRIGHT, notes: vec![] };
    let (mut header, mut profile, mut colours, mut code_points) = (false, None, vec![], None);
    let mut is_srgb = false;
    loop {
        let (&length, after) = rest.split_first_chunk::<4>().ok_or_else(|| damaged("its end is missing"))?;
        let (&name, after) = after.split_first_chunk::<4>().ok_or_else(cut)?;
        let (data, after) = after.split_at_checked(u32::from_be_bytes(length) as usize).ok_or_else(cut)?;
        rest = after.get(4..).ok_or_else(cut)?;
        if name[0].is_ascii_uppercase() && ![b"IHDR", b"PLTE", b"IDAT", b"IEND"].contains(&&name) {
            return Err(unsupported(format!("a PNG with the chunk {}", name.escape_ascii())));
        }
        if !header && &name != b"IHDR" {
            return Err(damaged("its header is missing"));
        }
        match &name {
            // The decoder uses the first.
            b"IHDR" if header => return Err(damaged("it has two headers")),
            b"IHDR" => {
                let (&width, height) = data.split_first_chunk().ok_or_else(cut)?;
                let &height = height.first_chunk().ok_or_else(cut)?;
                (chunks.width, chunks.height) = (u32::from_be_bytes(width), u32::from_be_bytes(height));
                header = true;
            }
            b"IEND" => break,
            b"acTL" => {
                let frames = data.first_chunk().map_or(1, |&frames| u32::from_be_bytes(frames));
                if frames > 1 {
                    note::add(&mut chunks.notes, Note::Animation { frames });
                }
            }
            b"eXIf" => {
                let orientation = File::open(data).ok().and_then(|exif| directory::orientation(&exif));
                chunks.orientation = orientation.unwrap_or(chunks.orientation);
            }
            b"sRGB" => is_srgb = true,
            b"iCCP" => profile = Some(data),
            b"cICP" => code_points = data.first_chunk::<4>(),
            b"gAMA" if !near(data, &[GAMMA]) => {
                note::add(&mut colours, Note::ColourSpace("a transfer function other than sRGB's (gAMA)"));
            }
            b"cHRM" if !near(data, &CHROMATICITIES) => {
                note::add(&mut colours, Note::ColourSpace("primaries other than sRGB's (cHRM)"));
            }
            _ => {}
        }
    }
    // Each of these takes precedence over the next (PNG, third edition, 4.3).
    match (code_points, profile) {
        (Some([1, 1 | 6 | 13, 0, _]), _) => {}
        (Some(_), _) => chunks.notes.push(Note::ColourSpace("colours other than sRGB's (cICP)")),
        (None, Some(data)) => chunks.notes.extend(profile_note(data)),
        (None, None) if is_srgb => {}
        (None, None) => chunks.notes.extend(colours),
    }
    Ok(chunks)
}

fn near(data: &[u8], expected: &[u32]) -> bool {
    let (numbers, _) = data.as_chunks::<4>();
    numbers.len() == expected.len()
        && numbers.iter().zip(expected).all(|(&number, &expected)| u32::from_be_bytes(number).abs_diff(expected) < NEAR)
}

/// A note about an iCCP chunk, which holds a name, a zero, the method and the compressed profile.
fn profile_note(data: &[u8]) -> Option<Note> {
    let end = data.iter().position(|&byte| byte == 0)?;
    let packed = data.get(end + 2..)?;
    let unpacked = miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(packed, MAX_PROFILE);
    match profile::note(&unpacked.unwrap_or_else(|error| error.output)) {
        Some(Note::ColourProfile(name)) if name.is_empty() => {
            let name: String = data[..end].iter().map(|&byte| char::from(byte)).take(79).collect();
            // Encoders without a name write "_".
            let is_name = name.contains(char::is_alphanumeric) && !name.contains(char::is_control);
            Some(Note::ColourProfile(if is_name { name } else { String::new() }))
        }
        note => note,
    }
}
