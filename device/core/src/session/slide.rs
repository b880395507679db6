//! The slide of a session, live: its distinct fields, and what they say together.

use alloc::{
    collections::BTreeSet,
    format,
    string::{String, ToString},
    vec::Vec,
};

use blastscope_shared::{
    Class,
    judge::slide::{Lacking, SlideAssessment, SlideField, SlidePooling, SlideVerdict},
};
use serde::{Deserialize, Serialize};

/// The fields of a slide, each with its number in the session. A field counts once: who adds fields knows them apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Slide {
    pooling: SlidePooling,
    fields: Vec<(u64, SlideField)>,
    /// Numbers of the fields that do not count.
    excluded: BTreeSet<u64>,
}

impl Slide {
    /// A slide with these fields.
    #[must_use]
    pub const fn new(pooling: SlidePooling, fields: Vec<(u64, SlideField)>) -> Self {
        Self { pooling, fields, excluded: BTreeSet::new() }
    }

    /// The slide without the fields of these numbers.
    #[must_use]
    pub fn without(mut self, excluded: &[u64]) -> Self {
        self.excluded.extend(excluded);
        self
    }

    /// Adds a field; a number that is there already adds nothing.
    pub fn add(&mut self, number: u64, field: SlideField) {
        if self.fields.iter().all(|(known, _)| *known != number) {
            self.fields.push((number, field));
        }
    }

    /// Leaves out the field of this number, or counts it again.
    pub fn exclude(&mut self, number: u64, excluded: bool) {
        if excluded {
            self.excluded.insert(number);
        } else {
            self.excluded.remove(&number);
        }
    }

    /// What the fields that count say together.
    #[must_use]
    pub fn told(&self) -> SlideTold {
        let counted = self.fields.iter().filter(|(number, _)| !self.excluded.contains(number));
        let (numbers, fields): (Vec<u64>, Vec<SlideField>) = counted.copied().unzip();
        SlideTold::new(&self.pooling.assess(&fields), |at| numbers[at])
    }
}

/// What is told of a slide, by every face, the record and the reports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SlideTold {
    /// `Benign`, `ALL suspected` or `Not enough yet`.
    pub verdict: String,
    /// Whether it is called malignant; `None` if nothing is said.
    pub malignant: Option<bool>,
    /// The malignant class, if it is called malignant and the classes that its fields name agree.
    pub subtype: Option<Class>,
    /// Probability of what is said, 0..=1; `None` if nothing is.
    pub probability: Option<f32>,
    /// Fields with a verdict, on which it rests.
    pub fields: usize,
    /// Fields without a verdict.
    pub abstained: usize,
    /// Cells in the fields with a verdict; `None` if the model does not see cells.
    pub cells: Option<u32>,
    /// How many more fields with a verdict it wants; `None` if it has enough, or more of this kind will not settle it.
    pub more: Option<usize>,
    /// What is missing, as a sentence; `None` if something is said.
    pub missing: Option<String>,
    /// Numbers of the fields that speak against it. Empty while it wants more fields.
    pub against: Vec<u64>,
}

impl SlideTold {
    fn new(assessment: &SlideAssessment, number: impl Fn(usize) -> u64) -> Self {
        let SlideAssessment { verdict, spoken, abstained, cells, against, .. } = assessment;
        let lacking = match verdict {
            SlideVerdict::NotEnough(lacking) => Some(lacking),
            SlideVerdict::Benign | SlideVerdict::Malignant { .. } => None,
        };
        let more = lacking.and_then(Lacking::more);
        Self {
            verdict: verdict.name().into(),
            malignant: verdict.is_malignant(),
            subtype: verdict.subtype(),
            probability: assessment.probability(),
            fields: *spoken,
            abstained: *abstained,
            cells: *cells,
            more,
            missing: lacking.map(ToString::to_string),
            // Below the needed number only that is said: a leaning would be taken for a verdict.
            against: if more.is_some() { Vec::new() } else { against.iter().map(|&at| number(at)).collect() },
        }
    }

    /// The verdict with its subtype: `ALL suspected, Pre`.
    #[must_use]
    pub fn name(&self) -> String {
        match self.subtype {
            Some(subtype) => format!("{}, {subtype}", self.verdict),
            None => self.verdict.clone(),
        }
    }

    /// What it rests on: `12 fields with a verdict, 240 cells; 3 fields without a verdict`.
    #[must_use]
    pub fn basis(&self) -> String {
        let plural = |count: u64, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
        let cells = self.cells.map(|cells| format!(", {}", plural(cells.into(), "cell"))).unwrap_or_default();
        let silent = match self.abstained {
            0 => String::new(),
            silent => format!("; {} without a verdict", plural(silent as u64, "field")),
        };
        format!("{} with a verdict{cells}{silent}", plural(self.fields as u64, "field"))
    }
}

#[cfg(test)]
mod tests;
