//! The appearance of each class's nucleated cells, in numbers.
//!
//! The numbers are chosen by hand from haematological descriptions, not fitted to any picture:
//!
//! * **Hematogones** are small (about 8 to 12 µm in the smear), with a very high nucleus-to-cytoplasm ratio, a regular outline,
//!   condensed and homogeneous ("smudged") chromatin, nucleoli absent or indistinct, and a barely visible rim of cytoplasm; they
//!   lie among mature lymphocytes and other normal cells (McKenna et al., Blood 2001;98:2498; Sevilla et al.,
//!   "Hematogones: a review and update", Leuk Lymphoma 2010;51:10).
//! * **Lymphoblasts** of ALL range from small cells with scant cytoplasm, fairly fine chromatin and indistinct nucleoli to large
//!   cells with moderate light-blue to blue cytoplasm, dispersed chromatin, clefted or folded nuclei and one or more prominent
//!   nucleoli (FAB L1 and L2: Bennett et al., Br J Haematol 1976;33:451; WHO Classification of Haematolymphoid Tumours).
//! * Subtypes are defined by markers, not by form, and real forms overlap widely. This table orders them for a readable synthetic
//!   set (Early: medium, fine; Pre: folded, bluer; Pro: largest, open chromatin), and neighbours overlap by about one standard
//!   deviation. **A network that separates drawn fields is not shown to separate real ones.**

use blastscope_shared::Class;

use super::dice::Dice;

/// A bell-shaped range: mean and standard deviation, cut at 2.5 deviations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Mean, in the unit of the quantity.
    pub mean: f32,
    /// Standard deviation, in the same unit.
    pub deviation: f32,
}

impl Spread {
    const fn of(mean: f32, deviation: f32) -> Self {
        Self { mean, deviation }
    }

    pub(super) fn draw(self, dice: &mut Dice) -> f32 {
        dice.bell(self.mean, self.deviation)
    }
}

/// Least and greatest number of cells per field of 102.4 x 76.8 µm.
pub type Count = (usize, usize);

/// Appearance and number of a class's cells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Morphology {
    /// Cells of the class's own kind per field.
    pub cells: Count,
    /// Diameter of the cell, µm (area-equivalent).
    pub diameter_um: Spread,
    /// Area of the nucleus over the area of the cell, 0..1.
    pub nuclear_ratio: Spread,
    /// Long axis of the nucleus over its short axis.
    pub elongation: Spread,
    /// Irregularity of the outlines, share of the radius.
    pub roughness: f32,
    /// Probability of a cleft or fold of the nucleus.
    pub cleft: f32,
    /// Optical density of the chromatin relative to the field's stain, about 1.
    pub density: Spread,
    /// Depth of the chromatin's texture, share of its density.
    pub contrast: Spread,
    /// Size of the chromatin's coarsest features, µm.
    pub grain_um: Spread,
    /// Nucleoli per nucleus.
    pub nucleoli: Count,
    /// How much paler a nucleolus is than the chromatin around it, share of the density.
    pub nucleolus_contrast: Spread,
    /// Diameter of a nucleolus, µm.
    pub nucleolus_um: Spread,
    /// Blueness of the cytoplasm relative to the field's stain, about 1.
    pub basophilia: Spread,
    /// Mature lymphocytes per field.
    pub lymphocytes: Count,
    /// Segmented neutrophils per field.
    pub neutrophils: Count,
    /// Nucleated red cells per field.
    pub erythroblasts: Count,
    /// Probability that a cell of the class touches the previous one.
    pub clustering: f32,
}

impl Morphology {
    /// The table's row for a class.
    #[must_use]
    pub const fn of(class: Class) -> &'static Self {
        &TABLE[class.index()]
    }
}

const TABLE: [Morphology; Class::COUNT] = [
    // Benign: small, round, dense and even; mixed with normal cells.
    Morphology {
        cells: (3, 9),
        diameter_um: Spread::of(9.8, 0.8),
        nuclear_ratio: Spread::of(0.90, 0.02),
        elongation: Spread::of(1.08, 0.04),
        roughness: 0.012,
        cleft: 0.04,
        density: Spread::of(1.12, 0.07),
        contrast: Spread::of(0.08, 0.02),
        grain_um: Spread::of(2.2, 0.3),
        nucleoli: (0, 0),
        nucleolus_contrast: Spread::of(0.10, 0.02),
        nucleolus_um: Spread::of(1.2, 0.2),
        basophilia: Spread::of(0.75, 0.12),
        lymphocytes: (1, 5),
        neutrophils: (0, 2),
        erythroblasts: (0, 3),
        clustering: 0.15,
    },
    // Early: medium, scant cytoplasm, fine chromatin, at most an indistinct nucleolus.
    Morphology {
        cells: (3, 12),
        diameter_um: Spread::of(12.0, 0.9),
        nuclear_ratio: Spread::of(0.84, 0.03),
        elongation: Spread::of(1.12, 0.06),
        roughness: 0.028,
        cleft: 0.10,
        density: Spread::of(1.0, 0.07),
        contrast: Spread::of(0.19, 0.03),
        grain_um: Spread::of(0.9, 0.12),
        nucleoli: (0, 1),
        nucleolus_contrast: Spread::of(0.16, 0.04),
        nucleolus_um: Spread::of(1.7, 0.3),
        basophilia: Spread::of(0.85, 0.12),
        lymphocytes: (0, 2),
        neutrophils: (0, 1),
        erythroblasts: (0, 1),
        clustering: 0.35,
    },
    // Pre: larger, bluer and wider cytoplasm, folded nuclei, visible nucleoli.
    Morphology {
        cells: (3, 12),
        diameter_um: Spread::of(13.9, 1.1),
        nuclear_ratio: Spread::of(0.72, 0.04),
        elongation: Spread::of(1.20, 0.08),
        roughness: 0.035,
        cleft: 0.75,
        density: Spread::of(0.98, 0.07),
        contrast: Spread::of(0.24, 0.03),
        grain_um: Spread::of(1.2, 0.15),
        nucleoli: (1, 2),
        nucleolus_contrast: Spread::of(0.32, 0.05),
        nucleolus_um: Spread::of(2.0, 0.3),
        basophilia: Spread::of(1.25, 0.15),
        lymphocytes: (0, 2),
        neutrophils: (0, 1),
        erythroblasts: (0, 1),
        clustering: 0.40,
    },
    // Pro: largest, open chromatin, several prominent nucleoli, moderate cytoplasm.
    Morphology {
        cells: (2, 9),
        diameter_um: Spread::of(16.2, 1.0),
        nuclear_ratio: Spread::of(0.66, 0.04),
        elongation: Spread::of(1.10, 0.05),
        roughness: 0.03,
        cleft: 0.12,
        density: Spread::of(0.86, 0.07),
        contrast: Spread::of(0.33, 0.04),
        grain_um: Spread::of(1.7, 0.2),
        nucleoli: (2, 4),
        nucleolus_contrast: Spread::of(0.50, 0.07),
        nucleolus_um: Spread::of(2.6, 0.4),
        basophilia: Spread::of(0.9, 0.12),
        lymphocytes: (0, 2),
        neutrophils: (0, 1),
        erythroblasts: (0, 1),
        clustering: 0.25,
    },
];
