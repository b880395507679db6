//! Measures the network: time per frame, time per step, and the machine's ceiling.
//!
//! A frame is masked pixels in, logits out. Reading and framing a picture is not included: [`input`] measures that.

pub mod cold;
mod drawn;
mod explanation;
pub mod field;
pub mod input;
pub mod soak;

use std::{
    env,
    hint::black_box,
    io::{self, Write},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use blastscope_shared::{
    Classifier, Isa, Network,
    layers::{StepInfo, StepKind},
};
use serde::Serialize;

pub use drawn::network as drawn_network;

use crate::support::{
    memory::{self, mebibytes},
    quantiles::{self, Times},
};

/// Warm-up frames, not timed.
const WARM_UP: u32 = 20;
/// Length of one slice of the ceiling measurement.
const CEILING_SLICE: Duration = Duration::from_millis(2);

/// Environment variable: when the engine comparison started this process, in seconds since 1970.
const STARTED: &str = "T0";

/// Form of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// A table for people.
    Table,
    /// A JSON object.
    Json,
    /// A JSON line that every engine can produce: times, memory, and time from the start of the process.
    Peers,
}

#[derive(Serialize)]
struct Measurement<'a> {
    isa: &'a str,
    threads: usize,
    frames: u32,
    #[serde(flatten)]
    times: Times,
    gmac: f64,
    /// Peak multiply-accumulate operations per second, registers only, all threads; 0 if unknown.
    ceiling_gmac_s: f64,
    /// Time at the ceiling divided by the measured minimum and median time.
    share_of_ceiling: f64,
    share_of_ceiling_median: f64,
    steps: Vec<StepMeasurement>,
    /// Extra time for the map of a frame, minimum.
    explanation_ms: Option<f64>,
    /// A whole field through every network of the model, from a decoded frame to the verdict; absent without a model.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<WholeField>,
}

/// A field through all networks of a model.
#[derive(Serialize)]
struct WholeField {
    networks: usize,
    #[serde(flatten)]
    times: Times,
    /// Peak memory of the process.
    #[serde(skip_serializing_if = "Option::is_none")]
    rss_mb: Option<f64>,
}

/// Size of the frame that becomes a whole field, pixels: a camera's.
const FRAME: (usize, usize) = (640, 480);

impl WholeField {
    fn measure(classifier: &Classifier, frames: u32) -> Self {
        let picture = field::drawn_field(FRAME.0, FRAME.1);
        let mut workspace = classifier.workspace();
        let mut samples = Vec::with_capacity(frames as usize);
        for frame in 0..WARM_UP + frames {
            let start = Instant::now();
            black_box(classifier.assess(black_box(&picture), &mut workspace));
            if frame >= WARM_UP {
                samples.push(start.elapsed());
            }
        }
        let networks = classifier.jurors().len();
        Self { networks, times: Times::of(&mut samples), rss_mb: memory::peak().map(mebibytes) }
    }
}

#[derive(Serialize)]
struct StepMeasurement {
    step: String,
    ms: f64,
    gmac_s: f64,
    share_of_ceiling: f64,
}

/// The numbers that engines are compared by.
#[derive(Serialize)]
struct Comparison {
    #[serde(flatten)]
    times: Times,
    /// Peak memory of the process.
    #[serde(skip_serializing_if = "Option::is_none")]
    rss_mb: Option<f64>,
    /// From the start of the process to the first logits.
    #[serde(skip_serializing_if = "Option::is_none")]
    cold_proc_ms: Option<f64>,
}

/// Measures `network`, the first of `classifier` if there is one, over `frames` frames, then whole fields, and writes a report to stdout.
///
/// # Errors
/// When stdout cannot be written.
pub fn run(network: &Network, classifier: Option<&Classifier>, frames: u32, report: Report) -> io::Result<()> {
    let input = pixels(network.input_len(), 0);
    let mut workspace = network.workspace();
    black_box(network.run(black_box(&input), &mut workspace).logits);
    let cold_proc_ms = since_start();
    for _ in 1..WARM_UP {
        black_box(network.run(black_box(&input), &mut workspace).logits);
    }
    let mut ceiling = Ceiling::new(network.execution().isa, network.execution().threads);
    let mut samples = Vec::with_capacity(frames as usize);
    for frame in 0..frames {
        // Interleaved with the frames, so that both run under the same conditions.
        if frame % 8 == 0 && report != Report::Peers {
            ceiling.measure();
        }
        let start = Instant::now();
        black_box(network.run(black_box(&input), &mut workspace).logits);
        samples.push(start.elapsed());
    }
    let times = Times::of(&mut samples);
    let mut out = io::stdout().lock();
    if report == Report::Peers {
        let comparison = Comparison { times, rss_mb: memory::peak().map(mebibytes), cold_proc_ms };
        return writeln!(out, "{}", serde_json::to_string(&comparison)?);
    }
    let gmac = network.macs() as f64 * 1e-9;
    let per_second = ceiling.gmac_per_second();
    let share = |gmac: f64, ms: f64| if per_second > 0.0 && ms > 0.0 { gmac / per_second / (ms * 1e-3) } else { 0.0 };
    let steps = measure_steps(network, &input, frames);
    let steps = network.steps().into_iter().zip(steps).map(|(info, ms)| {
        let gmac = info.macs as f64 * 1e-9;
        StepMeasurement { step: describe(&info), ms, gmac_s: gmac / (ms * 1e-3), share_of_ceiling: share(gmac, ms) }
    });
    let measurement = Measurement {
        isa: network.execution().isa.name(),
        threads: network.execution().threads,
        frames,
        times,
        gmac,
        ceiling_gmac_s: per_second,
        share_of_ceiling: share(gmac, times.min_ms),
        share_of_ceiling_median: share(gmac, times.median_ms),
        steps: steps.collect(),
        explanation_ms: explanation::least_ms(network, &input, frames),
        field: classifier.map(|classifier| WholeField::measure(classifier, frames)),
    };
    match report {
        Report::Table => table(&mut out, &measurement),
        _ => writeln!(out, "{}", serde_json::to_string(&measurement)?),
    }
}

