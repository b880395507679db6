//! Several networks that look at one field: who may speak, and what they say together.
//!
//! Each juror gives its own calibrated probabilities and its own novelty. A juror that a field is strange to is not fit to speak.
//! If at least a quorum is fit, those are the voices. Their opinions are pooled: a product of experts (Hinton, "Training Products of
//! Experts by Minimizing Contrastive Divergence", Neural Computation 14, 2002), which is the weighted mean of their log-odds, first
//! of malignancy and then of the subtypes, with a [`Calibration`] of its own. A [`Judge`](super::Judge) says something only where
//! all voices agree: networks that see different things fail on different fields.

use serde::{Deserialize, Serialize};

use super::{
    calibration::{Calibration, largest, malignancy},
    novelty::Aspect,
};
use crate::{
    label::Class,
    sight::{Blank, Observation},
};

/// Most jurors of a model.
pub const MAX_JURORS: usize = 4;

/// No juror is taken to be surer than one in so many.
const FLOOR: f32 = 1e-6;

/// What one juror says of a field; all numbers are finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Testimony {
    logits: [f32; Class::COUNT],
    probabilities: [f32; Class::COUNT],
    novelty: f32,
    aspect: Aspect,
}

impl Testimony {
    /// From a network's `logits`, the calibrated `probabilities` in the order of [`Class::ALL`], and the
    /// [novelty](super::novelty). [`Blank::NotFinite`] if any of the numbers is not finite.
    #[must_use]
    pub fn new(logits: [f32; Class::COUNT], probabilities: [f32; Class::COUNT], novelty: f32) -> Observation<Self> {
        let mut numbers = logits.into_iter().chain(probabilities).chain([novelty]);
        match numbers.all(f32::is_finite) {
            true => Observation::Observed(Self { logits, probabilities, novelty, aspect: Aspect::Cells }),
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

    /// In what the field is most unlike the training data.
    #[must_use]
    pub const fn aspect(&self) -> Aspect {
        self.aspect
    }

    /// The same testimony of a field that is most unlike the training data in `aspect`, instead of in its cells.
    #[must_use]
    pub const fn strange_in(self, aspect: Aspect) -> Self {
        Self { aspect, ..self }
    }

    /// The testimony moved by `weight`, 0..=1, towards a `newer` one.
    #[must_use]
    pub fn towards(&self, newer: &Self, weight: f32) -> Observation<Self> {
        let towards = |mean: f32, newest: f32| mean + weight * (newest - mean);
        let each = |mean: [f32; 4], newest: [f32; 4]| core::array::from_fn(|at| towards(mean[at], newest[at]));
        Self::new(
            each(self.logits, newer.logits),
            each(self.probabilities, newer.probabilities),
            towards(self.novelty, newer.novelty),
        )
        .map(|moved| moved.strange_in(newer.aspect))
    }
}

/// What all jurors say of a field, in the model's order; `None` for one that saw nothing.
pub type Testimonies = [Option<Testimony>; MAX_JURORS];

/// One juror's part in the pooling.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Voice {
    /// Weight of its log-odds, above 0.
    pub weight: f32,
    /// Whether it has a say about the subtype; a juror without one only says benign or malignant.
    pub names_subtypes: bool,
}

impl Voice {
    /// A juror that has a say about everything.
    pub const FULL: Self = Self { weight: 1.0, names_subtypes: true };
}

/// How jurors are pooled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jury {
    voices: [Voice; MAX_JURORS],
    count: usize,
    quorum: usize,
    calibration: Calibration,
}

/// The pooled opinion on a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pooled {
    /// Pooled logits and probabilities; the novelty is the smallest at which a quorum would be fit.
    pub(super) testimony: Testimony,
    pub(super) agreement: Agreement,
}

/// Whether the voices agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// On benign or malignant, and on the most probable subtype.
    Whole,
    /// On benign or malignant only: about the subtype they differ, or not all that name one are fit to speak.
    OnSide,
    /// Some say benign, others malignant.
    Split {
        /// How many say malignant.
        malignant: u8,
        /// Number of voices.
        of: u8,
    },
}

impl Jury {
    /// A single juror.
    pub const ONE: Self =
        Self { voices: [Voice::FULL; MAX_JURORS], count: 1, quorum: 1, calibration: Calibration::NONE };

