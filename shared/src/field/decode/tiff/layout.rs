//! The layout of a TIFF picture in its file, and whether it is one that is decoded.

use alloc::{format, vec::Vec};

use super::{
    super::{
        DecodeError, MAX_PIXELS, check_dimensions, damaged,
        note::Note,
        samples::{Alpha, Samples},
        unsupported,
    },
    compression::Compression,
    directory::{Directory, tag},
};

/// Smallest side of a tile in pixels (TIFF 6.0, section 15: multiples of 16).
const MIN_TILE_SIDE: usize = 16;
/// Most pixels in all strips or tiles together. Those at the edges extend beyond the picture, but not by much.
const MAX_CHUNK_PIXELS: u64 = 4 * MAX_PIXELS;

/// Meaning of the samples.
pub(super) enum Colours {
    /// Grey or red, green, blue.
    AsTheyAre,
    /// Grey, with white at 0.
    WhiteIsZero,
    /// Indices into a palette.
    Palette(Vec<[u8; 3]>),
}

/// Where a picture's samples are and what they mean. A chunk is a strip or a tile.
pub(super) struct Layout {
    pub(super) width: usize,
    pub(super) height: usize,
    /// Bits per stored sample: 1, 2, 4, 8 or 16.
    pub(super) bits: usize,
    /// Stored samples per pixel.
    pub(super) stored_samples: usize,
    /// The pixels' samples after unpacking and palette lookup.
    pub(super) samples: Samples,
    pub(super) colours: Colours,
    pub(super) compression: Compression,
    /// Samples are differences from the pixel before.
    pub(super) differences: bool,
    /// Each sample has separate chunks.
    pub(super) planar: bool,
    pub(super) big_endian: bool,
    pub(super) chunk_width: usize,
    pub(super) chunk_height: usize,
    /// Chunks across and down.
    pub(super) across: usize,
    pub(super) down: usize,
    /// Offset and length of each chunk.
    pub(super) chunks: Vec<(usize, usize)>,
    pub(super) notes: Vec<Note>,
}

impl Layout {
    pub(super) fn read(directory: &Directory<'_>) -> Result<Self, DecodeError> {
        let (width, height) = dimensions(directory)?;
        let compression = Compression::read(directory.number_or(tag::COMPRESSION, 1)?)?;
        let stored_samples = directory.number_or(tag::SAMPLES_PER_PIXEL, 1)?;
        let bits = bits(directory, stored_samples)?;
        let photometric = directory
            .number(tag::PHOTOMETRIC)
            .ok_or_else(|| damaged("it does not give its photometric interpretation"))?;
        let colour_samples = match photometric {
            0 | 1 | 3 => 1,
            2 => 3,
            other => return Err(unsupported(format!("a TIFF with {}", photometry(other)))),
        };
        let alpha = alpha(directory, stored_samples, colour_samples)?;
        let is_palette = photometric == 3;
        if bits < 8 && stored_samples != 1 || is_palette && (alpha != Alpha::Opaque || bits > 8) {
            return Err(unsupported(format!("a TIFF with {stored_samples} samples of {bits} bits per pixel")));
        }
        let colours = match photometric {
            0 if alpha != Alpha::Opaque => return Err(unsupported("a TIFF whose white is zero, with transparency")),
            0 => Colours::WhiteIsZero,
            3 => Colours::Palette(palette(directory, bits)?),
            _ => Colours::AsTheyAre,
        };
        let differences = match directory.number_or(tag::PREDICTOR, 1)? {
            1 => false,
            2 if bits >= 8 => true,
            other => return Err(unsupported(format!("a TIFF with predictor {other} on {bits} bits"))),
        };
        if directory.number_or(tag::FILL_ORDER, 1)? != 1 {
            return Err(unsupported("a TIFF with reversed bit order (fill order 2)"));
        }
        let planar = match directory.number_or(tag::PLANAR_CONFIGURATION, 1)? {
            1 => false,
            2 => stored_samples > 1,
            _ => return Err(damaged("its planar configuration is invalid")),
        };
        let mut layout = Self {
            width,
            height,
            bits,
            stored_samples: stored_samples as usize,
            samples: Samples { grey: colour_samples == 1 && !is_palette, alpha, deep: bits == 16 },
            colours,
            compression,
            differences,
            planar,
            big_endian: directory.is_big_endian(),
            chunk_width: width,
            chunk_height: height,
            across: 1,
            down: 1,
            chunks: Vec::new(),
            notes: Vec::new(),
        };
        layout.place_chunks(directory)?;
        let taken = (1 << bits) - 1;
        if let Some(largest) = directory.number(tag::MAX_SAMPLE_VALUE).filter(|&largest| largest < taken && !is_palette)
        {
            layout.notes.push(Note::SampleRange { largest, taken });
        }
        Ok(layout)
    }

