//! The one place that turns numbers into a verdict.
//!
//! Host and device, the live picture, maps, tables, records and reports all ask a [`Judge`]. It applies the model's own thresholds,
//! or a site's stricter ones. Benign or malignant comes first, then the subtype: a field that is surely malignant is called so, also
//! where two subtypes are equally probable. Comparisons state what must hold for a class to be named, so NaN leads to an abstention.

pub mod calibration;
pub mod jury;
pub mod novelty;
#[cfg(feature = "std")]
pub mod operating_point;
pub mod slide;
pub mod verdict;

use serde::{Deserialize, Serialize};

use crate::{
    judge::{
        calibration::{largest, malignancy},
        jury::{Agreement, Jury, MAX_JURORS, Pooled, Testimonies, Testimony},
        novelty::Aspect,
        verdict::{Abstention, Subtype, Verdict},
    },
    label::Class,
    sight::{Blank, Observation},
};

/// The numbers of a field in which something was seen; all finite. What the jurors say, and what they say together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scores {
    heard: Testimonies,
    pooled: Testimony,
    agreement: Agreement,
}

impl Scores {
    /// Of a single juror, from the network's `logits`, the calibrated `probabilities` in the order of [`Class::ALL`], and the
    /// [novelty]. [`Blank::NotFinite`] if any of the numbers is not finite.
    #[must_use]
    pub fn new(logits: [f32; Class::COUNT], probabilities: [f32; Class::COUNT], novelty: f32) -> Observation<Self> {
        Testimony::new(logits, probabilities, novelty).map(|testimony| Self {
            heard: [Some(testimony), None, None, None],
            pooled: testimony,
            agreement: Agreement::Whole,
        })
    }

    /// What each juror says, in the model's order; `None` for one that saw nothing.
    #[must_use]
    pub const fn heard(&self) -> &Testimonies {
        &self.heard
    }

    /// Whether the jurors that are fit to speak agree.
    #[must_use]
    pub const fn agreement(&self) -> Agreement {
        self.agreement
    }

    /// The logits. Of a single juror: its network's outputs; if it sees cells, the mean over them. Of several: the pooled log-odds.
    #[must_use]
    pub const fn logits(&self) -> [f32; Class::COUNT] {
        self.pooled.logits()
    }

    /// Calibrated probabilities in the order of [`Class::ALL`]; they add up to 1.
    #[must_use]
    pub const fn probabilities(&self) -> [f32; Class::COUNT] {
        self.pooled.probabilities()
    }

    /// How unlike the training data the field is; few usual fields exceed 1. Of several jurors: the smallest at which a
    /// [quorum](Jury::quorum) of them is fit to speak.
    #[must_use]
    pub const fn novelty(&self) -> f32 {
        self.pooled.novelty()
    }

    /// In what the field is most unlike the training data; of several jurors, that of the one whose novelty counts.
    #[must_use]
    pub const fn aspect(&self) -> Aspect {
        self.pooled.aspect()
    }

    /// Calibrated probability of malignancy, 0..=1.
    #[must_use]
    pub fn malignancy(&self) -> f32 {
        malignancy(&self.probabilities())
    }

    /// The most probable class, as [`calibration::most_probable`] finds it, and its probability. A [`Judge`] decides whether it may
    /// be named.
    #[must_use]
    pub fn most_probable(&self) -> (Class, f32) {
        largest(&self.probabilities())
    }
}

/// The numbers of a field and the verdict on it. Only a [`Judge`] makes one.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Assessment {
    /// The numbers of the field, or why there are none.
    pub sight: Observation<Scores>,
    /// Benign or malignant, with the subtype, or the reason why nothing is said.
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
        self.scores().map(|scores| scores.logits())
    }

    /// Calibrated probabilities in the order of [`Class::ALL`]; `None` if nothing was seen.
    #[must_use]
    pub fn probabilities(&self) -> Option<[f32; Class::COUNT]> {
        self.scores().map(|scores| scores.probabilities())
    }

    /// How unlike the training data the field is; `None` if nothing was seen.
    #[must_use]
    pub fn novelty(&self) -> Option<f32> {
        self.scores().map(|scores| scores.novelty())
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
    /// Least calibrated probability at which a field is called benign or malignant, 0..=1.
    pub min_probability: f32,
    /// Least calibrated share of the malignancy at which a subtype is named, 0..=1.
    pub min_subtype: f32,
    /// Largest [novelty] at which a field is classified.
    pub max_novelty: f32,
}

