//! Nucleated cells and their parts.

use core::f32::consts::{PI, TAU};

use super::{
    dice::Dice,
    morphology::Morphology,
    outline::{Notch, Outline, Shape},
};

/// Kind of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The kind of the field's class: hematogone or blast.
    OfClass,
    /// A mature small lymphocyte.
    Lymphocyte,
    /// A segmented neutrophil.
    Neutrophil,
    /// A nucleated red cell.
    Erythroblast,
    /// The smear of a burst cell, without an outline.
    Smudge,
}

/// A cell of a scene.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Its kind.
    pub kind: Kind,
    /// Its centre: column and row, µm from the field's upper left corner.
    pub place_um: [f32; 2],
    /// Diameter of the circle with its area, µm.
    pub diameter_um: f32,
    /// Area of the nucleus over the area of the cell, 0..1.
    pub nuclear_ratio: f32,
    pub(super) body: Outline,
    pub(super) nucleus: Nucleus,
    /// Blueness of the cytoplasm, about 1.
    pub(super) basophilia: f32,
    /// Pinkness of the cytoplasm and its grains, 0..1.
    pub(super) eosin: f32,
    /// Seed of its texture.
    pub(super) texture: u32,
}

/// The nucleus: lobes of one chromatin.
#[derive(Clone, Debug)]
pub(super) struct Nucleus {
    pub(super) lobes: Vec<Lobe>,
    pub(super) density: f32,
    pub(super) contrast: f32,
    pub(super) grain_um: f32,
    /// Centre relative to the cell's, radius, and contrast.
    pub(super) nucleoli: Vec<Nucleolus>,
    pub(super) fold: Option<Fold>,
}

/// A connected part of a nucleus.
#[derive(Clone, Debug)]
pub(super) struct Lobe {
    /// Its centre from the cell's, µm.
    pub(super) offset_um: [f32; 2],
    pub(super) radius_um: f32,
    pub(super) outline: Outline,
}

/// A pale round body in the chromatin.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nucleolus {
    /// Its centre from the cell's, µm.
    pub(super) offset_um: [f32; 2],
    pub(super) radius_um: f32,
    pub(super) contrast: f32,
    pub(super) texture: u32,
}

/// A fold line of the nucleus: through a point, with a direction and a bend.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fold {
    /// Start at the nucleus's edge, relative to the cell's centre, µm.
    pub(super) start_um: [f32; 2],
    /// Unit vector into the nucleus.
    pub(super) direction: [f32; 2],
    pub(super) length_um: f32,
    /// Sideways bend at the end, share of the length.
    pub(super) bend: f32,
    /// Share of the density missing in the groove.
    pub(super) depth: f32,
}

impl Cell {
    /// Area of the nucleus, µm².
    #[must_use]
    pub fn nucleus_area_um2(&self) -> f32 {
        self.diameter_um * self.diameter_um * (PI / 4.0) * self.nuclear_ratio
    }

    /// A cell at the origin.
    pub(super) fn drawn(dice: &mut Dice, kind: Kind, morphology: &Morphology) -> Self {
        match kind {
            Kind::OfClass => of_class(dice, morphology),
            Kind::Lymphocyte => lymphocyte(dice),
            Kind::Neutrophil => neutrophil(dice),
            Kind::Erythroblast => erythroblast(dice),
            Kind::Smudge => smudge(dice),
        }
    }
}

fn of_class(dice: &mut Dice, morphology: &Morphology) -> Cell {
    let diameter_um = morphology.diameter_um.draw(dice);
    let nuclear_ratio = morphology.nuclear_ratio.draw(dice).clamp(0.4, 0.95);
    let elongation = morphology.elongation.draw(dice);
    let radius_um = diameter_um / 2.0 * nuclear_ratio.sqrt();
    let cleft = dice.chance(morphology.cleft);
    let angle = dice.between(0.0, TAU);
    let notch = cleft.then(|| Notch { angle, depth: dice.between(0.08, 0.28), half_width: dice.between(0.45, 0.95) });
    let shape = Shape { elongation, roughness: morphology.roughness, notch, ..Shape::default() };
    let outline = Outline::drawn(dice, shape);
    let body_shape =
        Shape { elongation: 0.5 + 0.5 * elongation, roughness: morphology.roughness * 1.7, ..Shape::default() };
    let body = Outline::drawn(dice, body_shape);
    // The nucleus lies off centre, but never beyond the edge.
    let slack = (diameter_um / 2.0 - radius_um) * dice.between(0.35, 1.0);
    let [x, y] = dice.direction();
    let offset_um = [x * slack, y * slack];
    let fold = cleft.then(|| {
        let (sin, cos) = libm::sincosf(angle);
        let edge = outline.radius(cos, sin) * radius_um;
        Fold {
            start_um: [offset_um[0] + cos * edge, offset_um[1] + sin * edge],
            direction: [-cos, -sin],
            length_um: radius_um * dice.between(0.6, 1.4),
            bend: dice.between(-0.5, 0.5),
            depth: dice.between(0.14, 0.38),
        }
    });
    let (low, high) = morphology.nucleoli;
    let nucleoli = (0..dice.count(low, high))
        .map(|_| {
            let [x, y] = dice.in_disk();
            Nucleolus {
                offset_um: [offset_um[0] + x * radius_um * 0.62, offset_um[1] + y * radius_um * 0.62],
                radius_um: morphology.nucleolus_um.draw(dice) / 2.0,
                contrast: morphology.nucleolus_contrast.draw(dice),
                texture: dice.word(),
            }
        })
        .collect();
    Cell {
        kind: Kind::OfClass,
        place_um: [0.0; 2],
        diameter_um,
        nuclear_ratio,
        body,
        nucleus: Nucleus {
            lobes: vec![Lobe { offset_um, radius_um, outline }],
            density: morphology.density.draw(dice),
            contrast: morphology.contrast.draw(dice),
            grain_um: morphology.grain_um.draw(dice),
            nucleoli,
            fold,
        },
        basophilia: morphology.basophilia.draw(dice),
        eosin: 0.05,
        texture: dice.word(),
    }
}

