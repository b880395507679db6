//! Writes JPEG files of any layout, legal or not quite, after ITU-T T.81. It shares nothing with the decoder under test but the
//! standard.

use std::{f64::consts::PI, ops::RangeInclusive, sync::LazyLock};

/// Zigzag order of coefficients (figure A.6).
const ZIGZAG: [usize; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
    47, 55, 62, 63,
];

/// Which Huffman tables the file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tables {
    /// One code for all AC coefficients: 255 symbols of eight bits, one of nine.
    Flat,
    /// The typical ones of annex K, written out.
    Standard,
    /// The same, omitted from the file.
    LeftOut,
}

/// One scan: components by index, coefficients, and bits (high, low).
#[derive(Clone, Debug)]
pub struct Scan {
    pub components: Vec<usize>,
    pub band: RangeInclusive<usize>,
    pub high: u8,
    pub low: u8,
}

/// Meaning of the planes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planes {
    Grey,
    YCbCr,
    Rgb,
    Cmyk,
}

/// A layout.
#[derive(Clone, Debug)]
pub struct Layout {
    pub width: usize,
    pub height: usize,
    pub planes: Planes,
    pub ids: [u8; 4],
    /// Sampling factors, across and down.
    pub factors: Vec<(usize, usize)>,
    pub progressive: bool,
    pub scans: Vec<Scan>,
    /// MCUs from restart to restart; 0 without.
    pub restart: u16,
    pub tables: Tables,
    /// Segments after the start: marker and content.
    pub segments: Vec<(u8, Vec<u8>)>,
    /// Bytes FF before each marker.
    pub fill: usize,
}

/// One interleaved scan of all planes, as from nearly every encoder.
pub fn sequential(components: usize) -> Vec<Scan> {
    vec![Scan { components: (0..components).collect(), band: 0..=63, high: 0, low: 0 }]
}

/// DC first, then bands, then one more bit of each, as in libjpeg's own script.
pub fn progression(components: usize) -> Vec<Scan> {
    let all: Vec<_> = (0..components).collect();
    let mut scans = vec![Scan { components: all.clone(), band: 0..=0, high: 0, low: 1 }];
    scans.extend(all.iter().map(|&one| Scan { components: vec![one], band: 1..=5, high: 0, low: 2 }));
    scans.extend(all.iter().map(|&one| Scan { components: vec![one], band: 6..=63, high: 0, low: 2 }));
    scans.extend(all.iter().map(|&one| Scan { components: vec![one], band: 1..=63, high: 2, low: 1 }));
    scans.push(Scan { components: all.clone(), band: 0..=0, high: 1, low: 0 });
    scans.extend(all.iter().map(|&one| Scan { components: vec![one], band: 1..=63, high: 1, low: 0 }));
    scans
}

/// DC of each plane alone, then everything else at once.
pub fn bands(components: usize) -> Vec<Scan> {
    let of = |one: usize, band: RangeInclusive<usize>| Scan { components: vec![one], band, high: 0, low: 0 };
    (0..components).map(|one| of(one, 0..=0)).chain((0..components).map(|one| of(one, 1..=63))).collect()
}

impl Layout {
    /// A baseline file with these sampling factors for the first plane and 1x1 for the others.
    pub fn new(width: usize, height: usize, first: (usize, usize)) -> Self {
        Self {
            width,
            height,
            planes: Planes::YCbCr,
            ids: [1, 2, 3, 4],
            factors: vec![first, (1, 1), (1, 1)],
            progressive: false,
            scans: sequential(3),
            restart: 0,
            tables: Tables::Standard,
            segments: vec![],
            fill: 0,
        }
    }

