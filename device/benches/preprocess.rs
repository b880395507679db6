//! From a frame's bytes to the network's input, part by part: `cargo bench -p blastscope --bench preprocess`.
//!
//! `BLASTSCOPE_DATA=DIR` adds the real frames of `DIR/frames_1024`, one after the other.

use std::{env, fs, hint::black_box, path::Path, time::Duration};

use blastscope::{
    commands::bench::measure::field::{drawn_field, jpeg, nv12, yuyv},
    source::{Encoding, RawFrame},
};
use blastscope_shared::{
    Framing, RgbPixels,
    field::{decode, gate::Inspector, squash::Squash},
};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

fn decoding(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    group.sample_size(10);
    for (width, height) in [(224, 224), (1024, 768), (2560, 1920)] {
        let file = jpeg(&drawn_field(width, height)).expect("a size that JPEG has");
        group.bench_function(format!("JPEG {width}x{height}"), |bencher| {
            bencher.iter(|| decode::decode(black_box(&file)));
        });
    }
    if let Some(files) = real_frames() {
        let mut next = files.iter().cycle();
        group.bench_function("JPEG of BLASTSCOPE_DATA", |bencher| {
            bencher.iter(|| decode::decode(next.next().expect("an endless cycle")));
        });
    } else {
        eprintln!("decode/JPEG of BLASTSCOPE_DATA: SKIPPED, BLASTSCOPE_DATA is not set");
    }
    group.finish();
}

/// The 1024x768 frames, about half a megabyte each, of quality 100.
fn real_frames() -> Option<Vec<Vec<u8>>> {
    let folder = Path::new(&env::var_os("BLASTSCOPE_DATA")?).join("frames_1024");
    let entries = fs::read_dir(folder).expect("BLASTSCOPE_DATA holds frames_1024");
    let paths = entries.map(|entry| entry.expect("a readable folder").path());
    let files = paths.filter(|path| path.extension().is_some_and(|extension| extension == "jpg"));
    Some(files.map(|path| fs::read(path).expect("a readable frame")).filter(|file| file.len() < 1_000_000).collect())
}

fn squashing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("squash and mask");
    let framing = Framing::square(224);
    let (mut squash, mut input) = (Squash::new(), vec![0; framing.input_len()]);
    // The last one has no divisor in common with 224: weights do not reduce.
    for (width, height) in [(224, 224), (640, 480), (1024, 768), (2560, 1920), (1021, 769)] {
        let picture = drawn_field(width, height);
        group.bench_function(format!("{width}x{height}"), |bencher| {
            bencher.iter(|| framing.apply_with(&mut squash, black_box(&picture), &mut input));
        });
    }
    group.finish();
}

fn gate(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gate");
    let mut inspector = Inspector::new();
    for (width, height) in [(224, 224), (1024, 768)] {
        let picture = drawn_field(width, height);
        group.bench_function(format!("{width}x{height}"), |bencher| {
            bencher.iter(|| inspector.inspect(black_box(&picture)));
        });
    }
    group.finish();
}

fn frames(picture: &RgbPixels) -> [(&'static str, Encoding, Vec<u8>); 4] {
    let (width, height) = (picture.width(), picture.height());
    [
        ("MJPEG", Encoding::Mjpeg, jpeg(picture).expect("a size that JPEG has")),
        ("YUYV", Encoding::Yuyv { width, height, stride: width * 2 }, yuyv(picture)),
        ("NV12", Encoding::Nv12 { width, height, stride: width }, nv12(picture)),
        ("RGB", Encoding::Rgb { width, height, stride: width * 3 }, picture.bytes().to_vec()),
    ]
}

fn whole(criterion: &mut Criterion) {
    let framing = Framing::square(224);
    let (mut squash, mut input) = (Squash::new(), vec![0; framing.input_len()]);
    for (name, encoding, bytes) in frames(&drawn_field(1024, 768)) {
        let frame = || RawFrame { bytes: bytes.clone(), encoding, sequence: 0, time: Duration::ZERO, name: None };
        let mut group = criterion.benchmark_group(format!("{name} 1024x768"));
        group.sample_size(20);
        group.bench_function("to RGB", |bencher| bencher.iter_batched(frame, RawFrame::decode, BatchSize::SmallInput));
        group.bench_function("to input", |bencher| {
            bencher.iter_batched(
                frame,
                |frame| {
                    let picture = frame.decode().expect("a whole frame").picture;
                    framing.apply_with(&mut squash, &picture, &mut input);
                },
                BatchSize::SmallInput,
            );
        });
        group.finish();
    }
}

criterion_group!(benches, decoding, squashing, gate, whole);
criterion_main!(benches);
