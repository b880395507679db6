//! TIFF: one picture of grey, RGB or palette samples, in strips or tiles, uncompressed or with lossless compression.
//!
//! The directories are read before anything is unpacked. A file of several pictures is refused, because nothing says which is
//! meant; reduced copies and masks do not count.

mod compression;
pub(super) mod directory;
mod layout;
mod unpack;

use alloc::{format, vec, vec::Vec};

use self::{
    directory::{Directory, File, tag},
    layout::{Colours, Layout},
};
use super::{
    DecodeError, Decoded, damaged, orientation::Orientation, profile, samples::Collector, transparent, unsupported_with,
};
use crate::field::pixels::RgbPixels;

/// Remedy for a file of several pictures.
const ONE_OF_SEVERAL: &str = "save the right one as a separate file, preferably PNG";

pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let directory = only_picture(File::open(bytes)?.directories()?)?;
    let layout = Layout::read(&directory)?;
    check_description(&directory, &layout)?;
    let mut notes: Vec<_> = layout.notes.clone();
    notes.extend(directory.bytes(tag::ICC_PROFILE).and_then(profile::note));
    let (width, height) = (layout.width, layout.height);
    let pixels = if layout.across == 1 { by_strips(bytes, &layout)? } else { by_tiles(bytes, &layout)? };
    let pixels = RgbPixels::new(width, height, pixels);
    let pixels = pixels.ok_or_else(|| damaged("it has fewer pixels than its header says"))?;
    let orientation = directory.number(tag::ORIENTATION).map_or(Orientation::UPRIGHT, Orientation::from_exif);
    Ok(Decoded { pixels: orientation.apply(pixels), notes })
}

/// The one directory that is neither a reduced copy nor a mask.
fn only_picture(directories: Vec<Directory<'_>>) -> Result<Directory<'_>, DecodeError> {
    let all = directories.len();
    let mut full = directories.into_iter().filter(|directory| {
        directory.number(tag::NEW_SUBFILE_TYPE).unwrap_or_default() & 0b101 == 0
            && directory.number(tag::SUBFILE_TYPE) != Some(2)
    });
    let first = full.next().ok_or_else(|| {
        unsupported_with("a TIFF with reduced copies only, like a camera's raw file", "develop it and save it as PNG")
    })?;
    match full.count() {
        0 => Ok(first),
        others => {
            let copies = all - others - 1;
            let also = if copies == 0 { "".into() } else { format!(", besides {copies} reduced copies or masks") };
            let pictures = others + 1;
            Err(unsupported_with(
                format!("a TIFF of {pictures} pictures (pages, channels or planes){also}"),
                ONE_OF_SEVERAL,
            ))
        }
    }
}

/// Refuses a file whose description, as microscope programs write it, mentions further pictures.
fn check_description(directory: &Directory<'_>, layout: &Layout) -> Result<(), DecodeError> {
    let Some(description) = directory.bytes(tag::IMAGE_DESCRIPTION) else { return Ok(()) };
    let number_after = |name: &[u8]| {
        let at = description.windows(name.len()).position(|window| window == name)? + name.len();
        let digits = description[at..].iter().take_while(|byte| byte.is_ascii_digit()).take(9);
        Some(digits.fold(0, |number: u32, digit| number * 10 + u32::from(digit - b'0')))
    };
    if description.starts_with(b"ImageJ=")
        && let Some(images) = number_after(b"\nimages=").filter(|&images| images > 1)
    {
        return Err(unsupported_with(format!("an ImageJ stack of {images} pictures"), ONE_OF_SEVERAL));
    }
    let is_ome = description.windows(4).any(|window| window == b"<OME");
    for (name, what) in [("SizeC", "channels"), ("SizeZ", "focal planes"), ("SizeT", "points in time")] {
        let count = number_after(format!(" {name}=\"").as_bytes()).filter(|&count| count > 1 && is_ome);
        // Three channels of one colour picture are fine.
        if let Some(count) = count.filter(|_| name != "SizeC" || layout.samples.grey) {
            return Err(unsupported_with(format!("one picture of an OME-TIFF of {count} {what}"), ONE_OF_SEVERAL));
        }
    }
    Ok(())
}

fn collected(collector: Collector) -> Result<Vec<u8>, DecodeError> {
    let (bytes, shows) = collector.finish();
    if shows { Ok(bytes) } else { Err(transparent()) }
}

/// Decodes strips, row after row.
fn by_strips(bytes: &[u8], layout: &Layout) -> Result<Vec<u8>, DecodeError> {
    let mut collector = Collector::new(layout.samples, layout.width * layout.height);
    for strip in 0..layout.down {
        let rows = layout.chunk_height.min(layout.height - strip * layout.chunk_height);
        // A tile may be wider than the picture.
        let pixels = layout.chunk(bytes, strip, rows)?;
        for row in pixels.chunks_exact(layout.chunk_width * layout.samples.size()).take(rows) {
            collector.push(&row[..layout.width * layout.samples.size()]);
        }
    }
    collected(collector)
}

/// Decodes tiles, one row of tiles at a time.
fn by_tiles(bytes: &[u8], layout: &Layout) -> Result<Vec<u8>, DecodeError> {
    let mut collector = Collector::new(layout.samples, layout.width * layout.height);
    let size = layout.samples.size();
    let tile_row = layout.chunk_width * size;
    let mut band = vec![0; layout.chunk_height.min(layout.height) * layout.across * tile_row];
    for down in 0..layout.down {
        let rows = layout.chunk_height.min(layout.height - down * layout.chunk_height);
        for across in 0..layout.across {
            let pixels = layout.chunk(bytes, down * layout.across + across, rows)?;
            let rows = band.chunks_exact_mut(layout.across * tile_row);
            for (row, pixels) in rows.zip(pixels.chunks_exact(tile_row)) {
                row[across * tile_row..(across + 1) * tile_row].copy_from_slice(pixels);
            }
        }
        for row in band.chunks_exact(layout.across * tile_row).take(rows) {
            collector.push(&row[..layout.width * size]);
        }
    }
    collected(collector)
}

impl Layout {
    /// The pixels of a strip or tile with `rows` rows, all planes combined, in the order of [`super::samples`].
    fn chunk(&self, bytes: &[u8], index: usize, rows: usize) -> Result<Vec<u8>, DecodeError> {
        let planes = if self.planar { self.stored_samples } else { 1 };
        let mut unpacked: Vec<_> = (0..planes)
            .map(|plane| self.unpacked(bytes, plane * self.across * self.down + index, rows))
            .collect::<Result<_, _>>()?;
        let samples = if self.planar { self.woven(&unpacked) } else { unpacked.pop().unwrap_or_default() };
        Ok(match &self.colours {
            Colours::AsTheyAre => samples,
            Colours::WhiteIsZero => samples.into_iter().map(|byte| !byte).collect(),
            Colours::Palette(palette) => samples.iter().flat_map(|&index| palette[usize::from(index)]).collect(),
        })
    }

    /// Interleaves planes of samples into pixels.
    fn woven(&self, planes: &[Vec<u8>]) -> Vec<u8> {
        let width = self.bits / 8;
        let length = planes.first().map_or(0, Vec::len);
        let mut woven = Vec::with_capacity(length * planes.len());
        for at in (0..length).step_by(width) {
            for plane in planes {
                woven.extend_from_slice(&plane[at..at + width]);
            }
        }
        woven
    }
}
