//! The host side of blastscope: from a folder of smear images to a packed int8 network, with the evidence of what it is worth.

pub mod atomic_file;
pub mod colour_baseline;
pub mod dataset;
pub mod error;
pub mod evaluation;
pub mod picture;
pub mod progress;
pub mod split;
pub mod svg;
pub mod symmetry;
pub mod text;

#[cfg(test)]
mod drawn_folder;

pub use error::Error;
