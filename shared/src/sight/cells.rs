//! Finds the nucleated cells of a field and cuts a small picture of each, in optical density. Integers only, so that every machine
//! agrees.
//!
//! An expert looks at one cell after the other, and so does a network with this [sight](super): it sees crops of [`SIDE`] x
//! [`SIDE`] pixels, and the field's logits are the mean of its cells'. Differences between sittings are removed first: glass, lamp
//! and white balance are divided out, and the network sees no hue, only the density of the green channel, in which stained
//! chromatin absorbs most.
//!
//! **Optical density** is measured against the field's own background, in units of 2/255; see `density.rs`.
//!
//! **Finding.** Nuclei take up azure and eosin, which absorb green most and blue little; erythrocytes absorb about as much blue as
//! green. So positive values of `10 * green - 5 * blue - 4 * red`, slightly smoothed, show nuclei. What is above Otsu's threshold, and
//! above a floor that excludes erythrocytes and the noise of an empty field, is opened, its holes are filled and its specks removed.
//! Nuclei that touch are parted by a watershed of the distance to what is outside. A cell is the centroid of a nucleus that lies wholly
//! in the field and is neither too small nor too large; the [`MAX_CELLS`] largest are taken.
//!
//! A cell must be in the middle of its crop, or its neighbours and the glass tell the network more than it does: with the darkest
//! spots instead of the centroids, sittings never seen cost six points (docs/experiments.md).
//!
//! Lengths and areas are given for a field 150 pixels high, in which a nucleus is 10 to 25 pixels wide; for other heights they are in
//! proportion.

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
    field::{density::Density, framing::Framing, pixels::mirrored},
    label::Class,
    layers::{Shape, explanation::Explanation},
};

/// Width and height of a cell's view, the network's input.
pub const SIDE: usize = 32;
/// Most cells per field.
pub const MAX_CELLS: usize = 20;

pub(super) struct Cells;

impl Shows for Cells {
    fn version(&self) -> u16 {
        3
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

/// A field and its cells. Keeps its buffers from field to field.
#[derive(Default)]
pub struct CellView {
    width: usize,
    height: usize,
    density: Density,
    finder: Finder,
    cells: Vec<Cell>,
}

impl CellView {
    /// A new one with fresh buffers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Analyses a field from [`Framing::apply`]: HWC bytes.
    ///
    /// # Panics
    /// If the length of `field` is not [`Framing::input_len`].
    pub fn look(&mut self, framing: &Framing, field: &[u8]) {
        assert_eq!(field.len(), framing.input_len(), "a field has width * height * 3 bytes");
        self.density.measure(framing, field);
        (self.width, self.height) = (framing.width.into(), framing.height.into());
        self.finder.find(self.density.bytes(), self.width, self.height, &mut self.cells);
    }

    /// The cells of the field, the largest nucleus first; empty in a field without nuclei.
    #[must_use]
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// The whole field in optical density: HWC, red first, 255 for [`FULL_DENSITY`](crate::field::density::FULL_DENSITY).
    #[must_use]
    pub fn density(&self) -> &[u8] {
        self.density.bytes()
    }

    /// Cuts a square of `side` pixels around `cell`, as the network sees it, HWC: the density of the green channel three times. The
    /// cell's centre is at pixel `(side / 2, side / 2)`. Beyond its edge the field is mirrored.
    ///
    /// # Panics
    /// If `crop` does not have `side * side * 3` bytes.
    pub fn crop(&self, cell: Cell, side: usize, crop: &mut [u8]) {
        self.copy(cell, side, crop, |[_, green, _]| [green; 3]);
    }

    /// [`Self::crop`] with the density of all three channels.
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

#[cfg(test)]
mod tests;
