//! The directories of a TIFF file or of EXIF metadata: classic or BigTIFF, in either byte order. Reads stay within the file, and
//! allocations are a small multiple of its length.

use alloc::{format, vec::Vec};

use super::super::{DecodeError, damaged, orientation::Orientation, unsupported};

/// The tags used here, by their names in TIFF 6.0.
pub(in super::super) mod tag {
    pub(in super::super) const NEW_SUBFILE_TYPE: u16 = 254;
    pub(in super::super) const SUBFILE_TYPE: u16 = 255;
    pub(in super::super) const IMAGE_WIDTH: u16 = 256;
    pub(in super::super) const IMAGE_LENGTH: u16 = 257;
    pub(in super::super) const BITS_PER_SAMPLE: u16 = 258;
    pub(in super::super) const COMPRESSION: u16 = 259;
    pub(in super::super) const PHOTOMETRIC: u16 = 262;
    pub(in super::super) const FILL_ORDER: u16 = 266;
    pub(in super::super) const IMAGE_DESCRIPTION: u16 = 270;
    pub(in super::super) const STRIP_OFFSETS: u16 = 273;
    pub(in super::super) const ORIENTATION: u16 = 274;
    pub(in super::super) const SAMPLES_PER_PIXEL: u16 = 277;
    pub(in super::super) const ROWS_PER_STRIP: u16 = 278;
    pub(in super::super) const STRIP_BYTE_COUNTS: u16 = 279;
    pub(in super::super) const MAX_SAMPLE_VALUE: u16 = 281;
    pub(in super::super) const PLANAR_CONFIGURATION: u16 = 284;
    pub(in super::super) const PREDICTOR: u16 = 317;
    pub(in super::super) const COLOR_MAP: u16 = 320;
    pub(in super::super) const TILE_WIDTH: u16 = 322;
    pub(in super::super) const TILE_LENGTH: u16 = 323;
    pub(in super::super) const TILE_OFFSETS: u16 = 324;
    pub(in super::super) const TILE_BYTE_COUNTS: u16 = 325;
    pub(in super::super) const EXTRA_SAMPLES: u16 = 338;
    pub(in super::super) const SAMPLE_FORMAT: u16 = 339;
    pub(in super::super) const ICC_PROFILE: u16 = 34_675;
}

/// Most directories read; a picture has few, a microscope's stack some thousands.
const MAX_DIRECTORIES: usize = 10_000;

/// A file in memory, its byte order and offset size.
#[derive(Clone, Copy)]
pub(in super::super) struct File<'a> {
    bytes: &'a [u8],
    big_endian: bool,
    /// Offsets have 64 bits (BigTIFF).
    wide: bool,
    first: u64,
}

/// One directory: the tags of one picture.
pub(in super::super) struct Directory<'a> {
    file: File<'a>,
    entries: Vec<Entry>,
}

#[derive(Clone, Copy)]
struct Entry {
    tag: u16,
    /// Bytes per value.
    size: usize,
    count: usize,
    at: usize,
}

impl<'a> File<'a> {
    /// Reads the header.
    pub(in super::super) fn open(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let broken = || damaged("its TIFF header is broken");
        let big_endian = match bytes {
            [b'I', b'I', ..] => false,
            [b'M', b'M', ..] => true,
            _ => return Err(broken()),
        };
        let mut file = Self { bytes, big_endian, wide: false, first: 0 };
        file.wide = match file.number(2, 2) {
            Some(42) => false,
            Some(43) if file.number(4, 4) == Some(if big_endian { 8 << 16 } else { 8 }) => true,
            _ => return Err(broken()),
        };
        file.first = if file.wide { file.number(8, 8) } else { file.number(4, 4) }.ok_or_else(broken)?;
        Ok(file)
    }

    /// The `size` bytes at `at` as a number.
    fn number(&self, at: usize, size: usize) -> Option<u64> {
        let bytes = self.bytes.get(at..at.checked_add(size)?)?;
        let add = |number: u64, &byte: &u8| number << 8 | u64::from(byte);
        Some(if self.big_endian { bytes.iter().fold(0, add) } else { bytes.iter().rev().fold(0, add) })
    }

