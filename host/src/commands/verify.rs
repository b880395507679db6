//! `verify`: who signed a model.

use blastscope_files::Printable as _;
use std::path::PathBuf;

use blastscope_shared::{
    artifact::{self, Artifact, SignatureError},
    hex,
};
use clap::Args;
use serde_json::json;

use crate::{Error, data::picture::read_file, pack::keys, support::output};

/// Check a model's signature: that the file is whole, usable, and signed by a key that you trust.
///
/// Exit status: 0 it is, 1 it is not.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  blastscope-host verify allcnn-signed.bsm --public-key laboratory.pub
  blastscope-host verify allcnn-signed.bsm --public-key old.pub --public-key new.pub --json")]
pub struct Verify {
    /// Model file.
    #[arg(value_name = "FILE")]
    model: PathBuf,
    /// Public key that is trusted. Can be given several times.
    #[arg(long, value_name = "FILE", required = true)]
    public_key: Vec<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Verify {
    /// Runs the command.
    ///
    /// # Errors
    /// When a key cannot be read, or the file is not a model that one of the keys signed.
    pub fn run(&self) -> Result<(), Error> {
        let keys = self.public_key.iter().map(|path| keys::read_public(path)).collect::<Result<Vec<_>, Error>>()?;
        let bytes = read_file(&self.model)?;
        let unusable = |reason: String| {
            let told = if self.json {
                output::json(format_args!("{:#}", json!({"file": self.model, "verified": false, "reason": reason})))
            } else {
                Ok(())
            };
            told.err().unwrap_or_else(|| Error::content(&self.model, reason))
        };
        let (signer, _) = artifact::verify(&bytes, &keys).map_err(|error| {
            let remedy = match error {
                SignatureError::NotTrusted => "; give its signer's key with --public-key, or get the file again",
                _ => "",
            };
            unusable(format!("{error}{remedy}"))
        })?;
        let (_, hash) = Artifact::read(&bytes).map_err(|error| unusable(error.to_string()))?;
        let version = artifact::model_version(&bytes).map_err(|error| unusable(error.to_string()))?;
        let (file, id, key) = (&self.model, keys[signer].id(), &self.public_key[signer]);
        if self.json {
            let report = json!({
                "file": file, "verified": true, "model": hex(&hash), "version": version, "key": id, "key_file": key,
            });
            output::json(format_args!("{report:#}"))?;
        } else {
            let version = version.unwrap_or_default();
            output::line(format_args!("{}: model {}, version {version}", file.printable(), hex(&hash)))?;
            output::line(format_args!("signed by {id} ({})", key.printable()))?;
        }
        Ok(())
    }
}
