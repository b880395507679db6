//! Tries the model: a drawn picture on the chosen instruction set and on the scalar kernels.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use blastscope_core::drawn_field;
use blastscope_shared::{Classifier, Isa, Observation, RgbPixels, engine::network::Execution};

use crate::{
    commands::doctor::examination::facts::{Model, Trial},
    model::{self, Found, ModelError},
    support::quantiles::Times,
};

/// Size of the picture, in pixels: that of camera frames.
const PICTURE: (usize, usize) = (1024, 768);
/// Limits of the timing: number of frames and total time.
const FRAMES: usize = 20;
const ENOUGH: Duration = Duration::from_secs(1);

/// Finds, loads and tries the model that `named` or the environment names, on `execution`.
pub(super) fn model(named: Option<&Path>, data_dir: Option<&Path>, execution: Execution) -> Model {
    attempt(named, data_dir, execution).unwrap_or_else(|error| Model::Missing { reason: error.to_string() })
}

fn attempt(named: Option<&Path>, data_dir: Option<&Path>, execution: Execution) -> Result<Model, ModelError> {
    let Found { classifier, path, warnings, .. } = model::load(named, data_dir, execution)?;
    let scalar = model::open(&path, Execution { isa: Isa::Scalar, threads: 1 })?;
    let picture = drawn_field::field(PICTURE.0, PICTURE.1, 0);
    Ok(Model::Loaded {
        bytes: fs::metadata(&path).map_or(0, |metadata| metadata.len()),
        path: path.display().to_string(),
        title: model::title(&classifier),
        code_version: classifier.provenance().code_version.clone(),
        drawn: classifier.card().drawn,
        version: classifier.model_version(),
        warnings,
        trial: Trial {
            isa: classifier.lead().network().execution().isa.name(),
            logits: logits(&classifier, &picture),
            scalar_logits: logits(&scalar, &picture),
            frame_ms: frame_ms(&classifier),
        },
    })
}

fn logits(classifier: &Classifier, picture: &RgbPixels) -> Observation<[f32; 4]> {
    classifier.look(picture, &mut classifier.workspace()).map(|scores| scores.logits())
}

fn frame_ms(classifier: &Classifier) -> f64 {
    let picture = drawn_field::field(PICTURE.0, PICTURE.1, 0);
    let mut workspace = classifier.workspace();
    let mut samples = Vec::with_capacity(FRAMES);
    classifier.assess(&picture, &mut workspace);
    let begin = Instant::now();
    while samples.len() < FRAMES && (samples.is_empty() || begin.elapsed() < ENOUGH) {
        let start = Instant::now();
        classifier.assess(&picture, &mut workspace);
        samples.push(start.elapsed());
    }
    Times::of(&mut samples).median_ms
}
