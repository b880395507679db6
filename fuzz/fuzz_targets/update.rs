//! A file on a memory stick, as `blastscope update` checks it before it writes anything: signature, model, self-test. The first
//! byte says whether the rest is the file itself or a body that the laboratory has signed.
#![no_main]

use std::{num::NonZero, sync::LazyLock};

use blastscope::model::update::self_test;
use blastscope_fuzz::with_header;
use blastscope_shared::{
    Classifier,
    artifact::{
        sign,
        signing::{PublicKey, SecretKey},
        verify,
    },
    engine::network::Execution,
};
use libfuzzer_sys::fuzz_target;

static KEY: LazyLock<SecretKey> = LazyLock::new(|| SecretKey::from_seed(&[7; 32]));
static TRUSTED: LazyLock<[PublicKey; 1]> = LazyLock::new(|| [KEY.public()]);
/// Larger networks are read but not run, because they are slow.
const MOST_MACS: u64 = 1_000_000;

fuzz_target!(|bytes: &[u8]| {
    let Some((&how, rest)) = bytes.split_first() else { return };
    let file = if how % 2 == 0 {
        rest.to_vec()
    } else {
        let version = NonZero::new(u32::from(how)).expect("odd numbers are not 0");
        match sign(&with_header(rest), &KEY, version) {
            Ok(signed) => signed,
            Err(_) => return,
        }
    };
    let Ok((0, _)) = verify(&file, &*TRUSTED) else {
        assert!(how % 2 == 0, "what was signed is not known as signed");
        return;
    };
    if Classifier::read(&file).is_ok_and(|classifier| classifier.lead().network().macs() <= MOST_MACS)
        && let Err(error) = self_test::run(&file, Execution::default())
    {
        assert!(!matches!(error, self_test::SelfTestError::Disagrees { .. }), "{error}");
    }
});
