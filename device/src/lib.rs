//! blastscope at the microscope: frames in, verdicts out.
//!
//! # Words
//! * **source**: what delivers frames: a camera, or a folder that plays one.
//! * **board**: lamps, buzzer and buttons.
//! * **station**: the loop that drives frames through gate and network, follows orders and keeps the session.
//! * **face**: what shows the station to people or programs: printed lines, the terminal, the page in a browser.
//! * **record**: the database of sessions, fields, answers and pictures, with a hash chain.
//!
//! What is decided about frames, fields and sessions is [`blastscope_core`]'s, which has no input, output or clock. This crate is the
//! world around it.
//!
//! # Folders
//! Each imports only what stands to its right or below.
//! ```text
//! commands ─▶ faces ─▶ station ─▶ source, board, record, model ─▶ support
//!          └▶ report ─────────────────────────▶ record, model
//!          └▶ config ──────────▶ source, board
//! ```
//!
//! # Example
//! What a model says of one drawn field.
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
