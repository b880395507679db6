//! The cells of a field as one picture, made when the field is saved: a gallery decodes no field again.

use blastscope_core::cells::{FieldCells, SeenCell};
use blastscope_shared::{RgbPixels, field::squash::squash};

use super::{Jpeg, RecordError};

/// Width and height of a cell in a strip, in pixels: a multiple of 16, so that no block of the JPEG belongs to two cells.
pub const CELL_SIDE: usize = 96;

/// The cells of `picture` side by side, [`CELL_SIDE`] pixels each; `None` without cells.
pub(super) fn of(picture: &RgbPixels, cells: &FieldCells) -> Result<Option<Jpeg>, RecordError> {
    if cells.cells.is_empty() || picture.width() == 0 || picture.height() == 0 {
        return Ok(None);
    }
    let row = CELL_SIDE * cells.cells.len() * 3;
    let mut strip = vec![0; row * CELL_SIDE];
    for (at, cell) in cells.cells.iter().enumerate() {
        let small = squash(&cut(picture, cells, cell), CELL_SIDE, CELL_SIDE);
        for (line, from) in strip.chunks_exact_mut(row).zip(small.bytes().chunks_exact(CELL_SIDE * 3)) {
            line[at * CELL_SIDE * 3..][..CELL_SIDE * 3].copy_from_slice(from);
        }
    }
    RgbPixels::new(row / 3, CELL_SIDE, strip).map(|strip| Jpeg::encode(&strip)).transpose()
}

/// What the network sees of a cell, in the picture's own pixels; near an edge moved into the picture.
fn cut(picture: &RgbPixels, cells: &FieldCells, cell: &SeenCell) -> RgbPixels {
    let (left, width) = span(picture.width(), cell.x, cells.width);
    let (top, height) = span(picture.height(), cell.y, cells.height);
    let rows = picture.bytes().chunks_exact(picture.width() * 3).skip(top).take(height);
    let bytes: Vec<u8> = rows.flat_map(|row| &row[left * 3..][..width * 3]).copied().collect();
    RgbPixels::new(width, height, bytes).unwrap_or_else(|| picture.clone())
}

/// Start and length, in pixels, of a span of `share` of a side around `centre`; at least one pixel, never beyond the side.
fn span(side: usize, centre: f32, share: f32) -> (usize, usize) {
    let length = ((side as f32 * share).round() as usize).clamp(1, side);
    let start = (side as f32 * centre - length as f32 / 2.0).round().max(0.0) as usize;
    (start.min(side - length), length)
}

#[cfg(test)]
mod tests {
    use blastscope_shared::field::decode::decode_jpeg;

    use super::*;

    /// A picture of `width` x `height` pixels, red in its left half and blue in its right one.
    fn halves(width: usize, height: usize) -> RgbPixels {
        let pixel = |at: usize| if at % width < width / 2 { [220, 30, 40] } else { [30, 40, 220] };
        RgbPixels::new(width, height, (0..width * height).flat_map(pixel).collect()).expect("its size")
    }

    fn cell(x: f32, y: f32) -> SeenCell {
        SeenCell { x, y, leaning: None }
    }

    #[test]
    fn each_cell_stands_in_its_own_square_of_the_strip() {
        // Larger and smaller than in the strip, in the middle and at the edges.
        for (width, height) in [(1280, 960), (120, 90)] {
            let cells =
                FieldCells { width: 0.16, height: 0.2, cells: vec![cell(0.2, 0.5), cell(1.0, 0.0), cell(0.0, 1.0)] };
            let strip = of(&halves(width, height), &cells).expect("encoded").expect("cells");
            let strip = decode_jpeg(strip.bytes()).expect("a JPEG");
            assert_eq!((strip.width(), strip.height()), (3 * CELL_SIDE, CELL_SIDE));
            for (number, is_red) in [true, false, true].into_iter().enumerate() {
                for (x, y) in [(0, 0), (CELL_SIDE - 1, CELL_SIDE - 1), (CELL_SIDE / 2, 3)] {
                    let at = (y * strip.width() + number * CELL_SIDE + x) * 3;
                    let [red, _, blue] = [0, 1, 2].map(|channel| strip.bytes()[at + channel]);
                    assert_eq!(red > blue, is_red, "cell {number} at {x}, {y} of {width} x {height}");
                }
            }
        }
    }

    #[test]
    fn without_cells_there_is_no_strip() {
        let none = FieldCells { width: 0.16, height: 0.2, cells: Vec::new() };
        assert_eq!(of(&halves(64, 48), &none), Ok(None));
    }
}
