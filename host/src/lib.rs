//! The host side of blastscope: from a folder of smear images to a packed int8 network, with the evidence of what it is worth.

pub mod architecture;
pub mod atomic_file;
pub mod cli;
pub mod colour_baseline;
pub mod commands;
pub mod dataset;
pub mod error;
pub mod evaluation;
#[cfg(feature = "training")]
pub mod explanation;
pub mod hardware;
pub mod picture;
pub mod progress;
pub mod quantization;
pub mod rank_correlation;
pub mod run_folder;
pub mod screening;
pub mod signal;
pub mod split;
pub mod svg;
pub mod symmetry;
pub mod synth;
pub mod text;
#[cfg(feature = "training")]
pub mod training;

#[cfg(test)]
mod drawn_folder;

pub use error::Error;
