//! What a hostile writer can put into a model's file, hash and checksum right. A reader may refuse it, in the same words for every
//! instruction set; what it accepts must run, and give the scalar kernels' answers on all of them.

use std::{cell::Cell, fs, path::Path};

use blastscope_shared::{
    Artifact, Class, Classifier, Explanation, Preprocessing,
    artifact::{ArtifactError, HEADER_LEN, Novelty},
    explanation::Unexplained,
    network::Execution,
};
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

use crate::drawn::{Model, Numbers, Values, executions, kinds};

/// A whole, small model: the file that hostile ones are made of.
fn honest() -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/tiny.bsm")).expect("tests/golden/tiny.bsm")
}

/// A file of `body`, with the length, hash and checksum that belong to it.
fn seal(body: &[u8]) -> Vec<u8> {
    let mut bytes = honest();
    bytes.truncate(HEADER_LEN);
    bytes[16..24].copy_from_slice(&(body.len() as u64).to_le_bytes());
    bytes[24..56].copy_from_slice(&Sha256::digest(body));
    let mut crc = u32::MAX;
    for &byte in &bytes[..124] {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    bytes[124..128].copy_from_slice(&(!crc).to_le_bytes());
    bytes.extend(body);
    bytes
}

/// All that a model says of its inputs.
#[derive(Debug, PartialEq)]
struct Answers {
    /// Of the network alone: bits of the logits, and the activations before them.
    outputs: Vec<([u32; Class::COUNT], Vec<u8>)>,
    /// Numbers that are no numbers are alike in words only.
    assessments: Vec<String>,
    explanations: Vec<Result<Explanation, Unexplained>>,
}

/// A dark square in each corner of a grid on light ground, so that a network that sees cells has some; then noise, and extremes.
fn inputs(preprocessing: &Preprocessing, len: usize, seed: u64) -> [Vec<u8>; 3] {
    let mut numbers = Numbers(seed);
    let width = usize::from(preprocessing.width);
    let square = |at: usize| {
        let (x, y) = (at / 3 % width, at / 3 / width);
        let colour = if x % 48 < 12 && y % 48 < 12 { [110, 60, 170] } else { [235, 230, 225] };
        colour[at % 3] + (at * 7 % 13) as u8
    };
    [(0..len).map(square).collect(), numbers.bytes(len), vec![255; len]]
}

fn ask(file: &[u8], execution: Execution, seed: u64) -> Result<Answers, ArtifactError> {
    let classifier = Classifier::read_with(file, execution)?;
    let network = classifier.network();
    assert_eq!(network.execution(), execution);
    let mut workspace = network.workspace();
    let mut answers = Answers { outputs: Vec::new(), assessments: Vec::new(), explanations: Vec::new() };
    let (preprocessing, len) = (classifier.preprocessing(), network.input_len());
    for input in inputs(preprocessing, len, seed) {
        let output = network.run(&input, &mut workspace);
        answers.outputs.push((output.logits.map(f32::to_bits), output.hidden.to_vec()));
        answers.explanations.push(network.explain(&mut workspace, Class::Pre));
    }
    let mut workspace = classifier.workspace();
    for input in inputs(preprocessing, preprocessing.input_len(), seed) {
        answers.assessments.push(format!("{:?}", classifier.assess_input(&input, &mut workspace)));
        answers.explanations.push(classifier.explain(&mut workspace, Class::Benign));
    }
    Ok(answers)
}

/// Whether a reader accepts `file`, which every instruction set must then answer alike.
fn alike_everywhere(file: &[u8], executions: &[Execution], seed: u64) -> Result<bool, TestCaseError> {
    let mut answers = executions.iter().map(|&execution| (execution, ask(file, execution, seed)));
    let (_, expected) = answers.next().expect("the scalar kernels are everywhere");
    for (execution, answers) in answers {
        prop_assert_eq!(&answers, &expected, "{:?}", execution);
    }
    Ok(expected.is_ok())
}

#[test]
fn every_body_with_one_wrong_byte_that_is_accepted_runs_alike_on_every_instruction_set() {
    let honest = honest();
    let body = &honest[HEADER_LEN..];
    let (artifact, _) = Artifact::read(&honest).expect("whole");
    // One thread each: what a wrong byte changes does not hang on how the work is shared.
    let executions: Vec<Execution> = executions().filter(|execution| execution.threads == 1).collect();
    let (mut accepted, mut refused, mut other) = (0, 0, 0);
    for at in 0..body.len() {
        // A weight more or less is a weight; what stands between the arrays decides about sizes.
        let values: &[u8] = if at % 7 == 0 { &[0x00, 0x7F, 0x80, 0xFF] } else { &[!body[at]] };
        for &value in values {
            let mut hostile = body.to_vec();
            hostile[at] = value;
            let file = seal(&hostile);
            match Artifact::read(&file) {
                // The network is the same where a wrong byte is one of the card's.
                Ok((read, _)) if read.layers == artifact.layers && read.preprocessing == artifact.preprocessing => {
                    other += 1;
                }
                _ if alike_everywhere(&file, &executions, at as u64).expect("the same answers") => accepted += 1,
                _ => refused += 1,
            }
        }
    }
    assert!(accepted > 1000 && refused > 300 && other > 100, "{accepted} accepted, {refused} refused, {other} others");
}

/// A file around a drawn network. Nothing is checked on the way.
fn file(model: &Model, seed: u64) -> Vec<u8> {
    let honest = honest();
    let (mut artifact, _) = Artifact::read(&honest).expect("whole");
    let numbers = |count: usize| (0..count).flat_map(|at| ((1 + at % 50) as f32).to_le_bytes()).collect::<Vec<u8>>();
    let (means, variances) = (numbers(model.hidden_len * Class::COUNT), numbers(model.hidden_len));
    artifact.preprocessing = model.preprocessing.clone();
    artifact.layers = model.layers();
    artifact.novelty = Novelty { means: &means, inverse_variances: &variances, ..artifact.novelty.clone() };
    artifact.calibration.temperature = [f32::MIN_POSITIVE, 1e-9, 1.5, 1e30][seed as usize % 4];
    seal(&postcard::to_allocvec(&artifact).expect("an artifact can be encoded"))
}

/// How many of `cases` drawn files are accepted; all of them are answered alike.
fn accepted(cases: u32, values: Values) -> u32 {
    let executions: Vec<Execution> = executions().collect();
    let accepted = Cell::new(0);
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) };
    let sizes = (32u16..40, 32u16..44);
    proptest!(config, |(size in sizes, cells in prop::bool::weighted(0.2), kinds in kinds(), seed: u64)| {
        let whole = Preprocessing { height: size.0, width: size.1, ..Preprocessing::square(32) };
        let preprocessing = if cells { Preprocessing::cells() } else { whole };
        let model = Model::of(preprocessing, &kinds, values, seed);
        accepted.set(accepted.get() + u32::from(alike_everywhere(&file(&model, seed), &executions, seed)?));
    });
    accepted.get()
}

#[test]
fn any_network_in_a_file_is_answered_alike_on_every_instruction_set() {
    let accepted = accepted(24, Values::Usual);
    assert!(accepted >= 20, "{accepted} of 24 were accepted");
}

#[test]
fn numbers_at_the_ends_of_what_is_accepted_are_answered_alike_on_every_instruction_set() {
    let accepted = accepted(64, Values::Hostile);
    assert!((10..64).contains(&accepted), "{accepted} of 64 were accepted");
}
