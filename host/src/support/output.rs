//! What the program prints: results on stdout, remarks on stderr.
//!
//! `println!` panics when the disk is full or the reader is gone, so nothing here uses it (clippy's `print_stdout` and
//! `print_stderr` enforce that). A result that cannot be written is an error. Unwritable progress must not cost hours of training:
//! the work continues, and [`finish`] reports the failure at the end.

use std::{
    fmt::Display,
    io::{self, Write as _},
    sync::{Mutex, PoisonError},
};

use blastscope_files::printable::{is_harmless, printable_lines};

use crate::Error;

/// The first failure to write progress.
static UNWRITTEN: Mutex<Option<io::Error>> = Mutex::new(None);

/// Prints a result and a line break.
///
/// # Errors
/// [`Error::Output`].
pub fn line(text: impl Display) -> Result<(), Error> {
    write(&format!("{}\n", printable_lines(&text.to_string())))
}

/// Prints a result that ends with its own line break.
///
/// # Errors
/// [`Error::Output`].
pub fn text(text: impl Display) -> Result<(), Error> {
    write(&printable_lines(&text.to_string()))
}

/// Prints JSON and a line break. Terminal control characters occur only inside strings and are escaped there, such as `\u009b`.
///
/// # Errors
/// [`Error::Output`].
pub fn json(json: impl Display) -> Result<(), Error> {
    let mut escaped = String::new();
    for letter in json.to_string().chars() {
        if letter.is_ascii_whitespace() || is_harmless(letter) {
            escaped.push(letter);
        } else {
            letter.encode_utf16(&mut [0; 2]).iter().for_each(|unit| escaped.push_str(&format!("\\u{unit:04x}")));
        }
    }
    escaped.push('\n');
    write(&escaped)
}

/// Prints a line of progress. On failure the work continues, and [`finish`] reports it.
pub fn progress(text: impl Display) {
    if let Err(Error::Output(error)) = line(text) {
        UNWRITTEN.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }
}

/// Writes a remark to stderr. Ignores failures: there is nobody left to tell.
pub fn note(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{}", printable_lines(&text.to_string()));
}

/// Checks, at the end of the program, that everything was written.
///
/// # Errors
/// [`Error::Output`] with the first failure.
pub fn finish() -> Result<(), Error> {
    io::stdout().flush().map_err(Error::Output)?;
    UNWRITTEN.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(()), |error| Err(Error::Output(error)))
}

fn write(text: &str) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Error::Output)
}
