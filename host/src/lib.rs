//! The host side of blastscope: from a folder of smear images to a packed int8 network, with the evidence of what it is worth.

// `println!` and its like panic where the output cannot be written.
#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

pub mod commands;
pub mod data;
pub mod measure;
pub mod pack;
#[cfg(feature = "training")]
pub mod recipe;
pub mod report;
pub mod statistics;
pub mod support;
#[cfg(feature = "training")]
pub mod training;

pub use support::error::Error;