/// One round nucleus, off centre, in a round cell.
struct Simple {
    kind: Kind,
    diameter_um: f32,
    nuclear_ratio: f32,
    roughness: f32,
    density: f32,
    contrast: f32,
    grain_um: f32,
    basophilia: f32,
    eosin: f32,
}

impl Simple {
    fn cell(self, dice: &mut Dice) -> Cell {
        let radius_um = self.diameter_um / 2.0 * self.nuclear_ratio.sqrt();
        let slack = (self.diameter_um / 2.0 - radius_um) * dice.between(0.0, 0.9);
        let [x, y] = dice.direction();
        let shape = Shape { elongation: dice.between(1.0, 1.2), roughness: self.roughness, ..Shape::default() };
        let outline = Outline::drawn(dice, shape);
        let body_shape = Shape { elongation: dice.between(1.0, 1.15), ..shape };
        Cell {
            kind: self.kind,
            place_um: [0.0; 2],
            diameter_um: self.diameter_um,
            nuclear_ratio: self.nuclear_ratio,
            body: Outline::drawn(dice, body_shape),
            nucleus: Nucleus {
                lobes: vec![Lobe { offset_um: [x * slack, y * slack], radius_um, outline }],
                density: self.density,
                contrast: self.contrast,
                grain_um: self.grain_um,
                nucleoli: Vec::new(),
                fold: None,
            },
            basophilia: self.basophilia,
            eosin: self.eosin,
            texture: dice.word(),
        }
    }
}

fn lymphocyte(dice: &mut Dice) -> Cell {
    Simple {
        kind: Kind::Lymphocyte,
        diameter_um: dice.bell(8.6, 0.7),
        nuclear_ratio: dice.between(0.66, 0.82),
        roughness: 0.03,
        density: dice.bell(1.15, 0.08),
        contrast: dice.between(0.22, 0.32),
        grain_um: dice.between(1.6, 2.4),
        basophilia: dice.between(0.5, 0.9),
        eosin: 0.05,
    }
    .cell(dice)
}

fn erythroblast(dice: &mut Dice) -> Cell {
    Simple {
        kind: Kind::Erythroblast,
        diameter_um: dice.bell(8.8, 0.7),
        nuclear_ratio: dice.between(0.28, 0.5),
        roughness: 0.02,
        density: dice.bell(1.45, 0.1),
        contrast: dice.between(0.1, 0.25),
        grain_um: dice.between(1.0, 1.6),
        basophilia: dice.between(0.5, 1.1),
        eosin: dice.between(0.3, 0.7),
    }
    .cell(dice)
}

fn neutrophil(dice: &mut Dice) -> Cell {
    let diameter_um = dice.bell(12.5, 0.8);
    let mut cell = Simple {
        kind: Kind::Neutrophil,
        diameter_um,
        nuclear_ratio: 0.42,
        roughness: 0.03,
        density: dice.bell(1.12, 0.08),
        contrast: dice.between(0.22, 0.32),
        grain_um: dice.between(1.3, 1.9),
        basophilia: 0.06,
        eosin: dice.between(0.4, 0.75),
    }
    .cell(dice);
    // Three to five lobes along an arc around the centre; neighbours overlap a little, like bridges.
    let count = dice.count(3, 5);
    let area = cell.nucleus_area_um2() * 1.08 / count as f32;
    let first = dice.between(0.0, TAU);
    let sweep = dice.between(3.6, 4.6) / count as f32;
    cell.nucleus.lobes = (0..count)
        .map(|at| {
            let radius_um = (area / PI).sqrt() * dice.between(0.88, 1.12);
            let (sin, cos) = libm::sincosf(first + sweep * at as f32 + dice.bell(0.0, 0.08));
            let away = diameter_um * dice.between(0.22, 0.27);
            let shape = Shape { elongation: dice.between(1.05, 1.45), roughness: 0.04, ..Shape::default() };
            Lobe { offset_um: [cos * away, sin * away], radius_um, outline: Outline::drawn(dice, shape) }
        })
        .collect();
    cell
}

fn smudge(dice: &mut Dice) -> Cell {
    Simple {
        kind: Kind::Smudge,
        diameter_um: dice.between(11.0, 18.0),
        nuclear_ratio: 0.9,
        roughness: 0.12,
        density: dice.between(0.3, 0.55),
        contrast: dice.between(0.35, 0.6),
        grain_um: dice.between(1.2, 2.6),
        basophilia: 0.0,
        eosin: 0.6,
    }
    .cell(dice)
}
