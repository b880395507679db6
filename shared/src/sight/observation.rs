//! What a network observed in a field: something it can judge, or nothing.
//!
//! A field in which nothing was seen has no class, no probability and no novelty. No code can mistake it for a benign field,
//! because it has no numbers: to get the most probable class, a caller must first check that something was observed.

use serde::{Deserialize, Serialize};

/// What was observed, or why there is nothing. In JSON: the observation itself, or the reason as a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Observation<T> {
    /// Something to judge.
    Observed(T),
    /// Nothing to judge.
    Nothing(Blank),
}

/// Why there is nothing to judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Blank {
    /// The network sees cells, but the field shows none.
    #[serde(rename = "no cells")]
    NoCells,
    /// The network's outputs, the probabilities or the novelty are not finite numbers.
    #[serde(rename = "not a number")]
    NotFinite,
}

impl<T> Observation<T> {
    /// What was observed, if anything.
    #[must_use]
    pub fn observed(self) -> Option<T> {
        match self {
            Self::Observed(seen) => Some(seen),
            Self::Nothing(_) => None,
        }
    }

    /// Why nothing was observed; `None` if something was.
    #[must_use]
    pub const fn blank(&self) -> Option<Blank> {
        match self {
            Self::Observed(_) => None,
            Self::Nothing(blank) => Some(*blank),
        }
    }

    /// The same by reference.
    #[must_use]
    pub const fn as_ref(&self) -> Observation<&T> {
        match self {
            Self::Observed(seen) => Observation::Observed(seen),
            Self::Nothing(blank) => Observation::Nothing(*blank),
        }
    }

    /// Applies `change` to what was observed.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Observation<U> {
        self.and_then(|seen| Observation::Observed(change(seen)))
    }

    /// Applies `change` to what was observed; the result may be nothing.
    pub fn and_then<U>(self, change: impl FnOnce(T) -> Observation<U>) -> Observation<U> {
        match self {
            Self::Observed(seen) => change(seen),
            Self::Nothing(blank) => Observation::Nothing(blank),
        }
    }
}

impl<const N: usize> Observation<[f32; N]> {
    /// `numbers`, or nothing if any of them is not finite.
    #[must_use]
    pub fn of_finite(numbers: [f32; N]) -> Self {
        match numbers.iter().all(|number| number.is_finite()) {
            true => Self::Observed(numbers),
            false => Self::Nothing(Blank::NotFinite),
        }
    }
}

impl Blank {
    /// The reason in two or three words: `no cells` or `not a number`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoCells => "no cells",
            Self::NotFinite => "not a number",
        }
    }
}
