//! blastscope on the microscope: frames in, verdicts out.
//!
//! ```text
//! FrameSource (camera, folder) -> one-slot mailbox -> Pipeline::step -> [Action] -> {screen, lines}
//!                                                      gate, network, smoothing over time
//! ```
//! [`Pipeline`](pipeline::Pipeline) is pure: no input, no output and no clock inside, so that a whole session can be replayed
//! and asserted. Everything that touches the world is an adapter around it.
//!
//! For research use only. Not for use in diagnostic procedures.

// `println!` and its like panic where the output cannot be written.
#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

pub mod board;
pub mod commands;
pub mod config;
pub mod faces;
pub mod model;
pub mod record;
pub mod report;
pub mod source;
pub mod station;
pub mod support;

/// Stands on every screen, report and export.
pub const RESEARCH_USE: &str = blastscope_shared::artifact::STATEMENT;
