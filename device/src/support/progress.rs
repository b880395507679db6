//! How far long work is, on stderr: a line that is written over on a terminal, a plain line every few seconds elsewhere.

use std::{
    io::{self, IsTerminal as _, Write as _},
    time::{Duration, Instant},
};

/// Time between two looks of a person.
const ON_TERMINAL: Duration = Duration::from_millis(200);
/// Time between two lines of a log.
const ELSEWHERE: Duration = Duration::from_secs(5);

/// Tells how far the steps of long work are. Work that is done sooner than the first line is due says nothing.
#[derive(Debug)]
pub struct Progress {
    terminal: bool,
    last: Instant,
    /// Letters that stand in the terminal's line.
    written: usize,
}

impl Progress {
    /// Begins now.
    #[must_use]
    pub fn start() -> Self {
        Self { terminal: io::stderr().is_terminal(), last: Instant::now(), written: 0 }
    }

    /// `done` of `total` steps of `what` are done. Cheap: may be called for every step.
    pub fn show(&mut self, what: &str, done: u64, total: u64) {
        if self.last.elapsed() < if self.terminal { ON_TERMINAL } else { ELSEWHERE } {
            return;
        }
        self.last = Instant::now();
        let line = line(what, done, total);
        let mut err = io::stderr().lock();
        // Whoever cannot read the progress still gets the result.
        let _ = if self.terminal {
            let width = self.written;
            self.written = line.chars().count();
            write!(err, "\r{line:<width$}").and_then(|()| err.flush())
        } else {
            writeln!(err, "{line}")
        };
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.written > 0 {
            let width = self.written;
            let _ = write!(io::stderr(), "\r{:width$}\r", "");
        }
    }
}

/// `reading the log: 500 of 2000 (25 %)`; the name alone where nobody knows how much there is to do.
fn line(what: &str, done: u64, total: u64) -> String {
    match done.saturating_mul(100).checked_div(total) {
        Some(percent) => format!("{what}: {done} of {total} ({percent} %)"),
        None => what.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_and_how_far() {
        assert_eq!(line("pictures", 500, 2000), "pictures: 500 of 2000 (25 %)");
        assert_eq!(line("the file itself", 0, 0), "the file itself");
    }

    #[test]
    fn short_work_says_nothing() {
        let mut progress = Progress::start();
        progress.show("pictures", 1, 2);
        assert_eq!(progress.written, 0);
    }
}