    /// The chain of directories, from the first.
    pub(in super::super) fn directories(&self) -> Result<Vec<Directory<'a>>, DecodeError> {
        let (mut found, mut offsets) = (Vec::new(), Vec::new());
        // Overlapping directories could hold thousands of times the file's length.
        let mut left = self.bytes.len() / self.entry_size();
        let mut next = self.first;
        while next != 0 {
            if offsets.contains(&next) {
                return Err(damaged("its directories form a loop"));
            }
            if offsets.len() == MAX_DIRECTORIES {
                return Err(unsupported(format!("a TIFF with more than {MAX_DIRECTORIES} pictures")));
            }
            offsets.push(next);
            let (directory, after) = self.directory(next, &mut left)?;
            found.push(directory);
            next = after;
        }
        if found.is_empty() { Err(damaged("it has no directory")) } else { Ok(found) }
    }

    /// Bytes per directory entry.
    const fn entry_size(&self) -> usize {
        if self.wide { 20 } else { 12 }
    }

    /// The directory at `offset` and the offset of the next, 0 after the last. Its entries are subtracted from `left`, the number
    /// that a file of this length has room for.
    fn directory(&self, offset: u64, left: &mut usize) -> Result<(Directory<'a>, u64), DecodeError> {
        let cut = || damaged("a directory lies beyond its end");
        let (count_size, value_size) = if self.wide { (8, 8) } else { (2, 4) };
        let entry_size = self.entry_size();
        let start = usize::try_from(offset).map_err(|_| cut())?;
        let count = self.number(start, count_size).ok_or_else(cut)?;
        let first = start + count_size;
        let end = usize::try_from(count)
            .ok()
            .and_then(|count| count.checked_mul(entry_size)?.checked_add(first))
            .filter(|&end| end <= self.bytes.len())
            .ok_or_else(cut)?;
        *left = left.checked_sub((end - first) / entry_size).ok_or_else(|| damaged("its directories overlap"))?;
        let mut entries = Vec::new();
        for at in (first..end).step_by(entry_size) {
            let read = |at, size| self.number(at, size).ok_or_else(cut);
            let size = match read(at + 2, 2)? {
                1 | 2 | 6 | 7 => 1,
                3 | 8 => 2,
                4 | 9 | 11 | 13 => 4,
                5 | 10 | 12 | 16 | 17 | 18 => 8,
                _ => continue,
            };
            let count = usize::try_from(read(at + 4, value_size)?).unwrap_or(usize::MAX);
            let value = at + 4 + value_size;
            let at = if count.saturating_mul(size) <= value_size {
                value
            } else {
                usize::try_from(read(value, value_size)?).unwrap_or(usize::MAX)
            };
            entries.push(Entry { tag: read(value - 4 - value_size, 2)? as u16, size, count, at });
        }
        let next = self.number(end, value_size).ok_or_else(cut)?;
        Ok((Directory { file: *self, entries }, next))
    }
}

impl<'a> Directory<'a> {
    fn find(&self, tag: u16) -> Option<Entry> {
        self.entries.iter().find(|entry| entry.tag == tag).copied()
    }

    /// The bytes of a tag's value; `None` if the tag is missing or its value lies beyond the file.
    pub(in super::super) fn bytes(&self, tag: u16) -> Option<&'a [u8]> {
        let entry = self.find(tag)?;
        self.file.bytes.get(entry.at..entry.at.checked_add(entry.size.checked_mul(entry.count)?)?)
    }

    pub(in super::super) const fn is_big_endian(&self) -> bool {
        self.file.big_endian
    }

    /// Length of the file in bytes.
    pub(in super::super) const fn file_len(&self) -> usize {
        self.file.bytes.len()
    }

    /// Number of values of a tag.
    pub(in super::super) fn count(&self, tag: u16) -> usize {
        self.find(tag).map_or(0, |entry| entry.count)
    }

    /// A tag's integer values; empty if the tag is missing.
    pub(in super::super) fn numbers(&self, tag: u16) -> Result<Vec<u64>, DecodeError> {
        let Some(entry) = self.find(tag) else { return Ok(Vec::new()) };
        if self.bytes(tag).is_none() {
            return Err(damaged(format!("the values of tag {tag} lie beyond its end")));
        }
        Ok((0..entry.count).filter_map(|index| self.file.number(entry.at + index * entry.size, entry.size)).collect())
    }

    /// A tag's first value, or `default` if the tag is missing.
    pub(in super::super) fn number_or(&self, tag: u16, default: u64) -> Result<u64, DecodeError> {
        let Some(entry) = self.find(tag) else { return Ok(default) };
        let number = if entry.count == 0 { None } else { self.file.number(entry.at, entry.size) };
        number.ok_or_else(|| damaged(format!("the value of tag {tag} lies beyond its end")))
    }

    /// A tag's first value.
    pub(in super::super) fn number(&self, tag: u16) -> Option<u64> {
        let entry = self.find(tag).filter(|entry| entry.count > 0)?;
        self.file.number(entry.at, entry.size)
    }
}

/// The orientation given in the first directory.
pub(in super::super) fn orientation(file: &File<'_>) -> Option<Orientation> {
    let mut left = usize::MAX;
    let (directory, _) = file.directory(file.first, &mut left).ok()?;
    directory.number(tag::ORIENTATION).map(Orientation::from_exif)
}