    /// A jury of `voices`, of which at least `quorum` must be fit to speak. The `calibration` is applied to the opinion that several
    /// jurors pool, also where only one of them is fit. `None` unless there are 1 to [`MAX_JURORS`] voices, as many as the quorum or
    /// more, with finite weights above 0, and a usable calibration.
    #[must_use]
    pub fn new(voices: &[Voice], quorum: usize, calibration: Calibration) -> Option<Self> {
        let count = voices.len();
        let is_sound = (1..=MAX_JURORS).contains(&count)
            && (1..=count).contains(&quorum)
            && voices.iter().all(|voice| voice.weight.is_finite() && voice.weight > 0.0)
            && calibration.is_usable();
        let mut all = [Voice::FULL; MAX_JURORS];
        all.iter_mut().zip(voices).for_each(|(to, voice)| *to = *voice);
        is_sound.then_some(Self { voices: all, count, quorum, calibration })
    }

    /// Number of jurors.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.count
    }

    /// The jurors' parts in the pooling, in the model's order.
    #[must_use]
    pub fn voices(&self) -> &[Voice] {
        &self.voices[..self.count]
    }

    /// How many must be fit to speak.
    #[must_use]
    pub const fn quorum(&self) -> usize {
        self.quorum
    }

    /// The calibration of pooled opinions.
    #[must_use]
    pub const fn calibration(&self) -> &Calibration {
        &self.calibration
    }

    /// The novelty at which a quorum of those heard is fit: the quorum-th smallest. `None` if fewer were heard.
    #[must_use]
    pub fn novelty(&self, heard: &Testimonies) -> Option<f32> {
        let mut novelties = [f32::INFINITY; MAX_JURORS];
        let heard = heard.iter().flatten();
        novelties.iter_mut().zip(heard).for_each(|(to, testimony)| *to = testimony.novelty);
        novelties.sort_unstable_by(f32::total_cmp);
        Some(novelties[self.quorum - 1]).filter(|novelty| novelty.is_finite())
    }

    /// The pooled opinion of those that are fit: whose novelty is at most `max_novelty`. If they are fewer than the quorum, that of
    /// all who were heard, which is shown but never said. `None` if fewer than the quorum saw anything.
    pub(super) fn pool(&self, heard: &Testimonies, max_novelty: f32) -> Option<Pooled> {
        let novelty = self.novelty(heard)?;
        let has_quorum = novelty <= max_novelty;
        let mut speaking: [Option<(Testimony, Voice)>; MAX_JURORS] = [None; MAX_JURORS];
        for (to, (testimony, voice)) in speaking.iter_mut().zip(heard.iter().zip(self.voices)) {
            *to = testimony.filter(|testimony| !has_quorum || testimony.novelty <= max_novelty).map(|it| (it, voice));
        }
        if let (1, Some((only, _))) = (self.count, speaking[0]) {
            return Some(Pooled { testimony: only, agreement: Agreement::Whole });
        }
        let logits = pooled(speaking.iter().flatten());
        let probabilities = self.calibration.probabilities(&logits);
        let of_novelty = heard.iter().flatten().find(|testimony| testimony.novelty == novelty);
        let aspect = of_novelty.map_or(Aspect::Cells, Testimony::aspect);
        let testimony = Testimony::new(logits, probabilities, novelty).observed()?.strange_in(aspect);
        let agreement = agreement(speaking.iter().flatten(), self.namers(), subtype(&probabilities));
        Some(Pooled { testimony, agreement })
    }

    /// How many have a say about the subtype.
    fn namers(&self) -> usize {
        self.voices().iter().filter(|voice| voice.names_subtypes).count()
    }

    /// The pooled opinion of those that are fit as logits, before the jury's calibration, and whether they agree: what that
    /// calibration is chosen on. `None` if there is no quorum.
    #[must_use]
    pub fn opinion(&self, heard: &Testimonies, max_novelty: f32) -> Option<([f32; Class::COUNT], Agreement)> {
        self.novelty(heard).filter(|novelty| *novelty <= max_novelty)?;
        let Pooled { testimony, agreement } = self.pool(heard, max_novelty)?;
        Some((testimony.logits, agreement))
    }
}

