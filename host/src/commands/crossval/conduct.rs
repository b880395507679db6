//! Trains and asks fold after fold, or several at once.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use blastscope_files::Printable as _;
use blastscope_shared::{
    Preprocessing,
    calibration::Calibration,
    operating_point::{OperatingPoint, Scored},
};

use crate::{
    Error,
    data::{
        dataset::Dataset,
        folds::Fold,
        split::{Item, Part, Split},
        symmetry::Symmetry,
    },
    measure::{
        colour_baseline::{self, ColourFeatures, ColourSet, Method, Question},
        crossval::{Answer, By, FoldOutcome},
    },
    recipe::batches,
    support::{atomic_file, output, progress::Progress, signal},
    training::{
        self,
        begin::Source,
        float_network::FloatNetwork,
        machine::Machine,
        plain_renderer::Queue,
        plan::TrainingPlan,
        run_folder::{RunConfig, RunFolder},
    },
};

/// Its file in a run folder.
const FILE: &str = "fold.json";

/// What all folds share.
pub struct Conductor<'a> {
    /// The folder of the run folders.
    pub out: &'a Path,
    /// The data.
    pub data: &'a Dataset,
    /// Where the data came from.
    pub source: Source<'a>,
    /// What a fold is.
    pub by: By,
    /// How each fold is trained.
    pub plan: &'a TrainingPlan,
    /// What computes.
    pub machine: Machine,
}

/// What every fold is asked with.
struct Material {
    /// Every picture as [`Dataset::load_inputs`] gives it.
    inputs: Vec<Vec<u8>>,
    colours: ColourFeatures,
}

impl Material {
    fn read(data: &Dataset, preprocessing: &Preprocessing) -> Result<Self, Error> {
        let for_colours = Preprocessing::square(224);
        let colours = ColourFeatures::of(&data.load_inputs(&for_colours, Progress::Silent)?, &for_colours)?;
        Ok(Self { inputs: data.load_inputs(preprocessing, Progress::Shown)?, colours })
    }
}

/// The run folder of a fold.
#[must_use]
pub fn fold_folder(out: &Path, fold: &str) -> PathBuf {
    let name: String = fold.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' }).collect();
    out.join(format!("fold-{name}"))
}

