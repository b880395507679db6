//! The verdict on a whole slide, pooled over its fields.
//!
//! Each field that has a verdict adds its calibrated margin of malignancy, `ln(p / (1 - p))`, clipped so that no single field decides.
//! Fields of one slide share its stain, light and smear, so they err together: n of them are worth `n / (1 + (n - 1) * correlation)`
//! independent ones, the design effect of Kish, Survey Sampling, 1965. The slide's margin is the sum of the clipped margins over the
//! design effect.
//!
//! A field without a verdict has no weight, but where too many have none nothing is said of the slide. Fields that speak against each
//! other are not voted down: beyond a fifth of them the slide is mixed, and nothing is said either.
//!
//! The caller sees to it that each field counts once: a field that is given twice counts twice.

use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    judge::{Assessment, calibration::malignancy},
    label::Class,
};

/// Largest share of the fields with a verdict that may speak against the slide's verdict.
const MOST_AGAINST: f64 = 0.2;
/// Most fields with a verdict that anybody is asked for.
const MOST_FIELDS: usize = 100;
/// Clipped margins are summed in units of 2^-20, so that the order of the fields does not matter.
const UNIT: f64 = 1_048_576.0;

/// How the fields of a slide are pooled. Estimated from sittings that a training left out, or [`SlidePooling::UNMEASURED`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SlidePooling {
    /// Correlation of the margins of two fields of one slide, given whether it is benign or malignant, 0..=1.
    pub correlation: f32,
    /// Largest margin that a field may add, as natural log-odds, above 0.
    pub clip: f32,
    /// Fewest fields with a verdict, 1..=100.
    pub fewest_fields: u16,
    /// Least share of the fields that must have a verdict, 0..=1.
    pub min_spoken: f32,
    /// Least probability of benign or malignant, 0.5 to below 1.
    pub min_probability: f32,
}

impl Default for SlidePooling {
    /// [`Self::UNMEASURED`].
    fn default() -> Self {
        Self::UNMEASURED
    }
}

impl SlidePooling {
    /// For a model that was not measured on sittings left out: two fields of a slide share half of their variance, a field is worth at
    /// most 19 to 1, and ten fields with a verdict are needed. Of ten, nine must agree.
    pub const UNMEASURED: Self =
        Self { correlation: 0.5, clip: 2.944_439, fewest_fields: 10, min_spoken: 0.5, min_probability: 0.98 };

