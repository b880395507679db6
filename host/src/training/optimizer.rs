//! The optimizers for training.

use burn::optim::{AdamConfig, AdamWConfig, ModuleOptimizer};
use serde::{Deserialize, Serialize};

use super::adamax::Adamax;

/// The optimizers of the paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum OptimizerKind {
    /// Kingma and Ba 2015, algorithm 1.
    Adam,
    /// Kingma and Ba 2015, algorithm 2.
    Adamax,
    /// Adam with decoupled weight decay (Loshchilov and Hutter, ICLR 2019) of 0.02.
    Adamw,
}

impl OptimizerKind {
    /// The optimizer with its authors' constants.
    #[must_use]
    pub fn build(self) -> ModuleOptimizer {
        match self {
            Self::Adam => AdamConfig::new().with_epsilon(1e-8).init(),
            Self::Adamax => Adamax::default().into(),
            Self::Adamw => AdamWConfig::new().with_epsilon(1e-8).with_weight_decay(0.02).init(),
        }
    }
}
