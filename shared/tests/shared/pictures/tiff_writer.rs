//! Writes TIFF files: either byte order, offsets of 32 or 64 bits, strips or tiles, chunky or planar, after TIFF 6.0 and
//! supplements.

use super::png_writer::zlib;

/// Compression of the strips.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    None = 1,
    Lzw = 5,
    Deflate = 8,
    PackBits = 32_773,
}

/// Gives the sample with a number in a column of a row.
pub type Sample<'a> = &'a dyn Fn(usize, usize, usize) -> u16;

/// A layout of one picture.
#[derive(Clone, Debug)]
pub struct Tiff {
    pub width: usize,
    pub height: usize,
    pub photometric: u64,
    pub samples: usize,
    pub bits: usize,
    pub packing: Packing,
    /// Tile size; without one, strips of so many rows.
    pub tile: Option<(usize, usize)>,
    pub rows: usize,
    pub planar: bool,
    pub differences: bool,
    pub big_endian: bool,
    pub wide: bool,
    /// Further tags: number, type (2 text, 3 of 16 bits, 4 of 32, 7 bytes), values.
    pub tags: Vec<(u16, u16, Vec<u64>)>,
}

impl Tiff {
    /// Three 8-bit samples in uncompressed strips.
    pub fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            photometric: 2,
            samples: 3,
            bits: 8,
            packing: Packing::None,
            tile: None,
            rows: 17,
            planar: false,
            differences: false,
            big_endian: false,
            wide: false,
            tags: vec![],
        }
    }

    /// The file of one picture with the samples `sample(column, row, number)`.
    pub fn write(&self, sample: impl Fn(usize, usize, usize) -> u16) -> Vec<u8> {
        Self::write_all(&[(self, &sample)])
    }

    /// The file of several pictures, in the byte order and offset width of the first.
    pub fn write_all(pictures: &[(&Self, Sample<'_>)]) -> Vec<u8> {
        let first = pictures[0].0;
        let mut file = if first.big_endian { b"MM".to_vec() } else { b"II".to_vec() };
        first.number(&mut file, if first.wide { 43 } else { 42 }, 2);
        if first.wide {
            first.number(&mut file, 8, 2);
            first.number(&mut file, 0, 2);
        }
        let mut link = file.len();
        first.number(&mut file, 0, first.offset_size());
        for (picture, sample) in pictures {
            let chunks = picture.chunks(sample);
            let lengths: Vec<u64> = chunks.iter().map(|chunk| chunk.len() as u64).collect();
            let mut offsets = vec![];
            for chunk in chunks {
                offsets.push(file.len() as u64);
                file.extend(chunk);
            }
            let (offset_tag, length_tag) = if picture.tile.is_some() { (324, 325) } else { (273, 279) };
            let mut tags = vec![
                (256, 4, vec![picture.width as u64]),
                (257, 4, vec![picture.height as u64]),
                (258, 3, vec![picture.bits as u64; picture.samples]),
                (259, 3, vec![picture.packing as u64]),
                (262, 3, vec![picture.photometric]),
                (277, 3, vec![picture.samples as u64]),
                (284, 3, vec![if picture.planar { 2 } else { 1 }]),
                (317, 3, vec![if picture.differences { 2 } else { 1 }]),
                (offset_tag, 4, offsets),
                (length_tag, 4, lengths),
            ];
            match picture.tile {
                Some((across, down)) => tags.extend([(322, 4, vec![across as u64]), (323, 4, vec![down as u64])]),
                None => tags.push((278, 4, vec![picture.rows as u64])),
            }
            tags.retain(|(tag, ..)| picture.tags.iter().all(|(other, ..)| other != tag));
            tags.extend(picture.tags.iter().cloned());
            tags.sort_by_key(|(tag, ..)| *tag);
            let start = file.len() as u64;
            first.patch(&mut file, link, start);
            link = first.directory(&mut file, &tags);
        }
        file
    }

    fn offset_size(&self) -> usize {
        if self.wide { 8 } else { 4 }
    }

    fn number(&self, to: &mut Vec<u8>, number: u64, size: usize) {
        if self.big_endian {
            to.extend(&number.to_be_bytes()[8 - size..]);
        } else {
            to.extend(&number.to_le_bytes()[..size]);
        }
    }

    fn patch(&self, file: &mut [u8], at: usize, number: u64) {
        let mut bytes = vec![];
        self.number(&mut bytes, number, self.offset_size());
        file[at..at + bytes.len()].copy_from_slice(&bytes);
    }

    /// Writes a directory and its values. Returns the position of the next one's offset.
    fn directory(&self, file: &mut Vec<u8>, tags: &[(u16, u16, Vec<u64>)]) -> usize {
        let (offset, count_size) = (self.offset_size(), if self.wide { 8 } else { 2 });
        let entry = 4 + 2 * offset;
        self.number(file, tags.len() as u64, count_size);
        let mut after = file.len() + tags.len() * entry + offset;
        let mut beyond = vec![];
        for (tag, kind, values) in tags {
            let size = match kind {
                3 => 2,
                4 => 4,
                _ => 1,
            };
            let mut bytes = vec![];
            for &value in values {
                self.number(&mut bytes, value, size);
            }
            self.number(file, (*tag).into(), 2);
            self.number(file, (*kind).into(), 2);
            self.number(file, values.len() as u64, offset);
            if bytes.len() <= offset {
                bytes.resize(offset, 0);
                file.extend(bytes);
            } else {
                self.number(file, after as u64, offset);
                after += bytes.len();
                beyond.extend(bytes);
            }
        }
        let link = file.len();
        self.number(file, 0, offset);
        file.extend(beyond);
        link
    }

    /// The compressed strips or tiles.
    fn chunks(&self, sample: impl Fn(usize, usize, usize) -> u16) -> Vec<Vec<u8>> {
        let (across, down) = self.tile.unwrap_or((self.width, self.rows));
        let planes = if self.planar { self.samples } else { 1 };
        let mut chunks = vec![];
        for plane in 0..planes {
            for top in (0..self.height).step_by(down) {
                for left in (0..self.width).step_by(across) {
                    // Tiles at the edges are whole, strips are not.
                    let rows = if self.tile.is_some() { down } else { down.min(self.height - top) };
                    let mut bytes = vec![];
                    for y in top..top + rows {
                        let numbers = if self.planar { plane..plane + 1 } else { 0..self.samples };
                        let samples: Vec<u16> = (left..left + across)
                            .flat_map(|x| numbers.clone().map(move |number| (x, number)))
                            .map(|(x, number)| sample(x.min(self.width - 1), y.min(self.height - 1), number))
                            .collect();
                        self.row(&mut bytes, &samples, numbers.len());
                    }
                    chunks.push(match self.packing {
                        Packing::None => bytes,
                        Packing::Deflate => zlib(&bytes),
                        Packing::PackBits => pack_bits(&bytes),
                        Packing::Lzw => lzw(&bytes),
                    });
                }
            }
        }
        chunks
    }

    fn row(&self, bytes: &mut Vec<u8>, samples: &[u16], stride: usize) {
        let mask = ((1u32 << self.bits) - 1) as u16;
        let (mut pending, mut count) = (0u32, 0);
        for at in 0..samples.len() {
            let before = if self.differences && at >= stride { samples[at - stride] } else { 0 };
            let stored = samples[at].wrapping_sub(before) & mask;
            if self.bits == 16 {
                self.number(bytes, stored.into(), 2);
                continue;
            }
            pending = pending << self.bits | u32::from(stored);
            count += self.bits;
            if count == 8 {
                bytes.push(pending as u8);
                count = 0;
            }
        }
        if count > 0 {
            bytes.push((pending << (8 - count)) as u8);
        }
    }
}

/// Literal runs, and repeats of repeated bytes.
fn pack_bits(bytes: &[u8]) -> Vec<u8> {
    let mut packed = vec![];
    let mut rest = bytes;
    while let Some(&first) = rest.first() {
        let run = rest.iter().take(128).take_while(|&&byte| byte == first).count();
        if run > 1 {
            packed.extend([(257 - run) as u8, first]);
            rest = &rest[run..];
        } else {
            let literal = rest.len().min(5);
            packed.push(literal as u8 - 1);
            packed.extend(&rest[..literal]);
            rest = &rest[literal..];
        }
    }
    packed
}

/// Codes of single bytes alone, cleared before they grow to ten bits.
fn lzw(bytes: &[u8]) -> Vec<u8> {
    let (mut packed, mut pending, mut bits) = (vec![], 0u32, 0);
    let mut put = |code: u32| {
        pending = pending << 9 | code;
        bits += 9;
        while bits >= 8 {
            bits -= 8;
            packed.push((pending >> bits) as u8);
        }
    };
    for part in bytes.chunks(250) {
        put(256);
        part.iter().for_each(|&byte| put(byte.into()));
    }
    put(257);
    // The rest of the last code.
    put(0);
    packed
}
