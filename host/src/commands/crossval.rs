//! `crossval`: measures a way of training on data it has not seen, fold by fold.

mod ask;

use std::path::PathBuf;

use blastscope_files::Printable as _;

use self::ask::{Material, ask};
use crate::{
    Error,
    commands::machine::MachineChoice,
    data::{dataset::Dataset, folds::Fold},
    measure::{
        crossval::{By, FoldOutcome, folds, summary::Summary},
        slides::{self, Sitting},
    },
    report::crossval::{Setup, text, write},
    statistics::bootstrap::Bootstrap,
    support::{folder_lock::FolderLock, output, progress::Progress},
    training::{
        begin::Source,
        plan::TrainingPlan,
        queue::{Entry, Queue},
    },
};

/// Train on all folds but one, measure on that fold, for each fold in turn.
///
/// With --by session, the folds are sittings at the microscope. The report shows how well benign and malignant fields are told
/// apart on sittings the network has never seen, beside what six colour numbers achieve on the same folds. Finished folds are kept:
/// the same command resumes after an interruption. Writes REPORT.md, report.html, results.json, and evidence.json for a model's
/// card. Also measures pseudo-slides of consecutive fields of the sittings left out; quantize and jury take their pooling from
/// results.json with --sittings.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  blastscope-host crossval --data all_pbs --out runs/sittings --recipe robust
  blastscope-host crossval --data all_pbs --out runs/sittings-paper --epochs 5 --schedule one-cycle --jobs 2
  blastscope-host crossval --data all_pbs --out runs/groups --by group --folds 10 --recipe robust --json")]
pub struct Crossval {
    /// Folder of images.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Folder for the folds' runs and the report.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// What each fold holds out.
    #[arg(long, value_enum, default_value_t = By::Session)]
    by: By,
    /// Number of folds for group or random; session makes one fold per sitting.
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=100))]
    folds: u32,
    /// Train only these folds, by name, such as Ben-08; can be given several times.
    #[arg(long, value_name = "FOLD")]
    only: Vec<String>,
    /// Folds to train at once, each in its own process; for GPUs with enough memory.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    jobs: u32,
    #[command(flatten)]
    plan: TrainingPlan,
    /// Table of overlap groups and sittings; by default DIR/groups.csv if it exists.
    #[arg(long, value_name = "FILE")]
    groups: Option<PathBuf>,
    #[command(flatten)]
    machine: MachineChoice,
    /// Print the results as JSON instead of a table.
    #[arg(long)]
    json: bool,
}

impl Crossval {
    /// Runs the command.
    ///
    /// # Errors
    /// The command failed; one sentence says why.
    pub fn run(&self) -> Result<(), Error> {
        let machine = self.machine.open()?;
        let hardware = machine.to_string();
        let data = Dataset::scan(&self.data, self.groups.as_deref(), Progress::Shown)?;
        let plan = folds(&data, self.by, self.folds as usize, self.plan.split_seed)?;
        if let Some(unknown) = self.only.iter().find(|name| !plan.folds.iter().any(|fold| fold.name == **name)) {
            let names: Vec<&str> = plan.folds.iter().map(|fold| fold.name.as_str()).collect();
            return Err(Error::Usage(format!("--only {unknown} is not a fold; the folds are {}", names.join(", "))));
        }
        if plan.unknown > 0 {
            output::note(format_args!("warning: {} pictures have no known sitting; they are in no fold", plan.unknown));
        }
        let chosen: Vec<Fold> =
            plan.folds.iter().filter(|fold| self.only.is_empty() || self.only.contains(&fold.name)).cloned().collect();
        let training = TrainingPlan { split: self.by.split(), ..self.plan.clone() };
        let entries = |folds: &[Fold]| -> Vec<Entry> {
            let entry = |fold: &Fold| Entry {
                name: fold.name.clone(),
                folder: folder(&fold.name),
                plan: training.clone(),
                held_out: Some(fold.test.clone()),
            };
            folds.iter().map(entry).collect()
        };
        let queue = Queue {
            out: &self.out,
            data: &data,
            source: Source { root: &self.data, groups: self.groups.as_deref() },
            machine,
            noun: "fold",
            file: "fold.json",
        };
        let _lock = FolderLock::take(&self.out)?;
        let setup = Setup {
            by: self.by,
            recipe: training.recipe.name(),
            epochs: training.epochs,
            training: &training.facts(),
            drawn: data.drawn,
            impossible: &plan.impossible,
            planned: plan.folds.len(),
            hardware: &hardware,
        };
        let all = entries(&plan.folds);
        // All finished folds, including those of earlier calls with another --only.
        let report = || {
            let outcomes: Vec<FoldOutcome> = queue.outcomes(&all)?.into_iter().flatten().collect();
            let summary = Summary::new(&outcomes, Bootstrap::default());
            let sittings: Vec<Sitting> = outcomes.iter().filter_map(FoldOutcome::sitting).collect();
            let slides = (self.by == By::Session).then(|| slides::measure(&sittings, Bootstrap::default()));
            write(&self.out, &setup, &outcomes, &summary, slides.as_ref()).map(|()| (summary, slides))
        };
        let mut material = None;
        queue.conduct(
            &entries(&chosen),
            self.jobs as usize,
            |at, outcomes| (outcomes[at + 1..].iter().filter(|outcome| outcome.is_none()).count() as f64, None),
            |at, trained| {
                let material = match &mut material {
                    Some(material) => material,
                    none => none.insert(Material::read(&data, &training.sight().framing)?),
                };
                ask(&data, &chosen[at], material, trained, queue.machine.main_device())
            },
            |_| report().map(|_| ()),
        )?;
        let (summary, slides) = report()?;
        if self.json {
            output::json(crate::report::crossval::json(&setup, &summary, slides.as_ref())?)?;
        } else {
            output::line(text(&setup, &summary, slides.as_ref()))?;
            output::line(format_args!("report: {}", self.out.join("report.html").printable()))?;
        }
        Ok(())
    }
}

/// The run folder of a fold.
fn folder(fold: &str) -> String {
    let name: String = fold.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' }).collect();
    format!("fold-{name}")
}
