//! Ways to train: the paper's, and the one that keeps its word on sittings it has never seen.

use serde::{Deserialize, Serialize};

/// What the network sees, and how its pictures are varied in training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Recipe {
    /// As Anand et al. (Sci Rep 15:29147, 2025): the whole field in colour, turned and mirrored copies.
    #[default]
    Paper,
    /// Cell by cell: crops around each nucleus in the optical density of the green channel (`blastscope_shared::sight::cells`), sittings
    /// and classes drawn equally often, stain, size, angle and sharpness varied anew every time. A field's logits are the mean of its cells'.
    Robust,
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
}
