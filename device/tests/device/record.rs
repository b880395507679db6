//! The device's record, through library and commands.

mod answers;
mod backup;
mod cells;
mod commands;
mod course;
mod damage;
mod exports;
#[cfg(target_os = "linux")]
mod faults;
#[cfg(unix)]
mod killed;
mod one_session;
mod recompute;
mod rules;
mod salvage;
pub(crate) mod samples;
mod taking_back;
mod tampering;
mod writer;
