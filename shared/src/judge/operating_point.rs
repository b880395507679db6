//! Chooses calibration and thresholds, on the validation part alone and after quantization.
//!
//! Fields in which nothing was seen say nothing about probabilities, so a [`Scored`] cannot be made from one. The caller counts and
//! reports them.
//!
//! The same fields give the same bits on every processor: exponentials and logarithms are `libm`'s, because a C library's vary with
//! the instructions it finds.

use alloc::vec::Vec;

use crate::{
    Class,
    judge::{
        Thresholds,
        calibration::{Calibration, largest, malignancy, most_probable},
        jury::{Agreement, Jury, Testimonies, Testimony, Voice},
        novelty::{Distances, Optics},
    },
    sight::{Blank, Observation},
};

/// A validation field in which the network saw something. Its numbers are finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    truth: Class,
    logits: [f32; Class::COUNT],
    novelty: f32,
    agreement: Agreement,
}

impl Scored {
    /// A field that shows `truth`, with the network's `logits` and its [novelty](crate::judge::novelty). Nothing if any number is
    /// not finite.
    #[must_use]
    pub fn new(truth: Class, logits: [f32; Class::COUNT], novelty: f32) -> Observation<Self> {
        match logits.iter().chain([&novelty]).all(|number| number.is_finite()) {
            true => Observation::Observed(Self { truth, logits, novelty, agreement: Agreement::Whole }),
            false => Observation::Nothing(Blank::NotFinite),
        }
    }

    /// The field with another agreement of its jurors.
    #[must_use]
    pub const fn agreeing(self, agreement: Agreement) -> Self {
        Self { agreement, ..self }
    }

    /// What a juror with this calibration says of the field; `None` if its probabilities are not finite.
    #[must_use]
    pub fn testimony(&self, calibration: &Calibration) -> Option<Testimony> {
        Testimony::new(self.logits, calibration.probabilities(&self.logits), self.novelty).observed()
    }

    /// The true class.
    #[must_use]
    pub const fn truth(&self) -> Class {
        self.truth
    }

    /// The most probable class under a calibration; `None` if its probabilities are not finite.
    #[must_use]
    pub fn most_probable(&self, calibration: &Calibration) -> Option<Class> {
        most_probable(&calibration.probabilities(&self.logits)).map(|(class, _)| class)
    }
}

/// Largest share of wrong ones among the sides called, and among the subtypes named, on the validation part.
const MAX_RISK: f64 = 0.01;
/// Share of validation fields that count as familiar.
const FAMILIAR: f64 = 0.99;
/// Share of validation fields within each usual distance.
const USUAL: f64 = 0.995;

/// Calibration and thresholds: everything between logits and a verdict.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OperatingPoint {
    /// The calibration of least cross-entropy.
    pub calibration: Calibration,
    /// The lowest probability from 0.50 to 0.99 at which at most 1 % of the fields called benign or malignant are wrong; the lowest
    /// share, in the same range, at which at most 1 % of the subtypes named of these are wrong; and a novelty that 99 % of the fields
    /// stay below.
    pub thresholds: Thresholds,
}

