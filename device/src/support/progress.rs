//! Progress of long work, on stderr: one overwritten line on a terminal, a new line every few seconds elsewhere.

use std::{
    io::{self, IsTerminal as _, Write as _},
    time::{Duration, Instant},
};

/// Refresh interval on a terminal.
const ON_TERMINAL: Duration = Duration::from_millis(200);
/// Interval between lines elsewhere.
const ELSEWHERE: Duration = Duration::from_secs(5);

/// Shows progress. Work that ends before the first line is due shows none.
#[derive(Debug)]
pub struct Progress {
    terminal: bool,
    last: Instant,
    /// Characters in the terminal's line.
    written: usize,
}

impl Progress {
    /// Starts now.
    #[must_use]
    pub fn start() -> Self {
        Self { terminal: io::stderr().is_terminal(), last: Instant::now(), written: 0 }
    }

    /// Reports that `done` of `total` steps of `what` are done. Cheap: may be called for every step.
    pub fn show(&mut self, what: &str, done: u64, total: u64) {
        if self.last.elapsed() < if self.terminal { ON_TERMINAL } else { ELSEWHERE } {
            return;
        }
        self.last = Instant::now();
        let line = line(what, done, total);
        let mut err = io::stderr().lock();
        // The result does not depend on the progress output.
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

/// `reading the log: 500 of 2000 (25 %)`; the name alone if the total is unknown.
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