/// Weighted means of the log-odds of malignancy and of the logarithms of the subtypes' shares, as logits.
fn pooled<'a>(speaking: impl Iterator<Item = &'a (Testimony, Voice)>) -> [f32; Class::COUNT] {
    let log = |share: f32| libm::logf(libm::fmaximumf(share, FLOOR));
    let (mut margin, mut weights) = (0.0, 0.0);
    let (mut shares, mut subtype_weights) = ([0.0; 3], 0.0);
    for (testimony, voice) in speaking {
        let [benign, subtypes @ ..] = testimony.probabilities;
        let malignant = malignancy(&testimony.probabilities);
        margin += voice.weight * (log(malignant) - log(benign));
        weights += voice.weight;
        if voice.names_subtypes {
            let of_malignant = subtypes.map(|subtype| log(subtype / libm::fmaximumf(malignant, f32::MIN_POSITIVE)));
            shares.iter_mut().zip(of_malignant).for_each(|(share, log)| *share += voice.weight * log);
            subtype_weights += voice.weight;
        }
    }
    if subtype_weights > 0.0 {
        shares = shares.map(|share| share / subtype_weights);
    }
    // Shares that add up to 1, so that together they are as probable as the margin says.
    let largest = shares.into_iter().fold(f32::NEG_INFINITY, libm::fmaximumf);
    let sum: f32 = shares.map(|share| libm::expf(share - largest)).iter().sum();
    let total = largest + libm::logf(sum);
    let margin = margin / weights;
    let [early, pre, pro] = shares.map(|share| margin + share - total);
    [0.0, early, pre, pro]
}

/// The most probable malignant class.
fn subtype(probabilities: &[f32; Class::COUNT]) -> Class {
    let [_, early, pre, pro] = *probabilities;
    largest(&[0.0, early, pre, pro]).0
}