impl OperatingPoint {
    /// Chooses calibration and thresholds for `fields`; `None` if there are none, or no calibration fits them.
    #[must_use]
    pub fn choose(fields: &[Scored]) -> Option<Self> {
        if fields.is_empty() {
            return None;
        }
        let calibration = calibrate(fields);
        if !calibration.is_usable() {
            return None;
        }
        let max_novelty = quantile(fields.iter().map(|field| field.novelty).collect(), FAMILIAR)?;
        let is_heard =
            |field: &&Scored| field.novelty <= max_novelty && !matches!(field.agreement, Agreement::Split { .. });
        let judged: Vec<(Scored, Class, f32, f32)> = fields
            .iter()
            .filter(is_heard)
            .map(|field| {
                let probabilities = calibration.probabilities(&field.logits);
                let ((class, probability), malignancy) = (largest(&probabilities), malignancy(&probabilities));
                match class.is_malignant() {
                    true => (*field, class, malignancy, probability / malignancy),
                    false => (*field, class, probability, 1.0),
                }
            })
            .collect();
        let sides = judged
            .iter()
            .map(|(field, class, probability, _)| (field.truth.is_malignant() == class.is_malignant(), *probability));
        let min_probability = least(&sides.collect::<Vec<_>>());
        let subtypes = judged
            .iter()
            .filter(|(field, class, probability, _)| {
                class.is_malignant() && *probability >= min_probability && field.agreement == Agreement::Whole
            })
            .map(|(field, class, _, share)| (field.truth == *class, *share));
        let min_subtype = least(&subtypes.collect::<Vec<_>>());
        Some(Self { calibration, thresholds: Thresholds { min_probability, min_subtype, max_novelty } })
    }
}

/// A jury and the thresholds of its verdicts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JuryPoint {
    /// How the jurors are pooled.
    pub jury: Jury,
    /// As in [`OperatingPoint`].
    pub thresholds: Thresholds,
}

impl JuryPoint {
    /// Chooses the calibration of the pooled opinion, and thresholds, on validation fields: each with its true class and what the
    /// jurors say of it. The largest novelty is the one at which a quorum of jurors is fit to speak in 99 % of the fields. `None` if
    /// there is no field of which a quorum saw anything, or no calibration fits.
    #[must_use]
    pub fn choose(voices: &[Voice], quorum: usize, fields: &[(Class, Testimonies)]) -> Option<Self> {
        let uncalibrated = Jury::new(voices, quorum, Calibration::NONE)?;
        let novelties = fields.iter().filter_map(|(_, heard)| uncalibrated.novelty(heard));
        let max_novelty = quantile(novelties.collect(), FAMILIAR)?;
        let scored: Vec<Scored> = fields
            .iter()
            .filter_map(|(truth, heard)| {
                let (logits, agreement) = uncalibrated.opinion(heard, max_novelty)?;
                let scored = Scored::new(*truth, logits, uncalibrated.novelty(heard)?).observed()?;
                Some(scored.agreeing(agreement))
            })
            .collect();
        let OperatingPoint { calibration, thresholds } = OperatingPoint::choose(&scored)?;
        let jury = Jury::new(voices, quorum, calibration)?;
        Some(Self { jury, thresholds: Thresholds { max_novelty, ..thresholds } })
    }
}

/// The lowest threshold from 0.50 to 0.99 at which at most [`MAX_RISK`] of the answers with that probability are wrong. `answers`:
/// whether each is right, and its probability.
fn least(answers: &[(bool, f32)]) -> f32 {
    let risk = |threshold: f32| {
        let given = answers.iter().filter(|(_, probability)| *probability >= threshold);
        let (count, wrong) = given.fold((0, 0), |(count, wrong), (right, _)| (count + 1, wrong + usize::from(!right)));
        wrong as f64 / f64::from(count.max(1))
    };
    (50..=99).map(|percent| percent as f32 / 100.0).find(|&threshold| risk(threshold) <= MAX_RISK).unwrap_or(0.99)
}

/// The distances that 99.5 % of the validation fields stay within, one by one; 1 without fields. `delivered` are distances of these
/// fields as other cameras deliver them, which are as usual. Non-finite distances are ignored.
#[must_use]
pub fn usual_distances(distances: &[Distances], delivered: &[Optics]) -> Distances {
    let usual = |all: &mut dyn Iterator<Item = f32>| {
        quantile(all.filter(|distance| distance.is_finite()).collect(), USUAL).unwrap_or(1.0)
    };
    let of = |one: fn(&Distances) -> f32| usual(&mut distances.iter().map(one));
    let optics =
        |one: fn(&Optics) -> f32| usual(&mut distances.iter().map(|field| &field.optics).chain(delivered).map(one));
    Distances {
        activations: of(|field| field.activations),
        stain: of(|field| field.stain),
        palette: of(|field| field.palette),
        optics: Optics { detail: optics(|field| field.detail), grain: optics(|field| field.grain) },
    }
}

