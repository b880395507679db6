//! Expected calibration error (Guo et al., "On Calibration of Modern Neural Networks", ICML 2017), over bins of equal width and,
//! after Nixon et al., "Measuring Calibration in Deep Learning" (CVPR workshops 2019), over bins of equally many fields.

use serde::{Deserialize, Serialize};

use crate::measure::prediction::Prediction;

/// Number of bins, as in the paper; those of equal width are 1/15 of confidence wide.
pub const BINS: usize = 15;

/// How far confidence and accuracy differ, over the fields in which something was seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reliability {
    /// The expected calibration error, 0..=1: the mean over all fields of their bin's |accuracy - confidence|.
    pub expected_error: f64,
    /// The bins from the lowest confidence to the highest; bin `i` holds confidences in `(i / 15, (i + 1) / 15]`.
    pub bins: [Bin; BINS],
    /// The same error over [`Self::equal_mass_bins`]. A confident network has nearly all fields in the last bin of equal width;
    /// here every bin counts the same.
    pub equal_mass_error: f64,
    /// Bins of equally many fields, give or take one, from the lowest confidence to the highest; 15, or as many as there are
    /// fields. Fields of equal confidence count as equally right, so that their order does not matter.
    pub equal_mass_bins: Vec<Bin>,
}

/// The fields whose confidence lies in one range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Lower end of the range, 0..=1: the bin's edge, or the least confidence in a bin of equal mass.
    pub low: f64,
    /// Upper end of the range, 0..=1: the bin's edge, or the greatest confidence in a bin of equal mass.
    pub high: f64,
    /// Number of fields.
    pub count: usize,
    /// Their mean confidence, 0..=1; 0 without fields.
    pub confidence: f64,
    /// Their accuracy, 0..=1; 0 without fields.
    pub accuracy: f64,
}

/// The bin of equal width that a confidence falls into, counted from 0.
pub(crate) fn equal_width_bin(confidence: f64) -> usize {
    ((confidence * BINS as f64).ceil() as usize).clamp(1, BINS) - 1
}

impl Reliability {
    /// Measures predictions; if nothing was seen in any field, all numbers are 0.
    pub(super) fn new(predictions: &[Prediction]) -> Self {
        let scored = by_confidence(predictions);
        let mut by_width: [Vec<(f64, f64)>; BINS] = std::array::from_fn(|_| Vec::new());
        for &(confidence, right) in &scored {
            by_width[equal_width_bin(confidence)].push((confidence, right));
        }
        let mut bins = by_width.map(|fields| Bin::new(&fields));
        for (at, bin) in bins.iter_mut().enumerate() {
            (bin.low, bin.high) = (at as f64 / BINS as f64, (at + 1) as f64 / BINS as f64);
        }
        let count = BINS.min(scored.len());
        let edge = |at: usize| at * scored.len() / count.max(1);
        let equal_mass_bins: Vec<Bin> = (0..count).map(|at| Bin::new(&scored[edge(at)..edge(at + 1)])).collect();
        Self {
            expected_error: expected_error(&bins),
            bins,
            equal_mass_error: expected_error(&equal_mass_bins),
            equal_mass_bins,
        }
    }
}

/// Confidence and correctness of every field, from the least confident; fields of equal confidence share their mean correctness.
fn by_confidence(predictions: &[Prediction]) -> Vec<(f64, f64)> {
    let mut scored: Vec<(f64, f64)> = predictions
        .iter()
        .filter_map(|prediction| {
            let (_, confidence) = prediction.most_probable()?;
            Some((f64::from(confidence), f64::from(u8::from(prediction.is_right()))))
        })
        .collect();
    scored.sort_by(|one, other| one.0.total_cmp(&other.0));
    for equal in scored.chunk_by_mut(|one, other| one.0 == other.0) {
        let mean = equal.iter().map(|(_, right)| right).sum::<f64>() / equal.len() as f64;
        equal.iter_mut().for_each(|(_, right)| *right = mean);
    }
    scored
}

impl Bin {
    /// The bin of `fields` (confidence, correctness), from the least confident.
    fn new(fields: &[(f64, f64)]) -> Self {
        let (Some(first), Some(last)) = (fields.first(), fields.last()) else { return Self::default() };
        let mean = |value: fn(&(f64, f64)) -> f64| fields.iter().map(value).sum::<f64>() / fields.len() as f64;
        Self {
            low: first.0,
            high: last.0,
            count: fields.len(),
            confidence: mean(|field| field.0),
            accuracy: mean(|field| field.1),
        }
    }
}

fn expected_error(bins: &[Bin]) -> f64 {
    let fields: usize = bins.iter().map(|bin| bin.count).sum();
    let sum: f64 = bins.iter().map(|bin| bin.count as f64 * (bin.accuracy - bin.confidence).abs()).sum();
    sum / fields.max(1) as f64
}