    /// The file of a picture with these pixels.
    pub fn write(&self, pixel: impl Fn(usize, usize) -> [u8; 3]) -> Vec<u8> {
        let mut file = vec![0xFF, 0xD8];
        for (marker, body) in &self.segments {
            self.segment(&mut file, *marker, body);
        }
        let ones: Vec<u8> = std::iter::once(0).chain([1; 64]).collect();
        self.segment(&mut file, 0xDB, &ones);
        let mut frame = vec![8];
        frame.extend((self.height as u16).to_be_bytes());
        frame.extend((self.width as u16).to_be_bytes());
        frame.push(self.factors.len() as u8);
        for (id, (across, down)) in self.ids.iter().zip(&self.factors) {
            frame.extend([*id, (across << 4 | down) as u8, 0]);
        }
        self.segment(&mut file, if self.progressive { 0xC2 } else { 0xC0 }, &frame);
        let codes = [0, 1].map(|class| [0, 1].map(|number| Code::new(self.tables, class, number)));
        if self.tables != Tables::LeftOut {
            for (class, codes) in (0u8..).zip(&codes) {
                for (number, code) in (0u8..).zip(codes) {
                    let mut body = vec![class << 4 | number];
                    body.extend(code.counts);
                    body.extend(&code.symbols);
                    self.segment(&mut file, 0xC4, &body);
                }
            }
        }
        if self.restart > 0 {
            self.segment(&mut file, 0xDD, &self.restart.to_be_bytes());
        }
        let planes: Vec<Plane> = (0..self.factors.len()).map(|place| self.plane(place, &pixel)).collect();
        for scan in &self.scans {
            let mut header = vec![scan.components.len() as u8];
            for &component in &scan.components {
                let table = u8::from(component > 0);
                header.extend([self.ids[component], table << 4 | table]);
            }
            header.extend([*scan.band.start() as u8, *scan.band.end() as u8, scan.high << 4 | scan.low]);
            self.segment(&mut file, 0xDA, &header);
            self.scan(&mut file, scan, &planes, &codes);
        }
        file.extend(std::iter::repeat_n(0xFF, self.fill));
        file.extend([0xFF, 0xD9]);
        file
    }

    fn segment(&self, file: &mut Vec<u8>, marker: u8, body: &[u8]) {
        file.extend(std::iter::repeat_n(0xFF, self.fill));
        file.extend([0xFF, marker]);
        file.extend((body.len() as u16 + 2).to_be_bytes());
        file.extend(body);
    }

    fn largest(&self) -> (usize, usize) {
        let across = self.factors.iter().map(|factors| factors.0).max().expect("a plane");
        (across, self.factors.iter().map(|factors| factors.1).max().expect("a plane"))
    }

    fn mcus(&self) -> (usize, usize) {
        let (across, down) = self.largest();
        (self.width.div_ceil(8 * across), self.height.div_ceil(8 * down))
    }

    /// Samples of plane `place`, averaged from the pixels they stand for, and their coefficients.
    fn plane(&self, place: usize, pixel: &impl Fn(usize, usize) -> [u8; 3]) -> Plane {
        let (largest_across, largest_down) = self.largest();
        let (across, down) = self.factors[place];
        let (mcus_across, mcus_down) = self.mcus();
        let (blocks_across, blocks_down) = (mcus_across * across, mcus_down * down);
        let (step_x, step_y) = (largest_across as f64 / across as f64, largest_down as f64 / down as f64);
        let value = |x: usize, y: usize| {
            let [red, green, blue] = pixel(x.min(self.width - 1), y.min(self.height - 1)).map(f64::from);
            match (self.planes, place) {
                (Planes::Grey, _) | (Planes::Rgb, 1) => green,
                (Planes::Rgb | Planes::Cmyk, 0) => red,
                (Planes::Rgb | Planes::Cmyk, 2) => blue,
                (Planes::Cmyk, _) | (Planes::Rgb, _) => green,
                (Planes::YCbCr, 0) => 0.299 * red + 0.587 * green + 0.114 * blue,
                (Planes::YCbCr, 1) => 128.0 - 0.168_736 * red - 0.331_264 * green + 0.5 * blue,
                (Planes::YCbCr, _) => 128.0 + 0.5 * red - 0.418_688 * green - 0.081_312 * blue,
            }
        };
        let sample = |x: usize, y: usize| {
            let columns = (x as f64 * step_x) as usize..((x + 1) as f64 * step_x).ceil() as usize;
            let rows = (y as f64 * step_y) as usize..((y + 1) as f64 * step_y).ceil() as usize;
            let count = columns.len() * rows.len();
            rows.flat_map(|y| columns.clone().map(move |x| (x, y))).map(|(x, y)| value(x, y)).sum::<f64>()
                / count as f64
        };
        let blocks = (0..blocks_down * blocks_across).map(|block| {
            let (left, top) = (block % blocks_across * 8, block / blocks_across * 8);
            transform(std::array::from_fn(|at| sample(left + at % 8, top + at / 8) - 128.0))
        });
        Plane { blocks: blocks.collect(), stride: blocks_across }
    }

