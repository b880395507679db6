//! The audit's small pictures, as PNG files in memory.

use std::io::Cursor;

use blastscope_shared::{Class, Framing, field::framing::Rectangle};
use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};
use rayon::prelude::*;

use super::{
    copies::{Copies, CopyPair},
    marks::{GRID, PLACES, Sums},
};
use crate::data::{dataset::Dataset, picture};

/// Pairs that are shown.
const PAIRS: usize = 12;
/// Side of a thumbnail, and the gap between two, in pixels.
const SIDE: u16 = 88;
const GAP: usize = 4;

/// Pictures for the page.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gallery {
    /// Pairs with their two thumbnails side by side.
    pub(crate) pairs: Vec<(CopyPair, Vec<u8>)>,
    /// For each place, the mean picture of each class side by side, in the order of [`PLACES`].
    pub(crate) places: Vec<Vec<u8>>,
}

impl Gallery {
    /// Skips thumbnails that cannot be made because a file has changed meanwhile.
    pub(super) fn of(dataset: &Dataset, copies: &Copies, sums: &[Sums; Class::COUNT]) -> Self {
        let pairs = copies.pairs.par_iter().take(PAIRS).filter_map(|pair| {
            let thumbnail = |file: &str| {
                let pixels = picture::read_picture(&dataset.root.join(file)).ok()?;
                let whole = Rectangle { left: 0, top: 0, right: 0, bottom: 0 };
                Some(Framing { mask: whole, ..Framing::square(SIDE) }.apply(&pixels))
            };
            let both = [thumbnail(&pair.one.0)?, thumbnail(&pair.other.0)?];
            Some((pair.clone(), side_by_side(&both, usize::from(SIDE))?))
        });
        let means: Vec<Vec<u8>> = sums.iter().map(Sums::mean).collect();
        let places = PLACES.iter().filter_map(|place| {
            let parts: Vec<Vec<u8>> = means.iter().map(|mean| cut(mean, place.area)).collect();
            side_by_side(&parts, usize::from(place.area.right - place.area.left))
        });
        Self { pairs: pairs.collect(), places: places.collect() }
    }
}

/// A part of a picture of [`GRID`] columns, HWC.
fn cut(picture: &[u8], area: Rectangle) -> Vec<u8> {
    let columns = usize::from(area.left) * 3..usize::from(area.right) * 3;
    let rows = picture.chunks_exact(GRID * 3).take(area.bottom.into()).skip(area.top.into());
    rows.flat_map(|row| &row[columns.clone()]).copied().collect()
}

/// Pictures of one size in a line, as a PNG file; `None` when there are none.
fn side_by_side(pictures: &[Vec<u8>], width: usize) -> Option<Vec<u8>> {
    let height = pictures.first()?.len() / (width * 3);
    let total = pictures.len() * (width + GAP) - GAP;
    let mut line = vec![255; total * height * 3];
    for (at, picture) in pictures.iter().enumerate() {
        for (row, source) in line.chunks_exact_mut(total * 3).zip(picture.chunks_exact(width * 3)) {
            row[at * (width + GAP) * 3..][..width * 3].copy_from_slice(source);
        }
    }
    let mut file = Cursor::new(Vec::new());
    let encoder = PngEncoder::new(&mut file);
    encoder.write_image(&line, total as u32, height as u32, ExtendedColorType::Rgb8).ok()?;
    Some(file.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_stand_side_by_side_with_a_gap() {
        let file = side_by_side(&[vec![10; 6 * 5 * 3], vec![200; 6 * 5 * 3]], 6).expect("encoded");
        let line = image::load_from_memory(&file).expect("decoded").into_rgb8();
        assert_eq!(line.dimensions(), (16, 5));
        let row: Vec<u8> = (0..16).map(|x| line.get_pixel(x, 4)[1]).collect();
        assert_eq!(row, [[10; 6].as_slice(), &[255; 4], &[200; 6]].concat());
        assert_eq!(side_by_side(&[], 6), None);
    }

    #[test]
    fn a_part_is_cut_out() {
        let picture: Vec<u8> = (0..GRID * GRID).flat_map(|at| [(at % GRID) as u8, (at / GRID) as u8, 0]).collect();
        let part = cut(&picture, Rectangle { left: 3, top: 100, right: 5, bottom: 102 });
        assert_eq!(part, [3, 100, 0, 4, 100, 0, 3, 101, 0, 4, 101, 0]);
    }
}
