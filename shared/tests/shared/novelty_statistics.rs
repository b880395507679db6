//! A reader refuses novelty statistics that could make any field familiar, and names the fault; the shipped models pass.

use std::{
    fs,
    path::{Path, PathBuf},
};

use blastscope_shared::{
    Class, Classifier,
    artifact::{Artifact, HEADER_LEN, MAX_STAINS},
    field::{detail::SIZES, stain::HUES},
    judge::Thresholds,
};
use sha2::{Digest as _, Sha256};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

fn tiny() -> Vec<u8> {
    fs::read(path("tests/golden/tiny.bsm")).expect("tests/golden/tiny.bsm is there")
}

/// Applies `change` to the bytes of one list of the tiny model, with correct checksums, and returns a reader's answer.
fn refusal(list: fn(&Artifact<'_>) -> Vec<u8>, change: impl FnOnce(&mut [u8])) -> String {
    let mut bytes = tiny();
    let old = list(&Artifact::read(&bytes).expect("whole").0);
    let at = bytes.windows(old.len()).position(|window| window == old).expect("the list lies in the file as it is");
    change(&mut bytes[at..at + old.len()]);
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
    // Signing or inspecting a model gives the same error.
    let refusals = [Artifact::read(&bytes).err(), Classifier::read(&bytes).err()];
    let [of_file, of_model] = refusals.map(|error| error.map(|error| error.to_string()).unwrap_or_default());
    assert_eq!(of_file, of_model);
    of_model
}

fn put(bytes: &mut [u8], at: usize, number: f32) {
    bytes[4 * at..4 * at + 4].copy_from_slice(&number.to_le_bytes());
}

fn get(bytes: &[u8], at: usize) -> f32 {
    f32::from_le_bytes([bytes[4 * at], bytes[4 * at + 1], bytes[4 * at + 2], bytes[4 * at + 3]])
}

fn stains(artifact: &Artifact<'_>) -> Vec<u8> {
    artifact.jurors[0].novelty.stains.to_vec()
}

#[test]
fn the_shipped_models_and_the_golden_ones_are_read() {
    for name in ["models/blastscope.bsm", "models/paper.bsm", "tests/golden/tiny.bsm", "tests/golden/tiny-signed.bsm"] {
        let bytes = fs::read(path(name)).expect(name);
        Classifier::read(&bytes).unwrap_or_else(|error| panic!("{name} {error}"));
    }
}

#[test]
fn refuses_an_inverse_covariance_by_which_strange_stains_are_near() {
    assert_eq!(refusal(stains, |_| ()), "", "the file itself is read");
    for row in 0..HUES {
        let diagonal = HUES + HUES * row + row;
        let negative = refusal(stains, |bytes| put(bytes, diagonal, -get(bytes, diagonal)));
        assert_eq!(
            negative,
            "cannot be used: stain 1 of its novelty statistics has an inverse covariance that is not positive semi-definite"
        );
        for column in (0..HUES).filter(|&column| column != row) {
            let (one, other) = (HUES + HUES * row + column, HUES + HUES * column + row);
            let across = refusal(stains, |bytes| {
                put(bytes, one, 50.0);
                put(bytes, other, 50.0);
            });
            assert!(across.ends_with("is not positive semi-definite"), "{row} {column}: {across}");
            let one_side = refusal(stains, |bytes| put(bytes, one, 3.0));
            assert!(one_side.contains("stain 1") && one_side.ends_with("is not symmetric"), "{one_side}");
        }
    }
}

#[test]
fn refuses_a_texture_by_which_every_detail_is_near() {
    let textures = |artifact: &Artifact<'_>| artifact.jurors[0].novelty.textures.to_vec();
    assert_eq!(refusal(textures, |_| ()), "", "the file itself is read");
    for row in 0..SIZES {
        let diagonal = SIZES + SIZES * row + row;
        let negative = refusal(textures, |bytes| put(bytes, diagonal, -1.0));
        assert_eq!(
            negative,
            "cannot be used: texture 1 of its novelty statistics has an inverse covariance that is not positive semi-definite"
        );
        for (at, what) in [(row, "a mean"), (diagonal, "an inverse covariance")] {
            let sentence = refusal(textures, |bytes| put(bytes, at, f32::NAN));
            assert!(sentence.contains("texture 1") && sentence.contains(what), "{sentence}");
        }
    }
}

#[test]
fn refuses_every_number_that_is_not_finite_and_says_which() {
    for wrong in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for at in 0..HUES * (1 + HUES) {
            let sentence = refusal(stains, |bytes| put(bytes, at, wrong));
            let what = if at < HUES { "a mean" } else { "an inverse covariance" };
            assert!(sentence.contains("stain 1") && sentence.contains(what), "{wrong} at {at}: {sentence}");
            assert!(sentence.contains("not a finite number"), "{wrong} at {at}: {sentence}");
        }
        let means = |artifact: &Artifact<'_>| artifact.jurors[0].novelty.means.to_vec();
        for at in [0, 15, 16 * Class::COUNT - 1] {
            assert!(refusal(means, |bytes| put(bytes, at, wrong)).contains("a mean activation"), "{wrong} at {at}");
        }
        let variances = |artifact: &Artifact<'_>| artifact.jurors[0].novelty.inverse_variances.to_vec();
        for at in [0, 15] {
            assert!(
                refusal(variances, |bytes| put(bytes, at, wrong)).contains("an inverse variance"),
                "{wrong} at {at}"
            );
        }
        let usual = |artifact: &Artifact<'_>| {
            artifact.jurors[0].novelty.usual.iter().flat_map(|one| one.to_le_bytes()).collect()
        };
        for at in 0..5 {
            assert!(refusal(usual, |bytes| put(bytes, at, wrong)).contains("a usual distance"), "{wrong} at {at}");
        }
        let thresholds = |artifact: &Artifact<'_>| {
            let Thresholds { min_probability, min_subtype, max_novelty } = artifact.thresholds;
            [min_probability, min_subtype, max_novelty].map(f32::to_le_bytes).concat()
        };
        for (at, what) in
            ["least probability of a verdict", "least share of a subtype", "largest novelty"].into_iter().enumerate()
        {
            assert!(refusal(thresholds, |bytes| put(bytes, at, wrong)).contains(what), "{wrong}: {what}");
        }
        let calibration = |artifact: &Artifact<'_>| {
            let numbers =
                [artifact.jurors[0].calibration.temperature].into_iter().chain(artifact.jurors[0].calibration.biases);
            numbers.flat_map(f32::to_le_bytes).collect()
        };
        for at in 0..4 {
            assert!(refusal(calibration, |bytes| put(bytes, at, wrong)).contains("temperature"), "{wrong} at {at}");
        }
        let result = |artifact: &Artifact<'_>| {
            let result = &artifact.card.results[0];
            [result.value, result.low, result.high].map(f32::to_le_bytes).concat()
        };
        for at in 0..3 {
            assert!(refusal(result, |bytes| put(bytes, at, wrong)).contains("a result in its model card"), "{wrong}");
        }
    }
}

#[test]
fn refuses_a_stain_by_its_number() {
    let bytes = tiny();
    let (tiny, _) = Artifact::read(&bytes).expect("whole");
    let sound = tiny.jurors[0].novelty.stains;
    for broken in 0..MAX_STAINS {
        let mut many = sound.repeat(MAX_STAINS);
        let at = broken * HUES * (1 + HUES) + HUES;
        put(&mut many, at, -1.0);
        let mut artifact = tiny.clone();
        artifact.jurors[0].novelty.stains = &many;
        let error = artifact.to_bytes().expect_err("refused").to_string();
        assert!(error.contains(&format!("stain {} ", broken + 1)), "{error}");
    }
}