    fn scan(&self, file: &mut Vec<u8>, scan: &Scan, planes: &[Plane], codes: &[[Code; 2]; 2]) {
        let (largest_across, largest_down) = self.largest();
        // The blocks of each MCU: place, column, row.
        let mut mcus: Vec<Vec<(usize, usize, usize)>> = vec![];
        if let [alone] = scan.components[..] {
            let (across, down) = self.factors[alone];
            let columns = (self.width * across).div_ceil(largest_across).div_ceil(8);
            let rows = (self.height * down).div_ceil(largest_down).div_ceil(8);
            mcus.extend((0..rows).flat_map(|row| (0..columns).map(move |column| vec![(alone, column, row)])));
        } else {
            let (columns, rows) = self.mcus();
            for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
                let of = |&place: &usize| {
                    let (across, down) = self.factors[place];
                    (0..across * down).map(move |at| (place, column * across + at % across, row * down + at / across))
                };
                mcus.push(scan.components.iter().flat_map(of).collect());
            }
        }
        let mut coder = Coder { scan, codes, bits: Bits::default(), means: [0; 4], ended: 0 };
        for (number, mcu) in mcus.iter().enumerate() {
            if self.restart > 0 && number > 0 && number % usize::from(self.restart) == 0 {
                coder.finish_interval(file);
                file.extend(std::iter::repeat_n(0xFF, self.fill));
                file.extend([0xFF, 0xD0 | ((number / usize::from(self.restart) - 1) % 8) as u8]);
            }
            for &(place, column, row) in mcu {
                let block = &planes[place].blocks[row * planes[place].stride + column];
                if self.progressive { coder.progressive(place, block) } else { coder.sequential(place, block) }
            }
        }
        coder.finish_interval(file);
    }
}

struct Plane {
    blocks: Vec<[i32; 64]>,
    stride: usize,
}

/// The discrete cosine transform (A.3.3), in zigzag order, quantized by 1.
fn transform(samples: [f64; 64]) -> [i32; 64] {
    static COSINES: LazyLock<[[f64; 8]; 8]> = LazyLock::new(|| {
        let scale = |frequency: usize| if frequency == 0 { 0.5_f64.sqrt() } else { 1.0 } / 2.0;
        let angle = |at: usize, frequency: usize| (2 * at + 1) as f64 * frequency as f64 * PI / 16.0;
        std::array::from_fn(|at| std::array::from_fn(|frequency| scale(frequency) * angle(at, frequency).cos()))
    });
    let cosine = |at: usize, frequency: usize| COSINES[at][frequency];
    let rows: [f64; 64] = std::array::from_fn(|to| (0..8).map(|x| samples[to / 8 * 8 + x] * cosine(x, to % 8)).sum());
    let both: [f64; 64] = std::array::from_fn(|to| (0..8).map(|y| rows[y * 8 + to % 8] * cosine(y, to / 8)).sum());
    ZIGZAG.map(|at| both[at].round() as i32)
}

struct Code {
    counts: [u8; 16],
    symbols: Vec<u8>,
    /// By symbol: code and length.
    codes: [(u32, u32); 256],
}

