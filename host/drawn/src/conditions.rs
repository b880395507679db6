//! Effects of slide, stain, microscope and camera on a picture: everything that must NOT reveal the class.

use super::{
    dice::{Dice, Stream},
    scale_bar::ScaleBar,
};

/// The conditions of one picture. They depend on the seed alone and are drawn from the same distributions for every class.
///
/// They vary widely on purpose: laboratories differ that much, and colour must not be a shortcut to the class.
#[derive(Clone, Debug, PartialEq)]
pub struct Conditions {
    /// Factor on all optical densities, 0.6..1.5.
    pub stain_strength: f32,
    /// Hue of the nuclei, from red-violet (-1, acid buffer) to blue-violet (1, alkaline buffer).
    pub azure: f32,
    /// Hue of the red cells, from pink (0) to blue-grey (1).
    pub red_cell_grey: f32,
    /// Optical density of a red cell relative to its nominal one, 0.55..1.6.
    pub red_cell_strength: f32,
    /// Optical density of the dried plasma per channel, 0..0.1.
    pub plasma: [f32; 3],
    /// Red, green and blue of the bare glass, 0..1.1: exposure and white balance; above 1 it is clipped.
    pub white: [f32; 3],
    /// Loss of light in the corners, 0..0.25.
    pub vignette: f32,
    /// Change of light from the centre to the right and the lower edge, -0.08..0.08.
    pub gradient: [f32; 2],
    /// Standard deviation of the defocus, µm, 0.05..0.3.
    pub blur_um: f32,
    /// Standard deviation of the sensor's noise at 10 pixels/µm, levels of 255.
    pub noise: f32,
    /// Red cells per field, from a thin to a thick smear.
    pub red_cells: usize,
    /// Probability that a red cell touches another (rouleaux).
    pub stacking: f32,
    /// Depth of the central pallor, 0..1.
    pub pallor: f32,
    /// Share of crenated red cells, 0..1.
    pub crenated: f32,
    /// Smudged cells in the field.
    pub smudges: usize,
    /// Grains of stain precipitate in the field.
    pub precipitate: usize,
    /// Specks of dust in the light path.
    pub dust: usize,
    /// Platelets in the field.
    pub platelets: usize,
    /// The scale bar burned into the lower right corner.
    pub scale_bar: ScaleBar,
    /// Seed of the sensor's noise and of the stain's unevenness.
    pub texture: u32,
}

impl Conditions {
    /// The conditions of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let dice = &mut Dice::new(seed, Stream::Conditions);
        let exposure = dice.between(0.88, 1.08);
        let warmth = dice.bell(0.0, 0.03);
        let green = dice.bell(0.0, 0.02);
        let plasma_depth = dice.between(0.0, 0.09);
        let plasma_hue = dice.unit();
        Self {
            stain_strength: libm::expf(dice.between(-0.48, 0.40)),
            azure: dice.between(-1.0, 1.0),
            red_cell_grey: dice.unit(),
            red_cell_strength: libm::expf(dice.between(-0.6, 0.45)),
            plasma: [plasma_depth * (0.3 + 0.5 * plasma_hue), plasma_depth, plasma_depth * (0.7 - 0.5 * plasma_hue)],
            white: [exposure + warmth, exposure + green, exposure - warmth],
            vignette: dice.between(0.0, 0.22),
            gradient: [dice.bell(0.0, 0.03), dice.bell(0.0, 0.03)],
            blur_um: if dice.chance(0.15) { dice.between(0.16, 0.30) } else { dice.between(0.05, 0.15) },
            noise: dice.between(0.6, 3.2),
            red_cells: dice.count(24, 95),
            stacking: dice.between(0.1, 0.75),
            pallor: dice.between(0.1, 0.85),
            crenated: if dice.chance(0.25) { dice.between(0.2, 0.7) } else { dice.between(0.0, 0.05) },
            smudges: if dice.chance(0.35) { dice.count(1, 2) } else { 0 },
            precipitate: if dice.chance(0.3) { dice.count(10, 60) } else { dice.count(0, 6) },
            dust: dice.count(0, 3),
            platelets: dice.count(0, 7),
            scale_bar: ScaleBar::ALL[dice.count(0, ScaleBar::ALL.len() - 1)],
            texture: dice.word(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_spread_over_their_ranges() {
        let all: Vec<Conditions> = (0..400).map(Conditions::new).collect();
        let span = |number: fn(&Conditions) -> f32| {
            all.iter().map(number).fold((f32::MAX, f32::MIN), |(low, high), x| (low.min(x), high.max(x)))
        };
        let (low, high) = span(|c| c.stain_strength);
        assert!(low > 0.6 && low < 0.66 && high > 1.4 && high < 1.5, "{low} {high}");
        let (low, high) = span(|c| c.white[0]);
        assert!(low > 0.7 && high < 1.2 && high - low > 0.25, "{low} {high}");
        for bar in ScaleBar::ALL {
            let count = all.iter().filter(|c| c.scale_bar == bar).count();
            assert!((60..140).contains(&count), "{bar:?}: {count} of 400");
        }
    }
}
