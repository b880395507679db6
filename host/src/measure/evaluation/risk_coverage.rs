//! What withholding the least confident verdicts would gain: the risk-coverage curve and the area under it (El-Yaniv and Wiener,
//! "On the Foundations of Noise-free Selective Classification", JMLR 11, 2010; Geifman, Uziel and El-Yaniv, "Bias-Reduced
//! Uncertainty Estimation for Deep Neural Classifiers", ICLR 2019).

use serde::{Deserialize, Serialize};

use crate::measure::prediction::Prediction;

/// The share of wrong verdicts among the most confident ones, for every share of answered fields. Fields in which nothing was seen
/// are never answered: with any, the curve ends before a coverage of 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RiskCoverage {
    /// Area under the curve, 0..=1: the mean, over every number `k` of fields, of the risk of the `k` most confident. Fields of
    /// equal confidence are answered in random order, of which this is the expectation.
    pub area: f64,
    /// The area if every mistake were less confident than every right answer: no ranking of these answers has less.
    pub least_area: f64,
    /// The curve, from the most confident fields to all; one point for each confidence.
    pub points: Vec<RiskPoint>,
}

/// A point of the curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RiskPoint {
    /// Least confidence of the answered fields, 0..=1.
    pub confidence: f32,
    /// Share of answered fields, 0..=1.
    pub coverage: f64,
    /// Share of wrong answers among them, 0..=1.
    pub risk: f64,
}

impl RiskCoverage {
    /// Measures at least one prediction, abstentions included; no points if nothing was seen in any field.
    pub(super) fn new(predictions: &[Prediction]) -> Self {
        let count = predictions.len();
        let mut scored: Vec<(f32, bool)> = predictions
            .iter()
            .filter_map(|prediction| {
                prediction.most_probable().map(|(_, confidence)| (confidence, !prediction.is_right()))
            })
            .collect();
        scored.sort_by(|one, other| other.0.total_cmp(&one.0));
        let (mut answered, mut wrong, mut area) = (0, 0, 0.0);
        let mut points = Vec::new();
        for equal in scored.chunk_by(|one, other| one.0 == other.0) {
            let mistakes = equal.iter().filter(|(_, wrong)| *wrong).count();
            for at in 1..=equal.len() {
                let expected = wrong as f64 + at as f64 * mistakes as f64 / equal.len() as f64;
                area += expected / (answered + at) as f64;
            }
            answered += equal.len();
            wrong += mistakes;
            points.push(RiskPoint {
                confidence: equal[0].0,
                coverage: answered as f64 / count as f64,
                risk: wrong as f64 / answered as f64,
            });
        }
        let right = answered - wrong;
        let least: f64 = (1..=wrong).map(|at| at as f64 / (right + at) as f64).sum();
        let seen = scored.len().max(1) as f64;
        Self { area: area / seen, least_area: least / seen, points }
    }
}
