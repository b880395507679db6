//! The commands, one module each: arguments, and what they do.

pub mod synth;
#[cfg(feature = "training")]
pub mod train;