    /// Whether every number is in its range.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        let Self { correlation, clip, fewest_fields, min_spoken, min_probability } = *self;
        (0.0..=1.0).contains(&correlation)
            && (f32::MIN_POSITIVE..=100.0).contains(&clip)
            && (1..=MOST_FIELDS).contains(&fewest_fields.into())
            && (0.0..=1.0).contains(&min_spoken)
            && (0.5..1.0).contains(&min_probability)
    }

    /// The verdict on a slide of these fields. Their order does not matter. A margin that is NaN counts as a field without a verdict;
    /// with a pooling that is not [usable](Self::is_usable) there is none.
    #[must_use]
    pub fn assess(&self, fields: &[SlideField]) -> SlideAssessment {
        let said: Vec<(usize, f64, Option<Class>)> = fields
            .iter()
            .enumerate()
            .filter_map(|(at, field)| {
                let Spoken { margin, subtype } = field.spoken?;
                let clipped = libm::fmaximumf(libm::fminimumf(margin, self.clip), -self.clip);
                clipped.is_finite().then_some((at, f64::from(clipped), subtype))
            })
            .collect();
        let sum = said.iter().map(|(_, margin, _)| libm::rint(margin * UNIT) as i64).sum::<i64>() as f64 / UNIT;
        let spoken = said.len();
        let is_malignant = sum >= 0.0;
        let is_against = |margin: f64| (margin >= 0.0) != is_malignant;
        let against: Vec<usize> =
            said.iter().filter(|(_, margin, _)| is_against(*margin)).map(|(at, ..)| *at).collect();
        let margin = self.margin(sum, spoken);
        let verdict = match self.lacking(fields.len(), spoken, against.len(), sum) {
            Some(lacking) => SlideVerdict::NotEnough(lacking),
            None if is_malignant => SlideVerdict::Malignant { subtype: subtype(&said) },
            None => SlideVerdict::Benign,
        };
        let malignancy = (1.0 / (1.0 + libm::exp(-margin))) as f32;
        SlideAssessment {
            verdict,
            malignancy: (spoken > 0 && malignancy.is_finite()).then_some(malignancy),
            spoken,
            abstained: fields.len() - spoken,
            cells: fields
                .iter()
                .filter(|field| field.spoken.is_some())
                .filter_map(|field| field.cells)
                .reduce(u32::saturating_add),
            against,
        }
    }

    /// The slide's margin, if the clipped margins of `fields` fields add up to `sum`.
    fn margin(&self, sum: f64, fields: usize) -> f64 {
        let others = fields.saturating_sub(1) as f64;
        sum / (1.0 + others * f64::from(self.correlation))
    }

    /// Whether `fields` fields whose margins add up to `sum` are sure enough. Stated so that NaN is not.
    fn is_sure(&self, sum: f64, fields: usize) -> bool {
        let least = f64::from(self.min_probability);
        self.margin(sum, fields).abs() >= libm::log(least / (1.0 - least))
    }

    /// What a slide lacks for a verdict: of `all` fields, `spoken` have one, and `against` of these speak against the `sum`.
    fn lacking(&self, all: usize, spoken: usize, against: usize, sum: f64) -> Option<Lacking> {
        let fewest = usize::from(self.fewest_fields);
        let is_heard = |spoken: usize, all: usize| spoken as f64 >= all as f64 * f64::from(self.min_spoken);
        let agree = against as f64 <= spoken as f64 * MOST_AGAINST;
        let mean = sum / spoken.max(1) as f64;
        let enough = |fields: usize| fields >= fewest && self.is_sure(mean * fields as f64, fields);
        if spoken > 0 && enough(spoken) && agree && is_heard(spoken, all) {
            return None;
        }
        if all >= fewest && !is_heard(spoken, all) {
            return Some(Lacking::Verdicts);
        }
        if spoken >= fewest && !agree {
            return Some(Lacking::Agreement);
        }
        let wanted =
            (spoken + 1..=MOST_FIELDS).find(|&fields| enough(fields) && is_heard(fields, all + fields - spoken));
        match wanted {
            Some(fields) => Some(Lacking::Fields { more: fields - spoken }),
            None if spoken < fewest => Some(Lacking::Fields { more: fewest - spoken }),
            None => Some(Lacking::Sureness),
        }
    }
}

/// The subtype that every malignant field with a named one names, if at least half of them name one.
fn subtype(said: &[(usize, f64, Option<Class>)]) -> Option<Class> {
    let malignant = said.iter().filter(|(_, margin, _)| *margin >= 0.0);
    let named: Vec<Class> = malignant.clone().filter_map(|(.., subtype)| *subtype).collect();
    let first = *named.first()?;
    (named.iter().all(|class| *class == first) && 2 * named.len() >= malignant.count()).then_some(first)
}

/// What is known of one field of a slide.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SlideField {
    /// What its verdict says; `None` if it has none.
    pub spoken: Option<Spoken>,
    /// Number of cells that were seen in it, if the model sees cells.
    pub cells: Option<u32>,
}

/// A field with a verdict.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spoken {
    /// Calibrated margin of malignancy, `ln(p / (1 - p))`; infinite where the probability is 0 or 1. A margin of 0 or more speaks for
    /// malignant.
    pub margin: f32,
    /// The malignant class that is named, if one is.
    pub subtype: Option<Class>,
}

impl SlideField {
    /// What an assessment says of a field in which `cells` cells were seen.
    #[must_use]
    pub fn new(assessment: &Assessment, cells: Option<u32>) -> Self {
        let said = assessment.verdict.is_malignant().zip(assessment.probabilities());
        let spoken = said.map(|(_, probabilities)| Spoken::new(&probabilities, assessment.verdict.subtype()));
        Self { spoken, cells }
    }
}

