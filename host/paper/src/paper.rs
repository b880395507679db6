//! The paper's reported numbers: Anand et al., Sci Rep 15:29147 (2025). All are cited, none is measured here.

use serde::Serialize;

use blastscope_host::training::{architecture::Architecture, optimizer::OptimizerKind};

/// Citation in tables.
pub const CITATION: &str = "Anand et al., Sci Rep 15:29147 (2025)";
/// Epochs listed in its table.
pub const EPOCHS: [usize; 6] = [5, 10, 15, 20, 25, 30];

/// A number reported by the paper.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Cited {
    /// The paper's name for the network.
    pub network: &'static str,
    /// Our networks that it can be compared with.
    #[serde(skip)]
    pub here: &'static [Architecture],
    /// The optimizer.
    #[serde(skip)]
    pub optimizer: OptimizerKind,
    /// Which score.
    pub measure: Measure,
    /// 0..=1.
    pub value: f64,
}

/// A score over the four classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// Share of fields classified correctly.
    Accuracy,
    /// Precision, mean over the classes.
    Precision,
}

impl Measure {
    /// Name in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::Precision => "precision",
        }
    }
}

const PAPERS: &[Architecture] = &[Architecture::Allcnn];

/// All cited numbers.
pub const CITED: [Cited; 5] = [
    Cited {
        network: "the paper's network, Adam",
        here: PAPERS,
        optimizer: OptimizerKind::Adam,
        measure: Measure::Accuracy,
        value: 0.96,
    },
    Cited {
        network: "the paper's network, Adam",
        here: PAPERS,
        optimizer: OptimizerKind::Adam,
        measure: Measure::Precision,
        value: 0.95,
    },
    Cited {
        network: "the paper's network, Adamax",
        here: PAPERS,
        optimizer: OptimizerKind::Adamax,
        measure: Measure::Accuracy,
        value: 0.91,
    },
    Cited {
        network: "ResNet50",
        here: &[Architecture::Resnet50],
        optimizer: OptimizerKind::Adam,
        measure: Measure::Accuracy,
        value: 0.93,
    },
    Cited {
        network: "YOLOv8",
        here: &[Architecture::Yolov8nCls, Architecture::Yolov8sCls],
        optimizer: OptimizerKind::Adam,
        measure: Measure::Precision,
        value: 0.938,
    },
];

/// The cited scores of a network, such as `accuracy 0.93`; empty if the paper reports none.
#[must_use]
pub fn cited_of(architecture: Architecture, optimizer: OptimizerKind) -> String {
    let of_it = CITED.iter().filter(|cited| cited.here.contains(&architecture) && cited.optimizer == optimizer);
    let numbers: Vec<String> = of_it.map(|cited| format!("{} {}", cited.measure.name(), cited.value)).collect();
    numbers.join(", ")
}
