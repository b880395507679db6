//! The reference paper's experiment, whole: Anand et al., Sci Rep 15:29147 (2025), on the paper's own protocol and on a split that
//! does not leak, side by side.
//!
//! A [`plan`] of trainings, each an ordinary run folder. A queue trains what is missing; [`measure`] finds its [`outcome`],
//! which stays in the run's folder; [`report`] writes down what is there.

// `println!` and its like panic where the output cannot be written.
#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

pub mod command;
pub mod curves;
pub mod measure;
pub mod outcome;
pub mod paper;
pub mod plan;
pub mod report;
