//! The host side of blastscope: from a folder of smear images to a packed int8 network, with the evidence of what it is worth.

pub mod atomic_file;
pub mod commands;
pub mod error;
pub mod synth;

pub use error::Error;
