//! Cleans a mask of stained pixels. Neighbours are the four beside a pixel; beyond the edge nothing is stained.

use alloc::vec::Vec;

use super::Scratch;

/// The four neighbours of the pixel `at` that lie inside a field of `width` x `len / width` pixels.
pub(super) fn neighbours(at: usize, width: usize, len: usize) -> impl Iterator<Item = usize> {
    let x = at % width;
    let beside = [
        (at >= width).then(|| at - width),
        (x > 0).then(|| at - 1),
        (x + 1 < width).then_some(at + 1),
        (at + width < len).then_some(at + width),
    ];
    beside.into_iter().flatten()
}

/// Removes what is thinner than a cross of five pixels (erosion, then dilation by that cross).
pub(super) fn open(mask: &mut [bool], width: usize, eroded: &mut Vec<bool>) {
    let len = mask.len();
    eroded.clear();
    eroded.extend((0..len).map(|at| mask[at] && neighbours(at, width, len).filter(|&other| mask[other]).count() == 4));
    for (at, pixel) in mask.iter_mut().enumerate() {
        *pixel = eroded[at] || neighbours(at, width, len).any(|other| eroded[other]);
    }
}

/// Stains what has no way to the edge over pixels that are not stained.
pub(super) fn fill_holes(mask: &mut [bool], width: usize, scratch: &mut Scratch) {
    let Scratch { marks: outside, pixels, .. } = scratch;
    let len = mask.len();
    outside.clear();
    outside.resize(len, false);
    pixels.clear();
    let mut enter = |at: usize, pixels: &mut Vec<u32>| {
        if !mask[at] && !outside[at] {
            outside[at] = true;
            pixels.push(at as u32);
        }
    };
    for at in (0..len).filter(|&at| at % width == 0 || at % width == width - 1 || at < width || at + width >= len) {
        enter(at, pixels);
    }
    while let Some(at) = pixels.pop() {
        for other in neighbours(at as usize, width, len) {
            enter(other, pixels);
        }
    }
    mask.iter_mut().zip(outside).for_each(|(pixel, outside)| *pixel = !*outside);
}

/// Removes connected pixels that are fewer than `least`.
pub(super) fn remove_specks(mask: &mut [bool], width: usize, least: usize, scratch: &mut Scratch) {
    let Scratch { marks: seen, pixels, .. } = scratch;
    let len = mask.len();
    seen.clear();
    seen.resize(len, false);
    for start in 0..len {
        if !mask[start] || seen[start] {
            continue;
        }
        pixels.clear();
        pixels.push(start as u32);
        seen[start] = true;
        let mut next = 0;
        while let Some(&at) = pixels.get(next) {
            next += 1;
            for other in neighbours(at as usize, width, len) {
                if mask[other] && !seen[other] {
                    seen[other] = true;
                    pixels.push(other as u32);
                }
            }
        }
        if pixels.len() < least {
            pixels.iter().for_each(|&at| mask[at as usize] = false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(rows: &[&str]) -> Vec<bool> {
        rows.iter().flat_map(|row| row.bytes().map(|pixel| pixel == b'#')).collect()
    }

    #[test]
    fn a_thread_goes_and_a_disc_stays() {
        let mut found = mask(&["........", "..#.....", ".###....", ".#######", ".###....", "..#.....", "........"]);
        open(&mut found, 8, &mut Vec::new());
        assert_eq!(found, mask(&["........", "..#.....", ".###....", ".####...", ".###....", "..#.....", "........"]));
    }

    #[test]
    fn a_hole_is_filled_and_a_bay_is_not() {
        let mut found = mask(&["#####", "#...#", "#####", "#..##", "#.###"]);
        fill_holes(&mut found, 5, &mut Scratch::default());
        assert_eq!(found, mask(&["#####", "#####", "#####", "#..##", "#.###"]));
    }

    #[test]
    fn specks_go_by_their_area() {
        let mut found = mask(&["##..#", "##..#", ".....", "#.###"]);
        remove_specks(&mut found, 5, 3, &mut Scratch::default());
        assert_eq!(found, mask(&["##...", "##...", ".....", "..###"]));
    }
}
