//! A model's body with a valid header: a model that the reader accepts runs on every instruction set with the same result.
#![no_main]

use std::sync::LazyLock;

use blastscope_fuzz::with_header;
use blastscope_shared::{Class, Classifier, Isa, RgbPixels, engine::network::Execution};
use blastscope_tests::blocks;
use libfuzzer_sys::fuzz_target;

/// Larger networks are read but not run, because they are slow.
const MOST_MACS: u64 = 4_000_000;

static FIELD: LazyLock<RgbPixels> = LazyLock::new(|| blocks(160, 120, 7));

fuzz_target!(|body: &[u8]| {
    let bytes = with_header(body);
    let read = |isa| Classifier::read_with(&bytes, Execution { isa, threads: 1 });
    let Ok(plain) = read(Isa::Scalar) else {
        assert!(read(Isa::detect()).is_err(), "one instruction set reads what the plain kernels refuse");
        return;
    };
    if plain.lead().network().macs() > MOST_MACS {
        return;
    }
    let bits = |classifier: &Classifier| {
        let mut workspace = classifier.workspace();
        let assessment = classifier.assess(&FIELD, &mut workspace);
        if let Some(class) = assessment.most_probable() {
            let _ = classifier.explain(&mut workspace, class);
        }
        // All are `None` if the network saw nothing.
        let of_classes = |values: Option<[f32; Class::COUNT]>| values.map(|values| values.map(f32::to_bits));
        let novelty = assessment.novelty().map(f32::to_bits);
        (of_classes(assessment.logits()), of_classes(assessment.probabilities()), novelty)
    };
    let expected = bits(&plain);
    for isa in Isa::ALL.into_iter().filter(|isa| *isa != Isa::Scalar && isa.is_available()) {
        let fast = read(isa).unwrap_or_else(|error| panic!("{isa} refuses what the plain kernels read: it {error}"));
        assert_eq!(bits(&fast), expected, "{isa}");
    }
});
