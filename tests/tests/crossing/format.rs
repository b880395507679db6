//! The artifact format: golden bytes, and everything that a reader must refuse.

use std::path::Path;

use blastscope_shared::{
    Classifier,
    artifact::{Artifact, ArtifactError, FORMAT_VERSION, HEADER_LEN},
};
use blastscope_tests::{blocks, cell_jury, reseal, tiny_artifact};

fn golden_of(name: &str, made: &[u8]) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
    if std::env::var_os("BLASTSCOPE_BLESS").is_some() {
        std::fs::write(&path, made).expect("the golden file can be written");
    }
    std::fs::read(&path).unwrap_or_else(|_| panic!("tests/golden/{name} is there; BLASTSCOPE_BLESS=1 writes it anew"))
}

fn golden() -> Vec<u8> {
    golden_of("tiny.bsm", &tiny_artifact())
}

/// The device's tests read the model of cells from a file: they do not link this crate.
#[test]
fn the_golden_jury_of_cells_is_the_one_that_these_tests_draw() {
    let [jury, ..] = cell_jury(3.0);
    assert!(golden_of("tiny-cells.bsm", &jury) == jury, "BLASTSCOPE_BLESS=1 writes tests/golden/tiny-cells.bsm anew");
}

#[test]
fn the_layout_is_pinned_byte_by_byte() {
    let golden = golden();
    assert!(tiny_artifact() == golden, "the artifact's bytes have changed: this needs a new format version");
    assert_eq!(&golden[..16], b"\x89BSM\r\n\x1a\n\x07\x00\x80\x00\x00\x00\x00\x00");
    assert_eq!(golden[16..24], (golden.len() as u64 - 128).to_le_bytes());
    assert_eq!(&golden[128..133], b"\x04tiny");
}

#[test]
fn a_model_read_from_golden_bytes_gives_golden_logits() {
    let classifier = Classifier::read(&golden()).expect("the golden file is whole");
    let mut workspace = classifier.workspace();
    let assessment = classifier.assess(&blocks(160, 120, 7), &mut workspace);
    let logits = assessment.logits().expect("whole fields are always seen");
    let bits = logits.map(f32::to_bits);
    assert_eq!(bits, GOLDEN_LOGITS, "{logits:?} = {bits:?}");
    assert_eq!(classifier.model_id().len(), 64);
}

/// Bits of the tiny network's logits for the picture above.
const GOLDEN_LOGITS: [u32; 4] = [3_208_426_545, 1_076_753_775, 1_036_016_979, 1_073_884_283];

#[test]
fn what_is_written_is_what_was_read() {
    let golden = golden();
    let (artifact, _) = Artifact::read(&golden).expect("whole");
    assert!(artifact.to_bytes().expect("valid") == golden);
}

#[test]
fn rejects_every_truncation_and_any_extension() {
    let golden = golden();
    for length in 0..golden.len() {
        let error = Classifier::read(&golden[..length]).err().unwrap_or_else(|| panic!("{length} bytes were accepted"));
        assert!(error.to_string().len() > 20, "a sentence, not {error}");
    }
    let mut longer = golden;
    longer.push(0);
    assert!(matches!(Classifier::read(&longer), Err(ArtifactError::WrongLength { .. })));
}

#[test]
fn rejects_every_flipped_bit_of_the_header_and_of_the_body() {
    let golden = golden();
    for bit in 0..golden.len() * 8 {
        let mut damaged = golden.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(Classifier::read(&damaged).is_err(), "bit {bit}");
    }
}

#[test]
fn refuses_other_files_newer_formats_and_missing_cards_with_a_sentence() {
    let golden = golden();
    let refusal = |bytes: &[u8]| Classifier::read(bytes).err().map(|error| error.to_string()).unwrap_or_default();
    assert_eq!(refusal(b"not a model at all"), "is not a blastscope model");
    assert_eq!(refusal(b""), "is not a blastscope model");

    let mut newer = golden.clone();
    let next = FORMAT_VERSION + 1;
    newer[8..10].copy_from_slice(&next.to_le_bytes());
    reseal(&mut newer);
    let sentence = refusal(&newer);
    assert!(sentence.contains(&format!("format {next}")) && sentence.contains("update"), "{sentence}");

    let mut signed = golden.clone();
    signed[60] = 1;
    reseal(&mut signed);
    let sentence = refusal(&signed);
    assert!(sentence.contains("signature"), "{sentence}");

    let (artifact, _) = Artifact::read(&golden).expect("whole");
    let mut without_card = artifact.clone();
    without_card.card.limits.clear();
    assert!(without_card.to_bytes().is_err());
    let mut with_leftovers = golden;
    with_leftovers.push(0);
    let body_len = (with_leftovers.len() - HEADER_LEN) as u64;
    with_leftovers[16..24].copy_from_slice(&body_len.to_le_bytes());
    reseal(&mut with_leftovers);
    let sentence = refusal(&with_leftovers);
    assert!(sentence.contains("left over"), "{sentence}");
}