    /// Stored bytes per row of a chunk.
    pub(super) fn stored_row(&self) -> usize {
        let samples = if self.planar { 1 } else { self.stored_samples };
        (self.chunk_width * samples * self.bits).div_ceil(8)
    }

    fn place_chunks(&mut self, directory: &Directory<'_>) -> Result<(), DecodeError> {
        let side = |value: u64| usize::try_from(value).ok().filter(|&side| side > 0);
        let no_size = || damaged("its strips or tiles have no size");
        let (offsets_tag, lengths_tag) = if directory.count(tag::TILE_OFFSETS) > 0 {
            self.chunk_width = side(directory.number_or(tag::TILE_WIDTH, 0)?).ok_or_else(no_size)?;
            self.chunk_height = side(directory.number_or(tag::TILE_LENGTH, 0)?).ok_or_else(no_size)?;
            let pixels = self.chunk_width.checked_mul(self.chunk_height).map(|pixels| pixels as u64);
            if pixels.is_none_or(|pixels| pixels > MAX_PIXELS) {
                return Err(damaged("its tiles are larger than any picture that is decoded"));
            }
            if self.chunk_width.min(self.chunk_height) < MIN_TILE_SIDE {
                return Err(damaged("its tiles are smaller than 16 pixels a side"));
            }
            (tag::TILE_OFFSETS, tag::TILE_BYTE_COUNTS)
        } else {
            let rows = side(directory.number_or(tag::ROWS_PER_STRIP, self.height as u64)?).ok_or_else(no_size)?;
            self.chunk_height = rows.min(self.height);
            (tag::STRIP_OFFSETS, tag::STRIP_BYTE_COUNTS)
        };
        self.across = self.width.div_ceil(self.chunk_width);
        self.down = self.height.div_ceil(self.chunk_height);
        let sides = [self.chunk_width, self.across, self.chunk_height, self.down];
        let pixels = sides.iter().try_fold(1, |pixels: u64, &side| pixels.checked_mul(side as u64));
        if pixels.is_none_or(|pixels| pixels > MAX_CHUNK_PIXELS) {
            return Err(damaged("its strips or tiles are much larger than its picture"));
        }
        let planes = if self.planar { self.stored_samples } else { 1 };
        let expected = self.across * self.down * planes;
        if directory.count(offsets_tag) != expected {
            let there = directory.count(offsets_tag);
            return Err(damaged(format!("it has {there} strips or tiles instead of {expected}")));
        }
        if ![0, expected].contains(&directory.count(lengths_tag)) {
            return Err(damaged("the lengths of its strips or tiles are missing"));
        }
        let offsets = directory.numbers(offsets_tag)?;
        let mut lengths = directory.numbers(lengths_tag)?;
        if lengths.iter().all(|&length| length == 0) && self.compression == Compression::None {
            // Old writers left them out or wrote zeros.
            let is_tiled = offsets_tag == tag::TILE_OFFSETS;
            let rows = |chunk: usize| {
                let first = chunk % (self.across * self.down) / self.across * self.chunk_height;
                if is_tiled { self.chunk_height } else { self.chunk_height.min(self.height - first) }
            };
            lengths = (0..expected).map(|chunk| (rows(chunk) * self.stored_row()) as u64).collect();
        }
        if lengths.len() != expected {
            return Err(damaged("the lengths of its strips or tiles are missing"));
        }
        // Strips and tiles are unpacked separately, so shared bytes could cause unlimited work.
        let length = lengths.iter().try_fold(0u64, |sum, &length| sum.checked_add(length));
        if length.is_none_or(|length| length > directory.file_len() as u64) {
            return Err(damaged("its strips or tiles together are longer than the file"));
        }
        let sizes = offsets.into_iter().zip(lengths);
        let sizes = sizes.map(|(offset, length)| Some((usize::try_from(offset).ok()?, usize::try_from(length).ok()?)));
        self.chunks = sizes.collect::<Option<_>>().ok_or_else(|| damaged("a strip or tile lies beyond its end"))?;
        Ok(())
    }
}

