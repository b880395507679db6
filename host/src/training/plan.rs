//! The plan of a training: one struct for the command line, the run folder, the model's provenance and the reports.
//!
//! A new option is one field here, and the code that uses it.

use std::path::PathBuf;

use blastscope_shared::Sight;
use clap::{Args, FromArgMatches as _, builder::RangedU64ValueParser};
use serde::{Deserialize, Serialize};

use super::{
    architecture::Architecture, batch_statistics::BatchStatistics, optimizer::OptimizerKind, schedule::Schedule,
};
use crate::{
    data::split::SplitKind,
    recipe::{Defaults, Recipe},
};

const PAPER: Defaults = Recipe::Paper.defaults();
const ROBUST: Defaults = Recipe::Robust.defaults();
/// A recipe's name on the command line; the defaults of other options depend on it.
const ROBUST_NAME: &str = Recipe::Robust.name();

/// Everything the user of a training chooses, except data, folder and machine. Options not given take the recipe's defaults.
#[derive(Clone, Debug, PartialEq, Args, Serialize, Deserialize)]
pub struct TrainingPlan {
    /// What the network sees and how training varies it. `paper`: whole fields in colour, as Anand et al. `robust`: cell by cell in
    /// optical density, so that the verdict depends less on the sitting.
    #[arg(long, value_enum, default_value_t = Recipe::Paper)]
    pub recipe: Recipe,
    /// Network [default: allcnn; robust: allcnn-small].
    #[arg(long, value_enum, default_value = PAPER.arch, default_value_if("recipe", ROBUST_NAME, ROBUST.arch),
        hide_default_value = true)]
    pub arch: Architecture,
    /// Optimizer [default: adam; robust: adamw].
    #[arg(long, value_enum, default_value = PAPER.optimizer, default_value_if("recipe", ROBUST_NAME, ROBUST.optimizer),
        hide_default_value = true)]
    pub optimizer: OptimizerKind,
    /// Passes over the training part; robust: passes of 4 times --per-class cells [default: 30; robust: 12].
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<usize>::new().range(1..=10_000),
        default_value = PAPER.epochs, default_value_if("recipe", ROBUST_NAME, ROBUST.epochs), hide_default_value = true)]
    pub epochs: usize,
    /// Fields per step; robust: of each eight cells [default: 32].
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<usize>::new().range(1..=1024),
        default_value = PAPER.batch_size, default_value_if("recipe", ROBUST_NAME, ROBUST.batch_size), hide_default_value = true)]
    pub batch_size: usize,
    /// Highest learning rate [default: 0.001; robust: 0.002].
    #[arg(long, value_name = "RATE", value_parser = learning_rate, default_value = PAPER.learning_rate,
        default_value_if("recipe", ROBUST_NAME, ROBUST.learning_rate), hide_default_value = true)]
    pub learning_rate: f64,
    /// Course of the learning rate [default: constant; robust: one-cycle].
    #[arg(long, value_enum, default_value = PAPER.schedule, default_value_if("recipe", ROBUST_NAME, ROBUST.schedule),
        hide_default_value = true)]
    pub schedule: Schedule,
    /// Mean and variance of batch normalization after training: measured anew after each epoch with the weights fixed, or the
    /// running averages of training [default: anew; robust: running, as in its experiments].
    #[arg(long, value_enum, default_value = PAPER.batch_statistics,
        default_value_if("recipe", ROBUST_NAME, ROBUST.batch_statistics), hide_default_value = true)]
    pub batch_statistics: BatchStatistics,
    /// Share of the hidden units dropped in training [default: 0.5; robust: 0.3].
    #[arg(long, value_name = "SHARE", value_parser = share, default_value = PAPER.dropout,
        default_value_if("recipe", ROBUST_NAME, ROBUST.dropout), hide_default_value = true)]
    pub dropout: f64,
    /// Width and height of the network's input, a multiple of 32; the robust recipe sets its own.
    #[arg(long, default_value_t = 224, value_name = "PIXELS", value_parser = image_size)]
    pub image_size: u16,
    /// Items per class in the training part after augmentation.
    #[arg(long, default_value_t = 1500, value_name = "N",
        value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_000_000))]
    pub per_class: usize,
    /// Stop when the validation loss has not improved for N epochs; 0 never stops early.
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub patience: usize,
    /// Seed of weights, shuffling and variations.
    #[arg(long, default_value_t = 1, value_name = "SEED")]
    pub seed: u64,
    /// Seed of splits, and of the folds of crossval: networks of other seeds can share one split.
    #[arg(long, default_value_t = 1, value_name = "SEED")]
    pub split_seed: u64,
    /// How the data are split; each training command has its own kinds.
    #[arg(skip = SplitKind::Grouped)]
    pub split: SplitKind,
    /// File of initial weights; fresh ones without.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<PathBuf>,
}

