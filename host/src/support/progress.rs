//! Progress of long work: a bar on a terminal, otherwise a plain line every few seconds. All on stderr, so that results on stdout
//! can be piped.

use std::{
    fmt::Display,
    io::IsTerminal,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

use crate::support::output;

/// Time between two lines when stderr is not a terminal.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// Where progress of long work is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Progress {
    /// To stderr: a bar on a terminal, lines otherwise.
    #[default]
    Shown,
    /// Nowhere, remarks included.
    Silent,
}

impl Progress {
    /// Starts a task of `total` steps, named by `what`, for example `hashing pictures`.
    #[must_use]
    pub fn start(self, what: &str, total: usize) -> Task {
        let output = match self {
            Self::Silent => Output::Nothing,
            Self::Shown if std::io::stderr().is_terminal() => {
                let bar = ProgressBar::new(total as u64);
                let template = "{msg} {bar:32} {pos}/{len} {per_sec} {eta} left";
                bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
                bar.set_message(what.to_string());
                Output::Bar(bar)
            }
            Self::Shown => Output::Lines(Mutex::new(Instant::now())),
        };
        Task { what: what.to_string(), total: total as u64, done: AtomicU64::new(0), started: Instant::now(), output }
    }

    /// Shows a one-sentence remark.
    pub fn say(self, sentence: impl Display) {
        if self == Self::Shown {
            output::note(sentence);
        }
    }
}

/// Work in progress; threads may share it. Dropping it ends the bar.
#[derive(Debug)]
pub struct Task {
    what: String,
    total: u64,
    done: AtomicU64,
    started: Instant,
    output: Output,
}

#[derive(Debug)]
enum Output {
    Bar(ProgressBar),
    /// Holds the time of the last line.
    Lines(Mutex<Instant>),
    Nothing,
}

impl Task {
    /// Counts `steps` as done.
    pub fn advance(&self, steps: usize) {
        let done = self.done.fetch_add(steps as u64, Ordering::Relaxed) + steps as u64;
        match &self.output {
            Output::Bar(bar) => bar.set_position(done),
            Output::Lines(last) => {
                let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
                if last.elapsed() >= LINE_INTERVAL {
                    *last = Instant::now();
                    output::note(line(&self.what, done, self.total, self.started.elapsed()));
                }
            }
            Output::Nothing => {}
        }
    }

    /// Shows a one-sentence remark without breaking the bar.
    pub fn say(&self, sentence: impl Display) {
        match &self.output {
            Output::Bar(bar) => bar.suspend(|| output::note(sentence)),
            Output::Lines(_) => output::note(sentence),
            Output::Nothing => {}
        }
    }

    /// Steps done so far.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if let Output::Bar(bar) = &self.output {
            bar.finish_and_clear();
        }
    }
}

/// `hashing pictures: 500/2000 (25 %), 250/s, 6 s left`.
fn line(what: &str, done: u64, total: u64, elapsed: Duration) -> String {
    let rate = done as f64 / elapsed.as_secs_f64().max(1e-3);
    let percent = (done * 100).checked_div(total).unwrap_or(100);
    let left = Duration::from_secs_f64((total.saturating_sub(done) as f64 / rate.max(1e-6)).min(1e9).ceil());
    let rate = if rate < 10.0 { format!("{rate:.1}") } else { format!("{rate:.0}") };
    format!("{what}: {done}/{total} ({percent} %), {rate}/s, {} left", span(left))
}

/// `12 s`, `3 min 05 s`, `2 h 10 min`.
#[must_use]
pub fn span(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {:02} min", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_rate_and_time_left() {
        let text = line("hashing pictures", 500, 2000, Duration::from_secs(2));
        assert_eq!(text, "hashing pictures: 500/2000 (25 %), 250/s, 6 s left");
        let text = line("training", 1, 5000, Duration::from_secs(1));
        assert_eq!(text, "training: 1/5000 (0 %), 1.0/s, 1 h 23 min left");
        assert_eq!(span(Duration::from_secs(61)), "1 min 01 s");
    }

    #[test]
    fn nothing_to_do_does_not_divide_by_zero() {
        let text = line("reading", 0, 0, Duration::ZERO);
        assert_eq!(text, "reading: 0/0 (100 %), 0.0/s, 0 s left");
    }
}
