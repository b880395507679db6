//! The table of overlap groups, groups.csv.
#![no_main]

use std::path::Path;

use blastscope_host::data::dataset::{LabelledImage, groups_csv::parse};
use blastscope_shared::Class;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| match parse(text, Path::new("groups.csv")) {
    Ok(groups) => {
        let image = |file: &str| LabelledImage {
            file: file.into(),
            class: Class::Pre,
            sha256: [0xAB; 32],
            group: 0,
            session: None,
        };
        let _ = groups.apply(&mut [image("Pre/a.jpg"), image("Pre/b.jpg"), image("")]);
    }
    Err(error) => assert!(error.to_string().contains("groups.csv"), "{error}"),
});
