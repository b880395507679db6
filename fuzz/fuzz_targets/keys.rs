//! Key texts: a key that is read is written back as the same key. Also signatures in a header.
#![no_main]

use std::sync::LazyLock;

use blastscope_shared::artifact::{
    model_version, signer,
    signing::{PublicKey, SecretKey},
};
use libfuzzer_sys::fuzz_target;

static LABORATORY: LazyLock<[PublicKey; 1]> = LazyLock::new(|| [SecretKey::from_seed(&[7; 32]).public()]);

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        if let Ok(key) = PublicKey::from_text(text) {
            assert_eq!(PublicKey::from_text(&key.to_text(text)), Ok(key));
        }
        if let Ok(key) = SecretKey::from_text(text) {
            let again = SecretKey::from_text(&key.to_text(text)).expect("the key that was written");
            assert_eq!(again.public(), key.public());
        }
    }
    let signed = signer(bytes, &*LABORATORY).is_ok();
    assert!(!signed || model_version(bytes).is_ok_and(|version| version.is_some()), "signed without a version");
});
