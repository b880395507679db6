//! Begins and reopens run folders.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use blastscope_shared::hex;
use sha2::{Digest, Sha256};

use super::{
    machine::Machine,
    plan::TrainingPlan,
    run_folder::{Format, RunConfig, RunFolder},
};
use crate::{
    Error,
    data::{dataset::Dataset, split::Split},
    recipe::loaders::share_of,
};

impl TrainingPlan {
    /// Begins a run in the folder `out`: draws and writes the split, then the configuration.
    ///
    /// # Errors
    /// When the folder is in use, the data cannot be split, the machine's devices cannot share a batch equally, or a file cannot be
    /// read or written.
    pub fn begin(
        &self,
        out: &Path,
        data: &Dataset,
        source: &Source<'_>,
        machine: &Machine,
    ) -> Result<(RunFolder, RunConfig, Split), Error> {
        let split = Split::draw(data, self.split, self.split_seed, self.per_class)?;
        let (run, config) = self.begin_with(&split, out, data, source, machine)?;
        Ok((run, config, split))
    }

    /// As [`Self::begin`], with an existing split.
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub fn begin_with(
        &self,
        split: &Split,
        out: &Path,
        data: &Dataset,
        source: &Source<'_>,
        machine: &Machine,
    ) -> Result<(RunFolder, RunConfig), Error> {
        share_of(self.batch_size, machine.devices().len())?;
        let weights_sha256 = self.weights.as_deref().map(fingerprint).transpose()?;
        let run = RunFolder::create(out)?;
        split.write(&run.split(), data)?;
        let config = RunConfig {
            format: Format::Run2,
            plan: Self { split: split.kind, ..self.settled()? },
            weights_sha256,
            data: absolute(source.root)?,
            groups: source.groups.map(absolute).transpose()?,
            manifest_hash: hex(&data.manifest_hash()),
            split_hash: hex(&split.hash(data)?),
            drawn: data.drawn,
            sight: self.sight(),
            hardware: machine.to_string(),
            code_version: env!("CARGO_PKG_VERSION").into(),
        };
        run.write_config(&config)?;
        Ok((run, config))
    }

    /// The plan as a run keeps it: the path of its weights is absolute, and the size of the input is the sight's.
    fn settled(&self) -> Result<Self, Error> {
        let weights = self.weights.as_deref().map(absolute).transpose()?;
        Ok(Self { weights, image_size: self.sight().framing.width, ..self.clone() })
    }

    /// Reopens the run in `folder`, if one was begun there.
    ///
    /// # Errors
    /// When it was begun with other settings or on other data, or cannot be read.
    pub fn reopen(&self, folder: &Path, data: &Dataset) -> Result<Option<(RunFolder, RunConfig)>, Error> {
        if !folder.join("run.json").is_file() {
            return Ok(None);
        }
        let run = RunFolder::open(folder)?;
        let config = run.config()?;
        if let Some(difference) = self.settled()?.difference(&config.plan) {
            let reason = format!("was started with {difference}; give the same settings again, or another --out");
            return Err(Error::content(folder, reason));
        }
        config.check_images(data, folder)?;
        Ok(Some((run, config)))
    }
}

/// Origin of a data set.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The given folder.
    pub root: &'a Path,
    /// The given table of overlap groups, if any.
    pub groups: Option<&'a Path>,
}

fn absolute(path: &Path) -> Result<PathBuf, Error> {
    std::path::absolute(path).map_err(Error::io("find", path))
}

/// SHA-256 of a file of weights, hexadecimal.
pub(super) fn fingerprint(path: &Path) -> Result<String, Error> {
    let mut file = std::fs::File::open(path).map_err(Error::io("read", path))?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).map_err(Error::io("read", path))? {
            0 => return Ok(hex(&hash.finalize())),
            count => hash.update(&buffer[..count]),
        }
    }
}
