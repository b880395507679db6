//! Signed models: golden bytes, and every kind of file without a trusted key's signature.

use std::{fs, num::NonZero, path::Path};

use blastscope_shared::{
    Artifact,
    artifact::{
        self, ArtifactError, FORMAT_VERSION, HEADER_LEN, SignatureError,
        signing::{PublicKey, SecretKey},
    },
};
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

fn path(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden").join(name)
}

fn unsigned() -> Vec<u8> {
    fs::read(path("tiny.bsm")).expect("tests/golden/tiny.bsm is there")
}

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

fn sign(bytes: &[u8], seed: u8, version: u32) -> Vec<u8> {
    artifact::sign(bytes, &key(seed), NonZero::new(version).expect("from 1 up")).expect("usable")
}

/// Model version 7, signed with the key of seed 7.
fn signed() -> Vec<u8> {
    sign(&unsigned(), 7, 7)
}

fn trusted() -> [PublicKey; 1] {
    [key(7).public()]
}

/// Corrects hash and checksum, as an attacker would after changing a file.
fn reseal(bytes: &mut [u8]) {
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

#[test]
fn the_signed_layout_is_pinned_byte_by_byte() {
    let golden = path("tiny-signed.bsm");
    if std::env::var_os("BLASTSCOPE_BLESS").is_some() {
        fs::write(&golden, signed()).expect("the golden file can be written");
    }
    let golden = fs::read(golden).expect("tests/golden/tiny-signed.bsm exists; BLASTSCOPE_BLESS=1 rewrites it");
    assert!(signed() == golden, "the bytes of signed artifacts have changed: that needs a new format version");
    assert_eq!(&golden[..16], b"\x89BSM\r\n\x1a\n\x08\x00\x80\x00\x00\x00\x00\x00");
    assert_eq!(golden[120..124], 7u32.to_le_bytes());
    assert_eq!(golden[HEADER_LEN..], unsigned()[HEADER_LEN..]);
}

#[test]
fn a_signed_model_is_the_unsigned_one_with_a_signer_and_a_version() {
    let (unsigned, signed) = (unsigned(), signed());
    assert_eq!(Artifact::read(&signed), Artifact::read(&unsigned));
    assert_eq!(artifact::model_version(&signed), Ok(Some(7)));
    assert_eq!(artifact::model_version(&unsigned), Ok(None));
    let keys = [key(1).public(), key(7).public(), key(2).public()];
    assert_eq!(artifact::verify(&signed, &keys).map(|(signer, _)| signer), Ok(1));
    // Signed again with another key, as another version.
    let again = sign(&signed, 2, 8);
    assert_eq!(artifact::verify(&again, &keys).map(|(signer, _)| signer), Ok(2));
    assert_eq!(sign(&again, 7, 7), signed);
}

#[test]
fn refuses_the_unsigned_other_keys_and_no_keys() {
    let refusal = |bytes: &[u8], keys: &[PublicKey]| artifact::verify(bytes, keys).map(|_| ()).expect_err("refused");
    assert_eq!(refusal(&unsigned(), &trusted()), SignatureError::Unsigned);
    assert_eq!(refusal(&signed(), &[key(8).public(), key(9).public()]), SignatureError::NotTrusted);
    assert_eq!(refusal(&signed(), &[]), SignatureError::NoKeys);
    assert_eq!(refusal(b"no model", &trusted()), SignatureError::Artifact(ArtifactError::NotAModel));
}

#[test]
fn refuses_every_truncation_with_a_sentence() {
    let signed = signed();
    for length in 0..signed.len() {
        let error = artifact::verify(&signed[..length], &trusted()).map(|_| ()).expect_err("cut off");
        assert!(error.to_string().len() > 20, "{length} bytes: {error}");
    }
}

#[test]
fn refuses_every_changed_byte_though_hash_and_checksum_are_put_right() {
    let signed = signed();
    for at in 0..signed.len() {
        let mut changed = signed.clone();
        changed[at] ^= 0x55;
        assert!(artifact::verify(&changed, &trusted()).is_err(), "byte {at}");
        reseal(&mut changed);
        // These are the corrected bytes of checksum and hash.
        let healed = changed == signed;
        assert_eq!(healed, (24..56).contains(&at) || (124..128).contains(&at), "byte {at}");
        assert_eq!(artifact::verify(&changed, &trusted()).is_ok(), healed, "byte {at}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// The version is signed: only the key's owner can make an old model look new.
    #[test]
    fn a_version_cannot_be_changed(from in 1u32.., to in 1u32..) {
        let mut changed = sign(&unsigned(), 7, from);
        changed[120..124].copy_from_slice(&to.to_le_bytes());
        reseal(&mut changed);
        prop_assert_eq!(artifact::model_version(&changed), Ok(Some(to)));
        prop_assert_eq!(artifact::verify(&changed, &trusted()).is_ok(), from == to);
    }

    /// A signature fits one file only.
    #[test]
    fn a_signature_fits_no_other_content(at in HEADER_LEN..4012usize, with: u8) {
        let mut other = unsigned();
        other[at] = with;
        reseal(&mut other);
        prop_assume!(other != unsigned());
        let (signed, mut forged) = (signed(), other);
        forged[8..10].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
        forged[56..124].copy_from_slice(&signed[56..124]);
        reseal(&mut forged);
        prop_assert_eq!(artifact::verify(&forged, &trusted()).map(|_| ()).expect_err("refused"), SignatureError::NotTrusted);
    }
}