impl Code {
    fn new(tables: Tables, class: usize, number: usize) -> Self {
        let (counts, symbols): ([u8; 16], Vec<u8>) = match (tables, class, number) {
            // DC has no more than twelve categories.
            (Tables::Flat, 1, _) => ([0, 0, 0, 0, 0, 0, 0, 255, 1, 0, 0, 0, 0, 0, 0, 0], (0..=255).collect()),
            (_, 0, 0) => ([0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0], (0..12).collect()),
            (_, 0, _) => ([0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0], (0..12).collect()),
            (_, _, 0) => ([0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125], hexadecimal(LUMINANCE)),
            (_, _, _) => ([0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 119], hexadecimal(CHROMINANCE)),
        };
        let (mut codes, mut code, mut rest) = ([(0, 0); 256], 0, symbols.iter());
        for (length, count) in (1..).zip(counts) {
            for symbol in rest.by_ref().take(count.into()) {
                codes[usize::from(*symbol)] = (code, length);
                code += 1;
            }
            code <<= 1;
        }
        Self { counts, symbols, codes }
    }
}

fn hexadecimal(text: &str) -> Vec<u8> {
    text.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).expect("two digits")).collect()
}

/// Table K.5.
const LUMINANCE: &str = "01 02 03 00 04 11 05 12 21 31 41 06 13 51 61 07 22 71 14 32 81 91 A1 08 23 42 B1 C1 15 52 D1 F0 24 33 62 72 82 09 0A 16 17 18 19 1A 25 26 27 28 29 2A 34 35 36 37 38 39 3A 43 44 45 46 47 48 49 4A 53 54 55 56 57 58 59 5A 63 64 65 66 67 68 69 6A 73 74 75 76 77 78 79 7A 83 84 85 86 87 88 89 8A 92 93 94 95 96 97 98 99 9A A2 A3 A4 A5 A6 A7 A8 A9 AA B2 B3 B4 B5 B6 B7 B8 B9 BA C2 C3 C4 C5 C6 C7 C8 C9 CA D2 D3 D4 D5 D6 D7 D8 D9 DA E1 E2 E3 E4 E5 E6 E7 E8 E9 EA F1 F2 F3 F4 F5 F6 F7 F8 F9 FA";
/// Table K.6.
const CHROMINANCE: &str = "00 01 02 03 11 04 05 21 31 06 12 41 51 07 61 71 13 22 32 81 08 14 42 91 A1 B1 C1 09 23 33 52 F0 15 62 72 D1 0A 16 24 34 E1 25 F1 17 18 19 1A 26 27 28 29 2A 35 36 37 38 39 3A 43 44 45 46 47 48 49 4A 53 54 55 56 57 58 59 5A 63 64 65 66 67 68 69 6A 73 74 75 76 77 78 79 7A 82 83 84 85 86 87 88 89 8A 92 93 94 95 96 97 98 99 9A A2 A3 A4 A5 A6 A7 A8 A9 AA B2 B3 B4 B5 B6 B7 B8 B9 BA C2 C3 C4 C5 C6 C7 C8 C9 CA D2 D3 D4 D5 D6 D7 D8 D9 DA E2 E3 E4 E5 E6 E7 E8 E9 EA F2 F3 F4 F5 F6 F7 F8 F9 FA";

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    pending: u64,
    count: u32,
}

impl Bits {
    fn put(&mut self, value: u32, length: u32) {
        self.pending = self.pending << length | u64::from(value) & ((1 << length) - 1);
        self.count += length;
        while self.count >= 8 {
            self.count -= 8;
            let byte = (self.pending >> self.count) as u8;
            self.bytes.push(byte);
            if byte == 0xFF {
                self.bytes.push(0);
            }
        }
    }
}

struct Coder<'a> {
    scan: &'a Scan,
    codes: &'a [[Code; 2]; 2],
    bits: Bits,
    means: [i32; 4],
    /// Pending blocks of an end-of-band run.
    ended: u32,
}

