//! Soak test: many frames in a row; results must not change and memory must not grow.

use std::{
    fmt,
    io::{self, IsTerminal as _, Write as _},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use blastscope_shared::{
    Class, Network,
    engine::network::{Output, Workspace},
};
use serde::Serialize;

use super::{WARM_UP, pixels};
use crate::support::{
    interrupt,
    memory::{self, mebibytes},
};

/// Number of inputs, used in turn.
const INPUTS: u32 = 4;
/// Allowed growth after the warm-up, in bytes: rounding by the system, and code that is loaded late.
const TOLERANCE: u64 = 1 << 20;
/// Interval between memory readings.
const LOOK: Duration = Duration::from_secs(1);

/// Result of a soak.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Seen {
    frames: u64,
    /// Frames whose result differs in any bit from the first frame with the same input.
    differing: u64,
    elapsed: Duration,
    /// Resident memory after the warm-up, at the end and at its peak, in bytes; `None` if the system does not say.
    before: Option<u64>,
    after: Option<u64>,
    most: Option<u64>,
}

impl Seen {
    fn rate(&self) -> f64 {
        self.frames as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }

    /// Peak memory above the level after the warm-up, in bytes.
    fn growth(&self) -> Option<u64> {
        Some(self.most?.saturating_sub(self.before?))
    }

    fn look_at_memory(&mut self) {
        self.after = memory::resident();
        self.most = self.most.max(self.after);
    }

    /// The failures, one message each.
    fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        if self.differing > 0 {
            complaints.push(format!("frames that differ from the first of the same input: {}", self.differing));
        }
        if let Some(growth) = self.growth().filter(|&growth| growth > TOLERANCE) {
            complaints.push(format!("memory grew by {:.2} MB", mebibytes(growth)));
        }
        complaints
    }
}

/// Runs `frames` frames, or until Ctrl-C, and writes the result to stdout. True if results and memory stayed the
/// same.
///
/// # Errors
/// When stdout cannot be written.
pub fn run(network: &Network, frames: u64, json: bool) -> io::Result<bool> {
    let stop = interrupt::flag();
    let mut progress = Progress::new(frames);
    let seen = soak(network, frames, &stop, &mut |seen| progress.show(seen));
    progress.finish();
    let report = Report::new(network, frames, &seen);
    let mut out = io::stdout().lock();
    if json {
        serde_json::to_writer(&mut out, &report)?;
        writeln!(out)?;
    } else {
        writeln!(out, "{report}")?;
    }
    Ok(report.complaints.is_empty())
}

/// The first result of an input.
struct First {
    input: Vec<u8>,
    logits: [u32; Class::COUNT],
    hidden: Vec<u8>,
}

impl First {
    fn of(input: Vec<u8>, network: &Network, workspace: &mut Workspace) -> Self {
        let Output { logits, hidden } = network.run(&input, workspace);
        let (logits, hidden) = (logits.map(f32::to_bits), hidden.to_vec());
        Self { input, logits, hidden }
    }

    fn is_repeated_by(&self, output: &Output<'_>) -> bool {
        self.logits == output.logits.map(f32::to_bits) && self.hidden == output.hidden
    }
}

fn soak(network: &Network, frames: u64, stop: &AtomicBool, progress: &mut dyn FnMut(&Seen)) -> Seen {
    let mut workspace = network.workspace();
    let firsts: Vec<First> =
        (0..INPUTS).map(|seed| First::of(pixels(network.input_len(), seed), network, &mut workspace)).collect();
    let mut seen = Seen::default();
    // Before the memory is read, so that the memory for showing progress does not count as growth.
    progress(&seen);
    for first in firsts.iter().cycle().take(WARM_UP as usize) {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        seen.differing += u64::from(!first.is_repeated_by(&network.run(&first.input, &mut workspace)));
    }
    seen.before = memory::resident();
    seen.most = seen.before;
    let start = Instant::now();
    let mut looked = start;
    let mut inputs = firsts.iter().cycle();
    while seen.frames < frames && !stop.load(Ordering::Relaxed) {
        let Some(first) = inputs.next() else { break };
        seen.differing += u64::from(!first.is_repeated_by(&network.run(&first.input, &mut workspace)));
        seen.frames += 1;
        seen.elapsed = start.elapsed();
        if looked.elapsed() >= LOOK {
            seen.look_at_memory();
            looked = Instant::now();
        }
        progress(&seen);
    }
    seen.look_at_memory();
    seen
}

/// Progress on stderr: one overwritten line on a terminal, an occasional new line elsewhere.
struct Progress {
    frames: u64,
    terminal: bool,
    every: Duration,
    shown: Option<Instant>,
}

impl Progress {
    fn new(frames: u64) -> Self {
        let terminal = io::stderr().is_terminal();
        let every = if terminal { Duration::from_millis(200) } else { Duration::from_secs(10) };
        Self { frames, terminal, every, shown: None }
    }

