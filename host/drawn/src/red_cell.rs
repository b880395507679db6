//! Red cells, platelets and grains of stain.

use core::f32::consts::TAU;

use super::{
    conditions::Conditions,
    dice::Dice,
    outline::{Notch, Outline, Shape},
};

/// A red cell: a disk of 7 to 8 µm, thinner in the middle.
#[derive(Clone, Debug)]
pub(super) struct RedCell {
    pub(super) place_um: [f32; 2],
    pub(super) radius_um: f32,
    pub(super) outline: Outline,
    /// Optical density relative to the field's red cells.
    pub(super) density: f32,
    /// Share of the density missing in the middle, 0..1.
    pub(super) pallor: f32,
    /// Edge of the pallor, share of the radius.
    pub(super) pallor_reach: f32,
    /// The pallor's centre, share of the radius.
    pub(super) pallor_offset: [f32; 2],
    /// Width of the cell's edge, µm: cells above or below the focus are softer.
    pub(super) edge_um: f32,
}

impl RedCell {
    /// A red cell at the origin.
    pub(super) fn drawn(dice: &mut Dice, conditions: &Conditions) -> Self {
        let crenated = dice.chance(conditions.crenated);
        let odd = dice.chance(0.08);
        let notch = dice.chance(0.05).then(|| Notch {
            angle: dice.between(0.0, TAU),
            depth: dice.between(-0.25, 0.25),
            half_width: dice.between(0.3, 0.7),
        });
        let shape = Shape {
            elongation: if odd { dice.between(1.2, 1.6) } else { 1.0 + dice.bell(0.07, 0.05).abs() },
            roughness: dice.between(0.012, 0.035),
            crenation: if crenated { dice.between(0.02, 0.05) } else { 0.0 },
            notch,
        };
        let [x, y] = dice.in_disk();
        Self {
            place_um: [0.0; 2],
            radius_um: dice.bell(3.7, 0.28),
            outline: Outline::drawn(dice, shape),
            density: dice.bell(1.0, 0.10),
            pallor: (conditions.pallor + dice.bell(0.0, 0.15)).clamp(0.0, 0.92),
            pallor_reach: dice.between(0.42, 0.72),
            pallor_offset: [x * 0.12, y * 0.12],
            edge_um: dice.between(0.3, 0.55) + if dice.chance(0.2) { dice.between(0.0, 0.8) } else { 0.0 },
        }
    }
}

/// A platelet: 2 to 3 µm, violet and granular.
#[derive(Clone, Debug)]
pub(super) struct Platelet {
    pub(super) place_um: [f32; 2],
    pub(super) radius_um: f32,
    pub(super) outline: Outline,
    pub(super) texture: u32,
}

impl Platelet {
    pub(super) fn drawn(dice: &mut Dice, place_um: [f32; 2]) -> Self {
        let shape = Shape {
            elongation: dice.between(1.0, 1.5),
            roughness: 0.1,
            crenation: dice.between(0.0, 0.06),
            notch: None,
        };
        Self { place_um, radius_um: dice.between(0.8, 1.6), outline: Outline::drawn(dice, shape), texture: dice.word() }
    }
}

/// A grain of precipitated stain, or dust in the light path.
#[derive(Clone, Copy, Debug)]
pub(super) struct Speck {
    pub(super) place_um: [f32; 2],
    pub(super) radius_um: f32,
    pub(super) density: f32,
    pub(super) texture: u32,
    /// Grey and out of focus rather than stained.
    pub(super) dust: bool,
}

impl Speck {
    pub(super) fn drawn(dice: &mut Dice, place_um: [f32; 2]) -> Self {
        let size = dice.unit();
        // Most are at the microscope's resolution limit.
        Self {
            place_um,
            radius_um: 0.22 + 0.5 * size * size * size,
            density: dice.between(0.2, 1.0),
            texture: dice.word(),
            dust: false,
        }
    }

    pub(super) fn dust(dice: &mut Dice, place_um: [f32; 2]) -> Self {
        Self {
            place_um,
            radius_um: dice.between(1.2, 2.8),
            density: dice.between(0.08, 0.4),
            texture: dice.word(),
            dust: true,
        }
    }
}