impl Coder<'_> {
    fn symbol(&mut self, class: usize, place: usize, symbol: u8) {
        let (code, length) = self.codes[class][usize::from(place > 0)].codes[usize::from(symbol)];
        assert!(length > 0, "symbol {symbol:#x} has a code");
        self.bits.put(code, length);
    }

    fn finish_interval(&mut self, file: &mut Vec<u8>) {
        self.write_ended();
        if self.bits.count > 0 {
            self.bits.put(0x7F, 8 - self.bits.count);
        }
        file.append(&mut self.bits.bytes);
        self.means = [0; 4];
    }

    /// A category and the bits of `value` in it (F.1.2.1).
    fn categorized(value: i32) -> (u8, u32) {
        let category = 32 - value.unsigned_abs().leading_zeros();
        let bits = if value < 0 { value - 1 } else { value };
        (category as u8, bits as u32)
    }

    fn mean(&mut self, place: usize, value: i32) {
        let (category, bits) = Self::categorized(value - self.means[place]);
        self.means[place] = value;
        self.symbol(0, place, category);
        self.bits.put(bits, category.into());
    }

    fn sequential(&mut self, place: usize, block: &[i32; 64]) {
        self.mean(place, block[0]);
        let mut zeros = 0;
        for &value in &block[1..] {
            if value == 0 {
                zeros += 1;
                continue;
            }
            while zeros > 15 {
                self.symbol(1, place, 0xF0);
                zeros -= 16;
            }
            let (category, bits) = Self::categorized(value);
            self.symbol(1, place, (zeros << 4) as u8 | category);
            self.bits.put(bits, category.into());
            zeros = 0;
        }
        if zeros > 0 {
            self.symbol(1, place, 0);
        }
    }

    fn write_ended(&mut self) {
        if self.ended == 0 {
            return;
        }
        let category = self.ended.ilog2();
        let place = self.scan.components[0];
        self.symbol(1, place, (category << 4) as u8);
        self.bits.put(self.ended, category);
        self.ended = 0;
    }

    fn progressive(&mut self, place: usize, block: &[i32; 64]) {
        let (low, band) = (self.scan.low, self.scan.band.clone());
        match (*band.start(), self.scan.high) {
            (0, 0) => self.mean(place, block[0] >> low),
            (0, _) => self.bits.put((block[0] >> low) as u32 & 1, 1),
            (_, 0) => self.first(place, &block[band], low),
            (_, _) => self.refinement(place, &block[band], low),
        }
    }

    /// G.1.2.2, with end-of-band runs.
    fn first(&mut self, place: usize, band: &[i32], low: u8) {
        let mut zeros = 0;
        for &value in band {
            let value = value.signum() * (value.abs() >> low);
            if value == 0 {
                zeros += 1;
                continue;
            }
            self.write_ended();
            while zeros > 15 {
                self.symbol(1, place, 0xF0);
                zeros -= 16;
            }
            let (category, bits) = Self::categorized(value);
            self.symbol(1, place, (zeros << 4) as u8 | category);
            self.bits.put(bits, category.into());
            zeros = 0;
        }
        if zeros > 0 {
            self.ended += 1;
            if self.ended == 0x7FFF {
                self.write_ended();
            }
        }
    }

    /// G.1.2.3, each block ending its own band.
    fn refinement(&mut self, place: usize, band: &[i32], low: u8) {
        let magnitude = |value: i32| value.abs() >> low;
        let last_new = band.iter().rposition(|&value| magnitude(value) == 1);
        let (mut zeros, mut corrections) = (0, vec![]);
        for (at, &value) in band.iter().enumerate() {
            match magnitude(value) {
                0 => {
                    zeros += 1;
                    continue;
                }
                size => {
                    while zeros > 15 && last_new.is_some_and(|last| at <= last) {
                        self.symbol(1, place, 0xF0);
                        self.corrections(&mut corrections);
                        zeros -= 16;
                    }
                    if size > 1 {
                        corrections.push(size as u32 & 1);
                        continue;
                    }
                    self.symbol(1, place, (zeros << 4) as u8 | 1);
                    self.bits.put(u32::from(value > 0), 1);
                    self.corrections(&mut corrections);
                    zeros = 0;
                }
            }
        }
        if zeros > 0 || !corrections.is_empty() {
            self.symbol(1, place, 0);
            self.corrections(&mut corrections);
        }
    }

    fn corrections(&mut self, corrections: &mut Vec<u32>) {
        for bit in corrections.drain(..) {
            self.bits.put(bit, 1);
        }
    }
}
