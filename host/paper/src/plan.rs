//! The trainings that make up the experiment.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use blastscope_host::{
    Error,
    data::split::SplitKind,
    support::text::value_name,
    training::{architecture::Architecture, optimizer::OptimizerKind, plan::TrainingPlan, queue::Entry},
};

/// A comparison between trainings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Study {
    /// Adam against Adamax.
    Optimizers,
    /// The paper's network against others.
    Networks,
    /// Numbers of items per class.
    Sizes,
    /// A shallower and a deeper network.
    Depths,
}

impl Study {
    /// All studies.
    pub const ALL: [Self; 4] = [Self::Optimizers, Self::Networks, Self::Sizes, Self::Depths];

    /// Name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Optimizers => "optimizers",
            Self::Networks => "networks",
            Self::Sizes => "sizes",
            Self::Depths => "depths",
        }
    }
}

/// Both protocols, always shown side by side: the paper's, and one that does not leak.
pub const SPLITS: [SplitKind; 2] = [SplitKind::Paper, SplitKind::Grouped];
/// Networks compared with the paper's.
const OTHERS: [Architecture; 3] = [Architecture::Resnet50, Architecture::Yolov8nCls, Architecture::Yolov8sCls];
/// Learning rate of networks that start from pretrained weights; the rate for random weights would wipe those out.
const FINE_TUNING: f64 = 1e-4;

/// The settings of the experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct Design {
    /// Settings shared by all trainings; its items per class apply wherever sizes are not compared.
    pub common: TrainingPlan,
    /// Numbers of items per class to compare, ascending.
    pub sizes: Vec<usize>,
    /// Files of starting weights, by network.
    pub weights: Vec<(Architecture, PathBuf)>,
}

/// One training of the plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// Studies that it belongs to.
    pub studies: Vec<Study>,
    /// Its training settings.
    pub training: TrainingPlan,
}

impl Planned {
    /// Name of its run folder, such as `allcnn-adam-1500-paper`.
    #[must_use]
    pub fn name(&self) -> String {
        let TrainingPlan { arch, optimizer, per_class, split, .. } = &self.training;
        format!("{}-{}-{per_class}-{split}", arch.name(), value_name(optimizer))
    }

    /// Its entry in a queue of trainings.
    #[must_use]
    pub fn entry(&self) -> Entry {
        Entry { name: self.name(), folder: self.name(), plan: self.training.clone(), held_out: None }
    }

    /// Approximate number of training items: the paper's protocol takes its test items from the augmented ones.
    #[must_use]
    pub const fn items(&self) -> usize {
        let all = self.training.per_class * 4;
        if matches!(self.training.split, SplitKind::Paper) { all * 4 / 5 } else { all }
    }
}

impl Design {
    /// All trainings, the most important first.
    #[must_use]
    pub fn plan(&self) -> Vec<Planned> {
        let mut plan: Vec<Planned> = Vec::new();
        let mut add = |study, arch, optimizer, per_class| {
            for split in SPLITS {
                let training = self.training(arch, optimizer, per_class, split);
                match plan.iter_mut().find(|planned| planned.training == training) {
                    Some(planned) => planned.studies.push(study),
                    None => plan.push(Planned { studies: vec![study], training }),
                }
            }
        };
        let adam = OptimizerKind::Adam;
        add(Study::Optimizers, Architecture::Allcnn, adam, self.common.per_class);
        add(Study::Optimizers, Architecture::Allcnn, OptimizerKind::Adamax, self.common.per_class);
        for arch in std::iter::once(Architecture::Allcnn).chain(OTHERS) {
            add(Study::Networks, arch, adam, self.common.per_class);
        }
        for &size in &self.sizes {
            add(Study::Sizes, Architecture::Allcnn, adam, size);
        }
        for arch in [Architecture::AllcnnShallow, Architecture::Allcnn, Architecture::AllcnnDeep] {
            add(Study::Depths, arch, adam, self.common.per_class);
        }
        plan
    }

    fn training(
        &self,
        arch: Architecture,
        optimizer: OptimizerKind,
        per_class: usize,
        split: SplitKind,
    ) -> TrainingPlan {
        let weights = self.weights.iter().find(|(of, _)| *of == arch).map(|(_, path)| path.clone());
        TrainingPlan {
            arch,
            optimizer,
            per_class,
            split,
            learning_rate: if weights.is_some() { FINE_TUNING } else { self.common.learning_rate },
            weights,
            ..self.common.clone()
        }
    }
}

