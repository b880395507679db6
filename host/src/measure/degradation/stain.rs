//! Strength and balance of the two stains, in optical density.
//!
//! Ruifrok and Johnston, "Quantification of Histochemical Staining by Color Deconvolution" (Anal Quant Cytol Histol 23, 2001): each
//! stain absorbs in proportion to its amount, so a pixel's optical density is a sum of the stains' directions. Those of Giemsa,
//! methylene blue and eosin, are G. Landini's, as in ImageJ's plugin Colour Deconvolution; the third direction, perpendicular to
//! both, takes the rest. Changing amounts per stain is the colour augmentation of Tellez et al. (IEEE TMI 37, 2018).

use blastscope_shared::RgbPixels;

use super::light::{byte, light};

/// Directions of methylene blue and eosin in red, green and blue optical density; length 1.
const STAINS: [[f32; 3]; 2] = [[0.834_750_2, 0.513_556_3, 0.196_330_4], [0.092_789, 0.954_111, 0.283_111]];
/// Share of pixels no brighter than the background, the bare glass between the cells.
const BACKGROUND: f32 = 0.95;
/// Least light that counts, of a byte of about 2: sensors have no deeper black.
const DARKEST: f32 = 6e-4;

/// A picture with `factors` times as much blue stain and eosin. The background keeps its colour, the part that is neither stain
/// keeps its density, and no amount of stain turns negative.
pub(super) fn scale(picture: &RgbPixels, factors: [f32; 2]) -> RgbPixels {
    let white = background(picture);
    let third = cross(STAINS[0], STAINS[1]);
    let unmix = inverse([STAINS[0], STAINS[1], third]);
    let densities: [[f32; 256]; 3] =
        white.map(|white| std::array::from_fn(|value| libm::log10f(white / light(value as u8).max(DARKEST))));
    // Densities stay within 4.5 (white against black, stained twice as much): tabulate the light they transmit.
    let passing: Vec<f32> = (0..=PASSING_LAST).map(|at| libm::powf(10.0, DENSEST - at as f32 / PASSING)).collect();
    let mut result = picture.clone();
    for pixel in result.bytes_mut().chunks_exact_mut(3) {
        let density: [f32; 3] = std::array::from_fn(|channel| densities[channel][usize::from(pixel[channel])]);
        // Only amounts above zero are stain; anything brighter than the background stays as it is.
        let added: [f32; 2] = std::array::from_fn(|stain| {
            let amount: f32 = (0..3).map(|channel| density[channel] * unmix[channel][stain]).sum();
            amount.max(0.0) * (factors[stain] - 1.0)
        });
        for channel in 0..3 {
            let changed = density[channel] + added[0] * STAINS[0][channel] + added[1] * STAINS[1][channel];
            let at = ((DENSEST + changed) * PASSING + 0.5).clamp(0.0, PASSING_LAST as f32);
            pixel[channel] = byte(white[channel] * passing[at as usize]);
        }
    }
    result
}

/// The table of transmitted light starts at density `-DENSEST`, in steps of `1 / PASSING`.
const DENSEST: f32 = 1.0;
const PASSING: f32 = 2048.0;
const PASSING_LAST: usize = 14_000;

/// The light of the background in each channel.
fn background(picture: &RgbPixels) -> [f32; 3] {
    let mut counts = [[0usize; 256]; 3];
    for pixel in picture.bytes().chunks_exact(3) {
        for (count, &value) in counts.iter_mut().zip(pixel) {
            count[usize::from(value)] += 1;
        }
    }
    let pixels = picture.bytes().len() / 3;
    let below = (pixels as f32 * BACKGROUND) as usize;
    counts.map(|count| {
        let mut sum = 0;
        let value = count.iter().position(|&pixels| {
            sum += pixels;
            sum > below
        });
        light(value.unwrap_or(255) as u8).max(DARKEST)
    })
}

fn cross(one: [f32; 3], other: [f32; 3]) -> [f32; 3] {
    let vector = [
        one[1] * other[2] - one[2] * other[1],
        one[2] * other[0] - one[0] * other[2],
        one[0] * other[1] - one[1] * other[0],
    ];
    let length = libm::sqrtf(vector.iter().map(|value| value * value).sum());
    vector.map(|value| value / length)
}

/// The inverse of a matrix whose rows are the directions; densities times it are amounts.
fn inverse(rows: [[f32; 3]; 3]) -> [[f32; 3]; 3] {
    let cofactor = |row: usize, column: usize| {
        let (a, b) = ((row + 1) % 3, (row + 2) % 3);
        let (c, d) = ((column + 1) % 3, (column + 2) % 3);
        rows[a][c] * rows[b][d] - rows[a][d] * rows[b][c]
    };
    let determinant: f32 = (0..3).map(|column| rows[0][column] * cofactor(0, column)).sum();
    std::array::from_fn(|row| std::array::from_fn(|column| cofactor(column, row) / determinant))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unmixing_finds_what_was_mixed() {
        let unmix = inverse([STAINS[0], STAINS[1], cross(STAINS[0], STAINS[1])]);
        let density: [f32; 3] = std::array::from_fn(|channel| 0.4 * STAINS[0][channel] + 0.7 * STAINS[1][channel]);
        let amounts: [f32; 3] =
            std::array::from_fn(|stain| (0..3).map(|channel| density[channel] * unmix[channel][stain]).sum());
        assert!((amounts[0] - 0.4).abs() < 1e-5 && (amounts[1] - 0.7).abs() < 1e-5 && amounts[2].abs() < 1e-5);
    }

    #[test]
    fn twice_the_stain_is_twice_the_density() {
        // Nine tenths of background and a patch of 0.2 blue and 0.1 eosin.
        let white = 230;
        let at = |amounts: [f32; 2]| -> [u8; 3] {
            std::array::from_fn(|channel| {
                let density = amounts[0] * STAINS[0][channel] + amounts[1] * STAINS[1][channel];
                byte(light(white) * libm::powf(10.0, -density))
            })
        };
        let patch = at([0.2, 0.1]);
        let bytes = (0..1000).flat_map(|pixel| if pixel < 900 { [white; 3] } else { patch }).collect();
        let picture = RgbPixels::new(100, 10, bytes).expect("three bytes a pixel");
        for (factors, amounts) in [([2.0, 2.0], [0.4, 0.2]), ([0.5, 0.5], [0.1, 0.05]), ([1.5, 0.5], [0.3, 0.05])] {
            let changed = scale(&picture, factors);
            let (expected, found) = (at(amounts), changed.get(99, 9).expect("a pixel"));
            for channel in 0..3 {
                assert!(expected[channel].abs_diff(found[channel]) <= 1, "{factors:?}: {found:?}, not {expected:?}");
            }
            assert_eq!(changed.get(0, 0), Some([white; 3]), "the background stays");
        }
    }
}
