//! The reference paper's whole experiment (Anand et al., Sci Rep 15:29147, 2025), on the paper's own protocol and on a split that
//! does not leak, side by side.
//!
//! A [`plan`] lists the trainings, each an ordinary run folder. A queue runs the missing ones, [`measure`] evaluates each and keeps
//! its [`outcome`] in the run folder, and [`report`] writes up the finished ones.

// `println!` and its like panic when they cannot write.
#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

pub mod command;
pub mod curves;
pub mod measure;
pub mod outcome;
pub mod paper;
pub mod plan;
pub mod report;
