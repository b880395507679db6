//! From a field to its nucleated cells: where they are, and a small picture of each in optical density. Integers only, so that
//! every machine agrees.
//!
//! An expert looks at cells, one after the other, and so does a network whose [sight](super) is of this kind: it sees crops of
//! [`SIDE`] x [`SIDE`] pixels, and the field's logits are the mean of its cells'. What sittings differ in is taken away first: the
//! glass, the lamp and the white balance are divided out, and the network sees the density of one channel, green, in which stained
//! chromatin absorbs most, and no hue.
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
mod map;

use alloc::{boxed::Box, format, string::String, vec, vec::Vec};

use self::finder::Finder;
use super::{
    cell::Cell,
    observation::{Blank, Observation},
    show::{Look, Shows},
};
use crate::{
    field::{density::Density, framing::Framing},
    label::Class,
    layers::{Shape, explanation::Explanation},
};

/// Width and height of a cell's picture, the network's input.
pub const SIDE: usize = 32;
/// Most cells of a field.
pub const MAX_CELLS: usize = 20;

pub(super) struct Cells;

impl Shows for Cells {
    fn version(&self) -> u16 {
        2
    }

    fn shape(&self, _: &Framing) -> Shape {
        Shape { height: SIDE, width: SIDE, channels: 3 }
    }

    fn most_views(&self) -> usize {
        MAX_CELLS
    }

    fn description(&self, framing: &Framing) -> String {
        let Framing { width, height, .. } = framing;
        format!(
            "{SIDE}x{SIDE} crops around each nucleus, optical density of the green channel, of fields of {width}x{height}"
        )
    }

    fn look(&self) -> Box<dyn Look> {
        Box::new(Crops { view: CellView::new(), crop: vec![0; SIDE * SIDE * 3] })
    }
}

/// Shows a field's cells.
struct Crops {
    view: CellView,
    crop: Vec<u8>,
}

impl Look for Crops {
    fn look(&mut self, framing: &Framing, field: &[u8]) -> Observation<usize> {
        self.view.look(framing, field);
        match self.view.cells.len() {
            0 => Observation::Nothing(Blank::NoCells),
            count => Observation::Observed(count),
        }
    }

    fn view<'a>(&'a mut self, _: &'a [u8], at: usize) -> &'a [u8] {
        self.view.crop(self.view.cells[at], SIDE, &mut self.crop);
        &self.crop
    }

    fn density(&self) -> Option<&[u8]> {
        Some(self.view.density())
    }

    fn cells(&self) -> &[Cell] {
        self.view.cells()
    }

    fn explain(&self, framing: &Framing, logits: &[[f32; Class::COUNT]], class: Class) -> Option<Explanation> {
        Some(map::map(framing, self.view.cells(), logits, class))
    }
}

/// A field taken apart. It keeps its buffers from field to field.
#[derive(Default)]
pub struct CellView {
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

    /// Takes apart what [`Framing::apply`] made of a picture: HWC bytes.
    ///
    /// # Panics
    /// When `field` has another length than [`Framing::input_len`].
    pub fn look(&mut self, framing: &Framing, field: &[u8]) {
        assert_eq!(field.len(), framing.input_len(), "a field has width * height * 3 bytes");
        self.density.measure(framing, field);
        (self.width, self.height) = (framing.width.into(), framing.height.into());
        self.finder.find(self.density.bytes(), self.width, self.height, &mut self.cells);
    }

    /// The cells of the field, the strongest first; none in a field without nuclei.
    #[must_use]
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// The whole field in optical density: HWC, red first, 255 for [`FULL_DENSITY`](crate::field::density::FULL_DENSITY).
    #[must_use]
    pub fn density(&self) -> &[u8] {
        self.density.bytes()
    }

    /// A square of `side` pixels around `cell` as the network sees it, HWC: the density of the green channel three times. Its pixel
    /// `(side / 2, side / 2)` is the cell's centre. What lies outside of the field is mirrored at its edge.
    ///
    /// # Panics
    /// When `crop` has not `side * side * 3` bytes.
    pub fn crop(&self, cell: Cell, side: usize, crop: &mut [u8]) {
        self.copy(cell, side, crop, |[_, green, _]| [green; 3]);
    }

    /// As [`Self::crop`], with the density of every channel.
    ///
    /// # Panics
    /// As [`Self::crop`].
    pub fn crop_in_colour(&self, cell: Cell, side: usize, crop: &mut [u8]) {
        self.copy(cell, side, crop, |pixel| pixel);
    }

    fn copy(&self, cell: Cell, side: usize, crop: &mut [u8], show: impl Fn([u8; 3]) -> [u8; 3]) {
        assert_eq!(crop.len(), side * side * 3, "a crop has side * side * 3 bytes");
        let density = self.density.bytes();
        let half = side as isize / 2;
        let (left, top) = (cell.x as isize - half, cell.y as isize - half);
        for (y, row) in crop.chunks_exact_mut(side * 3).enumerate() {
            let source = &density[mirrored(top + y as isize, self.height) * self.width * 3..][..self.width * 3];
            for (x, pixel) in row.chunks_exact_mut(3).enumerate() {
                let from = &source[mirrored(left + x as isize, self.width) * 3..][..3];
                pixel.copy_from_slice(&show([from[0], from[1], from[2]]));
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
