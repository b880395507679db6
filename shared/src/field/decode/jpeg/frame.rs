//! The frame header of a JPEG picture: its layout, and whether it is one that is decoded.

use alloc::{format, vec::Vec};

use super::super::{DecodeError, damaged, unsupported};

/// Content of a frame header.
pub(super) struct Frame {
    pub(super) width: u16,
    pub(super) height: u16,
    /// Coefficients come in several scans, from coarse to fine.
    pub(super) progressive: bool,
    /// One, or three.
    pub(super) components: Vec<Component>,
}

/// A plane of samples.
#[derive(Clone, Copy)]
pub(super) struct Component {
    pub(super) id: u8,
    /// Sampling factors: blocks in an MCU, across and down.
    pub(super) across: u8,
    pub(super) down: u8,
    /// Index of its quantization table.
    pub(super) quantization: u8,
}

impl Frame {
    /// Reads the header with marker FF `marker` from its segment `body`.
    pub(super) fn read(marker: u8, body: &[u8]) -> Result<Self, DecodeError> {
        if let Some(coding) = coding(marker) {
            return Err(unsupported(format!("a JPEG with {coding}")));
        }
        let &[precision, high, low, wide_high, wide_low, count, ref rest @ ..] = body else {
            return Err(damaged("its frame header is too short"));
        };
        let (height, width) = (u16::from_be_bytes([high, low]), u16::from_be_bytes([wide_high, wide_low]));
        if precision != 8 {
            return Err(unsupported(format!("a JPEG with {precision} bits per sample")));
        }
        if height == 0 {
            return Err(unsupported("a JPEG that gives its height only after its first scan (DNL)"));
        }
        if width == 0 || rest.len() != usize::from(count) * 3 {
            return Err(damaged("its frame header contradicts itself"));
        }
        let components: Vec<_> = rest
            .as_chunks::<3>()
            .0
            .iter()
            .map(|&[id, factors, quantization]| Component {
                id,
                across: factors >> 4,
                down: factors & 15,
                quantization,
            })
            .collect();
        let frame = Self { width, height, progressive: marker == 0xC2, components };
        frame.check()?;
        Ok(frame)
    }

    fn check(&self) -> Result<(), DecodeError> {
        if self
            .components
            .iter()
            .any(|component| !(1..=4).contains(&component.across) || !(1..=4).contains(&component.down))
        {
            return Err(damaged("its sampling factors are not 1 to 4"));
        }
        match self.components[..] {
            // A single plane is never sampled more coarsely than the picture, whatever its factors say.
            [_] => Ok(()),
            [luma, blue, red] => {
                if luma.id == blue.id || luma.id == red.id || blue.id == red.id {
                    return Err(damaged("two of its planes have the same name"));
                }
                let factors = [luma, blue, red].map(|plane| (plane.across, plane.down));
                if DECODED.contains(&factors) {
                    return Ok(());
                }
                let [luma, blue, red] = factors.map(|(across, down)| format!("{across}x{down}"));
                Err(unsupported(format!("a JPEG with the sampling factors {luma}, {blue}, {red}")))
            }
            [_, _, _, _] => Err(unsupported("a JPEG with four planes (CMYK, for printing)")),
            _ => Err(unsupported(format!("a JPEG with {} planes", self.components.len()))),
        }
    }

    /// Largest sampling factors, across and down.
    pub(super) fn largest_factors(&self) -> (usize, usize) {
        let largest = |factor: fn(&Component) -> u8| self.components.iter().map(factor).max().unwrap_or(1);
        (largest(|component| component.across).into(), largest(|component| component.down).into())
    }

    /// MCUs of a scan of several components, across and down.
    pub(super) fn mcus(&self) -> (usize, usize) {
        let (across, down) = self.largest_factors();
        (usize::from(self.width).div_ceil(8 * across), usize::from(self.height).div_ceil(8 * down))
    }

    /// Blocks of a scan of one component alone, across and down.
    pub(super) fn blocks(&self, component: &Component) -> (usize, usize) {
        let (across, down) = self.largest_factors();
        let blocks = |side: u16, factor: u8, largest: usize| {
            (usize::from(side) * usize::from(factor)).div_ceil(largest).div_ceil(8)
        };
        (blocks(self.width, component.across, across), blocks(self.height, component.down, down))
    }
}

/// Supported sampling factors: 4:4:4, 4:2:2, 4:4:0, 4:2:0.
const DECODED: [[(u8, u8); 3]; 4] =
    [[(1, 1), (1, 1), (1, 1)], [(2, 1), (1, 1), (1, 1)], [(1, 2), (1, 1), (1, 1)], [(2, 2), (1, 1), (1, 1)]];

/// The unsupported coding of a frame with marker FF `marker`, if any.
fn coding(marker: u8) -> Option<&'static str> {
    match marker {
        0xC0..=0xC2 => None,
        0xC3 => Some("lossless coding"),
        0xC5..=0xC7 => Some("hierarchical coding"),
        0xC9 | 0xCA => Some("arithmetic coding"),
        0xCB => Some("lossless arithmetic coding"),
        0xF7 => Some("JPEG-LS coding"),
        _ => Some("hierarchical arithmetic coding"),
    }
}
