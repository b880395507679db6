//! Finds the nuclei.

use alloc::vec::Vec;

use core::cmp::Reverse;

use super::{super::cell::Cell, MAX_CELLS};

/// Height of the field that the numbers below are for, in pixels; for other heights they are in proportion.
const HEIGHT: usize = 192;
/// Pixels from a box filter's centre to its edge.
const BOX_RADIUS: usize = 3;
/// Radius around a cell's centre, in pixels, within which no other cell is taken.
const PEAK_RADIUS: usize = 6;
/// Margin at the field's edge, in pixels, without cell centres.
const MARGIN: usize = 10;
/// Least strength of a cell: an optical density of 0.12. Erythrocytes stay below it, pale nuclei above.
const FLOOR: u16 = 153;

/// Lengths in pixels of one field.
#[derive(Clone, Copy, Default)]
struct Lengths {
    box_radius: usize,
    peak_radius: usize,
    margin: usize,
}

impl Lengths {
    fn of(height: usize) -> Self {
        let scaled = |length: usize| ((length * height + HEIGHT / 2) / HEIGHT).max(1);
        Self { box_radius: scaled(BOX_RADIUS), peak_radius: scaled(PEAK_RADIUS), margin: scaled(MARGIN) }
    }
}

/// The buffers of a search.
#[derive(Default)]
pub(super) struct Finder {
    strengths: Vec<u16>,
    across: Vec<u16>,
    sorted: Vec<u16>,
    sums: Vec<u32>,
}

impl Finder {
    /// Writes the cells of a field in optical density to `cells`, strongest first; ties are ordered from the top.
    pub(super) fn find(&mut self, density: &[u8], width: usize, height: usize, cells: &mut Vec<Cell>) {
        cells.clear();
        let lengths = Lengths::of(height);
        let Lengths { box_radius, margin, .. } = lengths;
        if width <= 2 * margin || height <= 2 * margin {
            return;
        }
        self.strengths.clear();
        self.strengths.extend(density.chunks_exact(3).map(|pixel| {
            let [red, green, blue] = [pixel[0], pixel[1], pixel[2]].map(i32::from);
            (10 * green - 5 * blue - 4 * red).max(0) as u16
        }));
        self.across.resize(width * height, 0);
        for _ in 0..3 {
            for (row, smooth) in self.strengths.chunks_exact(width).zip(self.across.chunks_exact_mut(width)) {
                smooth_row(row, smooth, box_radius);
            }
            smooth_columns(&self.across, &mut self.strengths, width, box_radius, &mut self.sums);
        }
        let threshold = self.threshold(width, height, margin);
        for y in margin..height - margin {
            for x in margin..width - margin {
                let strength = self.strengths[y * width + x];
                if strength > threshold && self.is_peak(x, y, width, lengths.peak_radius) {
                    cells.push(Cell { x: x as u16, y: y as u16, strength });
                }
            }
        }
        cells.sort_unstable_by_key(|cell| (Reverse(cell.strength), cell.y, cell.x));
        cells.truncate(MAX_CELLS);
    }

    /// Half the 99.5th percentile of the strengths inside the margin, but at least the floor.
    fn threshold(&mut self, width: usize, height: usize, margin: usize) -> u16 {
        self.sorted.clear();
        for row in self.strengths.chunks_exact(width).take(height - margin).skip(margin) {
            self.sorted.extend_from_slice(&row[margin..width - margin]);
        }
        let at = (self.sorted.len() * 995).div_ceil(1000).max(1) - 1;
        let (_, &mut high, _) = self.sorted.select_nth_unstable(at);
        high.div_ceil(2).max(FLOOR)
    }

    /// Whether no pixel around exceeds this one, and no earlier one equals it.
    fn is_peak(&self, x: usize, y: usize, width: usize, radius: usize) -> bool {
        let own = y * width + x;
        let strength = self.strengths[own];
        (y - radius..=y + radius).all(|row| {
            let start = row * width + x - radius;
            let around = &self.strengths[start..=start + 2 * radius];
            around.iter().enumerate().all(|(at, &other)| other < strength || (other == strength && start + at >= own))
        })
    }
}

/// Means over `2 * radius + 1` pixels, rounded half up; the end pixels repeat.
fn smooth_row(row: &[u16], smooth: &mut [u16], radius: usize) {
    let size = 2 * radius as u32 + 1;
    let last = row.len() - 1;
    let at = |x: isize| u32::from(row[x.clamp(0, last as isize) as usize]);
    let radius = radius as isize;
    let mut sum: u32 = (-radius..=radius).map(at).sum();
    for (x, mean) in smooth.iter_mut().enumerate() {
        *mean = ((sum + size / 2) / size) as u16;
        sum = sum + at(x as isize + radius + 1) - at(x as isize - radius);
    }
}

/// [`smooth_row`] down each column.
fn smooth_columns(rows: &[u16], smooth: &mut [u16], width: usize, radius: usize, sums: &mut Vec<u32>) {
    let size = 2 * radius as u32 + 1;
    let last = rows.len() / width - 1;
    let row = |y: isize| &rows[y.clamp(0, last as isize) as usize * width..][..width];
    let radius = radius as isize;
    sums.clear();
    sums.resize(width, 0);
    for y in -radius..=radius {
        sums.iter_mut().zip(row(y)).for_each(|(sum, &value)| *sum += u32::from(value));
    }
    for (y, smooth) in smooth.chunks_exact_mut(width).enumerate() {
        let (entering, leaving) = (row(y as isize + radius + 1), row(y as isize - radius));
        for (((mean, sum), &entering), &leaving) in smooth.iter_mut().zip(sums.iter_mut()).zip(entering).zip(leaving) {
            *mean = ((*sum + size / 2) / size) as u16;
            *sum = *sum + u32::from(entering) - u32::from(leaving);
        }
    }
}
