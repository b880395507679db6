//! `inspect`: what is in a model file.

use std::{fmt::Write, path::PathBuf};

use blastscope_shared::{
    Classifier,
    artifact::Artifact,
    hex,
    layers::{Filters, Layer, Shape},
    sight::Sight,
};
use serde_json::{Value, json};

use crate::{
    Error,
    data::picture::read_file,
    support::{output, text},
};

/// Show a model's card, layers, sizes and hashes. `card` writes the card as a document.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  blastscope-host inspect models/allcnn.bsm")]
pub struct Inspect {
    /// Model file.
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Inspect {
    /// Runs the command.
    ///
    /// # Errors
    /// When the file is no usable model.
    pub fn run(&self) -> Result<(), Error> {
        let bytes = read_file(&self.model)?;
        let unusable =
            |error: blastscope_shared::artifact::ArtifactError| Error::content(&self.model, error.to_string());
        let (artifact, hash) = Artifact::read(&bytes).map_err(unusable)?;
        let classifier = Classifier::read(&bytes).map_err(unusable)?;
        let version = classifier.model_version();
        if self.json {
            let value = as_json(&artifact, &hash, version, bytes.len(), classifier.network().macs());
            output::json(format_args!("{value:#}"))?;
        } else {
            output::text(as_text(&artifact, &hash, version, bytes.len(), classifier.network().macs()))?;
        }
        Ok(())
    }
}

/// A layer's name, its output shape and its filters.
fn layers<'a>(artifact: &'a Artifact<'a>) -> Vec<(&'static str, [usize; 3], Option<&'a Filters<'a>>)> {
    let Shape { height, width, channels } = artifact.sight.shape();
    let mut shape = [height, width, channels];
    let described = artifact.layers.iter().map(|layer| match layer {
        Layer::Convolution(filters) => {
            shape[2] = filters.outputs();
            ("convolution 3x3", shape, Some(filters))
        }
        Layer::MaxPool => {
            shape = [shape[0] / 2, shape[1] / 2, shape[2]];
            ("max-pool 2x2", shape, None)
        }
        Layer::Dense(filters) => {
            shape = [1, 1, filters.outputs()];
            ("dense", shape, Some(filters))
        }
    });
    described.collect()
}

fn as_text(artifact: &Artifact<'_>, hash: &[u8; 32], version: Option<u32>, file_len: usize, macs: u64) -> String {
    let mut out = String::new();
    let card = &artifact.card;
    let mut line = |text: std::fmt::Arguments<'_>| {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{text}");
    };
    let signed = match version {
        Some(version) => format!("signed as version {version}; `verify` says whether by a key that you trust"),
        None => "not signed".into(),
    };
    line(format_args!("{}  ({file_len} bytes, {signed})", card.name));
    line(format_args!("{}", card.statement));
    if card.drawn {
        line(format_args!("Trained on drawn fields: it shows how the loop works and says nothing about real smears."));
    }
    for (title, text) in [
        ("Intended use", &card.intended_use),
        ("Data", &card.data),
        ("Training", &card.training),
        ("Known limits", &card.limits),
    ] {
        line(format_args!("\n{title}"));
        for wrapped in text.lines().flat_map(|paragraph| text::wrap(paragraph, 96)) {
            line(format_args!("  {wrapped}"));
        }
    }
    line(format_args!("\nResults"));
    for result in &card.results {
        let percent = |share: f32| f64::from(share) * 100.0;
        line(format_args!(
            "  {:<44} {:6.2} %  [{:.2}, {:.2}]  n = {:<5} {}",
            result.what,
            percent(result.value),
            percent(result.low),
            percent(result.high),
            result.count,
            result.part
        ));
    }
    line(format_args!("\nLayers ({:.3} G multiply-accumulates a field)", macs as f64 / 1e9));
    for (name, [height, width, channels], filters) in layers(artifact) {
        let shape = format!("{height}x{width}x{channels}");
        match filters {
            Some(filters) => line(format_args!(
                "  {name:<16} -> {shape:<12} {:>9} weights, output scale {:.6}",
                filters.weights.len(),
                filters.output_scale
            )),
            None => line(format_args!("  {name:<16} -> {shape}")),
        }
    }
    let Sight { kind, framing: input } = &artifact.sight;
    line(format_args!(
        "\nInput           {}x{}, columns {}..{} of rows {}..{} masked (preprocessing version {})",
        input.width,
        input.height,
        input.mask.left,
        input.mask.right,
        input.mask.top,
        input.mask.bottom,
        kind.version()
    ));
    let [early, pre, pro] = artifact.calibration.biases;
    line(format_args!(
        "Calibration     temperature {:.4}, biases of Early, Pre, Pro {early:.3}, {pre:.3}, {pro:.3}",
        artifact.calibration.temperature
    ));
    line(format_args!("Least probability of a named class   {:.2}", artifact.thresholds.min_probability));
    line(format_args!("Largest novelty of a judged field    {:.3}", artifact.thresholds.max_novelty));
    line(format_args!("\nModel           {}", hex(hash)));
    line(format_args!("Preprocessing   {}", hex(&artifact.sight.hash())));
    line(format_args!("Data manifest   {}", hex(&artifact.provenance.manifest_hash)));
    line(format_args!("Split           {}", hex(&artifact.provenance.split_hash)));
    line(format_args!("Written by      blastscope-host {}", artifact.provenance.code_version));
    out
}

fn as_json(artifact: &Artifact<'_>, hash: &[u8; 32], version: Option<u32>, file_len: usize, macs: u64) -> Value {
    let layers: Vec<Value> = layers(artifact)
        .into_iter()
        .map(|(name, shape, filters)| {
            json!({
                "layer": name,
                "output": shape,
                "weights": filters.map_or(0, |filters| filters.weights.len()),
                "output_scale": filters.map(|filters| filters.output_scale),
            })
        })
        .collect();
    json!({
        "model": hex(hash),
        "version": version,
        "bytes": file_len,
        "macs": macs,
        "card": artifact.card,
        "layers": layers,
        "preprocessing": artifact.sight,
        "preprocessing_hash": hex(&artifact.sight.hash()),
        "calibration": artifact.calibration,
        "thresholds": artifact.thresholds,
        "manifest_hash": hex(&artifact.provenance.manifest_hash),
        "split_hash": hex(&artifact.provenance.split_hash),
        "code_version": artifact.provenance.code_version,
        "configuration": serde_json::from_str::<Value>(&artifact.provenance.configuration).unwrap_or(Value::Null),
    })
}
