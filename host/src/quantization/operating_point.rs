//! Temperature and thresholds, chosen on the validation part alone and after quantization.

use blastscope_shared::{
    Class,
    artifact::Thresholds,
    calibration::{most_probable, probabilities},
};

/// A field of the validation part as the int8 network sees it.
#[derive(Clone, Copy, Debug)]
pub struct Scored {
    /// What it shows.
    pub truth: Class,
    /// The network's outputs.
    pub logits: [f32; Class::COUNT],
    /// See [`blastscope_shared::novelty`]; [`f32::MAX`] where the network saw nothing.
    pub novelty: f32,
}

/// Largest share of wrong verdicts among those that are spoken on the validation part.
const MAX_RISK: f64 = 0.01;
/// Share of validation fields that are familiar enough.
const FAMILIAR: f64 = 0.99;

/// What stands between logits and a verdict.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OperatingPoint {
    /// See [`blastscope_shared::calibration`]: the one of the least cross-entropy.
    pub temperature: f32,
    /// The lowest probability from 0.50 to 0.99 at which at most 1 % of the spoken verdicts are wrong, and a novelty that 99 % of
    /// the fields stay below.
    pub thresholds: Thresholds,
}

impl OperatingPoint {
    /// Chooses temperature and thresholds for `fields`; `None` when there are none that the network saw something of.
    #[must_use]
    pub fn choose(fields: &[Scored]) -> Option<Self> {
        if fields.is_empty() {
            return None;
        }
        let temperature = temperature(fields);
        let mut novelties: Vec<f32> =
            fields.iter().map(|field| field.novelty).filter(|&novelty| novelty < f32::MAX).collect();
        if novelties.is_empty() {
            return None;
        }
        novelties.sort_unstable_by(f32::total_cmp);
        let at = ((novelties.len() as f64 * FAMILIAR).ceil() as usize).clamp(1, novelties.len()) - 1;
        let max_novelty = novelties[at].max(f32::MIN_POSITIVE);
        let spoken: Vec<(bool, f32)> = fields
            .iter()
            .filter(|field| field.novelty <= max_novelty)
            .map(|field| {
                let (class, probability) = most_probable(&probabilities(&field.logits, temperature));
                (class == field.truth, probability)
            })
            .collect();
        let risk = |threshold: f32| {
            let named = spoken.iter().filter(|(_, probability)| *probability >= threshold);
            let (count, wrong) =
                named.fold((0, 0), |(count, wrong), (right, _)| (count + 1, wrong + usize::from(!right)));
            wrong as f64 / f64::from(count.max(1))
        };
        let min_probability = (50..=99)
            .map(|percent| percent as f32 / 100.0)
            .find(|&threshold| risk(threshold) <= MAX_RISK)
            .unwrap_or(0.99);
        Some(Self { temperature, thresholds: Thresholds { min_probability, max_novelty } })
    }
}

/// The temperature from 1/20 to 20 of the least mean cross-entropy, by golden-section search over its logarithm; the
/// cross-entropy has one minimum in it.
fn temperature(fields: &[Scored]) -> f32 {
    let cross_entropy = |log_temperature: f64| {
        let temperature = log_temperature.exp();
        fields.iter().map(|field| surprise(&field.logits, field.truth, temperature)).sum::<f64>()
    };
    let ratio = (5f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = ((1.0f64 / 20.0).ln(), 20f64.ln());
    for _ in 0..60 {
        let (left, right) = (high - ratio * (high - low), low + ratio * (high - low));
        if cross_entropy(left) < cross_entropy(right) {
            high = right;
        } else {
            low = left;
        }
    }
    ((low + high) / 2.0).exp() as f32
}

/// The mean cross-entropy of fields at a temperature, in nats.
#[must_use]
pub fn cross_entropy(fields: &[Scored], temperature: f32) -> f64 {
    let sum: f64 = fields.iter().map(|field| surprise(&field.logits, field.truth, f64::from(temperature))).sum();
    sum / fields.len().max(1) as f64
}

/// Minus the logarithm of the probability of `truth` by [`probabilities`], which cannot lose itself in rounding.
fn surprise(logits: &[f32; Class::COUNT], truth: Class, temperature: f64) -> f64 {
    let log_sum = |logits: &[f64]| {
        let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        largest + logits.iter().map(|logit| (logit - largest).exp()).sum::<f64>().ln()
    };
    let [benign, malignant @ ..] = logits.map(f64::from);
    let margin = (log_sum(&malignant) - benign) / temperature;
    if !truth.is_malignant() {
        return log_sum(&[0.0, margin]);
    }
    let shares = malignant.map(|logit| logit / temperature);
    log_sum(&[0.0, -margin]) + log_sum(&shares) - shares[truth.index() - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(truth: usize, logits: [f32; 4], novelty: f32) -> Scored {
        Scored { truth: Class::ALL[truth], logits, novelty }
    }

    #[test]
    fn overconfidence_is_cooled() {
        // Right 3 of 4 times with logits of 8 and three of 0: the margin of malignancy is ln 3 - 8, and its calibrated size is ln 3.
        // A wrong one is Early, one of three equal shares whatever the temperature.
        let fields: Vec<Scored> = (0..400).map(|i| field(usize::from(i % 4 == 0), [8.0, 0.0, 0.0, 0.0], 1.0)).collect();
        let temperature = temperature(&fields);
        assert!((temperature - (8.0 - 3f32.ln()) / 3f32.ln()).abs() < 0.01, "{temperature}");
        let by_hand = 0.75 * -(0.75f64.ln()) + 0.25 * -((0.25f64 / 3.0).ln());
        assert!((cross_entropy(&fields, temperature) - by_hand).abs() < 1e-4);
    }

    #[test]
    fn thresholds_keep_the_wrong_and_the_strange_out() {
        let mut fields: Vec<Scored> =
            (0..990).map(|i| field(i % 4, std::array::from_fn(|c| if c == i % 4 { 6.0 } else { 0.0 }), 1.0)).collect();
        fields.extend((0..30).map(|_| field(1, [1.0, 0.5, -2.0, -2.0], 1.5)));
        fields.extend((0..5).map(|_| field(0, [6.0, 0.0, 0.0, 0.0], 90.0)));
        let point = OperatingPoint::choose(&fields).expect("there are fields");
        assert!(point.thresholds.max_novelty < 90.0);
        let wrong = most_probable(&probabilities(&[1.0, 0.5, -2.0, -2.0], point.temperature)).1;
        assert!(point.thresholds.min_probability > wrong, "{point:?}");
        // Fields without cells do not count as familiar.
        let nothing = field(0, [0.0; 4], f32::MAX);
        let with_empty: Vec<Scored> = fields.iter().copied().chain((0..100).map(|_| nothing)).collect();
        let other = OperatingPoint::choose(&with_empty).expect("there are fields");
        assert_eq!(other.thresholds.max_novelty, point.thresholds.max_novelty);
        assert_eq!(OperatingPoint::choose(&[nothing]), None);
        assert_eq!(OperatingPoint::choose(&[]), None);
    }
}
