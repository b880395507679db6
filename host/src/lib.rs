//! The host side of blastscope: from a folder of smear images to a packed int8 network, with the evidence of what it is worth.

// `println!` and its like panic where the output cannot be written.
#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

pub mod adaptation;
pub mod architecture;
pub mod atomic_file;
pub mod audit;
pub mod augmentation;
pub mod cell_set;
pub mod cli;
pub mod colour_baseline;
pub mod commands;
#[cfg(feature = "training")]
pub mod crossval;
pub mod dataset;
pub mod degradation;
pub mod error;
pub mod evaluation;
pub mod evidence;
#[cfg(feature = "training")]
pub mod explanation;
pub mod folder_lock;
pub mod hardware;
pub mod keys;
pub mod model_card;
pub mod output;
pub mod picture;
pub mod progress;
pub mod quantization;
pub mod random;
pub mod rank_correlation;
pub mod recipe;
pub mod report;
#[cfg(feature = "training")]
pub mod reproduce;
pub mod retraining;
pub mod run_folder;
pub mod screening;
pub mod signal;
pub mod split;
pub mod stress;
pub mod svg;
pub mod symmetry;
pub mod synth;
mod table_text;
pub mod text;
#[cfg(feature = "training")]
pub mod training;
pub mod unfamiliar;

#[cfg(test)]
mod drawn_folder;

pub use error::Error;
