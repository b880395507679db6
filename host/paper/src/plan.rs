//! Which trainings make up the experiment.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use blastscope_host::{
    Error,
    data::split::SplitKind,
    recipe::Recipe,
    support::text::value_name,
    training::{
        OptimizerKind, architecture::Architecture, batch_statistics::BatchStatistics, schedule::Schedule,
        settings::Settings,
    },
};

/// What a training is compared for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Study {
    /// Adam beside Adamax.
    Optimizers,
    /// The paper's network beside others.
    Networks,
    /// Items a class.
    Sizes,
    /// A shallower and a deeper network.
    Depths,
}

impl Study {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Optimizers, Self::Networks, Self::Sizes, Self::Depths];

    /// As on the command line.
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

/// The protocols, side by side everywhere: the paper's, and one that does not leak.
pub const SPLITS: [SplitKind; 2] = [SplitKind::Paper, SplitKind::Grouped];
/// The networks that the paper's is compared with.
const OTHERS: [Architecture; 3] = [Architecture::Resnet50, Architecture::Yolov8nCls, Architecture::Yolov8sCls];
/// Learning rate of networks that start from others' weights, which fresh ones' would wipe out.
const FINE_TUNING: f64 = 1e-4;

/// What the trainings have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// Epochs of each training.
    pub epochs: usize,
    /// Pictures a step.
    pub batch_size: usize,
    /// Width and height of the input.
    pub image_size: u16,
    /// Items a class that are compared, ascending.
    pub sizes: Vec<usize>,
    /// Items a class where sizes are not compared.
    pub per_class: usize,
    /// Seed of everything.
    pub seed: u64,
    /// Where the statistics of batch normalization come from.
    pub batch_statistics: BatchStatistics,
    /// Files of weights to start from, by network.
    pub weights: Vec<(Architecture, PathBuf)>,
}

/// A training of the plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// What it is compared for.
    pub studies: Vec<Study>,
    /// How it is trained.
    pub settings: Settings,
}

impl Planned {
    /// Name of its folder: `allcnn-adam-1500-paper`.
    #[must_use]
    pub fn name(&self) -> String {
        let Settings { arch, optimizer, per_class, split, .. } = &self.settings;
        format!("{}-{}-{per_class}-{split}", arch.name(), value_name(optimizer))
    }

    /// Items of the training part, about: the paper's protocol takes the test items from the augmented ones.
    #[must_use]
    pub const fn items(&self) -> usize {
        let all = self.settings.per_class * 4;
        if matches!(self.settings.split, SplitKind::Paper) { all * 4 / 5 } else { all }
    }
}

impl Frame {
    /// Every training, those that matter most first.
    #[must_use]
    pub fn plan(&self) -> Vec<Planned> {
        let mut plan: Vec<Planned> = Vec::new();
        let mut add = |study, arch, optimizer, per_class| {
            for split in SPLITS {
                let settings = self.settings(arch, optimizer, per_class, split);
                match plan.iter_mut().find(|planned| planned.settings == settings) {
                    Some(planned) => planned.studies.push(study),
                    None => plan.push(Planned { studies: vec![study], settings }),
                }
            }
        };
        let adam = OptimizerKind::Adam;
        add(Study::Optimizers, Architecture::Allcnn, adam, self.per_class);
        add(Study::Optimizers, Architecture::Allcnn, OptimizerKind::Adamax, self.per_class);
        for arch in std::iter::once(Architecture::Allcnn).chain(OTHERS) {
            add(Study::Networks, arch, adam, self.per_class);
        }
        for &size in &self.sizes {
            add(Study::Sizes, Architecture::Allcnn, adam, size);
        }
        for arch in [Architecture::AllcnnShallow, Architecture::Allcnn, Architecture::AllcnnDeep] {
            add(Study::Depths, arch, adam, self.per_class);
        }
        plan
    }

    fn settings(&self, arch: Architecture, optimizer: OptimizerKind, per_class: usize, split: SplitKind) -> Settings {
        let weights = self.weights.iter().find(|(of, _)| *of == arch).map(|(_, path)| path.clone());
        Settings {
            recipe: Recipe::Paper,
            arch,
            optimizer,
            epochs: self.epochs,
            batch_size: self.batch_size,
            learning_rate: if weights.is_some() { FINE_TUNING } else { 1e-3 },
            schedule: Schedule::Constant,
            batch_statistics: self.batch_statistics,
            dropout: 0.5,
            image_size: self.image_size,
            per_class,
            split,
            seed: self.seed,
            patience: 0,
            weights,
        }
    }
}

/// The names of one kind that a training has.
type NamesOf = fn(&Planned) -> Vec<String>;

/// The trainings of `plan` that `only` names. A name is a study, a split, a network, an optimizer or a training; a training is
/// kept when each kind of name that occurs names it. Without names everything is kept.
///
/// # Errors
/// [`Error::Usage`] with a name that there is not, or when nothing is left.
pub fn select(plan: Vec<Planned>, only: &[String]) -> Result<Vec<Planned>, Error> {
    let kinds: [NamesOf; 5] = [
        |planned| planned.studies.iter().map(|study| study.name().to_owned()).collect(),
        |planned| vec![planned.settings.split.name().to_owned()],
        |planned| vec![planned.settings.arch.name().to_owned()],
        |planned| vec![value_name(&planned.settings.optimizer)],
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
        return Err(Error::Usage(format!("no training fits all of --only {}; name fewer", only.join(","))));
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> Frame {
        Frame {
            epochs: 30,
            batch_size: 32,
            image_size: 224,
            sizes: vec![1000, 1200, 1500, 1800],
            per_class: 1500,
            seed: 1,
            batch_statistics: BatchStatistics::Anew,
            weights: vec![(Architecture::Resnet50, "resnet50.pth".into())],
        }
    }

    fn names(only: &[&str]) -> Result<Vec<String>, Error> {
        let only: Vec<String> = only.iter().map(ToString::to_string).collect();
        Ok(select(frame().plan(), &only)?.iter().map(Planned::name).collect())
    }

    #[test]
    fn the_plan_has_every_training_once_and_each_on_both_splits() {
        let plan = frame().plan();
        let names: Vec<String> = plan.iter().map(Planned::name).collect();
        assert_eq!(names.len(), 2 * (2 + 3 + 3 + 2), "{names:?}");
        for name in &names {
            assert_eq!(names.iter().filter(|other| *other == name).count(), 1, "{name}");
            let twin = name.replace("-paper", "-grouped");
            assert!(names.contains(&twin), "{twin}");
        }
        assert_eq!(plan[0].name(), "allcnn-adam-1500-paper");
        assert_eq!(plan[0].studies, Study::ALL, "the paper's training is part of every comparison");
        let resnet = plan.iter().find(|planned| planned.settings.arch == Architecture::Resnet50).expect("planned");
        assert_eq!((resnet.settings.learning_rate, resnet.items()), (1e-4, 4800));
        assert!(resnet.settings.weights.is_some() && plan[0].settings.weights.is_none());
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
