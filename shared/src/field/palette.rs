//! The palette of a field: its lamp, and the depth and hue of its stain, together.
//!
//! A network that sees a field's colours, and not its optical density, learns the lamp and the stain of each sitting along with the cells:
//! a little less light, or a paler stain, and it takes every field for another class, and is sure. Each number alone may still be usual:
//! a sitting whose stain has faded is as pale as another sitting, though not of its hue. So the numbers are compared together, with one
//! sitting at a time.

use alloc::vec::Vec;

use crate::field::{
    normal::{FEWEST_FIELDS, Normal},
    stain::{Hue, Stained},
};

/// Numbers of a [`Palette`].
pub const COLOURS: usize = 9;
/// Most sittings whose palettes are kept apart.
pub const MOST_SITTINGS: usize = 12;

/// Added to each variance: 0.02 squared, two per cent of a value.
const FLOOR: f64 = 4e-4;

/// Three logarithms of the background in red, green and blue, `ln(b + 1)` of the 95th percentile `b` of the values outside the mask; two
/// of the density of green, over erythrocytes and over nuclei; four of the [`Hue`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Palette(pub [f32; COLOURS]);

/// Distribution of the palettes of one sitting's fields.
pub type Sitting = Normal<COLOURS>;

impl Palette {
    /// The palette of a field with this background and stain.
    pub(crate) fn of(background: [u8; 3], stained: &Stained) -> Self {
        let [red, green, blue] = background.map(|value| libm::logf(f32::from(value) + 1.0));
        let [erythrocytes, nuclei] = stained.depth.map(|depth| libm::logf(depth + 1.0));
        let Hue([a, b, c, d]) = stained.hue;
        Self([red, green, blue, erythrocytes, nuclei, a, b, c, d])
    }
}

/// Learns the palettes of sittings, at most [`MOST_SITTINGS`]: those with the most fields. `sittings` are the palettes of each; of those
/// with too few fields the palettes make one more. `None` if there are too few for any, or a number is not finite.
#[must_use]
pub fn learn<'a>(sittings: impl Iterator<Item = &'a [Palette]>) -> Option<Vec<Sitting>> {
    let (mut large, small): (Vec<&[Palette]>, Vec<&[Palette]>) =
        sittings.partition(|palettes| palettes.len() >= FEWEST_FIELDS);
    large.sort_by_key(|palettes| core::cmp::Reverse(palettes.len()));
    let normal = |palettes: &[Palette]| Normal::learn(palettes.iter().map(|palette| palette.0), FLOOR);
    let mut learned: Vec<Sitting> = large.iter().take(MOST_SITTINGS).map(|one| normal(one)).collect::<Option<_>>()?;
    let rest = small.concat();
    if learned.len() < MOST_SITTINGS && rest.len() >= FEWEST_FIELDS {
        learned.push(normal(&rest)?);
    }
    (!learned.is_empty()).then_some(learned)
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn palette(light: f32, depth: f32, hue: f32) -> Palette {
        Palette([light, light, light, depth, depth + 1.0, hue, hue, hue, hue])
    }

    fn sitting(light: f32, depth: f32, hue: f32) -> Vec<Palette> {
        (0..40).map(|at| palette(light + 0.002 * (at % 5) as f32, depth + 0.03 * (at % 7) as f32, hue)).collect()
    }

    #[test]
    fn a_field_must_be_like_one_sitting_in_all_its_numbers() {
        let [deep, pale] = [sitting(5.4, 4.0, 0.5), sitting(5.5, 3.0, 0.8)];
        let known = learn([deep.as_slice(), &pale].into_iter()).expect("enough fields");
        let nearest = |palette: Palette| crate::field::normal::nearest(&known, &palette.0);
        assert!(deep.iter().chain(&pale).all(|palette| nearest(*palette) < 2.0));
        // As pale as the other sitting, but of its own hue and in its own light.
        assert!(nearest(palette(5.4, 3.0, 0.5)) > 20.0);
        // In less light.
        assert!(nearest(palette(5.2, 4.0, 0.5)) > 20.0);
    }

    #[test]
    fn small_sittings_are_taken_together_and_too_few_fields_teach_nothing() {
        let palettes = sitting(5.4, 4.0, 0.5);
        let learned = |parts: &[&[Palette]]| learn(parts.iter().copied()).map(|sittings| sittings.len());
        assert_eq!(learned(&[&palettes]), Some(1));
        assert_eq!(learned(&[&palettes, &palettes[..10], &palettes[..10]]), Some(2));
        assert_eq!(learned(&[&palettes[..10]]), None);
        assert_eq!(learned(&[]), None);
        assert_eq!(learned(&vec![palettes.as_slice(); 20]), Some(MOST_SITTINGS));
        let mut broken = palettes.clone();
        broken[3].0[7] = f32::NAN;
        assert_eq!(learned(&[&broken]), None);
    }
}
