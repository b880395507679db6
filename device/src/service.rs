//! Running as a service: files for systemd, Avahi and udev, and the words that systemd wants to hear.
//!
//! The files lie in `assets/service`; packages take them as they are, [`install`](install::install) puts in program and user.

pub mod install;
pub mod notify;
