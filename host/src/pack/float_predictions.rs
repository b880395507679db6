//! Predictions of a float network.

use blastscope_shared::{Class, Observation, judge::calibration::Calibration};

use crate::{
    Error,
    data::{dataset::Dataset, split::Item},
    measure::prediction::Prediction,
    recipe::batches::examples,
    support::progress::Progress,
    training::float_network::FloatNetwork,
};

/// Predictions of the float network for a split's items, without temperature; it abstains only where it saw nothing.
///
/// # Errors
/// When the device returns something other than logits.
pub fn float_predictions(
    network: &FloatNetwork,
    data: &Dataset,
    inputs: &[Vec<u8>],
    items: &[Item],
    progress: Progress,
) -> Result<Vec<Prediction>, Error> {
    let logits = network.logits(&examples(data, inputs, items), progress)?;
    Ok(predictions_of(&logits, data, items))
}

/// Float logits as predictions, with softmax at temperature 1.
#[must_use]
pub fn predictions_of(logits: &[Observation<[f32; Class::COUNT]>], data: &Dataset, items: &[Item]) -> Vec<Prediction> {
    logits
        .iter()
        .zip(items)
        .map(|(logits, item)| Prediction {
            file: data.images[item.image].file.clone(),
            truth: data.images[item.image].class,
            probabilities: logits.map(|logits| Calibration::NONE.probabilities(&logits)),
            abstained: logits.blank().map(|blank| blank.name().to_owned()),
            without_subtype: false,
        })
        .collect()
}
