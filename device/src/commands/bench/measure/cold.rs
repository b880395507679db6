//! Cold starts: time from the start of a process to its first verdict, and its peak memory.

use std::{
    env,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use blastscope_core::drawn_field;
use blastscope_files::Printable as _;
use blastscope_shared::Isa;
use serde::Serialize;
use tempfile::NamedTempFile;

use crate::{
    model::execution,
    support::{
        interrupt,
        memory::{self, mebibytes},
        quantiles::Times,
    },
};

/// Side of the picture, in pixels.
const SIDE: usize = 224;

/// Why the measurement failed.
#[derive(Debug, thiserror::Error)]
pub enum ColdError {
    /// The picture to classify cannot be written.
    #[error("cannot write a picture to {}: {source}", env::temp_dir().printable())]
    Picture {
        /// What is wrong.
        source: io::Error,
    },
    /// This program cannot start itself.
    #[error("cannot start this program again: {0}")]
    Start(io::Error),
    /// A process ended without a verdict.
    #[error("a cold start gave no verdict: {0}")]
    NoVerdict(String),
    /// Ctrl-C came before the first process ended.
    #[error("interrupted before the first start was complete")]
    Interrupted,
}

#[derive(Serialize)]
struct Measurement<'a> {
    starts: usize,
    isa: &'a str,
    #[serde(flatten)]
    times: Times,
    /// Highest memory use of any of the processes.
    peak_mb: Option<f64>,
}

/// Starts this program `starts` times to classify a drawn picture with `model` on `isa`, and prints the
/// times from start to verdict. The files are in the system's cache after the first start.
///
/// # Errors
/// The outer error: stdout cannot be written. The inner error: the measurement failed.
pub fn run(model: &Path, isa: Isa, starts: u32, json: bool) -> io::Result<Result<(), ColdError>> {
    let stop = interrupt::flag();
    let mut samples = match measure(model, isa, starts, &stop) {
        Ok(samples) => samples,
        Err(error) => return Ok(Err(error)),
    };
    let measurement = Measurement {
        starts: samples.len(),
        isa: isa.name(),
        times: Times::of(&mut samples),
        peak_mb: memory::peak_of_children().map(mebibytes),
    };
    let mut out = io::stdout().lock();
    if json {
        serde_json::to_writer(&mut out, &measurement)?;
        return writeln!(out).map(Ok);
    }
    let Measurement { starts, isa, times: Times { median_ms, p95_ms, min_ms }, peak_mb } = &measurement;
    writeln!(out, "{isa}, {starts} x `blastscope classify` with {}", model.printable())?;
    writeln!(out, "start to verdict: median {median_ms:.1} ms, p95 {p95_ms:.1} ms, min {min_ms:.1} ms")?;
    if let Some(peak) = peak_mb {
        writeln!(out, "memory at most {peak:.1} MB")?;
    }
    Ok(Ok(()))
}

fn measure(model: &Path, isa: Isa, starts: u32, stop: &AtomicBool) -> Result<Vec<Duration>, ColdError> {
    let program = env::current_exe().map_err(ColdError::Start)?;
    let picture = write_picture().map_err(|source| ColdError::Picture { source })?;
    let mut samples = Vec::new();
    for _ in 0..starts {
        let mut command = Command::new(&program);
        command.arg("classify").arg("--json").arg("--model").arg(model).arg(picture.path());
        command.env(execution::VARIABLE, isa.name()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let start = Instant::now();
        let mut child = command.spawn().map_err(ColdError::Start)?;
        let verdict = first_line(&mut child);
        let elapsed = start.elapsed();
        let ended = child.wait().map_err(ColdError::Start)?;
        // Ctrl-C reaches the child too: its unfinished run is no failure.
        if stop.load(Ordering::Relaxed) {
            break;
        }
        match verdict {
            Ok(line) if ended.success() && line.contains("\"verdict\"") => samples.push(elapsed),
            Ok(_) => return Err(ColdError::NoVerdict(complaint(&mut child, &ended.to_string()))),
            Err(error) => return Err(ColdError::Start(error)),
        }
    }
    if samples.is_empty() { Err(ColdError::Interrupted) } else { Ok(samples) }
}

fn first_line(child: &mut Child) -> io::Result<String> {
    let mut line = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout).read_line(&mut line)?;
    }
    Ok(line)
}

/// The last line that `child` wrote to stderr, else its exit status `ended`.
fn complaint(child: &mut Child, ended: &str) -> String {
    let mut said = String::new();
    if let Some(stderr) = &mut child.stderr {
        // Bytes that are not UTF-8 count as no message.
        let _ = stderr.read_to_string(&mut said);
    }
    said.lines().last().map_or_else(|| ended.to_string(), |line| line.trim_start_matches("blastscope: ").to_string())
}

/// A drawn field as a 24-bit BMP; the file is deleted when the value is dropped.
fn write_picture() -> io::Result<NamedTempFile> {
    let picture = drawn_field::field(SIDE, SIDE, 0);
    let mut file = tempfile::Builder::new().prefix("blastscope-").suffix(".bmp").tempfile()?;
    let side = (SIDE as u32).to_le_bytes();
    let mut bytes = b"BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0".to_vec();
    bytes.extend([side, side].concat());
    bytes.extend([1, 0, 24, 0]);
    bytes.extend([0; 24]);
    bytes.extend(picture.bytes().chunks_exact(3).flat_map(|pixel| [pixel[2], pixel[1], pixel[0]]));
    file.write_all(&bytes)?;
    file.flush()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use blastscope_shared::field::decode;

    use super::*;

    #[test]
    fn the_picture_is_one_that_the_decoder_takes() {
        let file = write_picture().expect("a temporary folder");
        let picture = decode::decode(&fs::read(file.path()).expect("a file")).expect("a picture");
        assert_eq!((picture.width(), picture.height()), (SIDE, SIDE));
        let drawn = drawn_field::field(SIDE, SIDE, 0);
        // A BMP stores its rows bottom up.
        assert_eq!(picture.get(3, 0), drawn.get(3, SIDE - 1));
    }
}