/// A pseudo-random input of `len` bytes, made from `seed`.
fn pixels(len: usize, seed: u32) -> Vec<u8> {
    (0..len as u32).map(|at| (at.wrapping_add(seed * 7919).wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

/// Time since the moment in [`STARTED`], in ms; `None` if it is not set or not in the past.
fn since_start() -> Option<f64> {
    let started: f64 = env::var(STARTED).ok()?.parse().ok()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs_f64();
    Some((now - started) * 1e3).filter(|ms| *ms >= 0.0)
}

/// Minimum time of each step over `frames` frames, in ms.
fn measure_steps(network: &Network, input: &[u8], frames: u32) -> Vec<f64> {
    let mut workspace = network.workspace();
    let mut least = vec![Duration::MAX; network.steps().len()];
    for _ in 0..frames.max(10) {
        let mut last = Instant::now();
        let mut step = least.iter_mut();
        network.run_observed(input, &mut workspace, || {
            let now = Instant::now();
            if let Some(least) = step.next() {
                *least = (*least).min(now - last);
            }
            last = now;
        });
    }
    least.into_iter().map(quantiles::ms).collect()
}

/// Measures the machine's ceiling: arithmetic in registers only.
struct Ceiling {
    isa: Isa,
    threads: usize,
    rounds: u32,
    /// The fastest slice, in multiply-accumulate operations per second on one thread.
    best: f64,
}

impl Ceiling {
    fn new(isa: Isa, threads: usize) -> Self {
        Self { isa, threads, rounds: 1000, best: 0.0 }
    }

    fn measure(&mut self) {
        loop {
            let start = Instant::now();
            let Some(macs) = self.isa.multiply_in_registers(self.rounds) else { return };
            let elapsed = start.elapsed();
            if elapsed >= CEILING_SLICE / 2 {
                self.best = self.best.max(macs as f64 / elapsed.as_secs_f64());
                return;
            }
            self.rounds *= 2;
        }
    }

    fn gmac_per_second(&self) -> f64 {
        self.best * self.threads as f64 * 1e-9
    }
}

fn describe(info: &StepInfo) -> String {
    let (input, output) = (info.input, info.output);
    let size = format!("{}x{}", input.height, input.width);
    match info.kind {
        StepKind::Input => format!("input {size}"),
        StepKind::Convolution => format!("conv {size} {}->{}", input.channels, output.channels),
        StepKind::ConvolutionAndMaxPool => format!("conv {size} {}->{} + pool", input.channels, output.channels),
        StepKind::MaxPool => format!("pool {size} {}", input.channels),
        StepKind::Flatten => format!("flatten {size} {}", input.channels),
        StepKind::Dense => format!("dense {}->{}", input.len(), output.channels),
    }
}

fn table(out: &mut impl Write, measurement: &Measurement<'_>) -> io::Result<()> {
    let Measurement { isa, threads, frames, times, gmac, ceiling_gmac_s, .. } = measurement;
    writeln!(out, "{isa}, {threads} thread(s), {frames} frames of {gmac:.3} GMAC")?;
    writeln!(out, "median {:.3} ms, p95 {:.3} ms, min {:.3} ms", times.median_ms, times.p95_ms, times.min_ms)?;
    if *ceiling_gmac_s > 0.0 {
        writeln!(
            out,
            "ceiling {ceiling_gmac_s:.1} GMAC/s = {:.3} ms; reached {:.1} % (min), {:.1} % (median)",
            gmac / ceiling_gmac_s * 1e3,
            100.0 * measurement.share_of_ceiling,
            100.0 * measurement.share_of_ceiling_median
        )?;
    }
    writeln!(out, "\n{:<32} {:>9} {:>9} {:>7}", "step (minimum)", "ms", "GMAC/s", "ceiling")?;
    for step in &measurement.steps {
        let StepMeasurement { step, ms, gmac_s, share_of_ceiling } = step;
        writeln!(out, "{step:<32} {ms:>9.4} {gmac_s:>9.1} {:>5.1} %", 100.0 * share_of_ceiling)?;
    }
    if let Some(ms) = measurement.explanation_ms {
        writeln!(out, "\nexplanation, on request: {ms:.3} ms more (minimum)")?;
    }
    if let Some(WholeField { networks, times, rss_mb }) = &measurement.field {
        let of = if *networks == 1 { "the network".to_owned() } else { format!("all {networks} networks") };
        let memory = rss_mb.map(|mb| format!(", {mb:.1} MB resident")).unwrap_or_default();
        let ((width, height), Times { median_ms, p95_ms, min_ms }) = (FRAME, times);
        writeln!(out, "\nfrom a decoded frame of {width}x{height} through {of} to the verdict{memory}:")?;
        writeln!(out, "median {median_ms:.3} ms, p95 {p95_ms:.3} ms, min {min_ms:.3} ms")?;
    }
    Ok(())
}
