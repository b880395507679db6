//! Measures the steps before the network, on one thread.

use std::{
    hint::black_box,
    io::{self, Write},
    path::Path,
    time::{Duration, Instant},
};

use blastscope_core::pipeline::shown;
use blastscope_files::Printable as _;
use blastscope_shared::{
    Framing, RgbPixels,
    field::{decode, gate::Inspector, squash::Squash},
};
use serde::Serialize;

use super::field;
use crate::{
    source::{Encoding, RawFrame},
    support::{files, quantiles::Times},
};

/// Size of the drawn frame, in pixels: the size requested from cameras.
const SIZE: (usize, usize) = (1024, 768);
/// Side of the network's input, in pixels.
const SIDE: u16 = 224;
/// Warm-up frames, not timed.
const WARM_UP: u32 = 3;

/// What to measure, and the form of the output.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// A picture file instead of the drawn frame.
    pub picture: Option<&'a Path>,
    /// Runs of each part; at least 1.
    pub frames: u32,
    /// A JSON object instead of a table.
    pub json: bool,
}

#[derive(Serialize)]
struct Measurement {
    width: usize,
    height: usize,
    file_bytes: usize,
    frames: u32,
    parts: Vec<Part>,
}

#[derive(Serialize)]
struct Part {
    part: &'static str,
    #[serde(flatten)]
    times: Times,
}

/// Measures and writes the report to stdout. The inner error concerns the picture.
///
/// # Errors
/// When stdout cannot be written.
pub fn run(options: Options<'_>) -> io::Result<Result<(), String>> {
    match measure(options) {
        Ok(measurement) => {
            let mut out = io::stdout().lock();
            if options.json {
                writeln!(out, "{}", serde_json::to_string(&measurement)?)?;
            } else {
                table(&mut out, &measurement)?;
            }
            Ok(Ok(()))
        }
        Err(error) => Ok(Err(error)),
    }
}

fn measure(options: Options<'_>) -> Result<Measurement, String> {
    let file = match options.picture {
        Some(path) => files::read(path).map_err(|error| format!("{} {error}", path.printable()))?,
        None => field::jpeg(&field::drawn_field(SIZE.0, SIZE.1)).map_err(|error| error.to_string())?,
    };
    let picture = decode::decode(&file).map_err(|error| {
        options.picture.map_or_else(|| error.to_string(), |path| format!("{} {error}", path.printable()))
    })?;
    let framing = Framing::square(SIDE);
    let (mut squash, mut inspector) = (Squash::new(), Inspector::new());
    let mut input = vec![0; framing.input_len()];
    let mut parts = Vec::new();
    let frames = options.frames;
    let mut add = |part, times| parts.push(Part { part, times });
    add("decode the file", time(frames, || &file, |file| decode::decode(file)));
    add("squash + mask", time(frames, || &picture, |picture| framing.apply_with(&mut squash, picture, &mut input)));
    add("gate", time(frames, || &picture, |picture| inspector.inspect(picture)));
    for (part, frame) in raw_frames(&picture, &file) {
        let to_input = |frame: RawFrame| {
            let frame = frame.decode().ok()?;
            let quality = inspector.inspect(&frame.picture);
            let shown = shown(&frame.picture, &inspector, Some((SIDE.into(), SIDE.into())));
            framing.apply_with(&mut squash, shown, &mut input);
            Some(quality)
        };
        add(part, time(frames, || frame.clone(), to_input));
    }
    let (width, height) = (picture.width(), picture.height());
    Ok(Measurement { width, height, file_bytes: file.len(), frames, parts })
}

/// The picture as each kind of camera would deliver it.
fn raw_frames(picture: &RgbPixels, file: &[u8]) -> [(&'static str, RawFrame); 4] {
    let raw = |encoding, bytes| RawFrame { bytes, encoding, sequence: 0, time: Duration::ZERO, name: None };
    let (width, height) = (picture.width(), picture.height());
    let even = (width / 2 * 2, height / 2 * 2);
    let yuyv = Encoding::Yuyv { width: even.0, height, stride: even.0 * 2 };
    let nv12 = Encoding::Nv12 { width: even.0, height: even.1, stride: even.0 };
    [
        ("file to input", raw(Encoding::File, file.to_vec())),
        ("YUYV to input", raw(yuyv, field::yuyv(picture))),
        ("NV12 to input", raw(nv12, field::nv12(picture))),
        ("RGB to input", raw(Encoding::Rgb { width, height, stride: width * 3 }, picture.bytes().to_vec())),
    ]
}

/// Times `work` on the result of `prepare`; `prepare` itself is not timed.
fn time<I, O>(frames: u32, mut prepare: impl FnMut() -> I, mut work: impl FnMut(I) -> O) -> Times {
    let mut samples = Vec::with_capacity(frames as usize);
    for frame in 0..frames + WARM_UP {
        let prepared = prepare();
        let start = Instant::now();
        black_box(work(black_box(prepared)));
        let elapsed = start.elapsed();
        if frame >= WARM_UP {
            samples.push(elapsed);
        }
    }
    Times::of(&mut samples)
}

fn table(out: &mut impl Write, measurement: &Measurement) -> io::Result<()> {
    let Measurement { width, height, file_bytes, frames, parts } = measurement;
    writeln!(out, "{width}x{height} pixels, file of {} kB, 1 thread, {frames} frames", file_bytes.div_ceil(1000))?;
    writeln!(out, "\n{:<20} {:>9} {:>9} {:>9}", "part (ms)", "median", "p95", "min")?;
    for Part { part, times: Times { median_ms, p95_ms, min_ms } } in parts {
        writeln!(out, "{part:<20} {median_ms:>9.3} {p95_ms:>9.3} {min_ms:>9.3}")?;
    }
    writeln!(out, "\nTo input: decoded, through the gate, squashed and masked.")
}

#[cfg(test)]
mod tests {
    use blastscope_shared::field::gate::Gate;

    use super::*;

    #[test]
    fn every_kind_of_frame_becomes_the_same_picture_but_for_its_rounding() {
        let picture = field::drawn_field(66, 65);
        let file = field::jpeg(&picture).expect("66x65 pixels");
        for (part, frame) in raw_frames(&picture, &file) {
            let decoded = frame.decode().expect(part).picture;
            assert_eq!(decoded.width(), 66, "{part}");
            let far = decoded.bytes().iter().zip(picture.bytes()).filter(|(a, b)| a.abs_diff(**b) > 24).count();
            assert!(far * 50 < picture.bytes().len(), "{part}: {far} bytes are far off");
        }
    }

    #[test]
    fn the_drawn_frame_looks_like_a_smear_to_the_gate() {
        let quality = Gate::default().check(&field::drawn_field(SIZE.0, SIZE.1));
        assert!(quality.is_ok(), "{quality:?}");
    }

    #[test]
    fn a_picture_that_is_none_is_told_by_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("note.jpg");
        std::fs::write(&path, "no picture").expect("written");
        let error = measure(Options { picture: Some(&path), frames: 1, json: false }).err().expect("refused");
        assert!(error.contains("note.jpg") && error.contains("not a JPEG"), "{error}");
    }

    #[test]
    fn each_part_has_times_in_order() {
        let measurement = measure(Options { picture: None, frames: 2, json: false }).expect("drawn");
        assert_eq!((measurement.width, measurement.height, measurement.parts.len()), (1024, 768, 7));
        for Part { part, times } in &measurement.parts {
            assert!(0.0 < times.min_ms && times.min_ms <= times.median_ms && times.median_ms <= times.p95_ms, "{part}");
        }
    }
}
