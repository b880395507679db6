//! What a training is asked to be, and how its run folder begins.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use blastscope_files::Printable as _;
use blastscope_shared::{Sight, hex};
use sha2::{Digest, Sha256};

use super::{OptimizerKind, batch_statistics::BatchStatistics, machine::Machine, schedule::Schedule};
use crate::{
    Error,
    data::{
        dataset::Dataset,
        split::{Split, SplitKind},
    },
    recipe::Recipe,
    recipe::loaders::share_of,
    support::text::value_name,
    training::{
        architecture::Architecture,
        run_folder::{InitialWeights, RunConfig, RunFolder},
    },
};

/// Everything about a training that its user chooses, but data and folder.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// What the network sees and how that is varied.
    pub recipe: Recipe,
    /// The network.
    pub arch: Architecture,
    /// The optimizer.
    pub optimizer: OptimizerKind,
    /// Epochs in all.
    pub epochs: usize,
    /// Pictures a step.
    pub batch_size: usize,
    /// Highest learning rate.
    pub learning_rate: f64,
    /// How the learning rate moves.
    pub schedule: Schedule,
    /// Where the statistics of batch normalization come from.
    pub batch_statistics: BatchStatistics,
    /// Share of the hidden units that are dropped in training.
    pub dropout: f64,
    /// Width and height of the input, a multiple of 32; the robust recipe has its own.
    pub image_size: u16,
    /// Items a class after augmentation.
    pub per_class: usize,
    /// How the data are split.
    pub split: SplitKind,
    /// Seed of weights, shuffling and split.
    pub seed: u64,
    /// Epochs without a better validation loss after which training stops; 0 never.
    pub patience: usize,
    /// File of weights to start from; fresh ones without.
    pub weights: Option<PathBuf>,
}

impl Settings {
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
        let split = Split::draw(data, self.split, self.seed, self.per_class)?;
        let (run, config) = self.begin_with(&split, out, data, source, machine)?;
        Ok((run, config, split))
    }

    /// As [`Self::begin`], with a split that is there already.
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
        let weights = self.weights.as_deref().map(fingerprint).transpose()?;
        let run = RunFolder::create(out)?;
        split.write(&run.split(), data)?;
        let config = RunConfig {
            arch: self.arch,
            optimizer: value_name(&self.optimizer),
            epochs: self.epochs,
            batch_size: self.batch_size,
            learning_rate: self.learning_rate,
            schedule: value_name(&self.schedule),
            batch_statistics: value_name(&self.batch_statistics),
            dropout: self.dropout,
            patience: self.patience,
            seed: self.seed,
            per_class: self.per_class,
            split: split.kind,
            data: std::path::absolute(source.root).map_err(Error::io("find", source.root))?,
            groups: source.groups.map(Path::to_path_buf),
            manifest_hash: hex(&data.manifest_hash()),
            split_hash: hex(&split.hash(data)?),
            drawn: data.drawn,
            sight: self.sight(),
            recipe: self.recipe,
            hardware: machine.to_string(),
            code_version: env!("CARGO_PKG_VERSION").into(),
            weights,
        };
        run.write_config(&config)?;
        Ok((run, config))
    }

    /// Opens the run in `folder` again, if one was begun there.
    ///
    /// # Errors
    /// When it was begun with other settings or on other data, or cannot be read.
    pub fn reopen(&self, folder: &Path, data: &Dataset) -> Result<Option<(RunFolder, RunConfig)>, Error> {
        if !folder.join("run.json").is_file() {
            return Ok(None);
        }
        let run = RunFolder::open(folder)?;
        let config = run.config()?;
        if let Some(difference) = self.difference(&config) {
            let reason = format!("was started with {difference}; give the same settings again, or another --out");
            return Err(Error::content(folder, reason));
        }
        let manifest_hash = hex(&data.manifest_hash());
        if config.manifest_hash != manifest_hash {
            let reason = format!(
                "was trained on other images ({:.12}) than are in {} ({manifest_hash:.12}); give another --out",
                config.manifest_hash,
                data.root.printable()
            );
            return Err(Error::content(folder, reason));
        }
        Ok(Some((run, config)))
    }

    /// What the network is shown.
    #[must_use]
    pub const fn sight(&self) -> Sight {
        self.recipe.sight(self.image_size)
    }

    /// The first of these settings in which a run differs from them, as `epochs 30 and not 2`; `None` where it was started with
    /// the same.
    #[must_use]
    pub fn difference(&self, config: &RunConfig) -> Option<String> {
        let of_weights = |weights: Option<&Path>| weights.map_or("none".into(), |path| path.printable().to_string());
        let absolute = self.weights.as_deref().and_then(|path| std::path::absolute(path).ok());
        let pairs = [
            ("recipe", config.recipe.name().to_owned(), self.recipe.name().to_owned()),
            ("network", config.arch.name().to_owned(), self.arch.name().to_owned()),
            ("optimizer", config.optimizer.clone(), value_name(&self.optimizer)),
            ("epochs", config.epochs.to_string(), self.epochs.to_string()),
            ("batch size", config.batch_size.to_string(), self.batch_size.to_string()),
            ("learning rate", config.learning_rate.to_string(), self.learning_rate.to_string()),
            ("schedule", config.schedule.clone(), value_name(&self.schedule)),
            ("batch statistics", config.batch_statistics.clone(), value_name(&self.batch_statistics)),
            ("dropout", config.dropout.to_string(), self.dropout.to_string()),
            ("image size", config.sight.framing.width.to_string(), self.sight().framing.width.to_string()),
            ("items a class", config.per_class.to_string(), self.per_class.to_string()),
            ("split", config.split.to_string(), self.split.to_string()),
            ("seed", config.seed.to_string(), self.seed.to_string()),
            ("patience", config.patience.to_string(), self.patience.to_string()),
            (
                "weights",
                of_weights(config.weights.as_ref().map(|weights| weights.file.as_path())),
                of_weights(absolute.as_deref()),
            ),
        ];
        pairs.into_iter().find(|(_, was, is)| was != is).map(|(what, was, is)| format!("{what} {was} and not {is}"))
    }
}

/// Where a data set came from.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The folder that was given.
    pub root: &'a Path,
    /// The table of overlap groups that was given, if any.
    pub groups: Option<&'a Path>,
}

/// A file of weights by its path and its content.
pub(super) fn fingerprint(path: &Path) -> Result<InitialWeights, Error> {
    let mut file = std::fs::File::open(path).map_err(Error::io("read", path))?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).map_err(Error::io("read", path))? {
            0 => break,
            count => hash.update(&buffer[..count]),
        }
    }
    let file = std::path::absolute(path).map_err(Error::io("find", path))?;
    Ok(InitialWeights { file, sha256: hex(&hash.finalize()) })
}
