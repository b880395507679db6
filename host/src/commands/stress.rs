//! `stress`: measures a model on degraded pictures.

use std::path::{Path, PathBuf};

use blastscope_files::Printable as _;
use clap::Args;

use super::pictures::Which;
use crate::{
    Error,
    data::dataset::Dataset,
    measure::{
        degradation::Degradation,
        evidence::{Evidence, Origin},
        screening, stress,
    },
    support::{atomic_file, folder_lock::FolderLock, output, progress::Progress},
};

/// Measure a model on degraded pictures: out of focus, too dark or bright, stained differently, in another light, noisy, compressed or
/// sharpened, with a vignette, at another magnification, from another sensor.
///
/// Every picture is degraded in five severities of each kind before preprocessing, and judged as the device judges it. Shows first
/// what is said and wrong, then what the quality gate stops, what the model abstains from, and the accuracy.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  blastscope-host stress --model models/blastscope.bsm --data all_pbs --out stress
  blastscope-host stress --model models/blastscope.bsm --data all_pbs --only blur,pale-stain --json")]
pub struct Stress {
    /// Model file.
    #[arg(long, value_name = "MODEL")]
    model: PathBuf,
    /// Folder of labelled images.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Which part of the data.
    #[arg(long, value_enum, default_value_t = Which::Test)]
    split: Which,
    /// Degradations to apply, separated by commas; by default all.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "KIND")]
    only: Vec<Degradation>,
    /// Folder for stress.json, stress.svg and the report stress.html.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print JSON instead of a table; `card` writes a model card from it.
    #[arg(long)]
    json: bool,
}

impl Stress {
    /// Runs the command.
    ///
    /// # Errors
    /// The command failed; one sentence says why.
    pub fn run(&self) -> Result<(), Error> {
        let _lock = self.out.as_deref().map(FolderLock::take).transpose()?;
        let classifier = screening::read_model(&self.model)?;
        let data = Dataset::scan(&self.data, None, Progress::Shown)?;
        let images = self.split.select(&self.model, &classifier, &data)?;
        let what = self.split.describe_for(&classifier, &data);
        let subject = format!("{} in int8 ({:.12}), {what}", classifier.card().name, classifier.model_id());
        let wanted = |kind: &Degradation| self.only.is_empty() || self.only.contains(kind);
        let kinds: Vec<Degradation> = Degradation::ALL.into_iter().filter(wanted).collect();
        let measured = stress::Stress::measure(&subject, &classifier, &data, &images, &kinds, Progress::Shown)?;
        let origin = Origin::new(&classifier, &data, what);
        let evidence = Evidence::Stress { origin, stress: Box::new(measured.clone()) };
        if let Some(folder) = &self.out {
            write(folder, &evidence, &measured)?;
        }
        if self.json {
            output::json(evidence.json()?)?;
        } else {
            output::line(measured.table())?;
        }
        Ok(())
    }
}

fn write(folder: &Path, evidence: &Evidence, measured: &stress::Stress) -> Result<(), Error> {
    atomic_file::write(&folder.join("stress.json"), evidence.json()?.as_bytes())?;
    atomic_file::write(&folder.join("stress.svg"), measured.svg().as_bytes())?;
    measured.report().write_html(&folder.join("stress.html"))?;
    Progress::Shown.say(format_args!("{}: stress.json, stress.svg and stress.html", folder.printable()));
    Ok(())
}
