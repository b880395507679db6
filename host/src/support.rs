//! What all other folders use: errors, whole files, locks, signals, progress, text, random streams.

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
