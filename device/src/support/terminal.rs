//! Messages on the terminal, apart from the output.

use std::{
    fmt::Display,
    io::{self, Write as _},
};

use blastscope_files::printable::printable_lines;

/// Writes a line to stderr, with foreign text escaped. A failure is ignored: there is no other place to report it.
pub(crate) fn note(message: impl Display) {
    let _ = writeln!(io::stderr().lock(), "blastscope: {}", printable_lines(&message.to_string()));
}
