//! What a scan could not read.

use blastscope_shared::Class;

use crate::Error;

/// A file or folder in a class folder that cannot be read, or a file that cannot be decoded.
#[derive(Debug)]
pub struct Unreadable {
    /// Path relative to [`Dataset::root`](super::Dataset::root).
    pub file: String,
    /// The class of its folder.
    pub class: Class,
    /// Why.
    pub reason: Error,
}
