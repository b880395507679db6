//! The commands, one module each: arguments, and what they do.

pub mod adapt;
pub mod audit;
pub mod card;
#[cfg(feature = "training")]
pub mod choices;
pub mod compare;
#[cfg(feature = "training")]
pub mod crossval;
#[cfg(feature = "training")]
pub mod doctor;
pub mod evaluate;
#[cfg(feature = "training")]
pub mod explain;
pub mod inspect;
pub mod pictures;
#[cfg(feature = "training")]
pub mod quantize;
#[cfg(feature = "training")]
pub mod reproduce;
pub mod retrain;
pub mod stress;
pub mod synth;
#[cfg(feature = "training")]
pub mod throughput;
#[cfg(feature = "training")]
pub mod train;
