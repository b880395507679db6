//! The commands, one module each: arguments, and what they do.


#[cfg(feature = "training")]
pub mod train;
