//! The nucleated cells of a field, how each leans, and what a person calls them.

use alloc::{format, string::String, vec::Vec};
use core::{fmt, str::FromStr};

use blastscope_shared::Rate;
use serde::{Deserialize, Serialize, Serializer};

/// A cell that the network saw.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeenCell {
    /// Column of its centre, as a share of the picture's width, 0..=1.
    pub x: f32,
    /// Row of its centre, as a share of the picture's height, 0..=1.
    pub y: f32,
    /// How it leans by itself, 0..=1, above 0.5 towards malignant; see
    /// [`Classifier::leanings`](blastscope_shared::Classifier::leanings). It sorts cells; it is no probability and no verdict.
    /// `None` if the field is so unlike the training data that nothing is said of it.
    pub leaning: Option<f32>,
}

/// The cells of a field, the largest nucleus first, as the network saw them in its picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldCells {
    /// Width of what the network sees of a cell, as a share of the picture's width.
    pub width: f32,
    /// Height of what the network sees of a cell, as a share of the picture's height.
    pub height: f32,
    /// The cells; empty if there are none.
    pub cells: Vec<SeenCell>,
}

impl FieldCells {
    /// Number of cells.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32::try_from(self.cells.len()).unwrap_or(u32::MAX)
    }

    /// The same cells without leanings.
    #[must_use]
    pub fn without_leanings(mut self) -> Self {
        self.cells.iter_mut().for_each(|cell| cell.leaning = None);
        self
    }

    /// Whether every number is in its range.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let is_share = |number: &f32| (0.0..=1.0).contains(number);
        let cells = self.cells.iter().flat_map(|cell| [Some(cell.x), Some(cell.y), cell.leaning]).flatten();
        cells.chain([self.width, self.height]).all(|number| is_share(&number)) && self.width > 0.0 && self.height > 0.0
    }
}

/// A cell of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellId {
    /// Number of its field.
    pub field: u64,
    /// Its number in [`FieldCells::cells`], from 1.
    pub cell: u32,
}

impl fmt::Display for CellId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cell {} of field {}", self.cell, self.field)
    }
}

/// In JSON: `[field, cell]`.
impl Serialize for CellId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.field, self.cell).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CellId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <(u64, u32)>::deserialize(deserializer).map(|(field, cell)| Self { field, cell })
    }
}

/// What a person calls a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CellLabel {
    /// A blast.
    Blast,
    /// A lymphocyte.
    Lymphocyte,
    /// Another nucleated cell.
    Other,
    /// Debris, or a smudged cell.
    Debris,
    /// Nothing that was ever a cell: stain, dirt, a platelet.
    NotACell,
}

impl CellLabel {
    /// All labels.
    pub const ALL: [Self; 5] = [Self::Blast, Self::Lymphocyte, Self::Other, Self::Debris, Self::NotACell];

    /// `blast`, `lymphocyte`, `other`, `debris` or `not a cell`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Blast => "blast",
            Self::Lymphocyte => "lymphocyte",
            Self::Other => "other",
            Self::Debris => "debris",
            Self::NotACell => "not a cell",
        }
    }

    /// Whether the cell counts in the share of blasts: it is a whole nucleated cell.
    #[must_use]
    pub const fn is_counted(self) -> bool {
        matches!(self, Self::Blast | Self::Lymphocyte | Self::Other)
    }
}

impl FromStr for CellLabel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|label| label.name() == text).ok_or_else(|| {
            format!("{text:?} is not a cell label; they are blast, lymphocyte, other, debris and \"not a cell\"")
        })
    }
}

impl Serialize for CellLabel {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// What a person saw when labelling cells. Labels of something else are refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelsSeen {
    /// Number of the session's newest entry of cell labels; 0 without one.
    pub last: u64,
    /// Whether the session may be signed off already: then the labels amend a signed session.
    pub amends: bool,
    /// Random name of the request, chosen by the client, 8 to 64 of `[A-Za-z0-9-]`: a repeated request counts once.
    pub request: Option<String>,
}

/// How many cells a person has looked at, and what they were called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CellCount {
    /// Cells that the network found in the fields that count.
    pub found: u64,
    /// Of these, called blasts.
    pub blasts: u64,
    /// Called lymphocytes.
    pub lymphocytes: u64,
    /// Called other nucleated cells.
    pub others: u64,
    /// Called debris.
    pub debris: u64,
    /// Called not a cell.
    pub not_cells: u64,
}

impl CellCount {
    /// Adds a cell that was found, with the label that a person gave it.
    pub fn add(&mut self, label: Option<CellLabel>) {
        self.found += 1;
        label.into_iter().for_each(|label| self.label(label));
    }

    /// Counts the label of a cell that is counted as found already.
    pub const fn label(&mut self, label: CellLabel) {
        match label {
            CellLabel::Blast => self.blasts += 1,
            CellLabel::Lymphocyte => self.lymphocytes += 1,
            CellLabel::Other => self.others += 1,
            CellLabel::Debris => self.debris += 1,
            CellLabel::NotACell => self.not_cells += 1,
        }
    }

    /// Cells that a person has looked at: all with a label.
    #[must_use]
    pub const fn looked_at(&self) -> u64 {
        self.counted() + self.debris + self.not_cells
    }

    /// Whole nucleated cells among those looked at: what a differential count counts.
    #[must_use]
    pub const fn counted(&self) -> u64 {
        self.blasts + self.lymphocytes + self.others
    }

    /// Blasts of the [counted](Self::counted) cells, with a 95 % interval. It holds for cells that were chosen without regard to
    /// what they are; whoever looks at the most blast-like ones first counts too many.
    #[must_use]
    pub fn blast_share(&self) -> Rate {
        let number = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        Rate::new(number(self.blasts), number(self.counted()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{string::ToString as _, vec};

    #[test]
    fn debris_and_what_is_no_cell_are_looked_at_but_not_counted() {
        let mut count = CellCount::default();
        CellLabel::ALL.into_iter().for_each(|label| count.add(Some(label)));
        [Some(CellLabel::Blast), None, None].into_iter().for_each(|label| count.add(label));
        assert_eq!((count.found, count.looked_at(), count.counted()), (8, 6, 4));
        let share = count.blast_share();
        assert_eq!((share.hits, share.of), (2, 4));
        assert_eq!(CellCount::default().blast_share().value, None);
    }

    #[test]
    fn names_come_back_and_another_one_is_told_what_there_is() {
        for label in CellLabel::ALL {
            assert_eq!(label.name().parse(), Ok(label));
        }
        let error = "Blast".parse::<CellLabel>().expect_err("names are lower case");
        assert!(error.contains("\"Blast\"") && error.contains("lymphocyte"), "{error}");
        assert_eq!(CellId { field: 7, cell: 2 }.to_string(), "cell 2 of field 7");
    }

    #[test]
    fn numbers_out_of_range_are_not_sound() {
        let cell = SeenCell { x: 0.5, y: 1.0, leaning: Some(0.0) };
        let sound = FieldCells { width: 0.16, height: 0.2, cells: vec![cell] };
        assert!(sound.is_sound() && sound.clone().without_leanings().is_sound());
        for wrong in [
            FieldCells { width: 0.0, ..sound.clone() },
            FieldCells { height: f32::NAN, ..sound.clone() },
            FieldCells { cells: vec![SeenCell { x: 1.1, ..cell }], ..sound.clone() },
            FieldCells { cells: vec![SeenCell { leaning: Some(f32::NAN), ..cell }], ..sound.clone() },
        ] {
            assert!(!wrong.is_sound(), "{wrong:?}");
        }
    }
}