/// The plan of an empty command line.
impl Default for TrainingPlan {
    fn default() -> Self {
        let command = Self::augment_args(clap::Command::new("train").no_binary_name(true));
        let matches = command.try_get_matches_from([""; 0]).expect("no option is required");
        Self::from_arg_matches(&matches).expect("every option has a default")
    }
}

impl TrainingPlan {
    /// What the network is shown.
    #[must_use]
    pub const fn sight(&self) -> Sight {
        self.recipe.sight(self.image_size)
    }

    /// Each option as its name in words and its value on the command line, sorted by name.
    #[must_use]
    pub fn facts(&self) -> Vec<(String, String)> {
        let options = match serde_json::to_value(self) {
            Ok(serde_json::Value::Object(options)) => options,
            _ => serde_json::Map::new(),
        };
        let text = |value: serde_json::Value| match value {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        };
        options.into_iter().map(|(name, value)| (name.replace('_', " "), text(value))).collect()
    }

    /// The first option in which `was` differs from this plan, as `epochs 30 and not 2`; `None` if they agree.
    #[must_use]
    pub fn difference(&self, was: &Self) -> Option<String> {
        let (was, is) = (was.facts(), self.facts());
        let value = |facts: &[(String, String)], name: &str| {
            facts.iter().find(|(other, _)| other == name).map_or_else(|| "none".to_owned(), |(_, value)| value.clone())
        };
        let mut names = was.iter().chain(&is).map(|(name, _)| name);
        let name = names.find(|name| value(&was, name) != value(&is, name))?;
        Some(format!("{name} {} and not {}", value(&was, name), value(&is, name)))
    }
}

/// A learning rate from the command line: above 0, at most 1.
///
/// # Errors
/// One sentence for any other value.
pub fn learning_rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate > 0.0 && rate <= 1.0 => Ok(rate),
        _ => Err("give a learning rate above 0 and at most 1, such as 0.001".into()),
    }
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..1.0).contains(&share) => Ok(share),
        _ => Err("give a share from 0 to below 1, such as 0.5".into()),
    }
}

/// A side of the network's input from the command line: a multiple of 32 from 32 to 1024 pixels.
///
/// # Errors
/// One sentence for any other value.
pub fn image_size(text: &str) -> Result<u16, String> {
    match text.parse::<u16>() {
        Ok(side) if (32..=1024).contains(&side) && side % 32 == 0 => Ok(side),
        _ => Err("give a multiple of 32 from 32 to 1024, such as 224".into()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        plan: TrainingPlan,
    }

    fn plan(arguments: &[&str]) -> TrainingPlan {
        Line::parse_from(std::iter::once("train").chain(arguments.iter().copied())).plan
    }

    #[test]
    fn each_recipe_has_the_defaults_that_it_was_measured_with_unless_others_are_asked_for() {
        assert_eq!(plan(&[]), TrainingPlan::default());
        let robust = plan(&["--recipe", "robust"]);
        assert_eq!((robust.epochs, robust.batch_size, robust.optimizer), (12, 32, OptimizerKind::Adamw));
        assert_eq!((robust.arch, plan(&[]).arch), (Architecture::AllcnnSmall, Architecture::Allcnn));
        let statistics = |arguments| plan(arguments).batch_statistics;
        assert_eq!(statistics(&[]), BatchStatistics::Anew);
        assert_eq!(statistics(&["--recipe", "robust"]), BatchStatistics::Running);
        assert_eq!(statistics(&["--recipe", "robust", "--batch-statistics", "anew"]), BatchStatistics::Anew);
        assert_eq!(statistics(&["--batch-statistics", "running"]), BatchStatistics::Running);
    }

    #[test]
    fn a_difference_names_the_option_and_both_values() {
        let was = TrainingPlan { seed: u64::MAX, ..TrainingPlan::default() };
        assert_eq!(was.difference(&was), None);
        let is = TrainingPlan { epochs: 2, ..was.clone() };
        assert_eq!(is.difference(&was).as_deref(), Some("epochs 30 and not 2"));
        let is = TrainingPlan { weights: Some("a.pth".into()), ..was.clone() };
        assert_eq!(is.difference(&was).as_deref(), Some("weights none and not a.pth"));
    }

    #[test]
    fn the_robust_recipe_has_the_defaults_of_its_experiments() {
        let (plan, paper) = (plan(&["--recipe", "robust"]), TrainingPlan::default());
        assert_eq!(serde_json::to_value(plan.schedule).expect("written"), ROBUST.schedule);
        assert_eq!(plan.learning_rate.to_string(), ROBUST.learning_rate);
        assert_eq!(plan.dropout.to_string(), ROBUST.dropout);
        assert_eq!(paper.learning_rate.to_string(), PAPER.learning_rate);
    }

    #[test]
    fn a_plan_survives_its_json() {
        let plan =
            TrainingPlan { split: SplitKind::HeldOut, learning_rate: 0.1 + 0.2, ..plan(&["--recipe", "robust"]) };
        let json = serde_json::to_string(&plan).expect("written");
        assert_eq!(serde_json::from_str::<TrainingPlan>(&json).expect("read"), plan);
    }
}
