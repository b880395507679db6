//! What a training came to: `outcome.json` in its run folder.

use serde::{Deserialize, Serialize};

use super::plan::{Planned, Study};
use blastscope_host::{
    measure::evaluation::Evaluation,
    training::{architecture::Architecture, plan::TrainingPlan, run_folder::Epoch},
};
use blastscope_shared::Rate;

/// Its file in a run folder.
pub const FILE: &str = "outcome.json";

/// A training, measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outcome {
    /// The run folder's name.
    pub name: String,
    /// What it is compared for.
    pub studies: Vec<Study>,
    /// How it was trained.
    pub plan: TrainingPlan,
    /// Numbers that training moved.
    pub parameters: usize,
    /// Items of the training and of the test part.
    pub items: [usize; 2],
    /// Every epoch.
    pub epochs: Vec<Epoch>,
    /// The epoch whose weights were measured: the last on the paper's protocol, which has no validation part of its own, otherwise
    /// the one of the lowest validation loss.
    pub measured_epoch: usize,
    /// The network on the test part.
    pub test: Evaluation,
    /// Six colour numbers and five neighbours on the same test part.
    pub baseline: Evaluation,
    /// The accuracy of the same on the validation part.
    pub baseline_validation: Rate,
    /// Mean duration of an epoch in seconds, where any was trained at the last call.
    pub seconds_per_epoch: Option<f64>,
    /// Back end and machine.
    pub hardware: String,
    /// Version of the program.
    pub code_version: String,
    /// SHA-256 over the data set, hexadecimal.
    pub manifest_hash: String,
}

impl Outcome {
    /// Seconds that one item took in training.
    fn seconds_per_item(&self) -> Option<f64> {
        Some(self.seconds_per_epoch? / self.items[0].max(1) as f64)
    }
}

/// How long trainings take, guessed from those that are finished.
#[derive(Debug)]
pub struct Pace {
    /// Network, seconds an item.
    measured: Vec<(Architecture, f64)>,
}

impl Pace {
    /// The pace of finished trainings.
    #[must_use]
    pub fn new<'a>(finished: impl IntoIterator<Item = &'a Outcome>) -> Self {
        let measured =
            finished.into_iter().filter_map(|outcome| Some((outcome.plan.arch, outcome.seconds_per_item()?))).collect();
        Self { measured }
    }

    /// Whether durations are in seconds; as long as nothing is finished they are only right in proportion.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !self.measured.is_empty()
    }

    /// How long a training will take. Networks that have not been trained yet take as long as their multiplications suggest.
    #[must_use]
    pub fn of(&self, planned: &Planned) -> f64 {
        // What a picture costs beside its multiplications, in billions of them.
        let cost = |arch: Architecture| arch.gmac() + 0.05;
        let arch = planned.training.arch;
        let mean = |speeds: Vec<f64>| (!speeds.is_empty()).then(|| speeds.iter().sum::<f64>() / speeds.len() as f64);
        let same = mean(self.measured.iter().filter(|(other, _)| *other == arch).map(|(_, speed)| *speed).collect());
        let any = mean(self.measured.iter().map(|(other, speed)| speed / cost(*other)).collect());
        let an_item = same.unwrap_or_else(|| any.unwrap_or(1.0) * cost(arch));
        an_item * (planned.items() * planned.training.epochs) as f64
    }
}
