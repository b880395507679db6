//! `inspect`: shows what a model file holds.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
};

use blastscope_files::Printable as _;

use blastscope_shared::{
    Classifier, Sight,
    artifact::{self, Artifact, SignatureError, signing::PublicKey},
    hex,
    layers::Shape,
    layers::{Filters, Layer},
};
use serde_json::{Value, json};

use crate::{
    Error,
    data::picture::read_file,
    pack::keys,
    support::{output, text},
};

/// Show a model's card, layers, sizes and hashes, and check who signed it. `card` writes the card as a document.
///
/// Exit status: 0 if the model is usable and, with --public-key, signed by one of the keys; otherwise 1.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  blastscope-host inspect models/allcnn.bsm
  blastscope-host inspect allcnn-signed.bsm --public-key laboratory.pub
  blastscope-host inspect allcnn-signed.bsm --public-key old.pub --public-key new.pub --json")]
pub struct Inspect {
    /// Model file.
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// Trusted public key; a model that none of these keys signed is refused. Can be given several times.
    #[arg(long, value_name = "FILE")]
    public_key: Vec<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Inspect {
    /// Runs the command.
    ///
    /// # Errors
    /// When a key cannot be read, or the file is not a usable model that one of the keys signed.
    pub fn run(&self) -> Result<(), Error> {
        let keys = self.public_key.iter().map(|path| keys::read_public(path)).collect::<Result<Vec<_>, Error>>()?;
        let bytes = read_file(&self.model)?;
        let signer = match keys.as_slice() {
            [] => None,
            keys => Some(self.signer(&bytes, keys)?),
        };
        let (artifact, hash) = Artifact::read(&bytes).map_err(|error| self.unusable(error.to_string()))?;
        let classifier = Classifier::read(&bytes).map_err(|error| self.unusable(error.to_string()))?;
        let seen = Seen {
            artifact: &artifact,
            hash,
            version: classifier.model_version(),
            signer,
            bytes: bytes.len(),
            macs: classifier.network().macs(),
        };
        if self.json { output::json(format_args!("{:#}", seen.as_json())) } else { output::text(seen.as_text()) }
    }

    /// The trusted key that signed the file: its id and its key file.
    fn signer(&self, bytes: &[u8], keys: &[PublicKey]) -> Result<(String, &Path), Error> {
        let (signer, _) = artifact::verify(bytes, keys).map_err(|error| {
            let remedy = match error {
                SignatureError::NotTrusted => "; give its signer's key with --public-key, or get the file again",
                _ => "",
            };
            self.unusable(format!("{error}{remedy}"))
        })?;
        Ok((keys[signer].id().to_string(), &self.public_key[signer]))
    }

    /// The error for an unusable model. With --json and --public-key, also prints the refusal as JSON.
    fn unusable(&self, reason: String) -> Error {
        if self.json && !self.public_key.is_empty() {
            let refusal = json!({"file": self.model, "verified": false, "reason": reason});
            if let Err(error) = output::json(format_args!("{refusal:#}")) {
                return error;
            }
        }
        Error::content(&self.model, reason)
    }
}

/// What the command reports about a model.
struct Seen<'a> {
    artifact: &'a Artifact<'a>,
    hash: [u8; 32],
    version: Option<u32>,
    /// The trusted key that signed it, and the key's file.
    signer: Option<(String, &'a Path)>,
    bytes: usize,
    macs: u64,
}

/// A layer's kind, output shape and filters.
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

impl Seen<'_> {
    fn as_text(&self) -> String {
        let Self { artifact, hash, version, signer, bytes, macs } = self;
        let mut out = String::new();
        let card = &artifact.card;
        let mut line = |text: std::fmt::Arguments<'_>| {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{text}");
        };
        let signed = match (version, signer) {
            (Some(version), Some((key, file))) => {
                format!("signed as version {version} by {key} ({})", file.printable())
            }
            (Some(version), None) => {
                format!("signed as version {version}; check the key with --public-key")
            }
            (None, _) => "not signed".into(),
        };
        line(format_args!("{}  ({bytes} bytes, {signed})", card.name));
        line(format_args!("{}", card.statement));
        if card.drawn {
            line(format_args!(
                "Trained on drawn fields: it shows how the loop works and says nothing about real smears."
            ));
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
        line(format_args!("\nLayers ({:.3} G multiply-accumulates a field)", *macs as f64 / 1e9));
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

    fn as_json(&self) -> Value {
        let Self { artifact, hash, version, signer, bytes, macs } = self;
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
            "verified": signer.as_ref().map(|_| true),
            "key": signer.as_ref().map(|(key, _)| key),
            "key_file": signer.as_ref().map(|(_, file)| file),
            "bytes": bytes,
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
}
