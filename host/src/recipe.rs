//! Ways to train: the paper's, and one that generalizes better to sittings it has never seen.
//!
//! A recipe is what the network sees of a field, how training varies it, and the training's defaults. Nothing outside this folder
//! asks which recipe it is.

pub mod batches;
pub mod loaders;
mod paper;
mod robust;

use blastscope_shared::Sight;
use serde::{Deserialize, Serialize};

use self::loaders::{Course, Loaders};
use crate::{
    Error,
    data::{dataset::Dataset, split::Split},
};

/// What the network sees, and how training varies its pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Recipe {
    /// As Anand et al. (Sci Rep 15:29147, 2025): the whole field in colour, turned and mirrored copies.
    #[default]
    Paper,
    /// Cell by cell: crops around each nucleus in the optical density of the green channel (`blastscope_shared::sight::cells`).
    /// Sittings and classes are drawn equally often; stain, size, angle and sharpness vary anew every time. A field's logits are
    /// the mean of its cells', and their loss asks first for benign or malignant, then for the subtype.
    Robust,
}

/// Defaults of a training, as the command line takes them.
pub(crate) struct Defaults {
    pub(crate) arch: &'static str,
    pub(crate) optimizer: &'static str,
    pub(crate) epochs: &'static str,
    pub(crate) batch_size: &'static str,
    pub(crate) learning_rate: &'static str,
    pub(crate) schedule: &'static str,
    pub(crate) batch_statistics: &'static str,
    pub(crate) dropout: &'static str,
}

impl Recipe {
    /// Name, as on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::Robust => "robust",
        }
    }

    /// Its training defaults.
    pub(crate) const fn defaults(self) -> Defaults {
        match self {
            Self::Paper => paper::DEFAULTS,
            Self::Robust => robust::DEFAULTS,
        }
    }

    /// What the network is shown; for whole fields, `side` x `side` pixels.
    #[must_use]
    pub const fn sight(self, side: u16) -> Sight {
        match self {
            Self::Paper => Sight::whole_field(side),
            Self::Robust => Sight::cells(),
        }
    }

    /// The batches of a training.
    ///
    /// # Errors
    /// When the data cannot be read, show nothing to train on, or the devices cannot share a batch equally.
    pub fn loaders(self, course: &Course<'_>, data: &Dataset, split: &Split) -> Result<Loaders, Error> {
        match self {
            Self::Paper => paper::loaders(course, data, split),
            Self::Robust => robust::loaders(course, data, split),
        }
    }

    /// How training varies what the network is shown, for the card: `items` in the training part, `per_class` of each class.
    pub(crate) fn varied(self, items: usize, per_class: usize) -> String {
        match self {
            Self::Paper => paper::varied(items),
            Self::Robust => robust::varied(per_class),
        }
    }
}
