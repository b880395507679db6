//! From a trained network to a signed model: quantization, fine-tuning, adaptation, packing, keys.

pub mod adaptation;
#[cfg(feature = "training")]
mod delivery;
#[cfg(feature = "training")]
pub mod fine_tuning;
#[cfg(feature = "training")]
mod float_layers;
#[cfg(feature = "training")]
pub mod float_predictions;
pub mod jury;
pub mod keys;
#[cfg(feature = "training")]
pub mod packing;
pub mod quantization;
pub mod retraining;
