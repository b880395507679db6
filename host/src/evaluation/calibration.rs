//! Expected calibration error (Guo et al., "On Calibration of Modern Neural Networks", ICML 2017).

use serde::{Deserialize, Serialize};

use super::Prediction;

/// Number of bins, each 1/15 of confidence wide, as in the paper.
pub const BINS: usize = 15;

/// How far confidence and accuracy are apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// The expected calibration error, 0..=1: the mean over all fields of their bin's |accuracy - confidence|.
    pub expected_error: f64,
    /// The bins from the lowest confidence to the highest; bin `i` holds confidences in `(i / 15, (i + 1) / 15]`.
    pub bins: [Bin; BINS],
}

/// The fields whose confidence lies in one range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Number of fields.
    pub count: usize,
    /// Their mean confidence, 0..=1; 0 without fields.
    pub confidence: f64,
    /// Their accuracy, 0..=1; 0 without fields.
    pub accuracy: f64,
}

impl Calibration {
    pub(super) fn new(predictions: &[Prediction]) -> Self {
        let mut bins = [Bin::default(); BINS];
        for prediction in predictions {
            let confidence = f64::from(prediction.confidence());
            let bin = &mut bins[((confidence * BINS as f64).ceil() as usize).clamp(1, BINS) - 1];
            bin.count += 1;
            bin.confidence += confidence;
            bin.accuracy += f64::from(u8::from(prediction.class() == prediction.truth));
        }
        let mut expected_error = 0.0;
        for bin in bins.iter_mut().filter(|bin| bin.count > 0) {
            expected_error += (bin.accuracy - bin.confidence).abs() / predictions.len() as f64;
            bin.confidence /= bin.count as f64;
            bin.accuracy /= bin.count as f64;
        }
        Self { expected_error, bins }
    }
}