/// Decides the verdict on a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judge {
    thresholds: Thresholds,
    jury: Jury,
}

impl Judge {
    /// A judge with the thresholds of a model of one juror.
    #[must_use]
    pub const fn new(thresholds: Thresholds) -> Self {
        Self::of(Jury::ONE, thresholds)
    }

    /// A judge with a model's jury and thresholds.
    #[must_use]
    pub const fn of(jury: Jury, thresholds: Thresholds) -> Self {
        Self { thresholds, jury }
    }

    /// How the jurors are pooled.
    #[must_use]
    pub const fn jury(&self) -> &Jury {
        &self.jury
    }

    /// Pools what the jurors saw, in the model's order. Nothing if any juror's numbers are not finite, or fewer than a
    /// [quorum](Jury::quorum) saw anything.
    #[must_use]
    pub fn weigh(&self, seen: &[Observation<Testimony>]) -> Observation<Scores> {
        let mut heard = [None; MAX_JURORS];
        let mut blank = None;
        for (to, seen) in heard.iter_mut().zip(seen) {
            match seen {
                Observation::Observed(testimony) => *to = Some(*testimony),
                Observation::Nothing(Blank::NotFinite) => return Observation::Nothing(Blank::NotFinite),
                Observation::Nothing(why) => blank = blank.or(Some(*why)),
            }
        }
        self.pool(heard).map_or(Observation::Nothing(blank.unwrap_or(Blank::NotFinite)), Observation::Observed)
    }

    /// The scores moved by `weight`, 0..=1, towards `newer` ones: each juror's numbers are averaged, then pooled. A juror that saw
    /// nothing in one of them keeps the numbers of the other.
    #[must_use]
    pub fn towards(&self, mean: &Scores, newer: &Scores, weight: f32) -> Observation<Scores> {
        let mut heard = [None; MAX_JURORS];
        for (to, (mean, newer)) in heard.iter_mut().zip(mean.heard.iter().zip(&newer.heard)) {
            *to = match (mean, newer) {
                (Some(mean), Some(newer)) => match mean.towards(newer, weight) {
                    Observation::Observed(moved) => Some(moved),
                    Observation::Nothing(blank) => return Observation::Nothing(blank),
                },
                (one, other) => (*other).or(*one),
            };
        }
        self.pool(heard).map_or(Observation::Nothing(Blank::NotFinite), Observation::Observed)
    }

    fn pool(&self, heard: Testimonies) -> Option<Scores> {
        let Pooled { testimony, agreement } = self.jury.pool(&heard, self.thresholds.max_novelty)?;
        Some(Scores { heard, pooled: testimony, agreement })
    }

    /// The thresholds in use.
    #[must_use]
    pub const fn thresholds(&self) -> &Thresholds {
        &self.thresholds
    }

    /// The judge with `min_probability` and `max_novelty` where they are stricter; it never becomes laxer.
    #[must_use]
    pub fn stricter(self, min_probability: Option<f32>, max_novelty: Option<f32>) -> Self {
        let Thresholds { min_probability: least, min_subtype, max_novelty: most } = self.thresholds;
        let thresholds = Thresholds {
            min_probability: min_probability.map_or(least, |own| libm::fmaximumf(own, least)),
            min_subtype,
            max_novelty: max_novelty.map_or(most, |own| libm::fminimumf(own, most)),
        };
        Self { thresholds, ..self }
    }

