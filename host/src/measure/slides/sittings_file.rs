//! The pooling of a slide from the results of a cross-validation over sittings.

use std::path::Path;

use blastscope_shared::judge::slide::SlidePooling;
use serde::Deserialize;

use super::Measured;
use crate::{Error, data::picture::read_file};

/// The part of `results.json` that matters here.
#[derive(Deserialize)]
struct Results {
    by: String,
    drawn: bool,
    slides: Option<Measured>,
}

/// The pooling that `crossval` estimated; `path` is its `results.json`, or what it prints with `--json`. `drawn` says whether the model
/// was trained on drawn fields.
///
/// # Errors
/// [`Error::Content`] when the file cannot be read, is not a cross-validation's, did not leave out sittings, or is about drawn fields
/// while the model is not, or the other way round.
pub fn read_pooling(path: &Path, drawn: bool) -> Result<SlidePooling, Error> {
    let results: Results = serde_json::from_slice(&read_file(path)?).map_err(|error| {
        Error::content(
            path,
            format!("is not the results.json of a crossval ({error}); give --sittings that of crossval --by session"),
        )
    })?;
    let Some(measured) = results.slides else {
        let reason = format!(
            "has no slides: its folds are by {}; run crossval --by session, and give --sittings its results.json",
            results.by
        );
        return Err(Error::content(path, reason));
    };
    if results.drawn != drawn {
        let [it, model] = [results.drawn, drawn].map(|drawn| if drawn { "drawn fields" } else { "photographs" });
        let reason = format!(
            "was measured on {it}, but the model was trained on {model}; give --sittings a crossval of the model's own data"
        );
        return Err(Error::content(path, reason));
    }
    if !measured.pooling.is_usable() {
        return Err(Error::content(path, "has a pooling with numbers out of range; run crossval again"));
    }
    Ok(measured.pooling)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        measure::slides::{Measured, measure},
        statistics::bootstrap::Bootstrap,
    };

    fn written(value: &serde_json::Value) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("results.json");
        std::fs::write(&path, value.to_string()).expect("written");
        (folder, path)
    }

    fn measured() -> Measured {
        let mut measured = measure(&[], Bootstrap { resamples: 1, seed: 1 });
        measured.pooling.correlation = 0.25;
        measured
    }

    #[test]
    fn the_pooling_of_a_crossval_is_read() {
        let value = serde_json::json!({"by": "session", "drawn": false, "summary": {}, "slides": measured()});
        let (_folder, path) = written(&value);
        assert_eq!(read_pooling(&path, false).expect("read"), measured().pooling);
        let refusal = read_pooling(&path, true).expect_err("photographs").to_string();
        assert!(refusal.contains("measured on photographs") && refusal.contains("drawn fields"), "{refusal}");
    }

    #[test]
    fn another_file_is_refused_with_the_remedy() {
        let refusal = |value: serde_json::Value| {
            let (_folder, path) = written(&value);
            read_pooling(&path, false).expect_err("refused").to_string()
        };
        let groups = serde_json::json!({"by": "group", "drawn": false, "slides": null});
        assert!(refusal(groups).contains("folds are by group; run crossval --by session"));
        assert!(refusal(serde_json::json!({"evidence": "stress"})).contains("is not the results.json of a crossval"));
        let mut broken = measured();
        broken.pooling.correlation = 2.0;
        let broken = serde_json::json!({"by": "session", "drawn": false, "slides": broken});
        assert!(refusal(broken).contains("out of range"));
    }
}
