//! Finds the nuclei: segments them, parts those that touch, and takes their middles.

mod distance;
mod mask;
mod otsu;
mod regions;
mod weighing;

use alloc::vec::Vec;

use core::cmp::Reverse;

use self::regions::Regions;
use super::{super::cell::Cell, MAX_CELLS};

/// Height of the field that the numbers below are for, in pixels; for other heights they are in proportion.
const HEIGHT: usize = 150;
/// Least strength of a nucleus: an optical density of 0.12. Erythrocytes stay below it, pale nuclei above.
const FLOOR: u16 = 153;
/// Radius around a nucleus' middle, in pixels, within which it is not parted.
const PART: usize = 6;
/// Least area of what is stained, and the areas of a nucleus, in pixels.
const SPECK: usize = 54;
const LEAST: usize = 67;
const MOST: usize = 2014;

/// The buffers of a search.
#[derive(Default)]
pub(super) struct Finder {
    strengths: Vec<u16>,
    mask: Vec<bool>,
    /// How deep inside a nucleus each pixel lies.
    depths: Vec<u16>,
    scratch: Scratch,
    regions: Regions,
}

/// Memory of single steps.
#[derive(Default)]
struct Scratch {
    scores: Vec<i16>,
    rows: Vec<i16>,
    levels: Vec<u16>,
    marks: Vec<bool>,
    pixels: Vec<u32>,
}

impl Finder {
    /// Writes the cells of a field in optical density to `cells`, the largest first; ties are ordered from the top.
    pub(super) fn find(&mut self, density: &[u8], width: usize, height: usize, cells: &mut Vec<Cell>) {
        cells.clear();
        let Self { strengths, mask, depths, scratch, regions } = self;
        let length = |pixels: usize| ((pixels * height + HEIGHT / 2) / HEIGHT).max(1);
        let area = |pixels: usize| pixels * height * height / (HEIGHT * HEIGHT);
        measure(density, width, strengths, scratch);
        let threshold = otsu::threshold(strengths).max(FLOOR);
        mask.clear();
        mask.extend(strengths.iter().map(|&strength| strength > threshold));
        mask::open(mask, width, &mut scratch.marks);
        mask::fill_holes(mask, width, scratch);
        mask::remove_specks(mask, width, area(SPECK), scratch);
        distance::measure(mask, width, depths, &mut scratch.levels);
        regions.part(mask, depths, width, length(PART));
        for region in
            regions.iter().filter(|region| !region.at_edge && (area(LEAST)..=area(MOST)).contains(&region.area))
        {
            let [x, y] = region.middle();
            cells.push(Cell { x: x as u16, y: y as u16, area: region.area.min(u16::MAX.into()) as u16 });
        }
        cells.sort_unstable_by_key(|cell| (Reverse(cell.area), cell.y, cell.x));
        cells.truncate(MAX_CELLS);
    }
}

/// How much each pixel is stained like a nucleus, in units of 1/1275 optical density: `10 * green - 5 * blue - 4 * red`, smoothed by
/// `[1 2 1] / 4` along both axes, at least 0. Edge pixels repeat.
fn measure(density: &[u8], width: usize, strengths: &mut Vec<u16>, Scratch { scores, rows, .. }: &mut Scratch) {
    scores.clear();
    scores.extend(density.chunks_exact(3).map(|pixel| {
        let [red, green, blue] = [pixel[0], pixel[1], pixel[2]].map(i16::from);
        10 * green - 5 * blue - 4 * red
    }));
    weighing::along_rows(scores, width, rows, |left, own, right| left + 2 * own + right);
    weighing::along_columns(rows, width, strengths, |above, own, below| {
        let sum = i32::from(above) + 2 * i32::from(own) + i32::from(below);
        ((sum + 8) / 16).max(0) as u16
    });
}
