//! The one place that turns numbers into a verdict.
//!
//! Host and device, the live picture, maps, tables, records and reports all ask a [`Judge`]. It applies the model's own thresholds,
//! or a site's stricter ones. Comparisons state what must hold for a class to be named, so NaN leads to an abstention.

pub mod calibration;
pub mod novelty;
#[cfg(feature = "std")]
pub mod operating_point;
pub mod verdict;

use serde::{Deserialize, Serialize};

use crate::{
    judge::{
        calibration::largest,
        verdict::{Abstention, Verdict},
    },
    label::Class,
    sight::{Blank, Observation},
};

/// The numbers of a field in which the network saw something; all finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scores {
    logits: [f32; Class::COUNT],
    probabilities: [f32; Class::COUNT],
    novelty: f32,
}

impl Scores {
    /// From the network's `logits`, the calibrated `probabilities` in the order of [`Class::ALL`], and the [novelty].
    /// [`Blank::NotFinite`] if any of the numbers is not finite.
    #[must_use]
    pub fn new(logits: [f32; Class::COUNT], probabilities: [f32; Class::COUNT], novelty: f32) -> Observation<Self> {
        let mut numbers = logits.into_iter().chain(probabilities).chain([novelty]);
        match numbers.all(f32::is_finite) {
            true => Observation::Observed(Self { logits, probabilities, novelty }),
            false => Observation::Nothing(Blank::NotFinite),
        }
    }

    /// The network's outputs; if it sees cells, the mean over them.
    #[must_use]
    pub const fn logits(&self) -> [f32; Class::COUNT] {
        self.logits
    }

    /// Calibrated probabilities in the order of [`Class::ALL`]; they add up to 1.
    #[must_use]
    pub const fn probabilities(&self) -> [f32; Class::COUNT] {
        self.probabilities
    }

    /// How unlike the training data the field is; few usual fields exceed 1.
    #[must_use]
    pub const fn novelty(&self) -> f32 {
        self.novelty
    }

    /// The most probable class and its probability; ties go to the first. A [`Judge`] decides whether it may be named.
    #[must_use]
    pub fn most_probable(&self) -> (Class, f32) {
        largest(&self.probabilities)
    }
}

/// The numbers of a field and the verdict on it. Only a [`Judge`] makes one.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Assessment {
    /// The numbers of the field, or why there are none.
    pub sight: Observation<Scores>,
    /// A class, or the reason why none is named.
    pub verdict: Verdict,
}

impl Assessment {
    /// The network's numbers; `None` if nothing was seen.
    #[must_use]
    pub fn scores(&self) -> Option<Scores> {
        self.sight.observed()
    }

    /// The network's outputs; `None` if nothing was seen.
    #[must_use]
    pub fn logits(&self) -> Option<[f32; Class::COUNT]> {
        self.scores().map(|scores| scores.logits)
    }

    /// Calibrated probabilities in the order of [`Class::ALL`]; `None` if nothing was seen.
    #[must_use]
    pub fn probabilities(&self) -> Option<[f32; Class::COUNT]> {
        self.scores().map(|scores| scores.probabilities)
    }

    /// How unlike the training data the field is; `None` if nothing was seen.
    #[must_use]
    pub fn novelty(&self) -> Option<f32> {
        self.scores().map(|scores| scores.novelty)
    }

    /// The most probable class, even if the verdict names none; `None` if nothing was seen.
    #[must_use]
    pub fn most_probable(&self) -> Option<Class> {
        self.scores().map(|scores| scores.most_probable().0)
    }
}

/// Thresholds of a verdict; chosen on validation fields only.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    /// Least calibrated probability at which a class is named, 0..=1.
    pub min_probability: f32,
    /// Largest [novelty] at which a field is classified.
    pub max_novelty: f32,
}

/// Decides the verdict on a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judge {
    thresholds: Thresholds,
}

impl Judge {
    /// A judge with a model's thresholds.
    #[must_use]
    pub const fn new(thresholds: Thresholds) -> Self {
        Self { thresholds }
    }

    /// The thresholds in use.
    #[must_use]
    pub const fn thresholds(&self) -> &Thresholds {
        &self.thresholds
    }

    /// The judge with `min_probability` and `max_novelty` where they are stricter; it never becomes laxer.
    #[must_use]
    pub fn stricter(self, min_probability: Option<f32>, max_novelty: Option<f32>) -> Self {
        let Thresholds { min_probability: least, max_novelty: most } = self.thresholds;
        Self::new(Thresholds {
            min_probability: min_probability.map_or(least, |own| libm::fmaximumf(own, least)),
            max_novelty: max_novelty.map_or(most, |own| libm::fminimumf(own, most)),
        })
    }

