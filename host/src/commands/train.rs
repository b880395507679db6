//! `train`: from a folder of smear images to a run folder with weights.

use std::path::PathBuf;

use blastscope_shared::Preprocessing;
use clap::ValueEnum;

use crate::{
    Error,
    architecture::Architecture,
    dataset::{Dataset, hex},
    progress::Progress,
    run_folder::{RunConfig, RunFolder},
    split::{Split, SplitKind},
    training::{self, OptimizerKind, backend::Backend, schedule::Schedule},
};

/// Train the network on a folder of smear images.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  blastscope-host train --data all_pbs --out runs/first
  blastscope-host train --data all_pbs --out runs/paper --split paper --optimizer adamax --backend wgpu
  blastscope-host train --out runs/first --resume

The folder given to --data holds one folder a class: Benign, Early, Pre, Pro (also below Original/), or Benign,
[Malignant] early Pre-B, [Malignant] Pre-B, [Malignant] Pro-B.")]
pub struct Train {
    /// Folder of images; with --resume the run's own is the default.
    #[arg(long, value_name = "DIR", required_unless_present = "resume")]
    data: Option<PathBuf>,
    /// Folder of the run: configuration, split, metrics, weights.
    #[arg(long, value_name = "RUN")]
    out: PathBuf,
    /// Go on with the run in --out after an interruption; its configuration is kept.
    #[arg(long, conflicts_with_all = ["arch", "optimizer", "epochs", "batch_size", "learning_rate", "schedule", "dropout",
        "image_size", "per_class", "split", "groups", "seed", "patience"])]
    resume: bool,
    /// Network.
    #[arg(long, value_enum, default_value_t = Architecture::Allcnn)]
    arch: Architecture,
    /// Optimizer.
    #[arg(long, value_enum, default_value_t = OptimizerKind::Adam)]
    optimizer: OptimizerKind,
    /// Passes over the training part.
    #[arg(long, default_value_t = 30, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    epochs: u32,
    /// Pictures a step.
    #[arg(long, default_value_t = 32, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    batch_size: u32,
    /// Highest learning rate.
    #[arg(long, default_value_t = 1e-3, value_name = "RATE", value_parser = learning_rate)]
    learning_rate: f64,
    /// How the learning rate moves.
    #[arg(long, value_enum, default_value_t = Schedule::Constant)]
    schedule: Schedule,
    /// Share of the hidden units dropped in training.
    #[arg(long, default_value_t = 0.5, value_name = "SHARE", value_parser = share)]
    dropout: f64,
    /// Width and height of the network's input, a multiple of 32.
    #[arg(long, default_value_t = 224, value_name = "PIXELS", value_parser = image_size)]
    image_size: u16,
    /// Items a class in the training part after augmentation.
    #[arg(long, default_value_t = 1500, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    per_class: u32,
    /// How the images are split. `paper` augments before it splits and so leaks; it is there to reproduce the paper.
    #[arg(long, value_enum, default_value_t = SplitKind::Grouped)]
    split: SplitKind,
    /// Table of overlap groups; by default DIR/groups.csv where there is one, otherwise groups are found by the program.
    #[arg(long, value_name = "FILE")]
    groups: Option<PathBuf>,
    /// Where to compute; by default the GPU where an adapter is found, otherwise flex (the CPU).
    #[arg(long, value_enum)]
    backend: Option<Backend>,
    /// Seed of weights, shuffling and split.
    #[arg(long, default_value_t = 1, value_name = "SEED")]
    seed: u64,
    /// Stop when the validation loss has not improved for N epochs; 0 never stops early.
    #[arg(long, default_value_t = 0, value_name = "N")]
    patience: u32,
}

impl Train {
    /// Runs the command.
    ///
    /// # Errors
    /// Whatever stands in the way, in one sentence.
    pub fn run(&self) -> Result<(), Error> {
        let (backend, device) = Backend::device(self.backend)?;
        println!("back end: {}", backend.name());
        if backend.is_emulated(&device) {
            eprintln!(
                "warning: only a software adapter was found; it needs minutes to warm up and is slower than --backend flex"
            );
        }
        if backend == Backend::Wgpu {
            training::agreement::check(&device)?;
        }
        let progress = Progress::Shown;
        let (run, config, data, split) =
            if self.resume { self.reopen(progress)? } else { self.start(backend, progress)? };
        println!("{}", split.summary(&data).trim_end());
        if let Some(warning) = split.warning() {
            eprintln!("warning: {warning}");
        }
        if data.drawn {
            println!("the images are drawn: what is measured here says nothing about real smears");
        }
        training::train(&run, &config, &data, &split, &device)
    }

    fn start(&self, backend: Backend, progress: Progress) -> Result<(RunFolder, RunConfig, Dataset, Split), Error> {
        let Some(root) = &self.data else {
            return Err(Error::Usage("--data DIR is missing: the folder of images to train on".into()));
        };
        let data = Dataset::scan(root, self.groups.as_deref(), progress)?;
        let split = Split::draw(&data, self.split, self.seed, self.per_class as usize)?;
        let run = RunFolder::create(&self.out)?;
        split.write(&run.split(), &data)?;
        let config = RunConfig {
            arch: self.arch,
            optimizer: value_name(&self.optimizer),
            epochs: self.epochs as usize,
            batch_size: self.batch_size as usize,
            learning_rate: self.learning_rate,
            schedule: value_name(&self.schedule),
            dropout: self.dropout,
            patience: self.patience as usize,
            seed: self.seed,
            per_class: self.per_class as usize,
            split: self.split,
            data: std::path::absolute(root).map_err(Error::io("find", root))?,
            groups: self.groups.clone(),
            manifest_hash: hex(&data.manifest_hash()),
            split_hash: hex(&split.hash(&data)?),
            drawn: data.drawn,
            preprocessing: Preprocessing::square(self.image_size),
            hardware: format!("{} on {}", backend.name(), crate::hardware::processor()),
            code_version: env!("CARGO_PKG_VERSION").into(),
        };
        run.write_config(&config)?;
        Ok((run, config, data, split))
    }

    fn reopen(&self, progress: Progress) -> Result<(RunFolder, RunConfig, Dataset, Split), Error> {
        let run = RunFolder::open(&self.out)?;
        let config = run.config()?;
        let (data, split) = run.data(self.data.as_deref(), progress)?;
        Ok((run, config, data, split))
    }
}

fn value_name<V: ValueEnum>(value: &V) -> String {
    value.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

fn learning_rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate > 0.0 && rate <= 1.0 => Ok(rate),
        _ => Err("a learning rate lies above 0 and at most at 1, such as 0.001".into()),
    }
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..1.0).contains(&share) => Ok(share),
        _ => Err("a share lies from 0 up to but not at 1, such as 0.5".into()),
    }
}

fn image_size(text: &str) -> Result<u16, String> {
    match text.parse::<u16>() {
        Ok(side) if (32..=1024).contains(&side) && side % 32 == 0 => Ok(side),
        _ => Err("the network needs a multiple of 32 from 32 to 1024, such as 224".into()),
    }
}