/// Whether those that speak agree on a side, and all `namers` of the jury on the `pooled` subtype: what takes a network's right to speak
/// may also change a subtype, so none is named without all of them. The calibration of the pooled opinion may make another subtype the
/// most probable one than any of them says.
fn agreement<'a>(speaking: impl Iterator<Item = &'a (Testimony, Voice)>, namers: usize, pooled: Class) -> Agreement {
    let (mut of, mut malignant) = (0, 0);
    let (mut naming, mut of_one_mind) = (0, true);
    for (testimony, voice) in speaking {
        of += 1;
        malignant += u8::from(largest(&testimony.probabilities).0.is_malignant());
        if voice.names_subtypes {
            naming += 1;
            of_one_mind &= subtype(&testimony.probabilities) == pooled;
        }
    }
    match (malignant == 0 || malignant == of, of_one_mind && naming == namers) {
        (false, _) => Agreement::Split { malignant, of },
        (true, true) => Agreement::Whole,
        (true, false) => Agreement::OnSide,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn testimony(probabilities: [f32; 4], novelty: f32) -> Option<Testimony> {
        Testimony::new([0.5; 4], probabilities, novelty).observed()
    }

    fn two() -> Jury {
        Jury::new(&[Voice::FULL; 2], 2, Calibration::NONE).expect("a sound jury")
    }

    const PRE: [f32; 4] = [0.1, 0.1, 0.7, 0.1];

    #[test]
    fn a_single_juror_says_what_it_says() {
        let heard = [testimony(PRE, 0.7), None, None, None];
        let pooled = Jury::ONE.pool(&heard, 1.0).expect("heard");
        assert_eq!((Some(pooled.testimony), pooled.agreement), (heard[0], Agreement::Whole));
        assert_eq!(Jury::ONE.pool(&[None; 4], 1.0), None);
    }

    #[test]
    fn two_that_say_the_same_keep_their_probabilities() {
        let pooled = two().pool(&[testimony(PRE, 0.2), testimony(PRE, 0.9), None, None], 1.0).expect("heard");
        for (one, other) in pooled.testimony.probabilities().iter().zip(PRE) {
            assert!((one - other).abs() < 1e-5, "{pooled:?}");
        }
        assert_eq!((pooled.testimony.novelty(), pooled.agreement), (0.9, Agreement::Whole));
    }

    #[test]
    fn pooling_is_the_mean_of_the_log_odds() {
        let other = [0.02, 0.9, 0.04, 0.04];
        let pooled = two().pool(&[testimony(PRE, 0.0), testimony(other, 0.0), None, None], 1.0).expect("heard");
        let odds = |p: f32| ((1.0 - p) / p).ln();
        let margin = f32::midpoint(odds(0.1), odds(0.02));
        assert!((malignancy(&pooled.testimony.probabilities()) - 1.0 / (1.0 + (-margin).exp())).abs() < 1e-5);
        let raw = [1, 2, 3].map(|at| (PRE[at] / 0.9 * (other[at] / 0.98)).sqrt());
        let share = pooled.testimony.probabilities()[1] / malignancy(&pooled.testimony.probabilities());
        assert!((share - raw[0] / raw.iter().sum::<f32>()).abs() < 1e-5, "{pooled:?}");
        assert_eq!(pooled.agreement, Agreement::OnSide);
        // What was pooled can be calibrated: the logits give the same probabilities.
        let again = Calibration::NONE.probabilities(&pooled.testimony.logits());
        assert_eq!(again, pooled.testimony.probabilities());
    }

    #[test]
    fn those_who_disagree_are_counted() {
        let benign = [0.9, 0.1, 0.0, 0.0];
        let pooled = two().pool(&[testimony(PRE, 0.0), testimony(benign, 0.0), None, None], 1.0).expect("heard");
        assert_eq!(pooled.agreement, Agreement::Split { malignant: 1, of: 2 });
        let jury = Jury::new(&[Voice { names_subtypes: false, ..Voice::FULL }, Voice::FULL], 1, Calibration::NONE);
        let jury = jury.expect("a sound jury");
        let early = [0.02, 0.9, 0.04, 0.04];
        let heard = [testimony(early, 0.0), testimony(PRE, 0.0), None, None];
        assert_eq!(jury.pool(&heard, 1.0).expect("heard").agreement, Agreement::Whole, "the first names no subtype");
        let alone = jury.pool(&[testimony(early, 0.0), None, None, None], 1.0).expect("heard");
        assert_eq!(alone.agreement, Agreement::OnSide, "nobody names a subtype");
    }

    #[test]
    fn a_subtype_that_nobody_says_is_not_agreed_on() {
        let torn = [0.02, 0.48, 0.5, 0.0];
        let heard = [testimony(torn, 0.0), testimony(torn, 0.0), None, None];
        assert_eq!(two().pool(&heard, 1.0).expect("heard").agreement, Agreement::Whole);
        let biased = Calibration { temperature: 1.0, biases: [1.0, 0.0, 0.0] };
        let pooled = Jury::new(&[Voice::FULL; 2], 2, biased).expect("a sound jury").pool(&heard, 1.0).expect("heard");
        assert_eq!(subtype(&pooled.testimony.probabilities()), Class::Early, "the calibration prefers it");
        assert_eq!(pooled.agreement, Agreement::OnSide, "both say Pre");
    }

    #[test]
    fn who_finds_a_field_strange_is_silent_and_without_a_quorum_nothing_is_familiar() {
        let strange = testimony([0.9, 0.1, 0.0, 0.0], 5.0);
        let heard = [testimony(PRE, 0.5), strange, testimony(PRE, 0.7), None];
        let three = Jury::new(&[Voice::FULL; 3], 2, Calibration::NONE).expect("a sound jury");
        let pooled = three.pool(&heard, 1.0).expect("heard");
        assert_eq!(
            (pooled.testimony.novelty(), pooled.agreement),
            (0.7, Agreement::OnSide),
            "one that names subtypes is silent"
        );
        assert!((pooled.testimony.probabilities()[2] - 0.7).abs() < 1e-5);
        let pooled = two().pool(&heard, 1.0).expect("heard");
        assert_eq!(pooled.testimony.novelty(), 0.7, "a third one is heard, too");
        let pooled = two().pool(&[testimony(PRE, 0.5), strange, None, None], 1.0).expect("heard");
        assert_eq!(pooled.testimony.novelty(), 5.0, "above what is familiar");
        assert_eq!(two().pool(&[testimony(PRE, 0.5), None, None, None], 1.0), None, "one is not enough");
    }

    #[test]
    fn an_expert_that_is_too_sure_is_not_believed_without_limit() {
        let sure = [1.0, 0.0, 0.0, 0.0];
        let pooled = two().pool(&[testimony(sure, 0.0), testimony(sure, 0.0), None, None], 1.0).expect("heard");
        assert!(pooled.testimony.logits().iter().all(|logit| logit.is_finite()), "{pooled:?}");
        assert!(pooled.testimony.probabilities()[0] > 0.999_99);
    }

    #[test]
    fn unsound_juries_are_refused() {
        let none = Calibration::NONE;
        assert_eq!(Jury::new(&[], 1, none), None);
        assert_eq!(Jury::new(&[Voice::FULL; 5], 1, none), None);
        assert_eq!(Jury::new(&[Voice::FULL; 2], 3, none), None);
        assert_eq!(Jury::new(&[Voice::FULL; 2], 0, none), None);
        for weight in [0.0, -1.0, f32::NAN, f32::INFINITY] {
            assert_eq!(Jury::new(&[Voice { weight, ..Voice::FULL }], 1, none), None, "{weight}");
        }
        assert_eq!(Jury::new(&[Voice::FULL], 1, Calibration { temperature: 0.0, ..none }), None);
    }
}