    /// The verdict: checks first for nothing seen, then for an unfamiliar field, then for low confidence.
    #[must_use]
    pub fn verdict(&self, sight: &Observation<Scores>) -> Verdict {
        let scores = match sight {
            Observation::Observed(scores) => scores,
            Observation::Nothing(blank) => return Verdict::Abstain((*blank).into()),
        };
        let Thresholds { min_probability, max_novelty } = self.thresholds;
        let (class, probability) = scores.most_probable();
        let novelty = scores.novelty;
        let (is_familiar, is_sure) = (novelty <= max_novelty, probability >= min_probability);
        match (is_familiar, is_sure) {
            (false, _) => Verdict::Abstain(Abstention::Unfamiliar { novelty, threshold: max_novelty }),
            (true, false) => Verdict::Abstain(Abstention::LowConfidence { probability, threshold: min_probability }),
            (true, true) => Verdict::Class { class, probability },
        }
    }

    /// The observation together with its verdict.
    #[must_use]
    pub fn assess(&self, sight: Observation<Scores>) -> Assessment {
        Assessment { sight, verdict: self.verdict(&sight) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JUDGE: Judge = Judge::new(Thresholds { min_probability: 0.6, max_novelty: 2.0 });

    fn verdict(judge: Judge, probabilities: [f32; 4], novelty: f32) -> Verdict {
        judge.verdict(&Scores::new([0.0; 4], probabilities, novelty))
    }

    #[test]
    fn the_unfamiliar_and_the_doubtful_get_no_class() {
        let sure = [0.1, 0.1, 0.7, 0.1];
        let doubtful = [0.3, 0.5, 0.1, 0.1];
        assert_eq!(verdict(JUDGE, sure, 1.0), Verdict::Class { class: Class::Pre, probability: 0.7 });
        assert_eq!(
            verdict(JUDGE, sure, 2.5),
            Verdict::Abstain(Abstention::Unfamiliar { novelty: 2.5, threshold: 2.0 })
        );
        assert_eq!(
            verdict(JUDGE, doubtful, 1.0),
            Verdict::Abstain(Abstention::LowConfidence { probability: 0.5, threshold: 0.6 })
        );
        let at_the_limit = Scores::new([0.0; 4], [0.6, 0.4, 0.0, 0.0], 2.0);
        assert_eq!(JUDGE.verdict(&at_the_limit).class(), Some(Class::Benign));
    }

    #[test]
    fn nothing_seen_is_an_abstention_with_its_reason() {
        for (blank, reason) in [(Blank::NoCells, "no cells"), (Blank::NotFinite, "not a number")] {
            let assessment = JUDGE.assess(Observation::Nothing(blank));
            let Verdict::Abstain(abstention) = assessment.verdict else { panic!("{assessment:?}") };
            assert_eq!((abstention.kind(), blank.name()), (reason, reason));
            assert_eq!(
                (assessment.logits(), assessment.probabilities(), assessment.novelty(), assessment.most_probable()),
                (None, None, None, None)
            );
        }
    }

    #[test]
    fn a_number_that_is_not_finite_never_becomes_a_class() {
        let lax = Judge::new(Thresholds { min_probability: 0.0, max_novelty: f32::INFINITY });
        for wrong in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for judge in [JUDGE, lax] {
                for at in 0..4 {
                    let (mut logits, mut probabilities) = ([1.0; 4], [0.1, 0.1, 0.1, 0.7]);
                    logits[at] = wrong;
                    let expected = Verdict::Abstain(Abstention::NotFinite);
                    assert_eq!(judge.verdict(&Scores::new(logits, probabilities, 1.0)), expected, "logit {at} {wrong}");
                    probabilities[at] = wrong;
                    assert_eq!(verdict(judge, probabilities, 1.0), expected, "probability {at} is {wrong}");
                }
                let sure = [0.0, 1.0, 0.0, 0.0];
                assert_eq!(verdict(judge, sure, wrong), Verdict::Abstain(Abstention::NotFinite), "novelty {wrong}");
            }
            // NaN thresholds let nothing pass.
            if wrong.is_nan() {
                let sure = [0.0, 1.0, 0.0, 0.0];
                for judge in [JUDGE.stricter(Some(wrong), None), JUDGE.stricter(None, Some(wrong))] {
                    assert_eq!(verdict(judge, sure, 0.5).class(), None, "{judge:?}");
                }
            }
        }
    }

    #[test]
    fn a_site_makes_a_model_stricter_and_never_laxer() {
        let of = |probability, novelty| *JUDGE.stricter(probability, novelty).thresholds();
        let thresholds = |min_probability, max_novelty| Thresholds { min_probability, max_novelty };
        assert_eq!(of(None, None), thresholds(0.6, 2.0));
        assert_eq!(of(Some(0.9), Some(1.5)), thresholds(0.9, 1.5));
        assert_eq!(of(Some(0.1), Some(9.0)), thresholds(0.6, 2.0));
    }
}