    fn show(&mut self, seen: &Seen) {
        if self.shown.is_some_and(|shown| shown.elapsed() < self.every) {
            return;
        }
        self.shown = Some(Instant::now());
        let memory = seen.most.map(|most| format!(", {:.1} MB at most", mebibytes(most))).unwrap_or_default();
        let line = format!("{} of {} frames, {:.1} a second{memory}", seen.frames, self.frames, seen.rate());
        // The result does not depend on the progress output.
        let _ = if self.terminal { write!(io::stderr(), "\r{line:<70}") } else { writeln!(io::stderr(), "{line}") };
    }

    fn finish(&self) {
        if self.terminal {
            let _ = write!(io::stderr(), "\r{:70}\r", "");
        }
    }
}

#[derive(Serialize)]
struct Report {
    isa: &'static str,
    threads: usize,
    frames: u64,
    wanted: u64,
    seconds: f64,
    frames_s: f64,
    differing: u64,
    resident_before_mb: Option<f64>,
    resident_after_mb: Option<f64>,
    growth_mb: Option<f64>,
    complaints: Vec<String>,
}

impl Report {
    fn new(network: &Network, wanted: u64, seen: &Seen) -> Self {
        Self {
            isa: network.execution().isa.name(),
            threads: network.execution().threads,
            frames: seen.frames,
            wanted,
            seconds: seen.elapsed.as_secs_f64(),
            frames_s: seen.rate(),
            differing: seen.differing,
            resident_before_mb: seen.before.map(mebibytes),
            resident_after_mb: seen.after.map(mebibytes),
            growth_mb: seen.growth().map(mebibytes),
            complaints: seen.complaints(),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { isa, threads, frames, wanted, seconds, frames_s, .. } = self;
        let interrupted = if frames < wanted { format!(" of {wanted}, then interrupted") } else { String::new() };
        writeln!(
            f,
            "{isa}, {threads} thread(s): {frames} frames{interrupted}; {seconds:.1} s, {frames_s:.1} a second"
        )?;
        match (self.resident_before_mb, self.resident_after_mb, self.growth_mb) {
            (Some(before), Some(after), Some(growth)) => {
                writeln!(f, "memory: {before:.2} MB before, {after:.2} MB after, at most {growth:.2} MB more")?;
            }
            _ => writeln!(f, "memory: not available on this system")?,
        }
        match self.complaints.as_slice() {
            [] => write!(f, "every frame matched the first frame with the same input, bit for bit"),
            complaints => write!(f, "FAILED: {}", complaints.join("; ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use blastscope_shared::Classifier;

    use super::*;

    #[test]
    fn growth_counts_from_the_warm_up_to_the_most_and_a_megabyte_is_fine() {
        let seen = |most| Seen { frames: 9, before: Some(10 << 20), after: Some(10 << 20), most, ..Seen::default() };
        assert!(seen(Some(11 << 20)).complaints().is_empty());
        assert_eq!(seen(Some((11 << 20) + 4096)).complaints(), ["memory grew by 1.00 MB"]);
        assert_eq!(seen(Some(1 << 20)).growth(), Some(0), "released memory is not growth");
        assert!(seen(None).complaints().is_empty(), "without memory readings, only results count");
    }

    #[test]
    fn one_different_frame_is_a_complaint() {
        let seen = Seen { frames: 1_000_000, differing: 1, ..Seen::default() };
        assert_eq!(seen.complaints(), ["frames that differ from the first of the same input: 1"]);
    }

    fn tiny() -> Classifier {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/tiny.bsm");
        Classifier::read(&fs::read(path).expect("the model")).expect("a valid model")
    }

    #[test]
    fn a_result_is_repeated_only_when_every_bit_is() {
        let classifier = tiny();
        let network = classifier.lead().network();
        let mut workspace = network.workspace();
        let mut firsts = [0, 1].map(|seed| First::of(pixels(network.input_len(), seed), network, &mut workspace));
        assert_ne!(
            firsts[0].logits, firsts[1].logits,
            "inputs must differ in their results, or a mix-up would go unseen"
        );
        let input = firsts[0].input.clone();
        assert!(firsts[0].is_repeated_by(&network.run(&input, &mut workspace)));
        assert!(!firsts[1].is_repeated_by(&network.run(&input, &mut workspace)));
        firsts[0].hidden[0] ^= 1;
        assert!(!firsts[0].is_repeated_by(&network.run(&input, &mut workspace)));
        firsts[0].hidden[0] ^= 1;
        firsts[0].logits[3] ^= 1;
        assert!(!firsts[0].is_repeated_by(&network.run(&input, &mut workspace)));
    }

    #[test]
    fn a_soak_runs_every_frame_and_stops_when_asked() {
        let classifier = tiny();
        let stop = AtomicBool::new(false);
        let seen = soak(classifier.lead().network(), 9, &stop, &mut |_| ());
        assert_eq!((seen.frames, seen.differing), (9, 0));
        let seen =
            soak(classifier.lead().network(), 1000, &stop, &mut |seen| stop.store(seen.frames == 5, Ordering::Relaxed));
        assert_eq!(seen.frames, 5);
        assert_eq!(
            soak(classifier.lead().network(), 1000, &stop, &mut |_| ()).frames,
            0,
            "it was stopped before it began"
        );
    }
}
