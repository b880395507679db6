//! The verdict on a field.

use alloc::string::{String, ToString as _};
use core::fmt;

use crate::{judge::novelty::Aspect, label::Class, sight::Blank};

/// What is said of a field: first whether it is benign or malignant, then which subtype, or why nothing is said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// Benign.
    Benign {
        /// Its calibrated probability, 0..=1.
        probability: f32,
    },
    /// Malignant: acute lymphoblastic leukaemia is suspected.
    Malignant {
        /// Calibrated probability of malignancy, 0..=1: that of all subtypes together.
        probability: f32,
        /// Which of the malignant classes.
        subtype: Subtype,
    },
    /// Neither is said.
    Abstain(Abstention),
}

/// The subtype of a malignant field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Subtype {
    /// A malignant class is named.
    Named {
        /// The most probable malignant class.
        class: Class,
        /// Its calibrated share of the malignancy, 0..=1.
        share: f32,
    },
    /// No malignant class is probable enough.
    NotSure {
        /// The most probable malignant class.
        likely: Class,
        /// Its calibrated share of the malignancy, 0..=1.
        share: f32,
        /// Least share required.
        threshold: f32,
    },
    /// A malignant class is probable enough, but not every juror that names subtypes is fit to speak and says it.
    Disputed {
        /// The most probable malignant class.
        likely: Class,
        /// Its calibrated share of the malignancy, 0..=1.
        share: f32,
    },
}

/// Why nothing is said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Abstention {
    /// Neither benign nor malignant is probable enough.
    LowConfidence {
        /// Calibrated probability of the more probable of them, 0..=1.
        probability: f32,
        /// Least probability required.
        threshold: f32,
    },
    /// The jurors disagree about benign or malignant.
    Disagreement {
        /// How many of those that are fit to speak say malignant.
        malignant: u8,
        /// Number of those that are fit to speak.
        of: u8,
    },
    /// The field is unlike anything the networks were trained on.
    Unfamiliar {
        /// The field's [novelty](crate::judge::novelty); few usual fields exceed 1.
        novelty: f32,
        /// Largest novelty allowed.
        threshold: f32,
        /// In what it is most unlike them.
        aspect: Aspect,
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
    /// Benign or the named malignant class; `None` if the subtype is not sure or nothing is said.
    #[must_use]
    pub const fn class(&self) -> Option<Class> {
        match self {
            Self::Benign { .. } => Some(Class::Benign),
            Self::Malignant { subtype, .. } => subtype.class(),
            Self::Abstain(_) => None,
        }
    }

    /// The named malignant class.
    #[must_use]
    pub const fn subtype(&self) -> Option<Class> {
        match self {
            Self::Malignant { subtype, .. } => subtype.class(),
            _ => None,
        }
    }

    /// Whether the field is called malignant; `None` if nothing is said.
    #[must_use]
    pub const fn is_malignant(&self) -> Option<bool> {
        match self {
            Self::Benign { .. } => Some(false),
            Self::Malignant { .. } => Some(true),
            Self::Abstain(_) => None,
        }
    }

    /// Calibrated probability of benign or malignant, whichever is said.
    #[must_use]
    pub const fn probability(&self) -> Option<f32> {
        match self {
            Self::Benign { probability } | Self::Malignant { probability, .. } => Some(*probability),
            Self::Abstain(_) => None,
        }
    }

    /// Calibrated probability of the class, or of malignancy if the subtype is not sure; `None` if nothing is said.
    #[must_use]
    pub fn stated(&self) -> Option<f32> {
        match self {
            Self::Malignant { probability, subtype: Subtype::Named { share, .. } } => Some(probability * share),
            said => said.probability(),
        }
    }

    /// The class's name, `Malignant` if the subtype is not sure, or `abstain`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Benign { .. } => Class::Benign.name(),
            Self::Malignant { subtype: Subtype::Named { class, .. }, .. } => class.name(),
            Self::Malignant { .. } => MALIGNANT,
            Self::Abstain(_) => "abstain",
        }
    }

    /// Why no class is named, as a clause; `None` if one is.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        match self {
            Self::Benign { .. } | Self::Malignant { subtype: Subtype::Named { .. }, .. } => None,
            Self::Malignant { subtype, .. } => Some(subtype.to_string()),
            Self::Abstain(abstention) => Some(abstention.to_string()),
        }
    }

    /// Whether both say the same, whatever their numbers. Abstentions differ by their reason.
    #[must_use]
    pub fn agrees_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Abstain(a), Self::Abstain(b)) => a.kind() == b.kind(),
            _ => self.name() == other.name(),
        }
    }
}

/// Name of the verdict on a malignant field whose subtype is not sure.
pub const MALIGNANT: &str = "Malignant";

impl Subtype {
    /// The named class.
    #[must_use]
    pub const fn class(&self) -> Option<Class> {
        match self {
            Self::Named { class, .. } => Some(*class),
            Self::NotSure { .. } | Self::Disputed { .. } => None,
        }
    }

    /// The most probable malignant class, named or not.
    #[must_use]
    pub const fn likely(&self) -> Class {
        match self {
            Self::Named { class, .. } => *class,
            Self::NotSure { likely, .. } | Self::Disputed { likely, .. } => *likely,
        }
    }
}

impl fmt::Display for Subtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named { class, share } => write!(f, "{class}: {share:.2} of the malignancy"),
            Self::Disputed { likely, share } => {
                write!(
                    f,
                    "subtype not sure: not all networks that name one know the field and agree; {likely} has {share:.2} of the malignancy"
                )
            }
            Self::NotSure { likely, share, threshold } => {
                write!(f, "subtype not sure: {likely} has {share:.2} of the malignancy, {threshold:.2} is needed")
            }
        }
    }
}

impl Abstention {
    /// The reason without numbers: `not sure enough`, `disagreement`, `unfamiliar`, `no cells` or `not a number`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::LowConfidence { .. } => "not sure enough",
            Self::Disagreement { .. } => "disagreement",
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
            Self::Disagreement { malignant, of } => {
                write!(f, "the networks disagree: {malignant} of {of} call the field malignant, the others benign")
            }
            Self::Unfamiliar { novelty, threshold, aspect } => {
                write!(
                    f,
                    "unlike the fields it was trained on {aspect}: novelty {novelty:.2}, at most {threshold:.2} is allowed"
                )
            }
            Self::NoCells => f.write_str("no nucleated cell was found: move to a field that shows some"),
            Self::NotFinite => f.write_str(
                "the model's output for this field is not finite: install another model and report this one",
            ),
        }
    }
}
