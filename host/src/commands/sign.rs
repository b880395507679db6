//! `sign`: signs a model, so that devices accept it.

use blastscope_files::Printable as _;
use std::{
    num::NonZero,
    path::PathBuf,
    time::{SystemTime, UNIX_EPOCH},
};

use blastscope_shared::{
    artifact::{self, Artifact, ArtifactError},
    hex,
};
use clap::Args;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::json;

use crate::{
    Error,
    data::picture::read_file,
    pack::keys,
    support::{atomic_file, output},
};

/// Sign a model, so that devices that trust the key accept it with `blastscope update`.
///
/// The signature covers the whole file and the model's version; the model's id does not change. Devices refuse a version lower than
/// that of the model they run.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  blastscope-host sign models/blastscope.bsm --key ~/keys/laboratory.key --out blastscope-signed.bsm
  blastscope-host sign first.bsm --key laboratory.key --out first-3.bsm --version 3")]
pub struct Sign {
    /// Model file; an existing signature is replaced.
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// Secret key, written by `keygen`.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// File to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The model's version, from 1 up, higher than that of every model before it [default: the version of an already signed model,
    /// else the time as YYMMDDhhmm, UTC].
    #[arg(long, value_name = "N")]
    version: Option<NonZero<u32>>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Sign {
    /// Runs the command.
    ///
    /// # Errors
    /// When the model or the key is unusable, or the file cannot be written.
    pub fn run(&self) -> Result<(), Error> {
        let bytes = read_file(&self.model)?;
        let unusable = |error: ArtifactError| Error::content(&self.model, error.to_string());
        // Check the whole content before touching the key.
        blastscope_shared::Classifier::read(&bytes).map_err(unusable)?;
        let key = keys::read_secret(&self.key)?;
        let former = artifact::model_version(&bytes).map_err(unusable)?.and_then(NonZero::new);
        let Some(version) = self.version.or(former).or_else(version_of_now) else {
            return Err(Error::Usage("the system clock is wrong; set it, or give --version N".into()));
        };
        let signed = artifact::sign(&bytes, &key, version).map_err(unusable)?;
        atomic_file::write(&self.out, &signed)?;
        let public = key.public();
        let written = read_file(&self.out)?;
        artifact::verify(&written, std::slice::from_ref(&public))
            .map_err(|error| Error::content(&self.out, format!("{error}; write it again")))?;
        let (_, hash) = Artifact::read(&written).map_err(|error| Error::content(&self.out, error.to_string()))?;
        if self.json {
            let report = json!({"file": self.out, "model": hex(&hash), "version": version, "key": public.id(), "bytes": written.len()});
            output::json(format_args!("{report:#}"))?;
        } else {
            output::line(format_args!(
                "{}: model {}, version {version}, signed by {}",
                self.out.printable(),
                hex(&hash),
                public.id()
            ))?;
        }
        Ok(())
    }
}

fn version_of_now() -> Option<NonZero<u32>> {
    version_at(SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs())
}

/// `seconds` since 1970 as YYMMDDhhmm, UTC, from 2026 to 2042: it fits 32 bits and only grows.
fn version_at(seconds: u64) -> Option<NonZero<u32>> {
    let time = Timestamp::from_second(i64::try_from(seconds).ok()?).ok()?.to_zoned_datetime(TimeZone::UTC);
    if !(2026..=2042).contains(&time.year()) {
        return None;
    }
    NonZero::new(time.strftime("%y%m%d%H%M").to_string().parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_dates_that_people_read() {
        let version = |seconds| version_at(seconds).map(NonZero::get);
        assert_eq!(version(0), None);
        assert_eq!(version(1_767_225_599), None, "the last second of 2025");
        assert_eq!(version(1_767_225_600), Some(2_601_010_000));
        assert_eq!(version(1_835_395_140), Some(2_802_282_359));
        assert_eq!(version(1_835_395_200), Some(2_802_290_000));
        assert_eq!(version(2_272_147_199), Some(4_112_312_359));
        let a_day_each = (1_767_225_600..2_272_147_200).step_by(86_400);
        let versions: Vec<_> = a_day_each.map(version).collect();
        assert!(versions.is_sorted() && versions.iter().all(Option::is_some));
    }
}
