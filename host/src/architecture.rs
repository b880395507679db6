//! The networks that can be trained: 3x3 convolutions in five blocks, each ended by a 2x2 max-pool, then two dense layers.

use serde::{Deserialize, Serialize};

/// A network's shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Architecture {
    /// The network of Anand et al. (Sci Rep 15:29147, 2025): 13 convolutions of 16 to 256 filters, 512 hidden units.
    Allcnn,
    /// Eight convolutions of 8 to 64 filters, 64 hidden units: trains in about a minute on a CPU, to show how the loop works.
    AllcnnSmall,
}

impl Architecture {
    /// Filters of each convolution, block by block.
    #[must_use]
    pub const fn blocks(self) -> [&'static [usize]; 5] {
        match self {
            Self::Allcnn => [&[16, 16], &[32, 32], &[64, 64, 64], &[128, 128, 128], &[256, 256, 256]],
            Self::AllcnnSmall => [&[8], &[16], &[32, 32], &[48, 48], &[64, 64]],
        }
    }

    /// Units of the hidden dense layer.
    #[must_use]
    pub const fn hidden(self) -> usize {
        match self {
            Self::Allcnn => 512,
            Self::AllcnnSmall => 64,
        }
    }

    /// Number of convolutions.
    #[must_use]
    pub fn convolutions(self) -> usize {
        self.blocks().iter().map(|block| block.len()).sum()
    }

    /// Name, as on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allcnn => "allcnn",
            Self::AllcnnSmall => "allcnn-small",
        }
    }
}
