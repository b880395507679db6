//! From a frame of any size to a field of the model's size: squash, then mask. Integers only, so that every machine agrees.
//!
//! **Squash.** The training set was squashed from 4:3 camera frames to a square, so a device brings every frame to the model's shape,
//! without crop or letterbox; see [`squash`](super::squash). A field of 4:3 shows a camera's frame as it is, and a picture of the
//! training set as it was before it was squashed.
//!
//! **Mask.** Host and device overwrite a rectangle in the lower right corner with a constant: the data set's burned-in scale bar
//! there gives the class away.
//!
//! The network's [sight](crate::sight) decides what it is shown of the field.

use alloc::{vec, vec::Vec};

use serde::{Deserialize, Serialize};

use super::squash::Squash;
use crate::field::pixels::RgbPixels;

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

/// How a frame becomes a field. Frozen in the artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Framing {
    /// Width of a field in pixels, 32..=1024.
    pub width: u16,
    /// Height of a field in pixels, 32..=1024.
    pub height: u16,
    /// Rectangle overwritten after the squash.
    pub mask: Rectangle,
    /// Red, green and blue of the mask.
    pub fill: [u8; 3],
}

impl Framing {
    /// The framing of a square field of `side` pixels, as [`Self::of`].
    #[must_use]
    pub const fn square(side: u16) -> Self {
        Self::of(side, side)
    }

    /// The framing of a field of `width` x `height` pixels. The scale bar of the public data set lies in rows 196 to 223 and columns
    /// 170 to 223 of 224; the mask covers that area in proportion. Its fill is 0, like the convolutions' padding: to the network the
    /// corner looks like the outside of the picture.
    #[must_use]
    pub const fn of(width: u16, height: u16) -> Self {
        Self {
            width,
            height,
            mask: Rectangle {
                left: (170 * width as u32 / 224) as u16,
                top: (196 * height as u32 / 224) as u16,
                right: width,
                bottom: height,
            },
            fill: [0; 3],
        }
    }

    /// Length of a field in bytes: `width * height * 3`.
    #[must_use]
    pub fn input_len(&self) -> usize {
        usize::from(self.width) * usize::from(self.height) * 3
    }

    /// Rows above the mask, for measures that its edge would disturb; all rows if the mask begins in the upper half.
    #[must_use]
    pub(crate) const fn rows_above_mask(&self) -> usize {
        if self.mask.top >= self.height / 2 && self.mask.top < self.height {
            self.mask.top as usize
        } else {
            self.height as usize
        }
    }

    /// Squashes and masks `picture`: HWC bytes, red first, [`Self::input_len`] of them.
    #[must_use]
    pub fn apply(&self, picture: &RgbPixels) -> Vec<u8> {
        let mut input = vec![0; self.input_len()];
        self.apply_with(&mut Squash::new(), picture, &mut input);
        input
    }

    /// [`Self::apply`] into a buffer of [`Self::input_len`] bytes, with a [`Squash`] kept from picture to picture: no allocation while the size stays the same.
    ///
    /// # Panics
    /// If `input` has another length.
    pub fn apply_with(&self, squash: &mut Squash, picture: &RgbPixels, input: &mut [u8]) {
        assert_eq!(input.len(), self.input_len(), "the network's input has width * height * 3 bytes");
        squash.run(picture, self.width.into(), self.height.into(), input);
        self.mask(input);
    }

    /// Overwrites the masked rectangle of an input of [`Self::input_len`] bytes.
    pub fn mask(&self, input: &mut [u8]) {
        self.mask_with(input, self.fill);
    }

    /// [`Self::mask`] with another colour.
    pub(crate) fn mask_with(&self, input: &mut [u8], fill: [u8; 3]) {
        let row_len = usize::from(self.width) * 3;
        let columns = usize::from(self.mask.left) * 3..usize::from(self.mask.right) * 3;
        for row in input.chunks_exact_mut(row_len).take(self.mask.bottom.into()).skip(self.mask.top.into()) {
            for pixel in row[columns.clone()].chunks_exact_mut(3) {
                pixel.copy_from_slice(&fill);
            }
        }
    }

    /// Checks the parameters; the error is a clause about the model.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
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
        let framing = Framing::square(224);
        let picture = picture(224, 224, |x, y, channel| (x * 7 + y * 13 + channel * 29) as u8 | 1);
        let input = framing.apply(&picture);
        for (at, (&after, &before)) in input.iter().zip(picture.bytes()).enumerate() {
            let (x, y) = (at / 3 % 224, at / 3 / 224);
            let masked = (196..224).contains(&y) && (170..224).contains(&x);
            assert_eq!(after, if masked { 0 } else { before }, "column {x}, row {y}");
        }
    }

    #[test]
    fn the_largest_picture_does_not_overflow() {
        let white = picture(16_000, 65, |_, _, _| 255);
        let input = Framing::square(64).apply(&white);
        assert_eq!(&input[..3], &[255; 3]);
    }
}
