//! The result of a training: `outcome.json` in its run folder.

use serde::{Deserialize, Serialize};

use super::plan::{Planned, Study};
use blastscope_host::{
    measure::evaluation::Evaluation,
    training::{architecture::Architecture, plan::TrainingPlan, run_folder::Epoch},
};
use blastscope_shared::Rate;

/// File name in the run folder.
pub const FILE: &str = "outcome.json";

/// The result of one training.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outcome {
    /// The run folder's name.
    pub name: String,
    /// Studies that it belongs to.
    pub studies: Vec<Study>,
    /// How it was trained.
    pub plan: TrainingPlan,
    /// SHA-256 of the initial weights, hexadecimal; `None` for fresh ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights_sha256: Option<String>,
    /// Number of trainable parameters.
    pub parameters: usize,
    /// Items in the training part and in the test part.
    pub items: [usize; 2],
    /// Every epoch.
    pub epochs: Vec<Epoch>,
    /// The epoch whose weights were measured: the last one on the paper's protocol, which has no validation part, otherwise the one
    /// with the lowest validation loss.
    pub measured_epoch: usize,
    /// The network's scores on the test part.
    pub test: Evaluation,
    /// The baseline's scores on the same test part: six colour numbers, five nearest neighbours.
    pub baseline: Evaluation,
    /// The baseline's accuracy on the validation part.
    pub baseline_validation: Rate,
    /// Mean duration of an epoch in seconds; `None` if the last call trained none.
    pub seconds_per_epoch: Option<f64>,
    /// Back end and machine.
    pub hardware: String,
    /// Version of the program.
    pub code_version: String,
    /// SHA-256 of the data set, hexadecimal.
    pub manifest_hash: String,
}

impl Outcome {
    /// Training time per item, in seconds.
    fn seconds_per_item(&self) -> Option<f64> {
        Some(self.seconds_per_epoch? / self.items[0].max(1) as f64)
    }
}

/// Estimates the duration of trainings from the finished ones.
#[derive(Debug)]
pub struct Pace {
    /// Network and seconds per item.
    measured: Vec<(Architecture, f64)>,
}

impl Pace {
    /// Measures the pace of the finished trainings.
    #[must_use]
    pub fn new<'a>(finished: impl IntoIterator<Item = &'a Outcome>) -> Self {
        let measured =
            finished.into_iter().filter_map(|outcome| Some((outcome.plan.arch, outcome.seconds_per_item()?))).collect();
        Self { measured }
    }

    /// Whether durations are in seconds; until a training is finished, only their ratios mean something.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !self.measured.is_empty()
    }

    /// Expected duration of a training. For networks not trained yet, the number of multiplications sets it.
    #[must_use]
    pub fn of(&self, planned: &Planned) -> f64 {
        // Cost of a picture beyond its multiplications, in billions of multiplications.
        let cost = |arch: Architecture| arch.gmac() + 0.05;
        let arch = planned.training.arch;
        let mean = |speeds: Vec<f64>| (!speeds.is_empty()).then(|| speeds.iter().sum::<f64>() / speeds.len() as f64);
        let same = mean(self.measured.iter().filter(|(other, _)| *other == arch).map(|(_, speed)| *speed).collect());
        let any = mean(self.measured.iter().map(|(other, speed)| speed / cost(*other)).collect());
        let an_item = same.unwrap_or_else(|| any.unwrap_or(1.0) * cost(arch));
        an_item * (planned.items() * planned.training.epochs) as f64
    }
}
