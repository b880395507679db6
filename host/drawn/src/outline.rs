//! Closed outlines of cells and nuclei, as a radius for each direction.

use core::f32::consts::TAU;

use super::dice::Dice;

const DIRECTIONS: usize = 128;

/// A star-shaped closed curve around a centre: its radius in each direction, in units of the radius of the circle with the same
/// area.
///
/// Directions are numbered by a pseudo-angle (where a ray meets the diamond `|x| + |y| = 1`), which needs one division instead of
/// an arc tangent.
#[derive(Clone, Debug)]
pub(super) struct Outline {
    radii: [f32; DIRECTIONS + 1],
}

/// How an outline departs from a circle. Angles are radians; all other numbers are shares of the radius.
#[derive(Clone, Copy, Default)]
pub(super) struct Shape {
    /// Long axis over short axis, at least 1.
    pub(super) elongation: f32,
    /// Slow bumps, two to six per turn.
    pub(super) roughness: f32,
    /// Short spikes, as on crenated red cells.
    pub(super) crenation: f32,
    /// Direction, depth and half width of an indentation.
    pub(super) notch: Option<Notch>,
}

/// An indentation of an outline.
#[derive(Clone, Copy)]
pub(super) struct Notch {
    pub(super) angle: f32,
    pub(super) depth: f32,
    pub(super) half_width: f32,
}

impl Outline {
    pub(super) fn drawn(dice: &mut Dice, shape: Shape) -> Self {
        let axis = dice.between(0.0, TAU);
        let bumps: [(f32, f32, f32); 5] = std::array::from_fn(|at| {
            let order = at as f32 + 2.0;
            (order, dice.bell(0.0, shape.roughness * 1.6 / order), dice.between(0.0, TAU))
        });
        let spikes = dice.count(11, 17) as f32;
        let spike_phase = dice.between(0.0, TAU);
        let stretch = shape.elongation.max(1.0).sqrt();
        let mut radii = [0.0; DIRECTIONS + 1];
        for (at, radius) in radii.iter_mut().enumerate() {
            let [x, y] = diamond(at);
            let angle = libm::atan2f(y, x);
            let (sin, cos) = libm::sincosf(angle - axis);
            // Polar form of an ellipse with the semi-axes `stretch` and `1 / stretch`.
            let ellipse = 1.0 / ((cos / stretch) * (cos / stretch) + (sin * stretch) * (sin * stretch)).sqrt();
            let mut factor = 1.0;
            for (order, height, phase) in bumps {
                factor += height * libm::cosf(order * angle + phase);
            }
            if shape.crenation > 0.0 {
                // Uneven spikes: the third bump's wave sets their height.
                let uneven = 0.65 + 0.35 * libm::cosf(3.0 * angle + bumps[1].2);
                factor += shape.crenation * uneven * libm::cosf(spikes * angle + spike_phase);
            }
            if let Some(notch) = shape.notch {
                let mut off = angle - notch.angle;
                off -= TAU * (off / TAU).round();
                factor -= notch.depth * super::noise::hump(off / notch.half_width);
            }
            *radius = ellipse * factor.max(0.25);
        }
        radii[DIRECTIONS] = radii[0];
        let mut outline = Self { radii };
        let correction = 1.0 / (outline.area() / core::f32::consts::PI).sqrt();
        for radius in &mut outline.radii {
            *radius *= correction;
        }
        outline
    }

    /// Radius in the direction of `(x, y)`.
    pub(super) fn radius(&self, x: f32, y: f32) -> f32 {
        let sum = x.abs() + y.abs();
        if sum <= 0.0 {
            return self.radii[0];
        }
        let along = x / sum;
        let pseudo_angle = if y >= 0.0 { 1.0 - along } else { 3.0 + along };
        let place = pseudo_angle * (DIRECTIONS as f32 / 4.0);
        let at = (place as usize).min(DIRECTIONS - 1);
        let share = place - at as f32;
        self.radii[at] + (self.radii[at + 1] - self.radii[at]) * share
    }

    /// Largest radius.
    pub(super) fn reach(&self) -> f32 {
        self.radii.iter().fold(0.0, |reach, &radius| reach.max(radius))
    }

    fn area(&self) -> f32 {
        let corner = |at: usize| {
            let [x, y] = diamond(at);
            let length = (x * x + y * y).sqrt();
            [x / length * self.radii[at], y / length * self.radii[at]]
        };
        (0..DIRECTIONS)
            .map(|at| {
                let ([x, y], [next_x, next_y]) = (corner(at), corner(at + 1));
                0.5 * (x * next_y - y * next_x)
            })
            .sum()
    }
}

/// The point of the diamond with the pseudo-angle `at * 4 / DIRECTIONS`.
fn diamond(at: usize) -> [f32; 2] {
    let pseudo_angle = (at % DIRECTIONS) as f32 * (4.0 / DIRECTIONS as f32);
    if pseudo_angle <= 2.0 {
        let x = 1.0 - pseudo_angle;
        [x, 1.0 - x.abs()]
    } else {
        let x = pseudo_angle - 3.0;
        [x, x.abs() - 1.0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Stream;

    #[test]
    fn an_outline_encloses_the_area_of_its_circle() {
        for seed in 0..50 {
            let mut dice = Dice::new(seed, Stream::Cells);
            let notch = Some(Notch { angle: 1.0, depth: 0.3, half_width: 0.5 });
            let outline = Outline::drawn(&mut dice, Shape { elongation: 1.4, roughness: 0.06, crenation: 0.05, notch });
            // Count the points of a fine grid that lie inside; no Monte Carlo.
            let inside = (-200..=200)
                .flat_map(|i| (-200..=200).map(move |j| (i as f32 / 100.0, j as f32 / 100.0)))
                .filter(|&(x, y)| (x * x + y * y).sqrt() <= outline.radius(x, y))
                .count();
            let area = inside as f32 / 10_000.0;
            assert!((area - core::f32::consts::PI).abs() < 0.03, "seed {seed}: {area}");
        }
    }
}
