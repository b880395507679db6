//! What the user of a training chooses, with the defaults of its recipe.

use clap::Args;

use crate::{
    Error,
    data::split::SplitKind,
    recipe::Recipe,
    training::{
        OptimizerKind,
        architecture::Architecture,
        backend::Backend,
        batch_statistics::BatchStatistics,
        machine::{Machine, Precision},
        schedule::Schedule,
        settings::Settings,
    },
};

/// What a training computes on.
#[derive(Clone, Debug, Args)]
pub struct MachineChoice {
    /// Where to compute; by default the GPU where an adapter is found, otherwise flex (the CPU).
    #[arg(long, value_enum)]
    backend: Option<Backend>,
    /// Devices that share each batch, such as 0,1; `doctor` numbers them. One that is named twice takes two shares [default: 0].
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = device)]
    devices: Vec<usize>,
    /// Numbers to compute with; flex32 is for the tensor cores of a GPU.
    #[arg(long, value_enum, default_value_t)]
    precision: Precision,
}

impl MachineChoice {
    /// The machine, after a check that it computes rightly.
    ///
    /// # Errors
    /// When it is not there, or must not be trusted.
    pub fn open(&self) -> Result<Machine, Error> {
        Machine::for_training(self.backend, &self.devices, self.precision)
    }
}

/// A training's choices; what is not given is the recipe's.
#[derive(Clone, Debug, Args)]
pub struct Choices {
    /// What the network sees and how that is varied. `paper` is Anand et al.'s: whole fields in colour. `robust` looks cell by cell at
    /// optical density, so that the verdict depends less on the sitting.
    #[arg(long, value_enum, default_value_t = Recipe::Paper)]
    recipe: Recipe,
    /// Network.
    #[arg(long, value_enum, default_value_t = Architecture::Allcnn)]
    arch: Architecture,
    /// Optimizer [default: adam; robust: adamw].
    #[arg(long, value_enum)]
    optimizer: Option<OptimizerKind>,
    /// Passes over the training part; robust: passes of 4 times --per-class cells [default: 30; robust: 8].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    epochs: Option<u32>,
    /// Pictures or cells a step [default: 32; robust: 64].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    batch_size: Option<u32>,
    /// Highest learning rate [default: 0.001; robust: 0.002].
    #[arg(long, value_name = "RATE", value_parser = learning_rate)]
    learning_rate: Option<f64>,
    /// How the learning rate moves [default: constant; robust: one-cycle].
    #[arg(long, value_enum)]
    schedule: Option<Schedule>,
    /// Where batch normalization has its mean and variance from after training: measured anew after each epoch with the weights held
    /// still, or the running averages of training [default: anew; robust: running, as it was found].
    #[arg(long, value_enum)]
    batch_statistics: Option<BatchStatistics>,
    /// Share of the hidden units dropped in training [default: 0.5; robust: 0.4].
    #[arg(long, value_name = "SHARE", value_parser = share)]
    dropout: Option<f64>,
    /// Width and height of the network's input, a multiple of 32; the robust recipe has its own.
    #[arg(long, default_value_t = 224, value_name = "PIXELS", value_parser = image_size)]
    image_size: u16,
    /// Items a class in the training part after augmentation.
    #[arg(long, default_value_t = 1500, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    per_class: u32,
    /// Stop when the validation loss has not improved for N epochs; 0 never stops early.
    #[arg(long, default_value_t = 0, value_name = "N")]
    patience: u32,
}

impl Choices {
    /// The settings of a training with fresh weights.
    #[must_use]
    pub fn settings(&self, split: SplitKind, seed: u64) -> Settings {
        let robust = self.recipe == Recipe::Robust;
        let default = |paper, own| if robust { own } else { paper };
        Settings {
            recipe: self.recipe,
            arch: self.arch,
            optimizer: self.optimizer.unwrap_or(if robust { OptimizerKind::Adamw } else { OptimizerKind::Adam }),
            epochs: self.epochs.unwrap_or(default(30, 8)) as usize,
            batch_size: self.batch_size.unwrap_or(default(32, 64)) as usize,
            learning_rate: self.learning_rate.unwrap_or(if robust { 2e-3 } else { 1e-3 }),
            schedule: self.schedule.unwrap_or(if robust { Schedule::OneCycle } else { Schedule::Constant }),
            batch_statistics: self.batch_statistics.unwrap_or(if robust {
                BatchStatistics::Running
            } else {
                BatchStatistics::Anew
            }),
            dropout: self.dropout.unwrap_or(if robust { 0.4 } else { 0.5 }),
            image_size: self.image_size,
            per_class: self.per_class as usize,
            split,
            seed,
            patience: self.patience as usize,
            weights: None,
        }
    }
}

pub(super) fn learning_rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate > 0.0 && rate <= 1.0 => Ok(rate),
        _ => Err("a learning rate lies above 0 and at most at 1, such as 0.001".into()),
    }
}

fn device(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| "devices are numbered from 0, such as 0,1; `blastscope-host doctor` lists them".into())
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..1.0).contains(&share) => Ok(share),
        _ => Err("a share lies from 0 up to but not at 1, such as 0.5".into()),
    }
}

/// A side of the network's input from the command line: a multiple of 32 from 32 to 1024 pixels.
///
/// # Errors
/// Other values, in a sentence.
pub fn image_size(text: &str) -> Result<u16, String> {
    match text.parse::<u16>() {
        Ok(side) if (32..=1024).contains(&side) && side % 32 == 0 => Ok(side),
        _ => Err("the network needs a multiple of 32 from 32 to 1024, such as 224".into()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        choices: Choices,
    }

    fn statistics(arguments: &[&str]) -> BatchStatistics {
        let line = Line::parse_from(std::iter::once("train").chain(arguments.iter().copied()));
        line.choices.settings(SplitKind::Grouped, 1).batch_statistics
    }

    #[test]
    fn each_recipe_has_the_statistics_that_it_was_measured_with_unless_others_are_asked_for() {
        assert_eq!(statistics(&[]), BatchStatistics::Anew);
        assert_eq!(statistics(&["--recipe", "robust"]), BatchStatistics::Running);
        assert_eq!(statistics(&["--recipe", "robust", "--batch-statistics", "anew"]), BatchStatistics::Anew);
        assert_eq!(statistics(&["--batch-statistics", "running"]), BatchStatistics::Running);
    }
}
