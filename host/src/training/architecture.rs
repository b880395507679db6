//! The networks that can be trained: the paper's, its relatives, and networks for comparison.

use serde::{Deserialize, Serialize};

/// A network's shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Architecture {
    /// The network of Anand et al. (Sci Rep 15:29147, 2025): 13 convolutions of 16 to 256 filters, 512 hidden units.
    Allcnn,
    /// Eight convolutions of 8 to 64 filters, 64 hidden units: trains in about a minute on a CPU, to show how the loop works.
    AllcnnSmall,
    /// The paper's network with 8 convolutions, distributed over the blocks as in VGG-11.
    AllcnnShallow,
    /// The paper's network with 16 convolutions, distributed over the blocks as in VGG-19.
    AllcnnDeep,
    /// ResNet-50 (He et al., CVPR 2016), for comparison: does not run on the device.
    Resnet50,
    /// YOLOv8n-cls (Ultralytics, 2023), for comparison: does not run on the device.
    Yolov8nCls,
    /// YOLOv8s-cls (Ultralytics, 2023), for comparison: does not run on the device.
    Yolov8sCls,
}

/// A network of the paper's kind: 3x3 convolutions in five blocks, each ended by a 2x2 max-pool, then two dense layers. The device
/// runs only this kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Filters of each convolution, block by block.
    pub blocks: [&'static [usize]; 5],
    /// Units of the hidden dense layer.
    pub hidden: usize,
}

impl Layout {
    /// Number of convolutions.
    #[must_use]
    pub fn convolutions(&self) -> usize {
        self.blocks.iter().map(|block| block.len()).sum()
    }

    /// Multiplications per picture of `side` x `side` pixels, a multiple of 32.
    #[must_use]
    pub fn multiplications(&self, side: usize) -> usize {
        let (mut sum, mut channels, mut side) = (0, 3, side);
        for block in self.blocks {
            for &filters in block {
                sum += side * side * 9 * channels * filters;
                channels = filters;
            }
            side /= 2;
        }
        sum + (side * side * channels + blastscope_shared::Class::COUNT) * self.hidden
    }
}

impl Architecture {
    /// Every network.
    pub const ALL: [Self; 7] = [
        Self::Allcnn,
        Self::AllcnnSmall,
        Self::AllcnnShallow,
        Self::AllcnnDeep,
        Self::Resnet50,
        Self::Yolov8nCls,
        Self::Yolov8sCls,
    ];

    /// The layers of a network of the paper's kind; `None` for the others.
    #[must_use]
    pub const fn layout(self) -> Option<Layout> {
        let (blocks, hidden): ([&[usize]; 5], usize) = match self {
            Self::Allcnn => ([&[16; 2], &[32; 2], &[64; 3], &[128; 3], &[256; 3]], 512),
            Self::AllcnnSmall => ([&[8], &[16], &[32; 2], &[48; 2], &[64; 2]], 64),
            Self::AllcnnShallow => ([&[16], &[32], &[64; 2], &[128; 2], &[256; 2]], 512),
            Self::AllcnnDeep => ([&[16; 2], &[32; 2], &[64; 4], &[128; 4], &[256; 4]], 512),
            Self::Resnet50 | Self::Yolov8nCls | Self::Yolov8sCls => return None,
        };
        Some(Layout { blocks, hidden })
    }

    /// Number of convolutions.
    #[must_use]
    pub fn convolutions(self) -> usize {
        match self {
            // The stem, 16 bottlenecks of three, four projections.
            Self::Resnet50 => 1 + 16 * 3 + 4,
            // Five of stride 2; four C2f of two and two more a bottleneck (1, 2, 2, 1); the head's.
            Self::Yolov8nCls | Self::Yolov8sCls => 5 + 4 * 2 + 6 * 2 + 1,
            _ => self.layout().map_or(0, |layout| layout.convolutions()),
        }
    }

    /// Multiplications per 224x224 picture, in billions, to estimate durations. Those of the comparison networks are from their
    /// publications (torchvision's and Ultralytics' tables).
    #[must_use]
    pub fn gmac(self) -> f64 {
        match self {
            Self::Resnet50 => 4.09,
            Self::Yolov8nCls => 0.21,
            Self::Yolov8sCls => 0.79,
            _ => self.layout().map_or(0.0, |layout| layout.multiplications(224) as f64 / 1e9),
        }
    }

    /// Name, as on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allcnn => "allcnn",
            Self::AllcnnSmall => "allcnn-small",
            Self::AllcnnShallow => "allcnn-shallow",
            Self::AllcnnDeep => "allcnn-deep",
            Self::Resnet50 => "resnet50",
            Self::Yolov8nCls => "yolov8n-cls",
            Self::Yolov8sCls => "yolov8s-cls",
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn names_are_those_of_the_command_line_and_of_run_json() {
        assert_eq!(Architecture::value_variants(), Architecture::ALL);
        for architecture in Architecture::ALL {
            let name = architecture.name();
            assert_eq!(architecture.to_possible_value().expect("a value").get_name(), name);
            assert_eq!(serde_json::to_string(&architecture).expect("written"), format!("\"{name}\""));
        }
    }

    #[test]
    fn the_papers_network_multiplies_1_18_billion_times_and_has_depths_of_vgg() {
        let depths = [Architecture::AllcnnShallow, Architecture::Allcnn, Architecture::AllcnnDeep];
        assert_eq!(depths.map(Architecture::convolutions), [8, 13, 16]);
        assert!((Architecture::Allcnn.gmac() - 1.184).abs() < 5e-4, "{}", Architecture::Allcnn.gmac());
        assert_eq!(Architecture::Resnet50.convolutions(), 53);
    }
}