impl Spoken {
    /// A field with these calibrated probabilities, in the order of [`Class::ALL`].
    #[must_use]
    pub fn new(probabilities: &[f32; Class::COUNT], subtype: Option<Class>) -> Self {
        let margin = libm::logf(malignancy(probabilities)) - libm::logf(probabilities[Class::Benign.index()]);
        Self { margin, subtype }
    }
}

/// What is said of a slide, and what that rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct SlideAssessment {
    /// Benign, ALL suspected, or what is missing.
    pub verdict: SlideVerdict,
    /// Probability of malignancy, 0..=1; `None` without a field that has a verdict.
    pub malignancy: Option<f32>,
    /// Number of fields with a verdict, on which it rests.
    pub spoken: usize,
    /// Number of fields without a verdict, which have no weight.
    pub abstained: usize,
    /// Number of cells in the fields with a verdict; `None` if the model does not see cells.
    pub cells: Option<u32>,
    /// Places of the fields, among those given, whose verdict speaks against the side to which the slide leans.
    pub against: Vec<usize>,
}

impl SlideAssessment {
    /// Probability of what is said, 0..=1; `None` if nothing is.
    #[must_use]
    pub fn probability(&self) -> Option<f32> {
        match self.verdict {
            SlideVerdict::Benign => self.malignancy.map(|malignancy| 1.0 - malignancy),
            SlideVerdict::Malignant { .. } => self.malignancy,
            SlideVerdict::NotEnough(_) => None,
        }
    }
}

/// What is said of a slide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlideVerdict {
    /// Benign.
    Benign,
    /// Acute lymphoblastic leukaemia is suspected.
    Malignant {
        /// The malignant class, if those that the fields name agree.
        subtype: Option<Class>,
    },
    /// Nothing yet.
    NotEnough(Lacking),
}

/// What a slide lacks for a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lacking {
    /// Fields with a verdict.
    Fields {
        /// How many more, if they are like those so far; at least 1.
        more: usize,
    },
    /// Too few of the fields have a verdict. More of this kind will not settle it.
    Verdicts,
    /// The fields disagree. More of this kind will not settle it.
    Agreement,
    /// The fields are not sure enough. More of this kind will not settle it.
    Sureness,
}

impl SlideVerdict {
    /// Whether the slide is called malignant; `None` if nothing is said.
    #[must_use]
    pub const fn is_malignant(&self) -> Option<bool> {
        match self {
            Self::Benign => Some(false),
            Self::Malignant { .. } => Some(true),
            Self::NotEnough(_) => None,
        }
    }

    /// The named malignant class.
    #[must_use]
    pub const fn subtype(&self) -> Option<Class> {
        match self {
            Self::Malignant { subtype } => *subtype,
            _ => None,
        }
    }

    /// `Benign`, `ALL suspected` or `Not enough yet`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Benign => "Benign",
            Self::Malignant { .. } => "ALL suspected",
            Self::NotEnough(_) => "Not enough yet",
        }
    }
}

impl Lacking {
    /// One word: `fields`, `verdicts`, `agreement` or `sureness`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Fields { .. } => "fields",
            Self::Verdicts => "verdicts",
            Self::Agreement => "agreement",
            Self::Sureness => "sureness",
        }
    }

    /// How many more fields with a verdict would be enough; `None` if more of this kind will not settle it.
    #[must_use]
    pub const fn more(&self) -> Option<usize> {
        match self {
            Self::Fields { more } => Some(*more),
            _ => None,
        }
    }
}

impl fmt::Display for Lacking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fields { more: 1 } => f.write_str("1 more field with a verdict is needed"),
            Self::Fields { more } => write!(f, "{more} more fields with a verdict are needed"),
            Self::Verdicts => f.write_str(
                "too few of the fields have a verdict; more of this kind will not settle it: check focus, light and stain, or ask an \
                 expert",
            ),
            Self::Agreement => {
                f.write_str("the fields disagree; more of this kind will not settle it: ask an expert")
            }
            Self::Sureness => {
                f.write_str("the fields are not sure enough; more of this kind will not settle it: ask an expert")
            }
        }
    }
}

#[cfg(test)]
mod tests;
