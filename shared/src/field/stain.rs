//! The hue of a field's stain: the proportions in which its dyes absorb red, green and blue.
//!
//! Wright-Giemsa and its relatives are mixtures, and every laboratory has its own: batch, buffer, minutes, age. What a network
//! learned on one laboratory's slides need not hold on another's, and a network that sees the density of one channel, like
//! [`cells`](crate::sight::cells), cannot notice a different stain. So the stain is measured beside the network.
//!
//! A [`Hue`] is four ratios of mean optical densities: red to green and blue to green, over pixels stained like erythrocytes and
//! over the darkest pixels, the nuclei. By the law of Beer and Lambert a ratio depends on the dyes and on the camera's colour
//! filters, not on the thickness of the smear. Density is taken against the field's own background, so lamp and white balance
//! cancel too.

use crate::field::{density::for_each_unmasked, framing::Framing, histogram::percentile, normal::Normal};

/// Numbers of a [`Hue`].
pub const HUES: usize = 4;

/// Pixels that count as erythrocytes: green density above this percentile of the field's,
const PALE: u64 = 60;
/// and up to this one.
const DEEP: u64 = 85;
/// Pixels above this percentile count as nuclei.
const NUCLEAR: u64 = 95;
/// Added to each variance: 0.01 squared.
const FLOOR: f64 = 1e-4;

/// The hue of a field's stain: density of red to green and of blue to green over erythrocytes, then the same over nuclei.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hue(pub [f32; HUES]);

/// The stain of one field.
pub(crate) struct Stained {
    /// Its hue.
    pub(crate) hue: Hue,
    /// Mean density of green over erythrocytes and over nuclei, in units of 2/255; 0 where there are none.
    pub(crate) depth: [f32; 2],
}

/// Measures the stain of a field in optical density: HWC bytes, red first.
/// Sums are integers, so that every machine gets the same bits. An unstained field has ratios of 1.
pub(crate) fn measure(framing: &Framing, density: &[u8]) -> Stained {
    let mut counts = [0u32; 256];
    for_each_unmasked(framing, density, |pixel| counts[usize::from(pixel[1])] += 1);
    let [pale, deep, nuclear] = [PALE, DEEP, NUCLEAR].map(|percent| percentile(&counts, percent));
    let (mut erythrocytes, mut nuclei) = ([0u32; 3], [0u32; 3]);
    let mut pixels = [0u32; 2];
    for_each_unmasked(framing, density, |pixel| {
        let green = pixel[1];
        let (sums, count) = match green {
            _ if green > nuclear => (&mut nuclei, 1),
            _ if green > pale && green <= deep => (&mut erythrocytes, 0),
            _ => return,
        };
        pixels[count] += 1;
        sums.iter_mut().zip(pixel).for_each(|(sum, density)| *sum += u32::from(density));
    });
    let ratio = |sum: u32, green: u32| (sum + 1) as f32 / (green + 1) as f32;
    let [of_erythrocytes, of_nuclei] =
        [erythrocytes, nuclei].map(|[red, green, blue]| [ratio(red, green), ratio(blue, green)]);
    let depth = |[_, green, _]: [u32; 3], pixels: u32| green as f32 / pixels.max(1) as f32;
    Stained {
        hue: Hue([of_erythrocytes[0], of_erythrocytes[1], of_nuclei[0], of_nuclei[1]]),
        depth: [depth(erythrocytes, pixels[0]), depth(nuclei, pixels[1])],
    }
}

/// Distribution of the hues of one stain's fields.
pub type Stain = Normal<HUES>;

/// Learns a stain from the hues of fields, as [`Normal::learn`].
#[must_use]
pub fn learn(hues: &[Hue]) -> Option<Stain> {
    Normal::learn(hues.iter().map(|hue| hue.0), FLOOR)
}

#[cfg(test)]
mod tests {
    use alloc::{vec, vec::Vec};

    use super::*;

    /// A field of columns of glass, erythrocytes and nuclei of varying depth, whose dyes absorb light in given proportions.
    fn field(framing: &Framing, thickness: f32, erythrocytes: [f32; 3], nuclei: [f32; 3]) -> Vec<u8> {
        let mut density = vec![0u8; framing.input_len()];
        for (at, pixel) in density.chunks_exact_mut(3).enumerate() {
            let (dye, depth) = match at % 32 {
                0..18 => continue,
                18..30 => (erythrocytes, 30 + at / 32 % 20),
                _ => (nuclei, 100 + at / 32 % 40),
            };
            pixel.iter_mut().zip(dye).for_each(|(value, part)| *value = (part * thickness * depth as f32) as u8);
        }
        density
    }

    #[test]
    fn a_hue_tells_dyes_apart_and_not_thickness() {
        let framing = Framing::square(192);
        let (eosin, azure) = ([0.2, 1.0, 0.9], [0.7, 1.0, 0.5]);
        let [thin, thick] =
            [0.7, 1.4].map(|thickness| measure(&framing, &field(&framing, thickness, eosin, azure)).hue);
        for ((thin, thick), expected) in thin.0.into_iter().zip(thick.0).zip([0.2, 0.9, 0.7, 0.5]) {
            assert!((thin - expected).abs() < 0.03 && (thick - expected).abs() < 0.03, "{thin} {thick} {expected}");
        }
        let other = measure(&framing, &field(&framing, 1.0, [0.5, 1.0, 0.9], azure)).hue;
        assert!(other.0[0] > 0.45, "{other:?}");
        // An empty field causes no division by zero.
        assert_eq!(measure(&framing, &vec![0; framing.input_len()]).hue, Hue([1.0; HUES]));
    }
}