/// The smallest finite value that this share of `values` does not exceed, but at least the smallest positive number.
fn quantile(mut values: Vec<f32>, share: f64) -> Option<f32> {
    values.sort_unstable_by(f32::total_cmp);
    let at = ((values.len() as f64 * share).ceil() as usize).max(1) - 1;
    values.get(at.min(values.len().saturating_sub(1))).map(|value| value.max(f32::MIN_POSITIVE))
}

/// The temperature (1/20 to 20) and biases of least mean cross-entropy: golden-section search over the logarithm of the
/// temperature, with the best biases for each by Newton's method.
fn calibrate(fields: &[Scored]) -> Calibration {
    let fields: Vec<Margins> = fields.iter().map(Margins::new).collect();
    let fit = |log_temperature: f64| {
        let temperature = libm::exp(log_temperature);
        let biases = biases(&fields, temperature);
        (loss(&fields, temperature, &biases), temperature, biases)
    };
    let ratio = (libm::sqrt(5.0) - 1.0) / 2.0;
    let (mut low, mut high) = (libm::log(1.0 / 20.0), libm::log(20.0));
    for _ in 0..50 {
        let (left, right) = (high - ratio * (high - low), low + ratio * (high - low));
        if fit(left).0 < fit(right).0 {
            high = right;
        } else {
            low = left;
        }
    }
    let (_, temperature, biases) = fit((low + high) / 2.0);
    Calibration { temperature: temperature as f32, biases: biases.map(|bias| bias as f32) }
}

/// A field's malignancy margin and malignant logits, before division by the temperature.
struct Margins {
    truth: Class,
    margin: f64,
    malignant: [f64; 3],
}

impl Margins {
    fn new(field: &Scored) -> Self {
        let [benign, malignant @ ..] = field.logits.map(f64::from);
        Self { truth: field.truth, margin: log_sum(&malignant) - benign, malignant }
    }

    /// Shares of the malignant classes.
    fn shares(&self, temperature: f64, biases: &[f64; 3]) -> [f64; 3] {
        let shares: [f64; 3] = core::array::from_fn(|class| self.malignant[class] / temperature + biases[class]);
        let total = log_sum(&shares);
        shares.map(|share| libm::exp(share - total))
    }

    /// Negative log probability of the true class, computed without losing it to rounding.
    fn surprise(&self, temperature: f64, biases: &[f64; 3]) -> f64 {
        let margin = self.margin / temperature;
        if !self.truth.is_malignant() {
            return log_sum(&[0.0, margin]);
        }
        let shares: [f64; 3] = core::array::from_fn(|class| self.malignant[class] / temperature + biases[class]);
        log_sum(&[0.0, -margin]) + log_sum(&shares) - shares[self.truth.index() - 1]
    }
}

/// Standard deviation of the normal prior on biases. It bounds the bias of a class that few fields show or that the network always
/// gets right.
const BIAS: f64 = 1.0;

fn loss(fields: &[Margins], temperature: f64, biases: &[f64; 3]) -> f64 {
    let prior: f64 = biases.iter().map(|bias| bias * bias / (2.0 * BIAS * BIAS)).sum();
    fields.iter().map(|field| field.surprise(temperature, biases)).sum::<f64>() + prior
}

/// The best biases at a temperature. The loss is convex in them; each in turn takes a Newton step until none lowers it.
fn biases(fields: &[Margins], temperature: f64) -> [f64; 3] {
    let mut best = ([0.0; 3], loss(fields, temperature, &[0.0; 3]));
    for _ in 0..40 {
        let before = best.1;
        for class in 0..3 {
            best = after_step(fields, temperature, best, class);
        }
        if before - best.1 < 1e-9 {
            break;
        }
    }
    best.0
}

