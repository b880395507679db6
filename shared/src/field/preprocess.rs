//! From a picture of any size to the network's input: squash, then mask. Integers only, so that every machine agrees.
//!
//! **Squash.** The training set was squashed from 4:3 camera frames to a square, so a device does the same: no crop, no
//! letterbox. Each output pixel is the mean of the source area it covers, with partial pixels weighted by their share. Along
//! one axis of `source` pixels squashed to `target`, source pixel `i` covers units `i * target .. (i + 1) * target` and output
//! pixel `o` covers `o * source .. (o + 1) * source`; their overlap is the weight, and the weights of an output pixel add up to
//! `source`. The mean is `(sum + area / 2) / area` with `area = width * height`: rounded half up. A picture that already has the
//! target size passes unchanged.
//!
//! **Mask.** A rectangle in the lower right corner, where the data set has a burned-in scale bar that gives the class away, is
//! overwritten with a constant on host and device alike.
//!
//! Then the network sees the field as a whole ([version 1](WHOLE_FIELD)), or cell by cell ([version 2](CELL_BY_CELL), see
//! [`crate::sight::cells`]).

use alloc::{vec, vec::Vec};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::squash::Squash;
use crate::{field::pixels::RgbPixels, sight::cells};

/// Version of the arithmetic of networks that see the field as a whole. It changes whenever one byte of the input could change.
pub const WHOLE_FIELD: u16 = 1;
/// Version of the arithmetic of networks that see a field cell by cell.
pub const CELL_BY_CELL: u16 = 2;

/// A half-open rectangle of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rectangle {
    /// First column.
    pub left: u16,
    /// First row.
    pub top: u16,
    /// One past the last column.
    pub right: u16,
    /// One past the last row.
    pub bottom: u16,
}

/// How a picture becomes the network's input. Frozen in the artifact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preprocessing {
    /// [`WHOLE_FIELD`] or [`CELL_BY_CELL`].
    pub version: u16,
    /// Width of a field's input in pixels.
    pub width: u16,
    /// Height of a field's input in pixels.
    pub height: u16,
    /// What is overwritten after the squash.
    pub mask: Rectangle,
    /// The red, green and blue that it is overwritten with.
    pub fill: [u8; 3],
}

impl Preprocessing {
    /// The preprocessing for a square input of `side` pixels: the scale bar of the public data set lies in rows 196 to 223 and
    /// columns 170 to 223 of 224, and the mask covers that area in proportion. It is filled with 0, which is what the
    /// convolutions' padding is: to the network the corner looks like the outside of the picture.
    #[must_use]
    pub const fn square(side: u16) -> Self {
        Self {
            version: WHOLE_FIELD,
            width: side,
            height: side,
            mask: Rectangle {
                left: (170 * side as u32 / 224) as u16,
                top: (196 * side as u32 / 224) as u16,
                right: side,
                bottom: side,
            },
            fill: [0; 3],
        }
    }

    /// The preprocessing of a network that sees cells of fields of 192 x 192 pixels: at that size, a nucleus and a rim of what lies
    /// around it fill a cell's picture.
    #[must_use]
    pub const fn cells() -> Self {
        Self { version: CELL_BY_CELL, ..Self::square(192) }
    }

    /// Whether the network sees cells, and not the field as a whole.
    #[must_use]
    pub const fn is_cell_by_cell(&self) -> bool {
        self.version == CELL_BY_CELL
    }

    /// Width and height of what the network sees: the field, or a cell's picture of [`cells::SIDE`] pixels.
    #[must_use]
    pub fn network_size(&self) -> (usize, usize) {
        if self.is_cell_by_cell() { (cells::SIDE, cells::SIDE) } else { (self.width.into(), self.height.into()) }
    }

    /// Number of bytes of a field's input: `width * height * 3`.
    #[must_use]
    pub fn input_len(&self) -> usize {
        usize::from(self.width) * usize::from(self.height) * 3
    }

    /// Squashes and masks `picture`: HWC bytes, red first, [`Self::input_len`] of them.
    #[must_use]
    pub fn apply(&self, picture: &RgbPixels) -> Vec<u8> {
        let mut input = vec![0; self.input_len()];
        self.apply_to(picture, &mut input);
        input
    }

