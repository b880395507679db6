//! What a person at the terminal is told besides the output.

use std::{
    fmt::Display,
    io::{self, Write as _},
};

use blastscope_files::printable::printable_lines;

/// Writes a line to stderr, with foreign text escaped; when even that fails there is nobody left to tell.
pub(crate) fn note(message: impl Display) {
    let _ = writeln!(io::stderr().lock(), "blastscope: {}", printable_lines(&message.to_string()));
}
