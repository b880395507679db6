//! What an audit concludes: a headline and its reasons.

use serde::Serialize;

/// What a score on the data set is worth.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Conclusion {
    /// The answer, in one or two sentences.
    pub headline: String,
    /// The reasons and what else matters, most serious first.
    pub findings: Vec<Reason>,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// What it means for a score.
    pub weight: Weight,
    /// What was found, with its numbers.
    pub text: String,
}

/// What a finding means for a score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// A score can be reached without looking at a cell, or labels are wrong.
    Serious,
    /// Worth keeping in mind.
    Caution,
    /// Nothing wrong was found.
    Clear,
}

impl Weight {
    /// One word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Serious => "serious",
            Self::Caution => "caution",
            Self::Clear => "clear",
        }
    }
}
