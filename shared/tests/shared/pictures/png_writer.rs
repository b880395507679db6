//! Writes PNG files of every colour type, depth and interlace, after the standard's third edition.

/// Kinds of samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Grey = 0,
    Rgb = 2,
    Palette = 3,
    GreyAlpha = 4,
    Rgba = 6,
}

impl Kind {
    pub fn samples(self) -> usize {
        match self {
            Self::Grey | Self::Palette => 1,
            Self::GreyAlpha => 2,
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }
}

/// A layout.
#[derive(Clone, Debug)]
pub struct Png {
    pub width: usize,
    pub height: usize,
    pub kind: Kind,
    pub depth: u8,
    pub interlaced: bool,
    /// Chunks between header and data.
    pub chunks: Vec<([u8; 4], Vec<u8>)>,
}

/// First column, first row, and the steps of the seven passes of Adam7.
const PASSES: [[usize; 4]; 7] =
    [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];

impl Png {
    /// The file with the samples `sample(column, row, number)`, each of the depth's number of bits.
    pub fn write(&self, sample: impl Fn(usize, usize, usize) -> u16) -> Vec<u8> {
        let mut file = b"\x89PNG\r\n\x1A\n".to_vec();
        let mut header = (self.width as u32).to_be_bytes().to_vec();
        header.extend((self.height as u32).to_be_bytes());
        header.extend([self.depth, self.kind as u8, 0, 0, u8::from(self.interlaced)]);
        chunk(&mut file, b"IHDR", &header);
        for (name, body) in &self.chunks {
            chunk(&mut file, name, body);
        }
        let passes: &[_] = if self.interlaced { &PASSES } else { &[[0, 0, 1, 1]] };
        let mut rows = vec![];
        for &[left, top, across, down] in passes {
            if left >= self.width {
                continue;
            }
            for y in (top..self.height).step_by(down) {
                rows.push(0);
                let (mut pending, mut bits) = (0u32, 0);
                for x in (left..self.width).step_by(across) {
                    for number in 0..self.kind.samples() {
                        pending = pending << self.depth | u32::from(sample(x, y, number));
                        bits += u32::from(self.depth);
                        while bits >= 8 {
                            bits -= 8;
                            rows.push((pending >> bits) as u8);
                        }
                    }
                }
                if bits > 0 {
                    rows.push((pending << (8 - bits)) as u8);
                }
            }
        }
        let packed = zlib(&rows);
        for part in packed.chunks(packed.len().div_ceil(3)) {
            chunk(&mut file, b"IDAT", part);
        }
        chunk(&mut file, b"IEND", &[]);
        file
    }
}

/// Appends a chunk with its length and checksum.
pub fn chunk(file: &mut Vec<u8>, name: &[u8; 4], body: &[u8]) {
    file.extend((body.len() as u32).to_be_bytes());
    let start = file.len();
    file.extend(name);
    file.extend(body);
    let checksum = crc(&file[start..]);
    file.extend(checksum.to_be_bytes());
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 })
    })
}

/// Zlib data without compression (RFC 1950 and 1951).
pub fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut packed = vec![0x78, 0x01];
    let parts = bytes.chunks(65_535).count();
    for (number, part) in (1..).zip(bytes.chunks(65_535)) {
        packed.push(u8::from(number == parts));
        packed.extend((part.len() as u16).to_le_bytes());
        packed.extend((!(part.len() as u16)).to_le_bytes());
        packed.extend(part);
    }
    let (a, b) = bytes.iter().fold((1u32, 0u32), |(a, b), &byte| {
        let a = (a + u32::from(byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    packed.extend((b << 16 | a).to_be_bytes());
    packed
}

/// Zlib data of `length` times 258 zeros, and one more, in 13 bits each: a bomb.
pub fn bomb(length: usize) -> Vec<u8> {
    let (mut packed, mut pending, mut bits) = (vec![0x78, 0x01], 0u64, 0);
    let mut put = |value: u64, count: u32| {
        pending |= value << bits;
        bits += count;
        while bits >= 8 {
            packed.push(pending as u8);
            pending >>= 8;
            bits -= 8;
        }
    };
    // A last block with fixed codes: a zero (00110000), then matches of 258 bytes (code 285, 11000101) from one byte before
    // (00000).
    put(0b011, 3);
    put(0b0000_1100, 8);
    for _ in 0..length {
        put(0b1010_0011, 8);
        put(0, 5);
    }
    put(0, 7 + 8);
    packed.extend([0; 4]);
    packed
}
