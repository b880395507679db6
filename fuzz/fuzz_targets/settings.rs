//! The settings of the device, its lamps and its buttons.
#![no_main]

use std::path::Path;

use blastscope::{board::Configuration, config::Config};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match Config::parse(text, Path::new("blastscope.toml")) {
        Ok(config) => {
            assert_eq!(config.sha256().len(), 64);
            assert!((1..=100).contains(&config.pipeline.settle) && config.data.dir.is_absolute());
        }
        Err(error) => assert!(error.to_string().contains("blastscope.toml"), "{error}"),
    }
    if let Err((line, reason)) = Configuration::parse(text) {
        assert!(!reason.is_empty() && line.is_none_or(|line| line <= text.lines().count() + 1), "{line:?}: {reason}");
    }
});