fn dimensions(directory: &Directory<'_>) -> Result<(usize, usize), DecodeError> {
    let side = |tag| directory.number(tag).ok_or_else(|| damaged("its width or height is missing"));
    let (width, height) = (side(tag::IMAGE_WIDTH)?, side(tag::IMAGE_LENGTH)?);
    let clamp = |side: u64| u32::try_from(side).unwrap_or(u32::MAX);
    check_dimensions(clamp(width), clamp(height))?;
    Ok((width as usize, height as usize))
}

/// Bits per sample; samples must be unsigned integers, all of one size.
fn bits(directory: &Directory<'_>, samples: u64) -> Result<usize, DecodeError> {
    if directory.count(tag::BITS_PER_SAMPLE) > 64 || samples > 64 {
        return Err(unsupported(format!("a TIFF with {samples} samples per pixel")));
    }
    let all = directory.numbers(tag::BITS_PER_SAMPLE)?;
    let bits = all.first().copied().unwrap_or(1);
    if all.iter().any(|&other| other != bits) {
        return Err(unsupported("a TIFF whose samples have different numbers of bits"));
    }
    if directory.count(tag::SAMPLE_FORMAT) > 64 {
        return Err(damaged("it has more sample formats than samples"));
    }
    let formats = directory.numbers(tag::SAMPLE_FORMAT)?;
    match formats.iter().find(|&&format| format != 1 && format != 4) {
        None => {}
        Some(2) => return Err(unsupported(format!("a TIFF with signed samples of {bits} bits"))),
        Some(3) => {
            return Err(unsupported(format!(
                "a TIFF with floating-point samples of {bits} bits, which do not define white"
            )));
        }
        Some(_) => return Err(unsupported("a TIFF with complex samples")),
    }
    match bits {
        1 | 2 | 4 | 8 | 16 => Ok(bits as usize),
        _ => Err(unsupported(format!("a TIFF with {bits} bits per sample"))),
    }
}

fn alpha(directory: &Directory<'_>, stored: u64, colours: u64) -> Result<Alpha, DecodeError> {
    match stored.checked_sub(colours) {
        None => Err(damaged(format!("it has {stored} samples per pixel instead of {colours}"))),
        Some(0) => Ok(Alpha::Opaque),
        Some(1) => match directory.number(tag::EXTRA_SAMPLES) {
            Some(1) => Ok(Alpha::Premultiplied),
            Some(2) => Ok(Alpha::Straight),
            _ => Err(unsupported(format!("a TIFF with {stored} channels, one of them of unknown meaning"))),
        },
        Some(_) => Err(unsupported(format!("a TIFF with {stored} channels"))),
    }
}

/// The palette: all reds, all greens, all blues, 16 bits each.
fn palette(directory: &Directory<'_>, bits: usize) -> Result<Vec<[u8; 3]>, DecodeError> {
    let colours = 1 << bits;
    let broken = || damaged("its palette is missing or has another length");
    if directory.count(tag::COLOR_MAP) != 3 * colours {
        return Err(broken());
    }
    let map = directory.numbers(tag::COLOR_MAP)?;
    // Some writers use 8 bits where the standard demands 16; libtiff tells them apart this way.
    let wide = map.iter().any(|&value| value >= 256);
    let eight = |value: u64| if wide { (value >> 8) as u8 } else { value as u8 };
    let mut palette: Vec<_> =
        (0..colours).map(|index| [index, index + colours, index + 2 * colours].map(|at| eight(map[at]))).collect();
    palette.resize(256, [0; 3]);
    Ok(palette)
}

fn photometry(value: u64) -> alloc::string::String {
    match value {
        4 => "a transparency mask alone".into(),
        5 => "CMYK samples, for printing".into(),
        6 => "YCbCr samples".into(),
        8..=10 => "CIE L*a*b* samples".into(),
        32_803 | 34_892 => "a sensor's raw samples".into(),
        32_844 | 32_845 => "logarithmic samples (LogLuv)".into(),
        other => format!("photometric interpretation {other}"),
    }
}
