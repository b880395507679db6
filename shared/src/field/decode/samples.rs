//! Converts a pixel's samples to red, green and blue: depth, grey, and transparency, which is composed on white.

use alloc::vec::Vec;

/// Background of transparent pixels: an empty field is white.
const GROUND: u64 = 255;

/// How the samples give a pixel's opacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alpha {
    /// Opaque: there is no alpha sample.
    Opaque,
    /// The last sample is alpha; the others are the plain colour.
    Straight,
    /// The last sample is alpha; the others are already multiplied by it.
    Premultiplied,
}

/// The samples of a pixel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Samples {
    /// One grey sample; otherwise three colours.
    pub(super) grey: bool,
    pub(super) alpha: Alpha,
    /// 16 bits per sample, big-endian, instead of 8.
    pub(super) deep: bool,
}

/// Collects rows of samples as RGB.
pub(super) struct Collector {
    samples: Samples,
    bytes: Vec<u8>,
    /// Whether any pixel so far was not fully transparent.
    shows: bool,
}

impl Samples {
    /// Samples per pixel.
    pub(super) const fn count(self) -> usize {
        let colours = if self.grey { 1 } else { 3 };
        if matches!(self.alpha, Alpha::Opaque) { colours } else { colours + 1 }
    }

    /// Bytes per pixel.
    pub(super) const fn size(self) -> usize {
        if self.deep { self.count() * 2 } else { self.count() }
    }
}

impl Collector {
    /// With room for `pixels` pixels.
    pub(super) fn new(samples: Samples, pixels: usize) -> Self {
        Self { samples, bytes: Vec::with_capacity(pixels * 3), shows: samples.alpha == Alpha::Opaque }
    }

    /// Appends whole pixels.
    pub(super) fn push(&mut self, row: &[u8]) {
        let Samples { grey, alpha, deep } = self.samples;
        match (grey, alpha, deep) {
            (false, Alpha::Opaque, false) => self.bytes.extend_from_slice(row),
            (true, Alpha::Opaque, false) => self.bytes.extend(row.iter().flat_map(|&value| [value; 3])),
            _ => {
                for pixel in row.chunks_exact(self.samples.size()) {
                    self.push_pixel(pixel);
                }
            }
        }
    }

    fn push_pixel(&mut self, pixel: &[u8]) {
        let Samples { grey, alpha, deep } = self.samples;
        let full: u64 = if deep { 65_535 } else { 255 };
        let sample = |index: usize| match (deep, pixel) {
            (true, pixel) => u64::from(u16::from_be_bytes([pixel[2 * index], pixel[2 * index + 1]])),
            (false, pixel) => u64::from(pixel[index]),
        };
        let cover = if alpha == Alpha::Opaque { full } else { sample(self.samples.count() - 1) };
        self.shows |= cover > 0;
        let ground = full / 255 * GROUND;
        for channel in 0..3 {
            let colour = sample(if grey { 0 } else { channel });
            let composed = match alpha {
                Alpha::Opaque => colour,
                Alpha::Straight => (colour * cover + ground * (full - cover) + full / 2) / full,
                Alpha::Premultiplied => (colour + ground * (full - cover) / full).min(full),
            };
            // Round to the nearest of 256 levels.
            self.bytes.push(if deep { (composed + 128) / 257 } else { composed } as u8);
        }
    }

    /// The picture's bytes, and whether any pixel is visible.
    pub(super) fn finish(self) -> (Vec<u8>, bool) {
        (self.bytes, self.shows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rgb(samples: Samples, bytes: &[u8]) -> (Vec<u8>, bool) {
        let mut collector = Collector::new(samples, 1);
        collector.push(bytes);
        collector.finish()
    }

    #[test]
    fn what_is_transparent_lies_on_white() {
        let straight = Samples { grey: false, alpha: Alpha::Straight, deep: false };
        assert_eq!(rgb(straight, &[0, 100, 255, 255]), (alloc::vec![0, 100, 255], true));
        assert_eq!(rgb(straight, &[0, 0, 0, 0]), (alloc::vec![255; 3], false));
        assert_eq!(rgb(straight, &[0, 100, 255, 128]), (alloc::vec![127, 177, 255], true));
        let multiplied = Samples { alpha: Alpha::Premultiplied, ..straight };
        assert_eq!(rgb(multiplied, &[0, 50, 128, 128]), (alloc::vec![127, 177, 255], true));
        let grey = Samples { grey: true, alpha: Alpha::Straight, deep: true };
        assert_eq!(rgb(grey, &[0, 0, 0x80, 0x80]), (alloc::vec![127; 3], true));
    }

    #[test]
    fn sixteen_bits_become_the_nearest_eight() {
        let deep = Samples { grey: true, alpha: Alpha::Opaque, deep: true };
        for value in 0..=u16::MAX {
            let expected = (f64::from(value) / 257.0).round() as u8;
            assert_eq!(rgb(deep, &value.to_be_bytes()).0, [expected; 3], "{value}");
        }
    }
}
