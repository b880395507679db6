//! Reads a JPEG file segment by segment: describes the picture, checks that it is complete, and copies what its pixels need.

use alloc::{format, vec::Vec};

use super::{
    super::{
        DecodeError, check_dimensions, damaged,
        note::{self, Note},
        orientation::Orientation,
        profile,
        tiff::directory::{self, File},
        unsupported,
    },
    frame::Frame,
    huffman::{STANDARD_SEGMENT, Table},
    scan::{Scan, Tables, Told},
};

/// Most scans decoded; no encoder writes more than a few dozen.
pub(super) const MAX_SCANS: usize = 100;

/// Meaning of a picture's three planes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Colours {
    /// Luma and two colour differences.
    YCbCr,
    /// Red, green, blue.
    Rgb,
}

/// A complete picture.
pub(super) struct Checked {
    /// The picture for the pixel decoder: no bytes between segments, no metadata, no padding, nothing after the end; planes are
    /// named 1, 2, 3, and every table is present.
    pub(super) stream: Vec<u8>,
    pub(super) orientation: Orientation,
    pub(super) notes: Vec<Note>,
}

/// Reads the file `bytes`, which starts like a JPEG.
pub(super) fn check(bytes: &[u8]) -> Result<Checked, DecodeError> {
    let mut reader = Segments::new(bytes);
    loop {
        let marker = reader.marker()?;
        match marker {
            0xD9 => return reader.finish(),
            // TEM, or a stray restart marker from a camera: no segment follows.
            0x01 | 0xD0..=0xD7 => {}
            0xD8 => return Err(damaged("a second picture begins before the end of the first")),
            _ => {
                let body = reader.body()?;
                reader.segment(marker, body)?;
            }
        }
    }
}

struct Segments<'a> {
    bytes: &'a [u8],
    at: usize,
    stream: Vec<u8>,
    /// The frame header as stored, until the first scan.
    header: Option<(u8, &'a [u8])>,
    frame: Option<(Frame, Told)>,
    colours: Colours,
    tables: Tables,
    /// Quantization tables seen so far.
    quantized: [bool; 4],
    restart: usize,
    scans: usize,
    jfif: bool,
    /// The transform given by Adobe's segment.
    adobe: Option<u8>,
    orientation: Orientation,
    notes: Vec<Note>,
}