    /// The verdict: checks first for nothing seen, then for an unfamiliar field, then for jurors that disagree, then for low
    /// confidence.
    #[must_use]
    pub fn verdict(&self, sight: &Observation<Scores>) -> Verdict {
        let scores = match sight {
            Observation::Observed(scores) => scores,
            Observation::Nothing(blank) => return Verdict::Abstain((*blank).into()),
        };
        let Thresholds { min_probability, max_novelty, .. } = self.thresholds;
        let (class, probability) = scores.most_probable();
        let probability = if class.is_malignant() { scores.malignancy() } else { probability };
        let novelty = scores.novelty();
        let (is_familiar, is_sure) = (novelty <= max_novelty, probability >= min_probability);
        match (is_familiar, scores.agreement, is_sure) {
            (false, _, _) => {
                Verdict::Abstain(Abstention::Unfamiliar { novelty, threshold: max_novelty, aspect: scores.aspect() })
            }
            (true, Agreement::Split { malignant, of }, _) => {
                Verdict::Abstain(Abstention::Disagreement { malignant, of })
            }
            (true, _, false) => Verdict::Abstain(Abstention::LowConfidence { probability, threshold: min_probability }),
            (true, _, true) if class.is_malignant() => {
                Verdict::Malignant { probability, subtype: self.subtype(class, scores) }
            }
            (true, _, true) => Verdict::Benign { probability },
        }
    }