/// Biases and loss after a Newton step of one bias, halved until the loss does not rise.
fn after_step(fields: &[Margins], temperature: f64, best: ([f64; 3], f64), class: usize) -> ([f64; 3], f64) {
    let (biases, lowest) = best;
    let (mut slope, mut curvature) = (biases[class] / (BIAS * BIAS), 1.0 / (BIAS * BIAS));
    for field in fields.iter().filter(|field| field.truth.is_malignant()) {
        let share = field.shares(temperature, &biases)[class];
        slope += share - f64::from(u8::from(field.truth.index() == class + 1));
        curvature += share * (1.0 - share);
    }
    let steps = core::iter::successors(Some(-slope / curvature), |step| Some(step / 2.0)).take(30);
    let mut moved = steps.map(|step| {
        let mut moved = biases;
        moved[class] += step;
        (moved, loss(fields, temperature, &moved))
    });
    moved.find(|(_, loss)| *loss <= lowest).unwrap_or(best)
}

/// Mean cross-entropy of fields under a calibration, in nats.
#[must_use]
pub fn cross_entropy(fields: &[Scored], calibration: &Calibration) -> f64 {
    let (temperature, biases) = (f64::from(calibration.temperature), calibration.biases.map(f64::from));
    let sum: f64 = fields.iter().map(|field| Margins::new(field).surprise(temperature, &biases)).sum();
    sum / fields.len().max(1) as f64
}

