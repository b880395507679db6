//! Shared by the tests across crates: a tiny artifact, pictures, a network known by construction, programs and seeds, and the path
//! to the real data.

pub mod marked;

use std::{ffi::OsStr, io::Write, path::PathBuf, process::Command};

use blastscope_shared::{
    Class, RgbPixels, Sight,
    artifact::{
        Artifact, HEADER_LEN, Juror, Measurement, ModelCard, Novelty, Pictures, Pooling, Provenance, STATEMENT,
    },
    field::{detail::SIZES, stain::HUES},
    judge::{Thresholds, calibration::Calibration, jury::Voice, slide::SlidePooling},
    layers::{Filters, Layer},
};
use sha2::{Digest, Sha256};

/// Knuth's MMIX generator: the same numbers on every machine, always.
pub struct Numbers(pub u64);

impl Numbers {
    /// The next number below `bound`.
    pub fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as u32) % bound
    }

    fn weights(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| (self.below(255) as i32 - 127) as i8 as u8).collect()
    }

    fn f32s(&mut self, count: usize, low: f32, high: f32) -> Vec<u8> {
        (0..count).flat_map(|_| (low + (high - low) * self.below(1000) as f32 / 1000.0).to_le_bytes()).collect()
    }

    fn i32s(&mut self, count: usize, bound: i32) -> Vec<u8> {
        (0..count).flat_map(|_| (self.below(2 * bound as u32) as i32 - bound).to_le_bytes()).collect()
    }
}

struct Parts {
    scales: Vec<u8>,
    biases: Vec<u8>,
    weights: Vec<u8>,
}

impl Parts {
    fn draw(numbers: &mut Numbers, inputs: usize, outputs: usize) -> Self {
        Self {
            scales: numbers.f32s(outputs, 0.001, 0.004),
            biases: numbers.i32s(outputs, 2000),
            weights: numbers.weights(inputs * outputs),
        }
    }

    fn filters(&self, output_scale: f32) -> Filters<'_> {
        Filters { output_scale, weight_scales: &self.scales, biases: &self.biases, weights: &self.weights }
    }
}

/// Seed of the random weights.
const SEED: u64 = 2025;

/// Hidden activations of [`tiny_artifact`].
pub const TINY_HIDDEN: usize = 16;

/// A complete artifact with a network of a few kilobytes and random weights, for inputs of 64 x 64 pixels. Its verdicts mean
/// nothing, but are the same everywhere.
#[must_use]
pub fn tiny_artifact() -> Vec<u8> {
    artifact(TINY_HIDDEN)
}

/// As [`tiny_artifact`], with a network that sees fields cell by cell.
#[must_use]
pub fn cell_artifact() -> Vec<u8> {
    artifact_for(Sight::cells(), TINY_HIDDEN, SEED)
}

/// The networks of [`cell_artifact`] and [`tiny_artifact`] as the jurors of one model; both must be fit to speak.
///
/// # Panics
/// If one of them is not a sound model.
#[must_use]
pub fn jury_artifact() -> Vec<u8> {
    let (cells, whole) = (cell_artifact(), tiny_artifact());
    let read = |file| Artifact::read(file).expect("a sound model").0;
    let (cells, whole) = (read(&cells), read(&whole));
    let jurors = cells.jurors.iter().chain(&whole.jurors).cloned().collect();
    let pooling = Pooling { quorum: 2, calibration: Calibration { temperature: 0.8, biases: [0.1, 0.0, -0.1] } };
    Artifact { jurors, pooling, ..whole.clone() }.to_bytes().expect("a sound jury")
}

/// Two networks that see cells, the second as loud as `weight` of the first, with [`tiny_artifact`] as the jurors of one model; then
/// each of the two alone.
///
/// # Panics
/// If one of them is not a sound model.
#[must_use]
pub fn cell_jury(weight: f32) -> [Vec<u8>; 3] {
    let (first, second) = (cell_artifact(), artifact_for(Sight::cells(), TINY_HIDDEN, SEED + 1));
    let whole = tiny_artifact();
    let jury = {
        let [first, second, whole] =
            [&first, &second, &whole].map(|file| Artifact::read(file).expect("a sound model").0);
        let mut jurors: Vec<_> =
            [&first, &second, &whole].iter().flat_map(|model| model.jurors.iter().cloned()).collect();
        jurors[1].voice.weight = weight;
        Artifact { jurors, pooling: Pooling { quorum: 2, calibration: Calibration::NONE }, ..whole }
            .to_bytes()
            .expect("a sound jury")
    };
    [jury, first, second]
}

/// As [`tiny_artifact`], with `hidden_len` hidden activations; the file grows with them.
#[must_use]
pub fn artifact(hidden_len: usize) -> Vec<u8> {
    artifact_for(Sight::whole_field(64), hidden_len, SEED)
}

