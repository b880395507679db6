//! The device's tests in one program, so that the library is linked once. `--test device page::` runs those of a module.

mod bench;
mod binary;
#[cfg(target_os = "linux")]
mod board;
#[cfg(target_os = "linux")]
mod browser;
#[cfg(target_os = "linux")]
mod camera;
mod commands;
mod doctor;
#[cfg(unix)]
mod examples;
mod explain;
#[cfg(target_os = "linux")]
mod folders;
mod instrument;
mod one_judge;
mod page;
mod record;
mod report;
mod service;
#[cfg(target_os = "linux")]
mod tui;
mod update;
