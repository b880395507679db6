//! The commands, one module each: arguments, and what they do.

#[cfg(feature = "training")]
pub mod doctor;
pub mod evaluate;
#[cfg(feature = "training")]
pub mod explain;
pub mod inspect;
#[cfg(feature = "training")]
pub mod quantize;
pub mod synth;
#[cfg(feature = "training")]
pub mod train;
