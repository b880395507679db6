//! Model files with valid hash and checksum.

use std::{fs, path::Path};

use blastscope_shared::{
    Artifact, Class,
    artifact::{HEADER_LEN, Novelty},
};
use sha2::{Digest as _, Sha256};

use crate::networks::drawn::Model;

/// A small, valid model, from which hostile files are made.
pub fn honest() -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/tiny.bsm")).expect("tests/golden/tiny.bsm")
}

/// A file around `body`, with its length, hash and checksum.
pub fn seal(body: &[u8]) -> Vec<u8> {
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

/// A file around a random network, without any checks.
pub fn file(model: &Model, seed: u64) -> Vec<u8> {
    let honest = honest();
    let (mut artifact, _) = Artifact::read(&honest).expect("whole");
    let numbers = |count: usize| (0..count).flat_map(|at| ((1 + at % 50) as f32).to_le_bytes()).collect::<Vec<u8>>();
    let (means, variances) = (numbers(model.hidden_len * Class::COUNT), numbers(model.hidden_len));
    artifact.jurors[0].sight = model.sight;
    artifact.jurors[0].layers = model.layers();
    artifact.jurors[0].novelty =
        Novelty { means: &means, inverse_variances: &variances, ..artifact.jurors[0].novelty.clone() };
    artifact.jurors[0].calibration.temperature = [f32::MIN_POSITIVE, 1e-9, 1.5, 1e30][seed as usize % 4];
    seal(&postcard::to_allocvec(&artifact).expect("an artifact can be encoded"))
}