    /// As [`Self::apply`], into a buffer of [`Self::input_len`] bytes.
    ///
    /// # Panics
    /// When `input` has another length.
    pub fn apply_to(&self, picture: &RgbPixels, input: &mut [u8]) {
        self.apply_with(&mut Squash::new(), picture, input);
    }

    /// As [`Self::apply_to`], with a [`Squash`] that is kept from picture to picture: no allocation while the size stays.
    ///
    /// # Panics
    /// When `input` has another length.
    pub fn apply_with(&self, squash: &mut Squash, picture: &RgbPixels, input: &mut [u8]) {
        assert_eq!(input.len(), self.input_len(), "the network's input has width * height * 3 bytes");
        squash.run(picture, self.width.into(), self.height.into(), input);
        self.mask(input);
    }

    /// Overwrites the masked rectangle of an input of [`Self::input_len`] bytes.
    pub fn mask(&self, input: &mut [u8]) {
        self.mask_with(input, self.fill);
    }

    /// As [`Self::mask`], with another pixel.
    pub(crate) fn mask_with(&self, input: &mut [u8], fill: [u8; 3]) {
        let row_len = usize::from(self.width) * 3;
        let columns = usize::from(self.mask.left) * 3..usize::from(self.mask.right) * 3;
        for row in input.chunks_exact_mut(row_len).take(self.mask.bottom.into()).skip(self.mask.top.into()) {
            for pixel in row[columns.clone()].chunks_exact_mut(3) {
                pixel.copy_from_slice(&fill);
            }
        }
    }

    /// SHA-256 over every parameter, little-endian in the order of the fields: two artifacts with the same hash see the same
    /// pixels.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        let Rectangle { left, top, right, bottom } = self.mask;
        let mut hash = Sha256::new();
        hash.update(b"blastscope preprocessing");
        for number in [self.version, self.width, self.height, left, top, right, bottom] {
            hash.update(number.to_le_bytes());
        }
        hash.update(self.fill);
        hash.finalize().into()
    }

    /// What is wrong with the parameters, if anything.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if ![WHOLE_FIELD, CELL_BY_CELL].contains(&self.version) {
            return Err("its preprocessing has a version that this program does not know");
        }
        if !(32..=1024).contains(&self.width) || !(32..=1024).contains(&self.height) {
            return Err("its input is not between 32 and 1024 pixels wide and high");
        }
        let Rectangle { left, top, right, bottom } = self.mask;
        if left > right || top > bottom || right > self.width || bottom > self.height {
            return Err("its mask does not lie inside the input");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: usize, height: usize, mut value: impl FnMut(usize, usize, usize) -> u8) -> RgbPixels {
        let mut bytes = Vec::with_capacity(width * height * 3);
        for y in 0..height {
            for x in 0..width {
                bytes.extend((0..3).map(|channel| value(x, y, channel)));
            }
        }
        RgbPixels::new(width, height, bytes).expect("as many bytes as pixels")
    }

    #[test]
    fn a_picture_of_the_input_size_passes_but_for_the_mask() {
        let preprocessing = Preprocessing::square(224);
        let picture = picture(224, 224, |x, y, channel| (x * 7 + y * 13 + channel * 29) as u8 | 1);
        let input = preprocessing.apply(&picture);
        for (at, (&after, &before)) in input.iter().zip(picture.bytes()).enumerate() {
            let (x, y) = (at / 3 % 224, at / 3 / 224);
            let masked = (196..224).contains(&y) && (170..224).contains(&x);
            assert_eq!(after, if masked { 0 } else { before }, "column {x}, row {y}");
        }
    }

    #[test]
    fn the_largest_picture_does_not_overflow() {
        let white = picture(16_000, 65, |_, _, _| 255);
        let input = Preprocessing::square(64).apply(&white);
        assert_eq!(&input[..3], &[255; 3]);
    }

    #[test]
    fn the_hash_changes_with_every_parameter() {
        let reference = Preprocessing::square(224);
        let mut changed = [(); 5].map(|()| reference.clone());
        changed[0].width = 192;
        changed[1].mask.left = 169;
        changed[2].fill = [0, 0, 1];
        changed[3].version = 2;
        changed[4].mask.bottom = 223;
        for other in &changed {
            assert_ne!(reference.hash(), other.hash(), "{other:?}");
        }
    }
}
