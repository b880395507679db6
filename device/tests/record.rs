//! The device's record, through library and commands.

#![allow(missing_docs, reason = "tests")]

#[path = "record/answers.rs"]
mod answers;
#[path = "record/backup.rs"]
mod backup;
#[path = "record/commands.rs"]
mod commands;
#[path = "record/damage.rs"]
mod damage;
#[path = "record/exports.rs"]
mod exports;
#[cfg(target_os = "linux")]
#[path = "record/faults.rs"]
mod faults;
#[cfg(unix)]
#[path = "record/killed.rs"]
mod killed;
#[path = "record/one_session.rs"]
mod one_session;
#[path = "record/recompute.rs"]
mod recompute;
#[path = "record/rules.rs"]
mod rules;
#[path = "record/salvage.rs"]
mod salvage;
#[path = "record/samples.rs"]
mod samples;
#[path = "record/tampering.rs"]
mod tampering;
#[path = "record/writer.rs"]
mod writer;
