//! `train`: trains a network on a folder of smear images and writes a run folder with weights.

use std::path::PathBuf;

use crate::{
    Error,
    commands::machine::MachineChoice,
    data::{
        dataset::Dataset,
        split::{Split, SplitKind},
    },
    support::{output, progress::Progress},
    training::{
        self,
        begin::Source,
        machine::Machine,
        plan::TrainingPlan,
        run_folder::{RunConfig, RunFolder},
        weights,
    },
};

/// Train the network on a folder of smear images.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  blastscope-host train --data all_pbs --out runs/first
  blastscope-host train --data all_pbs --out runs/paper --split paper --optimizer adamax --backend wgpu
  blastscope-host train --data all_pbs --out runs/robust --recipe robust
  blastscope-host train --data all_pbs --out runs/two --backend wgpu --devices 0,1 --precision flex32 --batch-size 64
  blastscope-host train --out runs/first --resume
  blastscope-host train --data all_pbs --out runs/resnet --arch resnet50 --weights resnet50.pth --learning-rate 0.0001

The --data folder holds one folder per class: Benign, Early, Pre, Pro (also below Original/), or Benign,
[Malignant] early Pre-B, [Malignant] Pre-B, [Malignant] Pro-B.")]
pub struct Train {
    /// Folder of images; with --resume, by default the run's own.
    #[arg(long, value_name = "DIR", required_unless_present = "resume")]
    data: Option<PathBuf>,
    /// Folder of the run: configuration, split, metrics, weights.
    #[arg(long, value_name = "RUN")]
    out: PathBuf,
    /// Resume the run in --out after an interruption; its configuration is kept.
    #[arg(long, conflicts_with_all = ["arch", "optimizer", "epochs", "batch_size", "learning_rate", "schedule", "batch_statistics",
        "dropout", "image_size", "per_class", "split", "groups", "seed", "split_seed", "patience", "weights", "recipe"])]
    resume: bool,
    #[command(flatten)]
    plan: TrainingPlan,
    /// How to split the images. `paper` augments before splitting and so leaks; it is there to reproduce the paper.
    #[arg(long, value_enum, default_value_t = SplitKind::Grouped)]
    split: SplitKind,
    /// Table of overlap groups; by default DIR/groups.csv if it exists, otherwise the program finds the groups.
    #[arg(long, value_name = "FILE")]
    groups: Option<PathBuf>,
    #[command(flatten)]
    machine: MachineChoice,
    /// Initial weights, such as torchvision's or Ultralytics' for ImageNet: a .safetensors, .pt or .pth file with PyTorch's names.
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
}

impl Train {
    /// Runs the command.
    ///
    /// # Errors
    /// The command failed; one sentence says why.
    pub fn run(&self) -> Result<(), Error> {
        let machine = self.machine.open()?;
        output::progress(format_args!("back end: {machine}"));
        let progress = Progress::Shown;
        let (run, config, data, split) =
            if self.resume { self.reopen(progress)? } else { self.start(&machine, progress)? };
        output::progress(split.summary(&data).trim_end());
        if let Some(warning) = split.kind.warning() {
            output::note(format_args!("warning: {warning}"));
        }
        if data.drawn {
            output::progress(format_args!("the images are drawn: these results say nothing about real smears"));
        }
        training::train(&run, &config, &data, &split, machine.devices())
    }

    fn start(&self, machine: &Machine, progress: Progress) -> Result<(RunFolder, RunConfig, Dataset, Split), Error> {
        let Some(root) = &self.data else {
            return Err(Error::Usage("--data DIR is missing: the folder of images to train on".into()));
        };
        let data = Dataset::scan(root, self.groups.as_deref(), progress)?;
        let plan = TrainingPlan { split: self.split, weights: self.weights.clone(), ..self.plan.clone() };
        if let Some(weights) = &plan.weights {
            weights::check(plan.arch, plan.sight().shape().width, weights, machine.main_device())?;
        }
        let source = Source { root, groups: self.groups.as_deref() };
        let (run, config, split) = plan.begin(&self.out, &data, &source, machine)?;
        Ok((run, config, data, split))
    }

    fn reopen(&self, progress: Progress) -> Result<(RunFolder, RunConfig, Dataset, Split), Error> {
        let run = RunFolder::open(&self.out)?.locked()?;
        let config = run.config()?;
        let (data, split) = run.data(self.data.as_deref(), progress)?;
        Ok((run, config, data, split))
    }
}

#[cfg(test)]
mod tests {
    use clap::Args as _;

    use super::*;

    #[test]
    fn no_option_of_the_plan_can_be_given_with_resume() {
        let command = Train::augment_args(clap::Command::new("train"));
        let resume = command.get_arguments().find(|argument| argument.get_id() == "resume").expect("it is there");
        let conflicts = command.get_arg_conflicts_with(resume);
        let plan = TrainingPlan::augment_args(clap::Command::new("plan"));
        for option in plan.get_arguments() {
            assert!(conflicts.iter().any(|other| other.get_id() == option.get_id()), "{} is ignored", option.get_id());
        }
    }
}
