//! `reproduce`: the reference paper's whole experiment.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use blastscope_files::Printable as _;

use crate::{
    measure::measure,
    outcome::{self, Outcome, Pace},
    plan::{Design, Planned, select},
    report::{Experiment, write},
};
use blastscope_drawn::GENERATOR;
use blastscope_host::{
    Error,
    commands::machine::MachineChoice,
    data::{dataset::Dataset, drawn_set::DrawnSet},
    support::{
        folder_lock::FolderLock,
        output,
        progress::{Progress, span},
    },
    training::{
        architecture::Architecture,
        batch_statistics::BatchStatistics,
        begin::Source,
        plan::TrainingPlan,
        queue::{Entry, Queue},
        weights,
    },
};

/// Items per class in the paper's trainings.
const PAPER_SIZE: usize = 1500;
/// Fields per class that --quick draws, and their width and height in pixels.
const QUICK_FIELDS: (usize, usize) = (12, 64);

/// Reproduce the whole experiment of Anand et al. (Sci Rep 15:29147, 2025).
///
/// Trains the paper's network with Adam and Adamax, then ResNet50 and YOLOv8-cls, other numbers of items per class, a shallower and
/// a deeper network. Each is trained on the paper's protocol, which augments before it splits and so leaks, and on a split by
/// overlap groups. Every training is a run folder below --out. Run again, the command skips finished trainings and resumes a
/// stopped one. REPORT.md, report.html and results.json compare the results with the paper's numbers and with a baseline of six
/// colour numbers. The experiment needs about 8 GB of disk; on a CPU it takes weeks, so use a GPU or --only.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  blastscope-host reproduce --data all_pbs --out paper
  blastscope-host reproduce --data all_pbs --out paper --only optimizers,paper
  blastscope-host reproduce --data all_pbs --out paper --resnet-weights resnet50.pth --yolo-weights yolov8n-cls.pt
  blastscope-host reproduce --quick --out try

--only takes studies (optimizers, networks, sizes, depths), splits (paper, grouped), networks, optimizers, or trainings by name.
You provide the weight files, with PyTorch's parameter names; a network without one starts from random weights.")]
pub struct Reproduce {
    /// Folder of images, with one folder per class.
    #[arg(long, value_name = "DIR", required_unless_present = "quick")]
    data: Option<PathBuf>,
    /// Output folder for the runs and the report.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Use small settings and fields that the program draws: shows in minutes that everything works, and nothing more.
    #[arg(long, conflicts_with_all = ["data", "groups"])]
    quick: bool,
    /// Epochs; 30 by default, as in the paper, and 2 with --quick.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    epochs: Option<u32>,
    /// Run only these studies, splits, networks, optimizers or trainings.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,
    /// Numbers of items per class to compare. All other trainings use 1500, or the largest of these if 1500 is not among them.
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    per_class: Vec<u32>,
    /// Starting weights of ResNet50, such as torchvision's for ImageNet: .safetensors, .pt or .pth.
    #[arg(long, value_name = "FILE")]
    resnet_weights: Option<PathBuf>,
    /// Starting weights of YOLOv8n-cls or YOLOv8s-cls, such as Ultralytics' for ImageNet. Can be given once for each.
    #[arg(long, value_name = "FILE")]
    yolo_weights: Vec<PathBuf>,
    /// Table of overlap groups; by default DIR/groups.csv if it exists; otherwise the program finds the groups.
    #[arg(long, value_name = "FILE")]
    groups: Option<PathBuf>,
    /// Pictures per step; 32 by default, as in the paper, and 16 with --quick.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    batch_size: Option<u32>,
    /// Width and height of the networks' input, a multiple of 32; 224 by default, and 32 with --quick.
    #[arg(long, value_name = "PIXELS", value_parser = blastscope_host::training::plan::image_size)]
    image_size: Option<u16>,
    /// Source of batch normalization's mean and variance after training: measured anew after each epoch with the weights fixed, or the
    /// running averages of training.
    #[arg(long, value_enum, default_value_t)]
    batch_statistics: BatchStatistics,
    #[command(flatten)]
    machine: MachineChoice,
    /// Seed of weights, shuffling and splits.
    #[arg(long, default_value_t = 1, value_name = "SEED")]
    seed: u64,
    /// List the trainings and whether each is finished, without running any.
    #[arg(long)]
    list: bool,
}