fn log_sum(logits: &[f64]) -> f64 {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, libm::fmaximum);
    largest + libm::log(logits.iter().map(|logit| libm::exp(logit - largest)).sum::<f64>())
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn field(truth: usize, logits: [f32; 4], novelty: f32) -> Scored {
        Scored::new(Class::ALL[truth], logits, novelty).observed().expect("finite")
    }

    #[test]
    fn overconfidence_is_cooled() {
        // Right 3 of 4 times with logits of 8 and three of 0: the margin of malignancy is ln 3 - 8, and its calibrated size is ln
        // 3. A wrong one is Early, one of three equal shares whatever the temperature.
        let fields: Vec<Scored> = (0..400).map(|i| field(usize::from(i % 4 == 0), [8.0, 0.0, 0.0, 0.0], 1.0)).collect();
        let calibration = calibrate(&fields);
        let benign = calibration.probabilities(&[8.0, 0.0, 0.0, 0.0])[0];
        assert!((benign - 0.75).abs() < 0.02, "{calibration:?}");
        // The wrong ones are Early, one of three equal logits, so its bias rises.
        let early = calibration.probabilities(&[8.0, 0.0, 0.0, 0.0])[1];
        assert!(early > 0.2, "{calibration:?}");
        let by_hand = 0.75 * -f64::from(benign).ln() + 0.25 * -f64::from(early).ln();
        assert!((cross_entropy(&fields, &calibration) - by_hand).abs() < 1e-4);
    }

    #[test]
    fn a_class_that_is_named_too_rarely_gets_its_due() {
        // Logits as if all classes were equally frequent; Early is in fact four times as frequent as each other class.
        let mut state = 3u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32
        };
        let fields: Vec<Scored> = (0..1400)
            .map(|at| {
                let truth = [0, 1, 1, 1, 1, 2, 3][at % 7];
                field(truth, core::array::from_fn(|class| 3.0 * noise() + if class == truth { 1.5 } else { 0.0 }), 1.0)
            })
            .collect();
        let calibration = calibrate(&fields);
        let [early, pre, pro] = calibration.biases;
        assert!(early > pre + 0.7 && early > pro + 0.7, "{calibration:?}");
        let plain = Calibration { biases: [0.0; 3], ..calibration };
        assert!(cross_entropy(&fields, &calibration) < cross_entropy(&fields, &plain) - 0.05);
        // Calibrated: the malignant fields of each class are as frequent as the shares of malignancy predict.
        let malignant = || fields.iter().filter(|field| field.truth.is_malignant());
        for class in [Class::Early, Class::Pre, Class::Pro] {
            let share = |field: &Scored| {
                let [_, malignant @ ..] = calibration.probabilities(&field.logits);
                malignant[class.index() - 1] / malignant.iter().sum::<f32>()
            };
            let expected: f32 = malignant().map(share).sum();
            let found = malignant().filter(|field| field.truth == class).count() as f32;
            assert!((expected - found).abs() < 0.01 * 1200.0, "{class}: {expected} of {found}");
        }
    }

    #[test]
    fn thresholds_keep_the_wrong_and_the_strange_out() {
        let mut fields: Vec<Scored> =
            (0..990).map(|i| field(i % 4, core::array::from_fn(|c| if c == i % 4 { 6.0 } else { 0.0 }), 1.0)).collect();
        fields.extend((0..30).map(|_| field(1, [1.0, 0.5, -2.0, -2.0], 1.5)));
        fields.extend((0..5).map(|_| field(0, [6.0, 0.0, 0.0, 0.0], 90.0)));
        let point = OperatingPoint::choose(&fields).expect("there are fields");
        assert!(point.thresholds.max_novelty < 90.0);
        let wrong = largest(&point.calibration.probabilities(&[1.0, 0.5, -2.0, -2.0])).1;
        assert!(point.thresholds.min_probability > wrong, "{point:?}");
        assert_eq!(OperatingPoint::choose(&[]), None);
    }

    #[test]
    fn subtypes_have_a_threshold_of_their_own() {
        let pre_or_pro = [-6.0, -6.0, 1.1, 1.0];
        let mut fields: Vec<Scored> =
            (0..800).map(|i| field(i % 4, core::array::from_fn(|c| if c == i % 4 { 6.0 } else { 0.0 }), 1.0)).collect();
        fields.extend((0..200).map(|i| field(2 + i % 2, pre_or_pro, 1.0)));
        let OperatingPoint { calibration, thresholds } = OperatingPoint::choose(&fields).expect("there are fields");
        let probabilities = calibration.probabilities(&pre_or_pro);
        assert!(malignancy(&probabilities) > 0.95 && thresholds.min_probability <= 0.95, "{thresholds:?}");
        let share = largest(&probabilities).1 / malignancy(&probabilities);
        assert!(thresholds.min_subtype > share, "{thresholds:?}, {share}");
        let judge = crate::Judge::new(thresholds);
        let verdict = judge.verdict(&crate::judge::Scores::new(pre_or_pro, probabilities, 1.0));
        assert_eq!((verdict.is_malignant(), verdict.class()), (Some(true), None), "{verdict:?}");
    }

    #[test]
    fn what_is_not_a_number_teaches_nothing() {
        for wrong in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert_eq!(Scored::new(Class::Pre, [0.0; 4], wrong), Observation::Nothing(Blank::NotFinite));
            for at in 0..4 {
                let mut logits = [0.0; 4];
                logits[at] = wrong;
                assert_eq!(Scored::new(Class::Pre, logits, 1.0), Observation::Nothing(Blank::NotFinite));
            }
            let optics = |detail, grain| Optics { detail, grain };
            let usual = Distances { activations: 2.0, stain: 3.0, palette: 4.0, optics: optics(5.0, 6.0) };
            let mut distances = vec![usual; 50];
            let broken = optics(wrong, wrong);
            distances.push(Distances { activations: wrong, stain: wrong, palette: wrong, optics: broken });
            assert_eq!(usual_distances(&distances, &[broken]), usual);
            let sharper = usual_distances(&distances, &[optics(7.0, 9.0)]);
            assert_eq!(sharper, Distances { optics: optics(7.0, 9.0), ..usual });
        }
    }
}
