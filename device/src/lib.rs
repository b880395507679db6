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

pub mod adapt;
pub mod advice;
pub mod atomic_file;
pub mod bench;
pub mod cameras;
mod civil;
pub mod classify;
pub mod cli;
pub mod clock;
pub mod config;
pub mod data_dir;
pub mod disk;
pub mod doctor;
pub mod drawn_field;
pub mod execution;
pub mod files;
pub mod frame;
pub mod hardware;
pub mod installed;
pub mod instrument;
mod interrupt;
pub mod live;
pub mod logging;
mod memory;
pub mod model;
pub mod overlay;
pub mod page;
pub mod pipeline;
pub mod progress;
pub mod record;
pub mod report;
pub mod service;
pub mod source;
mod text;
pub mod update;

/// Stands on every screen, report and export.
pub const RESEARCH_USE: &str = blastscope_shared::artifact::STATEMENT;
