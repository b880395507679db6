//! `jury`: makes one model of several.

use std::path::{Path, PathBuf};

use blastscope_files::Printable as _;
use blastscope_shared::{Classifier, artifact::Measurement};
use clap::Args;
use serde_json::json;

use crate::{
    Error,
    data::{dataset::Dataset, picture::read_file},
    measure::slides,
    pack::jury::{self, Assembled, Candidates, JuryPlan},
    support::{
        atomic_file,
        notice::{DRAWN_FIELDS, RESEARCH_USE_ONLY},
        output,
        progress::Progress,
    },
};

/// Make one model of two to four, whose networks must agree before a verdict is spoken.
///
/// Networks that see different things, such as single cells and whole fields, fail on different fields. In the new model each of
/// them is a juror. A juror that a field is strange to is silent; if enough jurors know the field and those agree, the verdict is
/// spoken. Chooses the pooling of their probabilities and the thresholds on validation pictures, and measures on test pictures that
/// no model was trained on.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  blastscope-host jury --models cells.bsm models/paper.bsm --data all_pbs --out jury.bsm
  blastscope-host jury --models cells.bsm fields.bsm --data all_pbs --out jury.bsm --malignancy-only 1 --json")]
pub struct Jury {
    /// Model files; heat maps are those of the first.
    #[arg(long, num_args = 2..=4, required = true, value_name = "MODEL")]
    models: Vec<PathBuf>,
    /// Folder of labelled images that the models were made from.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Model file to write.
    #[arg(long, value_name = "MODEL")]
    out: PathBuf,
    /// The model's name in its card.
    #[arg(long, default_value = "blastscope", value_name = "NAME")]
    name: String,
    /// How many networks must know a field before anything is said of it; by default all.
    #[arg(long, value_name = "N")]
    quorum: Option<usize>,
    /// Numbers of the networks, from 1, that only say benign or malignant; separated by spaces or commas.
    #[arg(long, num_args = 1.., value_delimiter = ',', value_name = "N")]
    malignancy_only: Vec<usize>,
    /// results.json of a crossval --by session, from which the pooling of a slide's fields is taken; without it, the conservative
    /// default is written.
    #[arg(long, value_name = "FILE")]
    sittings: Option<PathBuf>,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
}

impl Jury {
    /// Runs the command.
    ///
    /// # Errors
    /// The command failed; one sentence says why.
    pub fn run(&self) -> Result<(), Error> {
        let real = |path: &Path| std::fs::canonicalize(path).ok();
        if self.out.exists() && self.models.iter().any(|model| real(model) == real(&self.out)) {
            return Err(Error::content(&self.out, "is one of the models to start from; give another --out"));
        }
        let files = self.models.iter().map(|path| read_file(path)).collect::<Result<Vec<_>, Error>>()?;
        let models: Vec<(&Path, &[u8])> =
            self.models.iter().map(PathBuf::as_path).zip(files.iter().map(Vec::as_slice)).collect();
        let plan =
            JuryPlan { name: self.name.clone(), quorum: self.quorum, malignancy_only: self.malignancy_only.clone() };
        let mut candidates = Candidates::read(&models, plan)?;
        if let Some(sittings) = &self.sittings {
            let slide = slides::read_pooling(sittings, candidates.is_drawn())?;
            candidates = candidates.pooling_slides(slide);
        }
        let data = Dataset::scan(&self.data, None, Progress::Shown)?;
        let Assembled { bytes, validation, unseen, results } = jury::assemble(&candidates, &data, Progress::Shown)?;
        atomic_file::write(&self.out, &bytes)?;
        let written = read_file(&self.out)?;
        let classifier = Classifier::read(&written).map_err(|error| Error::content(&self.out, error.to_string()))?;
        if self.json {
            let report = json!({
                "statement": RESEARCH_USE_ONLY,
                "file": self.out,
                "model": classifier.model_id(),
                "bytes": bytes.len(),
                "networks": classifier.jurors().len(),
                "quorum": classifier.judge().jury().quorum(),
                "thresholds": classifier.thresholds(),
                "slide": classifier.slide(),
                "validation_fields": validation,
                "validation_fields_unseen": unseen,
                "results": results,
            });
            return output::json(format_args!("{report:#}"));
        }
        if data.drawn {
            output::line(DRAWN_FIELDS)?;
        }
        output::line(format_args!(
            "pooling and thresholds were chosen on {validation} validation pictures; in {unseen} of them too few networks saw \
             anything"
        ))?;
        for Measurement { what, value, low, high, count, .. } in &results {
            let [value, low, high] = [value, low, high].map(|share| f64::from(*share) * 100.0);
            output::line(format_args!("  {what:<52} {value:6.2} %  [{low:.2}, {high:.2}]  n = {count}"))?;
        }
        output::line(format_args!("{}: {} bytes, model {}", self.out.printable(), bytes.len(), classifier.model_id()))
    }
}
