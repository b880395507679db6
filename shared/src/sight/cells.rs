//! From a field to its nucleated cells: where they are, and a small picture of each in optical density. Integers only, so that
//! every machine agrees.
//!
//! An expert looks at cells, one after the other, and so does a network whose preprocessing has [version
//! 2](crate::field::preprocess::CELL_BY_CELL): it sees crops of [`SIDE`] x [`SIDE`] pixels, and the field's logits are the mean of its
//! cells'. What sittings differ in is taken away first: the glass, the lamp and the white balance are divided out, and the network
//! sees the density of one channel, green, in which stained chromatin absorbs most, and no hue.
//!
//! **Optical density** is measured against the field's own background, in units of 2/255; `density.rs` says how.
//!
//! **Finding.** Nuclei take up azure and eosin, which swallow green most, blue little; erythrocytes swallow about as much blue as
//! green. So `10 * green - 5 * blue - 4 * red`, where positive, shows nuclei. It is smoothed by three box filters of
//! 7 x 7 pixels, close to a Gaussian with a standard deviation of 3.5. A cell is a pixel that no pixel of the 13 x 13 around
//! it surpasses, whose strength is above half the 99.5th percentile of the field's and above a floor that keeps the noise
//! of an empty field out, and that lies at least 10 pixels inside. The [`MAX_CELLS`] strongest are taken.
//!
//! The numbers are in pixels of a field of 192 x 192, in which a nucleus is 12 to 30 pixels wide.

mod finder;

use alloc::{vec, vec::Vec};

use self::finder::Finder;
pub use crate::field::density::FULL_DENSITY;
use crate::field::{
    density::Density,
    preprocess::Preprocessing,
    stain::{self, Hue},
};

/// Width and height of a cell's picture, the network's input.
pub const SIDE: usize = 32;
/// Most cells of a field.
pub const MAX_CELLS: usize = 20;

/// A cell's place in the field, in pixels of the field's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Column of its centre.
    pub x: u16,
    /// Row of its centre.
    pub y: u16,
    /// How strongly it shows, in units of 1/1275 optical density: the larger, the darker and larger its nucleus.
    pub strength: u16,
}

/// A field taken apart. It keeps its buffers from field to field: no allocation while the size stays.
#[derive(Default)]
pub struct CellView {
    looked: bool,
    width: usize,
    height: usize,
    density: Density,
    finder: Finder,
    cells: Vec<Cell>,
}

impl CellView {
    /// A view with fresh buffers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes apart what [`Preprocessing::apply`] made of a picture: HWC bytes.
    ///
    /// # Panics
    /// When `input` has another length than [`Preprocessing::input_len`].
    pub fn look(&mut self, preprocessing: &Preprocessing, input: &[u8]) {
        assert_eq!(input.len(), preprocessing.input_len(), "a field's input has width * height * 3 bytes");
        self.looked = true;
        (self.width, self.height) = (preprocessing.width.into(), preprocessing.height.into());
        self.density.measure(preprocessing, input);
        self.finder.find(self.density.bytes(), self.width, self.height, &mut self.cells);
    }

    /// Whether there was a field yet.
    #[must_use]
    pub const fn has_looked(&self) -> bool {
        self.looked
    }

    /// The cells of the field, the strongest first; none in a field without nuclei.
    #[must_use]
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// The whole field in optical density: HWC, red first, 255 for [`FULL_DENSITY`].
    #[must_use]
    pub fn density(&self) -> &[u8] {
        self.density.bytes()
    }

    /// The hue of the field's stain.
    #[must_use]
    pub(crate) fn hue(&self, preprocessing: &Preprocessing) -> Hue {
        stain::hue(preprocessing, self.density.bytes())
    }

    /// A square of `side` pixels around `cell` as the network sees it, HWC: the density of the green channel three times. Its pixel
    /// `(side / 2, side / 2)` is the cell's centre. What lies outside of the field is mirrored at its edge.
    ///
    /// # Panics
    /// When `crop` has not `side * side * 3` bytes.
    pub fn crop(&self, cell: Cell, side: usize, crop: &mut [u8]) {
        assert_eq!(crop.len(), side * side * 3, "a crop has side * side * 3 bytes");
        self.copy(cell, side, crop, |pixel| [pixel[1]; 3]);
    }

    /// As [`Self::crop`], with the density of every channel.
    ///
    /// # Panics
    /// As [`Self::crop`].
    pub fn crop_in_colour(&self, cell: Cell, side: usize, crop: &mut [u8]) {
        assert_eq!(crop.len(), side * side * 3, "a crop has side * side * 3 bytes");
        self.copy(cell, side, crop, |pixel| [pixel[0], pixel[1], pixel[2]]);
    }

    /// What the network sees of every cell: [`Self::crop`] of [`SIDE`] pixels.
    #[must_use]
    pub fn crops(&self) -> Vec<Vec<u8>> {
        let crop = |&cell: &Cell| {
            let mut crop = vec![0; SIDE * SIDE * 3];
            self.crop(cell, SIDE, &mut crop);
            crop
        };
        self.cells.iter().map(crop).collect()
    }

    fn copy(&self, cell: Cell, side: usize, crop: &mut [u8], show: impl Fn(&[u8]) -> [u8; 3]) {
        let half = side as isize / 2;
        let (left, top) = (cell.x as isize - half, cell.y as isize - half);
        let bytes = self.density.bytes();
        for (y, row) in crop.chunks_exact_mut(side * 3).enumerate() {
            let source = &bytes[mirrored(top + y as isize, self.height) * self.width * 3..][..self.width * 3];
            for (x, pixel) in row.chunks_exact_mut(3).enumerate() {
                pixel.copy_from_slice(&show(&source[mirrored(left + x as isize, self.width) * 3..][..3]));
            }
        }
    }
}

/// The place inside of `0..length` that `at` is the mirror image of; the pixel at the edge is not repeated.
fn mirrored(at: isize, length: usize) -> usize {
    let last = length as isize - 1;
    if last == 0 {
        return 0;
    }
    let at = at.rem_euclid(2 * last);
    (if at > last { 2 * last - at } else { at }) as usize
}

#[cfg(test)]
mod tests;