fn artifact_for(sight: Sight, hidden_len: usize, seed: u64) -> Vec<u8> {
    let map = sight.shape().width / 16;
    let mut numbers = Numbers(seed);
    let first = Parts::draw(&mut numbers, 27, 8);
    let second = Parts::draw(&mut numbers, 72, 8);
    let hidden = Parts::draw(&mut numbers, map * map * 8, hidden_len);
    let output = Parts::draw(&mut numbers, hidden_len, Class::COUNT);
    let means = numbers.f32s(hidden_len * Class::COUNT, 0.0, 60.0);
    let inverse_variances = numbers.f32s(hidden_len, 0.001, 0.01);
    let textures = vec![0; 4 * SIZES * (1 + SIZES)];
    let stains = stain(&numbers.f32s(20, 0.1, 1.0));
    let artifact = Artifact {
        card: ModelCard {
            name: "tiny".into(),
            statement: STATEMENT.into(),
            drawn: true,
            intended_use: "tests".into(),
            data: "none: the weights are random numbers".into(),
            training: "none".into(),
            results: vec![Measurement {
                what: "accuracy, int8".into(),
                part: "nothing".into(),
                value: 0.25,
                low: 0.0,
                high: 1.0,
                count: 4,
            }],
            limits: "its verdicts mean nothing".into(),
        },
        classes: Class::ALL.map(Class::name),
        jurors: vec![Juror {
            sight,
            layers: vec![
                Layer::Convolution(first.filters(0.02)),
                Layer::MaxPool,
                Layer::Convolution(second.filters(0.05)),
                Layer::MaxPool,
                Layer::MaxPool,
                Layer::MaxPool,
                Layer::Dense(hidden.filters(0.1)),
                Layer::Dense(output.filters(1.0)),
            ],
            calibration: Calibration { temperature: 1.5, biases: [0.0, -0.2, 0.2] },
            novelty: Novelty {
                means: &means,
                inverse_variances: &inverse_variances,
                stains: &stains,
                sittings: &[],
                textures: &textures,
                usual: [1.0, 1000.0, 1.0, 1000.0, 1000.0],
            },
            voice: Voice::FULL,
        }],
        pooling: Pooling::ALONE,
        thresholds: Thresholds { min_probability: 0.3, min_subtype: 0.5, max_novelty: 1000.0 },
        slide: SlidePooling::UNMEASURED,
        provenance: Provenance {
            manifest_hash: [1; 32],
            split_hash: [2; 32],
            code_version: "0.0.0".into(),
            configuration: "{}".into(),
            pictures: Pictures { train: vec![3; 16], validation: vec![4; 8], test: vec![5; 8] },
        },
    };
    artifact.to_bytes().expect("the tiny artifact is valid")
}

/// A stain's mean and an inverse covariance that a reader accepts: symmetric, with a diagonal large enough to be positive definite.
fn stain(drawn: &[u8]) -> Vec<u8> {
    let mut numbers: Vec<f32> = drawn.as_chunks::<4>().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
    let (_, matrix) = numbers.split_at_mut(HUES);
    for row in 0..HUES {
        for column in 0..row {
            matrix[HUES * row + column] = matrix[HUES * column + row];
        }
        matrix[HUES * row + row] += HUES as f32;
    }
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// Restores an artifact's hash and checksum after a change of its bytes.
pub fn reseal(bytes: &mut [u8]) {
    let hash = Sha256::digest(&bytes[HEADER_LEN..]);
    bytes[24..56].copy_from_slice(&hash);
    let mut crc = u32::MAX;
    for &byte in &bytes[..124] {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    bytes[124..128].copy_from_slice(&(!crc).to_le_bytes());
}

/// A picture of random blocks: not a smear, but with edges and colours.
#[must_use]
pub fn blocks(width: usize, height: usize, seed: u64) -> RgbPixels {
    let mut numbers = Numbers(seed);
    let colours: Vec<[u8; 3]> = (0..64).map(|_| [0; 3].map(|_: u8| numbers.below(256) as u8)).collect();
    let bytes = (0..width * height).flat_map(|at| {
        let (x, y) = (at % width * 8 / width, at / width * 8 / height);
        colours[y * 8 + x]
    });
    RgbPixels::new(width, height, bytes.collect()).expect("as many bytes as pixels")
}

/// Seed of the tests that train or draw weights: `BLASTSCOPE_TEST_SEED`, or 1. Their outcome must depend neither on it nor on the
/// processor: `make test-processors` tries three seeds on each.
///
/// # Panics
/// If the variable is not a number.
#[must_use]
pub fn seed() -> u64 {
    std::env::var("BLASTSCOPE_TEST_SEED").map_or(1, |seed| seed.parse().expect("BLASTSCOPE_TEST_SEED is a number"))
}

/// A command that starts `program` of this workspace, through the words of `BLASTSCOPE_TEST_RUNNER`, such as
/// `qemu-x86_64-static -cpu Haswell`, if tests run under an emulator. Without it the kernel would start child programs on the
/// machine's own processor, or not at all.
#[must_use]
pub fn program(program: impl AsRef<OsStr>) -> Command {
    let runner = std::env::var("BLASTSCOPE_TEST_RUNNER").unwrap_or_default();
    let mut words = runner.split_whitespace();
    let Some(emulator) = words.next() else { return Command::new(program) };
    let mut command = Command::new(emulator);
    command.args(words).arg(program);
    command
}

/// The folder of real data named by `BLASTSCOPE_DATA`. Prints SKIPPED with the test's name if unset.
#[must_use]
pub fn real_data(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("BLASTSCOPE_DATA").map(PathBuf::from);
    if folder.is_none() {
        // Bypasses the test harness, which hides the output of passing tests.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED {test}: set BLASTSCOPE_DATA to the folder that holds all_pbs and frames_1024"
        );
    }
    folder
}
