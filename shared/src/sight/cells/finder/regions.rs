//! Parts a mask into nuclei: a watershed of the depth in it (Vincent and Soille, "Watersheds in digital spaces", 1991).

use alloc::{collections::BinaryHeap, vec::Vec};

use core::cmp::Reverse;

use super::mask::neighbours;

/// A pixel that belongs to no region.
const NONE: u16 = u16::MAX;

/// A nucleus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Region {
    /// Its area, in pixels.
    pub(super) area: usize,
    /// Whether it touches the edge of the field, so that some of it may be missing.
    pub(super) at_edge: bool,
    columns: usize,
    rows: usize,
}

impl Region {
    /// Column and row of its centroid, rounded half up.
    pub(super) fn middle(&self) -> [usize; 2] {
        [self.columns, self.rows].map(|sum| (2 * sum + self.area) / (2 * self.area))
    }
}

/// The regions of a mask, with their buffers.
#[derive(Default)]
pub(super) struct Regions {
    labels: Vec<u16>,
    regions: Vec<Region>,
    /// The deepest first, then the earliest.
    queue: BinaryHeap<(u16, Reverse<u32>, u32)>,
}

impl Regions {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Region> {
        self.regions.iter()
    }

    /// Parts `mask`. A region grows from every pixel that is the deepest of those within `radius` along both axes; the deepest pixels
    /// are given away first.
    pub(super) fn part(&mut self, mask: &[bool], depths: &[u16], width: usize, radius: usize) {
        let Self { labels, regions, queue } = self;
        let len = mask.len();
        labels.clear();
        labels.resize(len, NONE);
        regions.clear();
        queue.clear();
        let mut order = 0;
        // A part of the mask near a deeper one has no peak in the first round, and gets its own in the next.
        loop {
            let known = regions.len();
            for at in (0..len).filter(|&at| mask[at]) {
                let is_free =
                    |other: usize| mask[other] && (labels[other] == NONE || usize::from(labels[other]) >= known);
                if is_free(at) && regions.len() < usize::from(NONE) && is_peak(depths, at, width, radius, is_free) {
                    labels[at] = regions.len() as u16;
                    regions.push(Region::default());
                    queue.push((depths[at], Reverse(order), at as u32));
                    order += 1;
                }
            }
            if regions.len() == known {
                return;
            }
            while let Some((_, _, at)) = queue.pop() {
                let at = at as usize;
                let label = labels[at];
                let region = &mut regions[usize::from(label)];
                let (x, y) = (at % width, at / width);
                region.area += 1;
                region.columns += x;
                region.rows += y;
                region.at_edge |= x == 0 || y == 0 || x + 1 == width || at + width >= len;
                for other in neighbours(at, width, len) {
                    if mask[other] && labels[other] == NONE {
                        labels[other] = label;
                        queue.push((depths[other], Reverse(order), other as u32));
                        order += 1;
                    }
                }
            }
        }
    }
}

/// Whether no free pixel around is deeper, and no earlier one as deep.
fn is_peak(depths: &[u16], at: usize, width: usize, radius: usize, is_free: impl Fn(usize) -> bool) -> bool {
    let (x, y, height) = (at % width, at / width, depths.len() / width);
    let columns = x.saturating_sub(radius)..(x + radius + 1).min(width);
    (y.saturating_sub(radius)..(y + radius + 1).min(height)).all(|row| {
        let start = row * width + columns.start;
        let around = &depths[start..row * width + columns.end];
        (start..)
            .zip(around)
            .all(|(other, &depth)| depth < depths[at] || (depth == depths[at] && other >= at) || !is_free(other))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sight::cells::finder::distance;

    const WIDTH: usize = 80;

    fn parted(discs: &[(usize, usize, usize)]) -> Vec<Region> {
        let inside = |at: usize| {
            discs.iter().any(|&(x, y, r)| (at % WIDTH).abs_diff(x).pow(2) + (at / WIDTH).abs_diff(y).pow(2) <= r * r)
        };
        let mask: Vec<bool> = (0..WIDTH * 60).map(inside).collect();
        let (mut depths, mut regions) = (Vec::new(), Regions::default());
        distance::measure(&mask, WIDTH, &mut depths, &mut Vec::new());
        regions.part(&mask, &depths, WIDTH, 6);
        regions.iter().copied().collect()
    }

    #[test]
    fn discs_that_touch_are_parted_between_them() {
        let found = parted(&[(24, 30, 11), (45, 30, 12)]);
        assert_eq!(found.len(), 2, "{found:?}");
        let mut middles: Vec<[usize; 2]> = found.iter().map(Region::middle).collect();
        middles.sort_unstable();
        for (middle, disc) in middles.iter().zip([[24, 30], [45, 30]]) {
            assert!(middle[0].abs_diff(disc[0]) <= 1 && middle[1].abs_diff(disc[1]) <= 1, "{middles:?}");
        }
        assert!(found.iter().all(|region| !region.at_edge));
    }

    #[test]
    fn a_disc_is_whole_and_what_touches_the_edge_is_told() {
        let found = parted(&[(40, 30, 14), (2, 10, 8)]);
        assert_eq!(found.len(), 2, "{found:?}");
        let (whole, cut): (Vec<&Region>, Vec<&Region>) = found.iter().partition(|region| !region.at_edge);
        assert_eq!((whole[0].middle(), cut.len()), ([40, 30], 1));
        assert!(whole[0].area.abs_diff(616) < 20, "{}", whole[0].area);
    }
}