/// Lists the names of a training that are of one kind.
type NamesOf = fn(&Planned) -> Vec<String>;

/// The trainings of `plan` that match `only`. A name is a study, a split, a network, an optimizer or a training. A training is kept
/// if it matches a name of every kind that occurs in `only`. Without names all are kept.
///
/// # Errors
/// [`Error::Usage`] for an unknown name, or if no training is left.
pub fn select(plan: Vec<Planned>, only: &[String]) -> Result<Vec<Planned>, Error> {
    let kinds: [NamesOf; 5] = [
        |planned| planned.studies.iter().map(|study| study.name().to_owned()).collect(),
        |planned| vec![planned.training.split.name().to_owned()],
        |planned| vec![planned.training.arch.name().to_owned()],
        |planned| vec![value_name(&planned.training.optimizer)],
        |planned| vec![planned.name()],
    ];
    for name in only {
        if !kinds.iter().any(|kind| plan.iter().any(|planned| kind(planned).contains(name))) {
            let studies = Study::ALL.map(Study::name).join(", ");
            let trainings: Vec<String> = plan.iter().map(Planned::name).collect();
            return Err(Error::Usage(format!(
                "--only names {name}, which is not part of the plan; give studies ({studies}), splits (paper, grouped), networks, \
                 optimizers, or trainings: {}",
                trainings.join(", ")
            )));
        }
    }
    let asked: Vec<(NamesOf, Vec<&String>)> = kinds
        .into_iter()
        .map(|kind| {
            (kind, only.iter().filter(|name| plan.iter().any(|planned| kind(planned).contains(name))).collect())
        })
        .filter(|(_, names): &(_, Vec<&String>)| !names.is_empty())
        .collect();
    let kept: Vec<Planned> = plan
        .into_iter()
        .filter(|planned| asked.iter().all(|(kind, names)| kind(planned).iter().any(|name| names.contains(&name))))
        .collect();
    if kept.is_empty() {
        return Err(Error::Usage(format!("no training matches all of --only {}; give fewer names", only.join(","))));
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn design() -> Design {
        Design {
            common: TrainingPlan::default(),
            sizes: vec![1000, 1200, 1500, 1800],
            weights: vec![(Architecture::Resnet50, "resnet50.pth".into())],
        }
    }

    fn names(only: &[&str]) -> Result<Vec<String>, Error> {
        let only: Vec<String> = only.iter().map(ToString::to_string).collect();
        Ok(select(design().plan(), &only)?.iter().map(Planned::name).collect())
    }

    #[test]
    fn the_plan_has_every_training_once_and_each_on_both_splits() {
        let plan = design().plan();
        let names: Vec<String> = plan.iter().map(Planned::name).collect();
        assert_eq!(names.len(), 2 * (2 + 3 + 3 + 2), "{names:?}");
        for name in &names {
            assert_eq!(names.iter().filter(|other| *other == name).count(), 1, "{name}");
            let twin = name.replace("-paper", "-grouped");
            assert!(names.contains(&twin), "{twin}");
        }
        assert_eq!(plan[0].name(), "allcnn-adam-1500-paper");
        assert_eq!(plan[0].studies, Study::ALL, "the paper's training is part of every comparison");
        let resnet = plan.iter().find(|planned| planned.training.arch == Architecture::Resnet50).expect("planned");
        assert_eq!((resnet.training.learning_rate, resnet.items()), (1e-4, 4800));
        assert!(resnet.training.weights.is_some() && plan[0].training.weights.is_none());
    }

    #[test]
    fn only_takes_any_name_of_a_kind_and_all_kinds() {
        assert_eq!(
            names(&["optimizers", "grouped"]).expect("some"),
            ["allcnn-adam-1500-grouped", "allcnn-adamax-1500-grouped"]
        );
        assert_eq!(names(&["resnet50", "yolov8n-cls", "paper"]).expect("some").len(), 2);
        assert_eq!(names(&["allcnn-adam-1000-paper"]).expect("one").len(), 1);
        assert_eq!(names(&[]).expect("all").len(), 20);
        for (only, word) in [(["resnet18", "paper"], "resnet18"), (["resnet50", "sizes"], "fewer")] {
            let message = names(&only).expect_err("refused").to_string();
            assert!(message.contains(word), "{message}");
        }
    }
}