impl Reproduce {
    /// Runs the command.
    ///
    /// # Errors
    /// The command failed; one sentence says why.
    pub fn run(&self) -> Result<(), Error> {
        let machine = self.machine.open()?;
        output::progress(format_args!("back end: {machine}"));
        let design = self.design(machine.main_device())?;
        let plan = select(design.plan(), &self.only)?;
        let _lock = if self.list { None } else { Some(FolderLock::take(&self.out)?) };
        let root = self.fields()?;
        let data = Dataset::scan(&root, self.groups.as_deref(), Progress::Shown)?;
        let source = Source { root: &root, groups: self.groups.as_deref() };
        let entries: Vec<Entry> = plan.iter().map(Planned::entry).collect();
        let queue = Queue { out: &self.out, data: &data, source, machine, noun: "training", file: outcome::FILE };
        if self.list {
            return list(&plan, &queue.outcomes(&entries)?);
        }
        let report = |outcomes: &[Option<Outcome>]| {
            // A training may belong to more studies now than when it was measured.
            let finished = plan.iter().zip(outcomes).filter_map(|(planned, outcome)| {
                Some(Outcome { studies: planned.studies.clone(), ..outcome.clone()? })
            });
            let finished: Vec<Outcome> = finished.collect();
            let subject = Experiment { data: &data, design: &design, planned: plan.len() };
            write(&self.out, &subject, &finished.iter().collect::<Vec<_>>())
        };
        let outcomes = queue.conduct(
            &entries,
            1,
            |at, outcomes| outlook(&plan, at, outcomes),
            |at, trained| measure(&data, &plan[at], trained, queue.machine.main_device()),
            report,
        )?;
        report(&outcomes)?;
        output::line(format_args!("report: {}", self.out.join("report.html").printable()))?;
        Ok(())
    }

    /// The settings shared by all trainings.
    fn design(&self, device: &burn::prelude::Device) -> Result<Design, Error> {
        // The paper's settings, or the smallest ones.
        let (epochs, batch_size, image_size, usual): (_, _, _, &[usize]) = match self.quick {
            false => (30, 32, 224, &[1000, 1200, PAPER_SIZE, 1800]),
            true => (2, 16, 32, &[9, 12]),
        };
        let mut sizes: Vec<usize> = self.per_class.iter().map(|&size| size as usize).collect();
        if sizes.is_empty() {
            sizes = usual.to_vec();
        }
        sizes.sort_unstable();
        sizes.dedup();
        let per_class =
            if sizes.contains(&PAPER_SIZE) { PAPER_SIZE } else { sizes.last().copied().unwrap_or(PAPER_SIZE) };
        let mut weights: Vec<(Architecture, PathBuf)> =
            self.resnet_weights.iter().map(|path| (Architecture::Resnet50, path.clone())).collect();
        for path in &self.yolo_weights {
            let arch = scale_of(path, device)?;
            if weights.iter().any(|(other, _)| *other == arch) {
                return Err(Error::Usage(format!(
                    "two files of --yolo-weights are for {}; give one for each network",
                    arch.name()
                )));
            }
            weights.push((arch, path.clone()));
        }
        if let Some(path) = &self.resnet_weights {
            weights::check(Architecture::Resnet50, 32, path, device)?;
        }
        Ok(Design {
            common: TrainingPlan {
                epochs: self.epochs.map_or(epochs, |epochs| epochs as usize),
                batch_size: self.batch_size.map_or(batch_size, |size| size as usize),
                image_size: self.image_size.unwrap_or(image_size),
                per_class,
                seed: self.seed,
                batch_statistics: self.batch_statistics,
                ..TrainingPlan::default()
            },
            sizes,
            weights,
        })
    }

    /// The folder of images; with --quick it is drawn first.
    fn fields(&self) -> Result<PathBuf, Error> {
        if let Some(data) = &self.data {
            return Ok(data.clone());
        }
        let root = self.out.join("fields");
        let (per_class, side) = QUICK_FIELDS;
        let set = DrawnSet { generator: GENERATOR, seed: self.seed, width: side, height: side, per_class };
        let task = Progress::Shown.start("drawing fields", set.len());
        set.write(&root, || task.advance(1))?;
        Ok(root)
    }
}

/// Duration of the trainings after `at` relative to its own, and a text for the time left in all.
fn outlook(plan: &[Planned], at: usize, outcomes: &[Option<Outcome>]) -> (f64, Option<String>) {
    let pace = Pace::new(outcomes.iter().flatten());
    let missing = plan.iter().zip(outcomes).skip(at + 1).filter(|(_, outcome)| outcome.is_none());
    let later: f64 = missing.map(|(planned, _)| pace.of(planned)).sum();
    let own = pace.of(&plan[at]);
    let left = || span(Duration::from_secs_f64((own + later).clamp(0.0, 1e9)));
    (later / own.max(1e-9), pace.is_known().then(|| format!("about {} left in all", left())))
}

/// Which of the two YOLOv8 networks a weight file belongs to.
fn scale_of(path: &Path, device: &burn::prelude::Device) -> Result<Architecture, Error> {
    match weights::check(Architecture::Yolov8nCls, 32, path, device) {
        Ok(()) => Ok(Architecture::Yolov8nCls),
        Err(_) => weights::check(Architecture::Yolov8sCls, 32, path, device).map(|()| Architecture::Yolov8sCls),
    }
}

fn list(plan: &[Planned], outcomes: &[Option<Outcome>]) -> Result<(), Error> {
    for (planned, outcome) in plan.iter().zip(outcomes) {
        let studies: Vec<&str> = planned.studies.iter().map(|study| study.name()).collect();
        let state = outcome.as_ref().map_or_else(
            || "not finished".to_owned(),
            |outcome| format!("finished, {} on the test part", outcome.test.accuracy.percent()),
        );
        output::line(format_args!("{:<32} {:<36} {state}", planned.name(), studies.join(", ")))?;
    }
    Ok(())
}
