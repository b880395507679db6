//! The shared crate's tests in one program. `--test shared networks::` runs those of a module.

mod golden_fields;
mod networks;
mod novelty_statistics;
#[cfg(feature = "decode")]
mod pictures;
mod same_bits;
mod signature;
