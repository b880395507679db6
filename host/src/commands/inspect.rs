//! `inspect`: shows what a model file holds.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
};

use blastscope_files::Printable as _;

use blastscope_shared::{
    Classifier, Sight,
    artifact::{self, Artifact, Juror, SignatureError, signing::PublicKey},
    hex,
    judge::calibration::Calibration,
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
  blastscope-host inspect models/blastscope.bsm
  blastscope-host inspect blastscope-signed.bsm --public-key laboratory.pub
  blastscope-host inspect blastscope-signed.bsm --public-key old.pub --public-key new.pub --json")]
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
            macs: classifier.jurors().iter().map(|juror| juror.network().macs()).collect(),
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
    /// Multiply-accumulates of each juror for one view.
    macs: Vec<u64>,
}

/// A layer's kind, output shape and filters.
fn layers<'a>(juror: &'a Juror<'a>) -> Vec<(&'static str, [usize; 3], Option<&'a Filters<'a>>)> {
    let Shape { height, width, channels } = juror.sight.shape();
    let mut shape = [height, width, channels];
    let described = juror.layers.iter().map(|layer| match layer {
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

fn calibration(Calibration { temperature, biases: [early, pre, pro] }: &Calibration) -> String {
    format!("temperature {temperature:.4}, biases of Early, Pre, Pro {early:.3}, {pre:.3}, {pro:.3}")
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
        let several = artifact.jurors.len() > 1;
        for ((number, juror), macs) in (1..).zip(&artifact.jurors).zip(macs) {
            let which = if several { format!("Network {number}: ") } else { String::new() };
            let what = juror.sight.description();
            line(format_args!("\n{which}sees {what} ({:.3} G multiply-accumulates a view)", *macs as f64 / 1e9));
            for (name, [height, width, channels], filters) in layers(juror) {
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
            let Sight { kind, framing: input } = &juror.sight;
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
            line(format_args!("Calibration     {}", calibration(&juror.calibration)));
            line(format_args!("Preprocessing   {}", hex(&juror.sight.hash())));
            if several {
                let says =
                    if juror.voice.names_subtypes { "benign, malignant and subtypes" } else { "benign or malignant" };
                line(format_args!("Voice           weight {:.2}, says {says}", juror.voice.weight));
            }
        }
        if several {
            line(format_args!(
                "\nPooling         at least {} of {} networks must be fit to speak, and those must agree; {}",
                artifact.pooling.quorum,
                artifact.jurors.len(),
                calibration(&artifact.pooling.calibration)
            ));
        }
        line(format_args!("\nLeast probability of a verdict       {:.2}", artifact.thresholds.min_probability));
        line(format_args!("Least share of a named subtype       {:.2}", artifact.thresholds.min_subtype));
        line(format_args!("Largest novelty of a judged field    {:.3}", artifact.thresholds.max_novelty));
        line(format_args!("Slide           {}", crate::report::slides::pooling(&artifact.slide)));
        line(format_args!("\nModel           {}", hex(hash)));
        line(format_args!("Data manifest   {}", hex(&artifact.provenance.manifest_hash)));
        line(format_args!("Split           {}", hex(&artifact.provenance.split_hash)));
        line(format_args!("Written by      blastscope-host {}", artifact.provenance.code_version));
        out
    }

    fn as_json(&self) -> Value {
        let Self { artifact, hash, version, signer, bytes, macs } = self;
        let layers = |juror| -> Vec<Value> {
            layers(juror)
                .into_iter()
                .map(|(name, shape, filters)| {
                    json!({
                        "layer": name,
                        "output": shape,
                        "weights": filters.map_or(0, |filters| filters.weights.len()),
                        "output_scale": filters.map(|filters| filters.output_scale),
                    })
                })
                .collect()
        };
        let networks: Vec<Value> = artifact
            .jurors
            .iter()
            .zip(macs)
            .map(|(juror, macs)| {
                json!({
                    "sees": juror.sight.description(),
                    "macs": macs,
                    "layers": layers(juror),
                    "preprocessing": juror.sight,
                    "preprocessing_hash": hex(&juror.sight.hash()),
                    "calibration": juror.calibration,
                    "voice": juror.voice,
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
            "card": artifact.card,
            "networks": networks,
            "pooling": artifact.pooling,
            "thresholds": artifact.thresholds,
            "slide": artifact.slide,
            "manifest_hash": hex(&artifact.provenance.manifest_hash),
            "split_hash": hex(&artifact.provenance.split_hash),
            "code_version": artifact.provenance.code_version,
            "configuration": serde_json::from_str::<Value>(&artifact.provenance.configuration).unwrap_or(Value::Null),
        })
    }
}