impl Conductor<'_> {
    /// The folds that were trained and asked, in the order of `folds`.
    ///
    /// # Errors
    /// When a folder holds a training with other settings or of other data, or cannot be read.
    pub fn finished(&self, folds: &[Fold]) -> Result<Vec<FoldOutcome>, Error> {
        folds.iter().filter_map(|fold| self.read(fold).transpose()).collect()
    }

    /// Trains what is not finished, `jobs` folds at a time, and asks every fold. `written` is called whenever one is finished.
    ///
    /// # Errors
    /// Whatever stops a training; [`Error::Interrupted`] when the user does. What is finished by then stays.
    pub fn conduct(
        &self,
        folds: &[Fold],
        jobs: usize,
        mut written: impl FnMut() -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut open = Vec::new();
        for fold in folds {
            if self.read(fold)?.is_none() {
                open.push(fold);
            }
        }
        if open.len() < folds.len() {
            output::progress(format_args!(
                "{} of {} folds are finished already",
                folds.len() - open.len(),
                folds.len()
            ));
        }
        if jobs > 1 {
            self.train_in_parallel(&open, jobs)?;
        }
        if open.is_empty() {
            return Ok(());
        }
        let material = Material::read(self.data, &self.plan.preprocessing())?;
        for (at, fold) in open.iter().enumerate() {
            let later = open.len() - at - 1;
            let place = format!("fold {} of {}, {}", folds.len() - later, folds.len(), fold.name);
            output::progress(&place);
            self.perform(fold, &material, Queue { place, later: later as f64 })?;
            written()?;
        }
        Ok(())
    }

    fn again(&self) -> String {
        format!("finished folds stay in {}; give the same command again to go on", self.out.printable())
    }

    /// Begins a fold's run, or opens it again, to be written to.
    fn open(&self, fold: &Fold) -> Result<(RunFolder, RunConfig, Split), Error> {
        let folder = fold_folder(self.out, &fold.name);
        if let Some((run, config)) = self.plan.reopen(&folder, self.data)? {
            let run = run.locked()?;
            let split = Split::read(&run.split(), self.data)?;
            return Ok((run, config, split));
        }
        let TrainingPlan { seed, per_class, .. } = *self.plan;
        let split = Split::hold_out(self.data, &fold.test, self.by.split(), seed, per_class)?;
        let (run, config) = self.plan.begin_with(&split, &folder, self.data, &self.source, &self.machine)?;
        Ok((run, config, split))
    }

    fn perform(&self, fold: &Fold, material: &Material, queue: Queue) -> Result<(), Error> {
        if signal::interrupted() {
            return Err(Error::Interrupted(self.again()));
        }
        let (run, config, split) = self.open(fold)?;
        training::train_in_queue(&run, &config, self.data, &split, self.machine.devices(), Some(queue)).map_err(
            |error| match error {
                Error::Interrupted(_) => Error::Interrupted(self.again()),
                error => error,
            },
        )?;
        let outcome = self.ask(fold, material, &run, &config, &split)?;
        let json = serde_json::to_string_pretty(&outcome)
            .map_err(|error| Error::Usage(format!("the fold {} has no JSON: {error}", fold.name)))?;
        atomic_file::write(&run.root().join(FILE), json.as_bytes())?;
        let right = outcome.answers.iter().filter(|answer| answer.is_right()).count();
        let unseen = outcome.answers.iter().filter(|answer| answer.malignant().is_none()).count();
        output::progress(format_args!(
            "{}: {right} of {} fields right about benign or malignant, {unseen} with nothing to see",
            fold.name,
            outcome.answers.len()
        ));
        Ok(())
    }

    /// What the trained network says of the fold, and what the colours say.
    fn ask(
        &self,
        fold: &Fold,
        material: &Material,
        run: &RunFolder,
        config: &RunConfig,
        split: &Split,
    ) -> Result<FoldOutcome, Error> {
        let network = FloatNetwork::load(config, &run.root().join("chosen.bpk"), self.machine.main_device())?;
        let logits =
            |items: &[Item]| network.logits(&batches::examples(self.data, &material.inputs, items), Progress::Shown);
        let validation: Vec<Item> = split.items(Part::Validation).copied().collect();
        let scored: Vec<Scored> = logits(&validation)?
            .into_iter()
            .zip(&validation)
            .filter_map(|(logits, item)| {
                Scored::new(self.data.images[item.image].class, logits.observed()?, 1.0).observed()
            })
            .collect();
        let calibration = OperatingPoint::choose(&scored).map_or(Calibration::NONE, |point| point.calibration);
        let item = |&image: &usize| Item { image, symmetry: Symmetry::Identity, part: Part::Test };
        let items: Vec<Item> = fold.test.iter().map(item).collect();
        let (set, method, question) = (ColourSet::Six, Method::NearestNeighbours, Question::Malignant);
        let colours = colour_baseline::predict(self.data, &material.colours, set, method, question, fold)?;
        let answers = logits(&items)?.into_iter().zip(&items).zip(colours).map(|((logits, item), shares)| {
            let image = &self.data.images[item.image];
            Answer {
                file: image.file.clone(),
                group: image.group,
                truth: image.class,
                probabilities: logits.map(|logits| calibration.probabilities(&logits)),
                colour: shares[1],
            }
        });
        Ok(FoldOutcome {
            name: fold.name.clone(),
            epoch: config.chosen(&run.epochs()?).map_or(config.plan.epochs, |epoch| epoch.epoch),
            calibration,
            validation_unseen: validation.len() - scored.len(),
            answers: answers.collect(),
        })
    }

    fn read(&self, fold: &Fold) -> Result<Option<FoldOutcome>, Error> {
        let folder = fold_folder(self.out, &fold.name);
        let path = folder.join(FILE);
        if self.plan.reopen(&folder, self.data)?.is_none() || !path.is_file() {
            return Ok(None);
        }
        let text = std::fs::read_to_string(&path).map_err(Error::io("read", &path))?;
        let outcome = serde_json::from_str(&text).map_err(|error| {
            Error::content(
                &path,
                format!("is no fold's outcome of this version: {error}; delete it, and the fold is asked again"),
            )
        })?;
        Ok(Some(outcome))
    }

    /// Trains folds in processes of their own: the same program, resuming the run that was begun here.
    fn train_in_parallel(&self, folds: &[&Fold], jobs: usize) -> Result<(), Error> {
        let program = std::env::current_exe().map_err(Error::io("find", Path::new("this program")))?;
        let mut waiting = folds.iter();
        let mut running: Vec<(String, PathBuf, Child)> = Vec::new();
        signal::on_interrupt(|| ());
        loop {
            while running.len() < jobs && !signal::interrupted() {
                let Some(fold) = waiting.next() else { break };
                // From here on the other process has the folder.
                let root = self.open(fold)?.0.root().to_path_buf();
                let log = root.join("train.log");
                let file = std::fs::File::options().create(true).append(true).open(&log);
                let file = file.map_err(Error::io("write", &log))?;
                let errors = file.try_clone().map_err(Error::io("write", &log))?;
                let child = Command::new(&program)
                    .args(["train", "--resume"])
                    .args(self.machine.arguments())
                    .arg("--data")
                    .arg(self.source.root)
                    .arg("--out")
                    .arg(&root)
                    .stdin(Stdio::null())
                    .stdout(file)
                    .stderr(errors)
                    .spawn()
                    .map_err(Error::io("start", &program))?;
                output::progress(format_args!("{}: training, see {}", fold.name, log.printable()));
                running.push((fold.name.clone(), log, child));
            }
            if running.is_empty() {
                break;
            }
            std::thread::sleep(Duration::from_millis(200));
            let mut still = Vec::new();
            for (name, log, mut child) in running {
                match child.try_wait().map_err(Error::io("wait for", &program))? {
                    None => still.push((name, log, child)),
                    Some(status) if status.success() => output::progress(format_args!("{name}: trained")),
                    Some(_) if signal::interrupted() => {}
                    Some(status) => {
                        for (.., mut other) in still {
                            // Its checkpoints stay; the same command goes on from them.
                            let _ = other.kill();
                            let _ = other.wait();
                        }
                        return Err(Error::content(
                            &log,
                            format!("the training of {name} ended with {status}; the log says why"),
                        ));
                    }
                }
            }
            running = still;
        }
        if signal::interrupted() { Err(Error::Interrupted(self.again())) } else { Ok(()) }
    }
}
