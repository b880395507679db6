//! Cross-validation: train on all folds but one and ask about that fold, for every fold in turn.
//!
//! With a [sitting](By::Session) as fold, the question is the one that matters in another clinic: does the network tell benign from
//! malignant fields on a slide, under a lamp and with a camera that it has never seen? The [colour
//! baseline](crate::measure::colour_baseline) answers the same question on the same folds.
//!
//! Pooled over the fields of a sitting left out, the answers show what the verdict on a slide is worth: see
//! [`slides`](crate::measure::slides).
//!
//! Each fold is an ordinary run folder below the output folder; finished folds are kept, interrupted ones resume.

pub mod summary;

use blastscope_shared::{
    Class, Observation,
    judge::{
        calibration::Calibration,
        slide::{SlideField, Spoken},
    },
};
use serde::{Deserialize, Serialize};

use crate::{
    Error,
    data::{
        dataset::Dataset,
        folds::{SittingFolds, grouped_folds, leave_one_sitting_out, leave_two_sittings_out, random_folds},
        split::SplitKind,
    },
    measure::slides::Sitting,
};

/// What makes up a fold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// A sitting at the microscope.
    Session,
    /// A benign and a malignant sitting together: a stand-in for another clinic.
    Pair,
    /// Whole overlap groups, evenly by class.
    Group,
    /// Single pictures: overlapping fields lie on both sides, and scores come out too high.
    Random,
}

impl By {
    /// How a fold is split.
    #[must_use]
    pub const fn split(self) -> SplitKind {
        match self {
            Self::Session | Self::Pair | Self::Group => SplitKind::HeldOut,
            Self::Random => SplitKind::Random,
        }
    }

    /// Name, as on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Pair => "pair",
            Self::Group => "group",
            Self::Random => "random",
        }
    }
}

/// The folds of `data`; for sittings, also those that cannot be left out. `count` and `seed` apply to the other kinds.
///
/// # Errors
/// [`Error::Content`] when no sitting is known, or none can be left out.
pub fn folds(data: &Dataset, by: By, count: usize, seed: u64) -> Result<SittingFolds, Error> {
    let folds = match by {
        By::Session => leave_one_sitting_out(&data.images),
        By::Pair => leave_two_sittings_out(&data.images),
        By::Group => SittingFolds { folds: grouped_folds(&data.images, count, seed), ..SittingFolds::default() },
        By::Random => SittingFolds { folds: random_folds(&data.images, count, seed), ..SittingFolds::default() },
    };
    if folds.folds.is_empty() {
        return Err(Error::content(
            &data.root,
            "has no sitting that can be left out: sittings come from the column session of groups.csv, and each class must be \
             shown by another sitting, too; use --by group",
        ));
    }
    Ok(folds)
}

/// The answers about a field that the network had not seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The picture.
    pub file: String,
    /// Its overlap group.
    pub group: u32,
    /// Its true class.
    pub truth: Class,
    /// The network's calibrated probabilities, in the order of [`Class::ALL`]; or why there are none.
    pub probabilities: Observation<[f32; Class::COUNT]>,
    /// Share of malignant pictures among the five nearest neighbours by six colour numbers, 0..=1.
    pub colour: f32,
}

impl Answer {
    /// The network's probability that the field is malignant, 0..=1; `None` where it saw nothing.
    #[must_use]
    pub fn malignant(&self) -> Option<f32> {
        self.probabilities.observed().map(|probabilities| 1.0 - probabilities[Class::Benign.index()])
    }

    /// Whether the network is right about benign or malignant; `false` where it saw nothing.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.malignant().is_some_and(|malignant| match self.truth.is_malignant() {
            true => malignant > 0.5,
            false => malignant <= 0.5,
        })
    }

    /// The field as part of a slide: no threshold is applied, so whatever was seen has a verdict.
    #[must_use]
    pub fn slide_field(&self) -> SlideField {
        let spoken =
            self.malignant().map(|malignant| Spoken { margin: (malignant / (1.0 - malignant)).ln(), subtype: None });
        SlideField { spoken, cells: None }
    }

    /// Whether the colours are right.
    #[must_use]
    pub fn colour_is_right(&self) -> bool {
        (self.colour > 0.5) == self.truth.is_malignant()
    }
}

/// A trained and measured fold: `fold.json` in its run folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoldOutcome {
    /// The fold's name, such as the sitting.
    pub name: String,
    /// The epoch whose weights were used.
    pub epoch: usize,
    /// Chosen on the validation part.
    pub calibration: Calibration,
    /// Fields of the validation part in which nothing was seen; the calibration ignores them.
    pub validation_unseen: usize,
    /// The answers, in the order of the data set.
    pub answers: Vec<Answer>,
}

impl FoldOutcome {
    /// The fold as a sitting; `None` if it shows benign and malignant fields, or none.
    #[must_use]
    pub fn sitting(&self) -> Option<Sitting> {
        let malignant = self.answers.first()?.truth.is_malignant();
        let is_pure = self.answers.iter().all(|answer| answer.truth.is_malignant() == malignant);
        let fields = self.answers.iter().map(Answer::slide_field).collect();
        is_pure.then(|| Sitting { name: self.name.clone(), malignant, fields })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_field_of_a_slide() {
        let answer =
            |probabilities| Answer { file: "a".into(), group: 0, truth: Class::Pre, probabilities, colour: 0.0 };
        let spoken = |benign: f32| answer(Observation::Observed([benign, 1.0 - benign, 0.0, 0.0])).slide_field().spoken;
        let margin = spoken(0.2).expect("seen").margin;
        assert!((margin - 4.0f32.ln()).abs() < 1e-5, "{margin}");
        assert_eq!(spoken(0.0).map(|spoken| spoken.margin), Some(f32::INFINITY));
        assert_eq!(spoken(1.0).map(|spoken| spoken.margin), Some(f32::NEG_INFINITY));
        let unseen = answer(Observation::Nothing(blastscope_shared::sight::Blank::NoCells));
        assert_eq!(unseen.slide_field().spoken, None);
        let fold = |answers| FoldOutcome {
            name: "Pre-01".into(),
            epoch: 1,
            calibration: Calibration::NONE,
            validation_unseen: 0,
            answers,
        };
        let benign = Answer { truth: Class::Benign, ..unseen.clone() };
        assert_eq!(fold(vec![unseen.clone()]).sitting().map(|sitting| sitting.malignant), Some(true));
        assert_eq!(fold(vec![benign, unseen]).sitting(), None, "no slide shows both");
        assert_eq!(fold(Vec::new()).sitting(), None);
    }
}
