//! The batches of a training, for every recipe.

use std::sync::Arc;

use blastscope_shared::Sight;
use burn::{data::dataloader::DataLoader, prelude::Device};

use super::batches::Batch;
use crate::Error;

/// Most batches for measuring the statistics of batch normalization.
pub const MEASURED_BATCHES: usize = 64;

/// What the loaders must know about a training.
#[derive(Clone, Copy, Debug)]
pub struct Course<'a> {
    /// What the network is shown.
    pub sight: &'a Sight,
    /// Epochs in all.
    pub epochs: usize,
    /// Pictures or cells per step, over all devices.
    pub batch_size: usize,
    /// Items per class after augmentation.
    pub per_class: usize,
    /// Seed of all orders and draws.
    pub seed: u64,
    /// Epochs completed before a resumption.
    pub start: Option<usize>,
    /// Devices that share each batch, at least one; the first validates.
    pub devices: &'a [Device],
}

/// The batches of a training.
pub struct Loaders {
    /// The training part, in any order, so that it can be cut into shares; its batches are for one of the devices.
    pub train: Arc<dyn DataLoader<Batch>>,
    /// The validation part, on the first device.
    pub validation: Arc<dyn DataLoader<Batch>>,
    /// For measuring the statistics of batch normalization: like `train`, and at most [`MEASURED_BATCHES`] batches.
    pub statistics: Arc<dyn DataLoader<Batch>>,
    /// Steps of all epochs.
    pub steps: usize,
}

/// Steps per epoch of `items` on `devices` with batches of `share` each: the last device has the longest stretch.
pub(super) const fn steps(items: usize, share: usize, devices: usize) -> usize {
    (items - (devices - 1) * (items / devices)).div_ceil(share)
}

/// A batch size divided among devices.
///
/// # Errors
/// [`Error::Usage`] when it cannot be divided equally.
pub fn share_of(batch_size: usize, devices: usize) -> Result<usize, Error> {
    if devices > 0 && batch_size.is_multiple_of(devices) {
        return Ok(batch_size / devices);
    }
    Err(Error::Usage(format!(
        "a batch of {batch_size} cannot be shared equally by {devices} devices; give --batch-size {} or other --devices",
        batch_size.next_multiple_of(devices.max(1))
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_shared_equally_or_refused() {
        assert_eq!(share_of(32, 1).expect("one"), 32);
        assert_eq!(share_of(32, 4).expect("four"), 8);
        let refused = share_of(32, 3).expect_err("refused").to_string();
        assert!(refused.contains("--batch-size 33"), "{refused}");
    }
}
