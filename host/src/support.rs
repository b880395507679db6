//! What every room leans on and none is about: errors, whole files, locks, signals, progress, text, streams of random numbers.

pub mod atomic_file;
pub mod error;
pub mod folder_lock;
pub mod hardware;
pub mod notice;
pub mod output;
pub mod progress;
pub mod random;
pub mod signal;
pub mod text;