impl<'a> Segments<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let mut stream = Vec::with_capacity(bytes.len() + STANDARD_SEGMENT.len());
        stream.extend_from_slice(&[0xFF, 0xD8]);
        Self {
            bytes,
            at: 2,
            stream,
            header: None,
            frame: None,
            colours: Colours::YCbCr,
            tables: Tables::default(),
            quantized: [false; 4],
            restart: 0,
            scans: 0,
            jfif: false,
            adobe: None,
            orientation: Orientation::UPRIGHT,
            notes: Vec::new(),
        }
    }

    /// The next marker. Bytes before it are skipped, as in other decoders.
    fn marker(&mut self) -> Result<u8, DecodeError> {
        let missing = || damaged("the end-of-image marker is missing");
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let skip = rest.iter().position(|&byte| byte == 0xFF).ok_or_else(missing)?;
            let fill = rest[skip..].iter().take_while(|&&byte| byte == 0xFF).count();
            let &marker = rest.get(skip + fill).ok_or_else(missing)?;
            self.at += skip + fill + 1;
            if marker != 0 {
                return Ok(marker);
            }
        }
    }

    /// The next segment, without its length.
    fn body(&mut self) -> Result<&'a [u8], DecodeError> {
        let missing = || damaged("the end-of-image marker is missing");
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let (&length, after) = rest.split_first_chunk().ok_or_else(missing)?;
        let length = usize::from(u16::from_be_bytes(length));
        let length = length.checked_sub(2).ok_or_else(|| damaged("a segment is shorter than its length"))?;
        self.at += 2 + length;
        after.get(..length).ok_or_else(missing)
    }

    fn segment(&mut self, marker: u8, body: &'a [u8]) -> Result<(), DecodeError> {
        match marker {
            0xC4 => self.huffman(body),
            0xDB => self.quantization(body),
            0xDD => {
                let &interval = body.as_array().ok_or_else(|| damaged("its restart interval is not two bytes"))?;
                self.restart = u16::from_be_bytes(interval).into();
                self.copy(marker, body);
                Ok(())
            }
            0xDA => self.scan(body),
            0xC8 => Err(unsupported("a JPEG with extensions (JPG)")),
            0xCC => Err(unsupported("a JPEG with arithmetic coding")),
            0xDE | 0xDF => Err(unsupported("a JPEG with hierarchical coding")),
            0xC0..=0xCF | 0xF7 => self.frame(marker, body),
            0xE0 => {
                self.jfif |= body.starts_with(b"JFIF\0");
                Ok(())
            }
            0xE1 => {
                if let Some(exif) = body.strip_prefix(b"Exif\0\0")
                    && let Some(orientation) = File::open(exif).ok().and_then(|exif| directory::orientation(&exif))
                {
                    self.orientation = orientation;
                }
                Ok(())
            }
            0xE2 => {
                // A profile's first part holds its colours.
                if let Some([1, _, profile @ ..]) = body.strip_prefix(b"ICC_PROFILE\0")
                    && let Some(note) = profile::note(profile)
                {
                    note::add(&mut self.notes, note);
                }
                Ok(())
            }
            0xEE => {
                if let Some([_, _, _, _, _, _, transform, ..]) = body.strip_prefix(b"Adobe") {
                    self.adobe = Some(*transform);
                }
                Ok(())
            }
            // Other metadata, comments, and a repeated height (DNL): a frame header without a height is refused.
            _ => Ok(()),
        }
    }

    fn copy(&mut self, marker: u8, body: &[u8]) {
        let length = (body.len() as u16 + 2).to_be_bytes();
        self.stream.extend_from_slice(&[0xFF, marker, length[0], length[1]]);
        self.stream.extend_from_slice(body);
    }

    fn huffman(&mut self, body: &[u8]) -> Result<(), DecodeError> {
        let mut rest = body;
        while let Some((&name, after)) = rest.split_first() {
            let broken = || damaged("a Huffman table is broken");
            let (counts, after) = after.split_first_chunk().ok_or_else(broken)?;
            let symbols = counts.iter().map(|&count| usize::from(count)).sum();
            let (symbols, after) = after.split_at_checked(symbols).ok_or_else(broken)?;
            let tables = match name >> 4 {
                0 if symbols.iter().all(|&category| category <= 15) => &mut self.tables.dc,
                1 => &mut self.tables.ac,
                _ => return Err(broken()),
            };
            let table = tables.get_mut(usize::from(name & 15)).ok_or_else(broken)?;
            *table = Some(Table::new(*counts, symbols).ok_or_else(broken)?);
            rest = after;
        }
        self.copy(0xC4, body);
        Ok(())
    }

    fn quantization(&mut self, body: &[u8]) -> Result<(), DecodeError> {
        let mut rest = body;
        while let Some((&name, after)) = rest.split_first() {
            let length = if name >> 4 == 0 { 64 } else { 128 };
            let broken = || damaged("a quantization table is broken");
            rest = after.get(length..).filter(|_| name >> 4 <= 1).ok_or_else(broken)?;
            *self.quantized.get_mut(usize::from(name & 15)).ok_or_else(broken)? = true;
        }
        self.copy(0xDB, body);
        Ok(())
    }

    fn frame(&mut self, marker: u8, body: &'a [u8]) -> Result<(), DecodeError> {
        if self.frame.is_some() {
            return Err(damaged("it has two frame headers"));
        }
        let frame = Frame::read(marker, body)?;
        check_dimensions(frame.width.into(), frame.height.into())?;
        let told = Told::nothing(&frame);
        self.header = Some((marker, body));
        self.frame = Some((frame, told));
        Ok(())
    }

    /// Copies the frame header once the meaning of the planes is known.
    fn copy_header(&mut self, frame: &Frame) {
        let Some((marker, body)) = self.header.take() else { return };
        self.colours = self.colours(frame);
        let mut body = Vec::from(body);
        let planes = body.get_mut(6..).unwrap_or_default().as_chunks_mut::<3>().0;
        for (plane, name) in planes.iter_mut().zip(self.colours.names()) {
            plane[0] = name;
            if frame.components.len() == 1 {
                plane[1] = 0x11;
            }
        }
        self.copy(marker, &body);
    }

    /// libjpeg's rules, which others follow.
    fn colours(&self, frame: &Frame) -> Colours {
        let names = frame.components.iter().map(|component| component.id);
        match self.adobe {
            _ if self.jfif => Colours::YCbCr,
            Some(0) => Colours::Rgb,
            Some(_) => Colours::YCbCr,
            None if names.eq(*b"RGB") => Colours::Rgb,
            None => Colours::YCbCr,
        }
    }

    fn scan(&mut self, body: &[u8]) -> Result<(), DecodeError> {
        let (frame, mut told) = self.frame.take().ok_or_else(|| damaged("a scan comes before the frame header"))?;
        self.scans += 1;
        if self.scans > MAX_SCANS {
            return Err(unsupported(format!("a JPEG with more than {MAX_SCANS} scans")));
        }
        let scan = Scan::read(body, &frame)?;
        if frame
            .components
            .iter()
            .any(|component| self.quantized.get(usize::from(component.quantization)) != Some(&true))
        {
            return Err(damaged("a quantization table is missing"));
        }
        self.copy_header(&frame);
        let (dc, ac) = scan.tables(frame.progressive);
        let missing = dc.iter().any(|&table| self.tables.dc[table].is_none())
            || ac.iter().any(|&table| self.tables.ac[table].is_none());
        if missing && !frame.progressive {
            self.insert_standard_tables()?;
        }
        let mut own = Vec::from(body);
        let names = self.colours.names();
        let selectors = own.get_mut(1..).unwrap_or_default().as_chunks_mut::<2>().0;
        for (selector, component) in selectors.iter_mut().zip(scan.places()) {
            selector[0] = names[component];
        }
        if let (false, Some(band)) = (frame.progressive, own.last_chunk_mut()) {
            // Sequential scans hold all coefficients, whatever cameras write here.
            *band = [0, 63, 0];
        }
        self.copy(0xDA, &own);
        self.at = scan.walk(&frame, &self.tables, self.restart, &mut told, (self.bytes, self.at), &mut self.stream)?;
        self.frame = Some((frame, told));
        Ok(())
    }

    /// Adds annex K's tables where the file defines none.
    fn insert_standard_tables(&mut self) -> Result<(), DecodeError> {
        let (dc, ac) = (self.tables.dc.clone(), self.tables.ac.clone());
        self.huffman(&STANDARD_SEGMENT[4..])?;
        // Before the file's own tables, which then replace them.
        self.stream.truncate(self.stream.len() - STANDARD_SEGMENT.len());
        self.stream.splice(2..2, STANDARD_SEGMENT);
        for (table, own) in self.tables.dc.iter_mut().zip(dc).chain(self.tables.ac.iter_mut().zip(ac)) {
            if own.is_some() {
                *table = own;
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Checked, DecodeError> {
        let (_, told) = self.frame.as_ref().ok_or_else(|| damaged("it has no frame header"))?;
        told.is_whole()?;
        self.stream.extend_from_slice(&[0xFF, 0xD9]);
        Ok(Checked { stream: self.stream, orientation: self.orientation, notes: self.notes })
    }
}

impl Colours {
    /// Names of the planes, by which the pixel decoder recognizes their colours.
    const fn names(self) -> [u8; 3] {
        match self {
            Self::YCbCr => [1, 2, 3],
            Self::Rgb => *b"RGB",
        }
    }
}
