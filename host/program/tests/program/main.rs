//! The host's program as its users start it. One test program, so that Burn is linked once; `--test program retrain::` runs those of a
//! module.

mod adapt;
mod crossval;
mod devices;
#[cfg(unix)]
mod examples;
#[cfg(target_os = "linux")]
mod folders;
mod reproduce;
mod resume;
mod retrain;
mod signing;