    /// The subtype of a malignant field, if it is `class`.
    fn subtype(&self, class: Class, scores: &Scores) -> Subtype {
        let threshold = self.thresholds.min_subtype;
        let share = scores.probabilities()[class.index()] / scores.malignancy();
        match (share >= threshold, scores.agreement) {
            (true, Agreement::Whole) => Subtype::Named { class, share },
            (true, _) => Subtype::Disputed { likely: class, share },
            (false, _) => Subtype::NotSure { likely: class, share, threshold },
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

    const JUDGE: Judge = Judge::new(Thresholds { min_probability: 0.6, min_subtype: 0.7, max_novelty: 2.0 });

    fn verdict(judge: Judge, probabilities: [f32; 4], novelty: f32) -> Verdict {
        judge.verdict(&Scores::new([0.0; 4], probabilities, novelty))
    }

    #[test]
    fn the_unfamiliar_and_the_doubtful_get_no_class() {
        let sure = [0.1, 0.1, 0.7, 0.1];
        let doubtful = [0.5, 0.5, 0.0, 0.0];
        assert_eq!(verdict(JUDGE, sure, 1.0).class(), Some(Class::Pre));
        assert_eq!(
            verdict(JUDGE, sure, 2.5),
            Verdict::Abstain(Abstention::Unfamiliar { novelty: 2.5, threshold: 2.0, aspect: Aspect::Cells })
        );
        assert_eq!(
            verdict(JUDGE, doubtful, 1.0),
            Verdict::Abstain(Abstention::LowConfidence { probability: 0.5, threshold: 0.6 })
        );
        let at_the_limit = Scores::new([0.0; 4], [0.6, 0.4, 0.0, 0.0], 2.0);
        assert_eq!(JUDGE.verdict(&at_the_limit), Verdict::Benign { probability: 0.6 });
    }

    #[test]
    fn what_is_surely_malignant_is_called_so_whatever_its_subtype() {
        let split = verdict(JUDGE, [0.01, 0.55, 0.44, 0.0], 1.0);
        let Verdict::Malignant { probability, subtype: Subtype::NotSure { likely, share, threshold } } = split else {
            panic!("{split:?}")
        };
        assert!((probability - 0.99).abs() < 1e-6 && (share - 0.55 / 0.99).abs() < 1e-6, "{split:?}");
        assert_eq!((likely, threshold), (Class::Early, 0.7));
        assert_eq!((split.class(), split.is_malignant(), split.name()), (None, Some(true), "Malignant"));
        assert!(split.reason().is_some_and(|reason| reason.starts_with("subtype not sure: Early")));
        // No single malignant class is as probable as Benign, but together they are more so.
        let spread = verdict(JUDGE, [0.34, 0.22, 0.22, 0.22], 1.0);
        assert_eq!((spread.is_malignant(), spread.class()), (Some(true), None), "{spread:?}");
        let named = verdict(JUDGE, [0.3, 0.0, 0.0, 0.7], 1.0);
        assert_eq!((named.class(), named.name(), named.reason()), (Some(Class::Pro), "Pro", None));
        assert!(named.agrees_with(&verdict(JUDGE, [0.1, 0.0, 0.0, 0.9], 0.0)) && !named.agrees_with(&spread));
    }

    #[test]
    fn jurors_that_disagree_say_nothing_and_dispute_subtypes() {
        let two = Jury::new(&[jury::Voice::FULL; 2], 2, calibration::Calibration::NONE).expect("a sound jury");
        let judge = Judge::of(two, Thresholds { min_probability: 0.6, min_subtype: 0.5, max_novelty: 2.0 });
        let hear = |probabilities: [[f32; 4]; 2]| {
            judge.weigh(&probabilities.map(|probabilities| Testimony::new([0.0; 4], probabilities, 1.0)))
        };
        let split = judge.assess(hear([[0.999, 0.001, 0.0, 0.0], [0.2, 0.0, 0.8, 0.0]]));
        assert_eq!(split.verdict, Verdict::Abstain(Abstention::Disagreement { malignant: 1, of: 2 }));
        let disputed = judge.verdict(&hear([[0.01, 0.0, 0.0, 0.99], [0.01, 0.0, 0.6, 0.39]]));
        let Verdict::Malignant { subtype: Subtype::Disputed { likely: Class::Pro, .. }, .. } = disputed else {
            panic!("{disputed:?}")
        };
        assert_eq!((disputed.name(), disputed.class()), ("Malignant", None));
        assert!(disputed.reason().is_some_and(|reason| reason.contains("not all networks")));
        let blind =
            judge.weigh(&[Observation::Nothing(Blank::NoCells), Testimony::new([0.0; 4], [1.0, 0.0, 0.0, 0.0], 1.0)]);
        assert_eq!(blind, Observation::Nothing(Blank::NoCells));
        let broken = judge.weigh(&[Observation::Nothing(Blank::NotFinite), Observation::Nothing(Blank::NoCells)]);
        assert_eq!(broken, Observation::Nothing(Blank::NotFinite));
    }

    #[test]
    fn a_mean_over_frames_is_the_mean_of_each_juror() {
        let two = Jury::new(&[jury::Voice::FULL; 2], 1, calibration::Calibration::NONE).expect("a sound jury");
        let judge = Judge::of(two, Thresholds { min_probability: 0.6, min_subtype: 0.5, max_novelty: 2.0 });
        let (one, other) = ([0.25, 0.75, 0.0, 0.0], [0.75, 0.25, 0.0, 0.0]);
        let of = |probabilities| Testimony::new([0.0; 4], probabilities, 1.0);
        let both = judge.weigh(&[of(one), of(other)]).observed().expect("seen");
        let first = judge.weigh(&[of(other), Observation::Nothing(Blank::NoCells)]).observed().expect("seen");
        let mean = judge.towards(&both, &first, 0.5).observed().expect("seen");
        let probabilities = mean.heard().map(|heard| heard.map(|heard| heard.probabilities()[0]));
        assert_eq!(probabilities, [Some(0.5), Some(0.75), None, None]);
        assert_eq!(mean.agreement(), Agreement::Split { malignant: 1, of: 2 }, "a tie counts as malignant");
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
        let lax = Judge::new(Thresholds { min_probability: 0.0, min_subtype: 0.0, max_novelty: f32::INFINITY });
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
        let thresholds = |min_probability, max_novelty| Thresholds { min_probability, min_subtype: 0.7, max_novelty };
        assert_eq!(of(None, None), thresholds(0.6, 2.0));
        assert_eq!(of(Some(0.9), Some(1.5)), thresholds(0.9, 1.5));
        assert_eq!(of(Some(0.1), Some(9.0)), thresholds(0.6, 2.0));
    }
}
