//! The verdict on a field.

use core::fmt;

use crate::{label::Class, sight::Blank};

/// A class, or the reason why none is named.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// A class is named.
    Class {
        /// The most probable class.
        class: Class,
        /// Its calibrated probability, 0..=1.
        probability: f32,
    },
    /// No class is named.
    Abstain(Abstention),
}

/// Why no class is named.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Abstention {
    /// The most probable class is not probable enough.
    LowConfidence {
        /// Its calibrated probability, 0..=1.
        probability: f32,
        /// Least probability required.
        threshold: f32,
    },
    /// The field is unlike anything the network was trained on.
    Unfamiliar {
        /// The field's [novelty](crate::judge::novelty); few usual fields exceed 1.
        novelty: f32,
        /// Largest novelty allowed.
        threshold: f32,
    },
    /// The network sees cells, but the field shows none.
    NoCells,
    /// The model's numbers for the field are not finite.
    NotFinite,
}

impl From<Blank> for Abstention {
    fn from(blank: Blank) -> Self {
        match blank {
            Blank::NoCells => Self::NoCells,
            Blank::NotFinite => Self::NotFinite,
        }
    }
}

impl Verdict {
    /// The named class, if any.
    #[must_use]
    pub const fn class(&self) -> Option<Class> {
        match self {
            Self::Class { class, .. } => Some(*class),
            Self::Abstain(_) => None,
        }
    }

    /// The class's name, or `abstain`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Class { class, .. } => class.name(),
            Self::Abstain(_) => "abstain",
        }
    }
}

impl Abstention {
    /// The reason without numbers: `not sure enough`, `unfamiliar`, `no cells` or `not a number`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::LowConfidence { .. } => "not sure enough",
            Self::Unfamiliar { .. } => "unfamiliar",
            Self::NoCells => Blank::NoCells.name(),
            Self::NotFinite => Blank::NotFinite.name(),
        }
    }
}

impl fmt::Display for Abstention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LowConfidence { probability, threshold } => {
                write!(f, "not sure enough: probability {probability:.2}, {threshold:.2} is needed")
            }
            Self::Unfamiliar { novelty, threshold } => {
                write!(
                    f,
                    "unlike the fields it was trained on: novelty {novelty:.2}, at most {threshold:.2} is allowed"
                )
            }
            Self::NoCells => f.write_str("no nucleated cell was found: move to a field that shows some"),
            Self::NotFinite => f.write_str(
                "the model's output for this field is not finite: install another model and report this one",
            ),
        }
    }
}
