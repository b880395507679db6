//! blastscope at the microscope: frames in, verdicts out.
//!
//! # Words
//! * **source**: delivers frames: a camera, or a folder of pictures.
//! * **board**: lamps, buzzer and buttons.
//! * **station**: the loop that passes frames through gate and network, carries out orders and keeps the session.
//! * **face**: shows the station to people or programs: printed lines, the terminal, the page in a browser.
//! * **record**: the database of sessions, fields, answers and pictures, with a hash chain.
//!
//! [`blastscope_core`] decides about frames, fields and sessions, without input, output or clock. This crate adds
//! the input and output around it.
//!
//! # Folders
//! Each folder imports only folders to its right or below.
//! ```text
//! commands ─▶ faces ─▶ station ─▶ source, board, record, model ─▶ support
//!          └▶ report ─────────────────────────▶ record, model
//!          └▶ config ──────────▶ source, board
//! ```
//!
//! # Example
//! Classify one drawn field.
//! ```
//! use blastscope::model::{Loaded, open};
//! use blastscope_core::{drawn_field, frame::Frame, pipeline::{Pipeline, Settings}};
//! # use std::{path::Path, time::Duration};
//!
//! let classifier = open(Path::new("../tests/golden/tiny.bsm"), Default::default())?;
//! let settings = Settings { settle: 1, ..Settings::new(*classifier.judge()) };
//! let mut pipeline = Pipeline::new(Loaded::new(&classifier), settings);
//! let picture = drawn_field::field(320, 240, 0);
//! let frame = Frame { picture, sequence: 0, time: Duration::ZERO, name: None, original: None };
//! pipeline.step(&frame, Duration::ZERO);
//! assert_eq!(pipeline.tally().frames, 1);
//! # Ok::<(), blastscope::model::ModelError>(())
//! ```
//!
//! For research use only. Not for use in diagnostic procedures.

// `println!` and similar macros panic if the output cannot be written.
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

/// Statement on every screen, report and export.
pub const RESEARCH_USE: &str = blastscope_shared::artifact::STATEMENT;
