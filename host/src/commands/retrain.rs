//! `retrain`: makes the next model from corrected fields.

use std::path::PathBuf;

use blastscope_files::Printable as _;
use blastscope_shared::Class;
use clap::Args;

use crate::{
    Error,
    data::{dataset::Dataset, picture::read_file},
    pack::retraining::{Contest, RetrainingPlan, retrain},
    support::{
        atomic_file,
        notice::{DRAWN_FIELDS, RESEARCH_USE_ONLY},
        output,
        progress::Progress,
    },
};

/// Retrain a model on the fields that operators corrected and confirmed, and measure it against the current model.
///
/// The last layer learns from the exports of `blastscope export --for-training` and from fields of the model's own training part.
/// Champion and challenger are then measured on the locked test part. If the challenger is worse by more than --tolerance in any
/// score, it is not written and the command fails. The scores are accuracy, sensitivity, specificity, each class's recall,
/// calibration error and the share of fields answered. Sign the new model before it goes to a device.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  blastscope-host retrain --base models/blastscope.bsm --data all_pbs --add monday tuesday --out next.bsm
  blastscope-host sign next.bsm --key clinic.key --out next-signed.bsm")]
pub struct Retrain {
    /// The champion: the model file in use.
    #[arg(long, value_name = "MODEL")]
    base: PathBuf,
    /// Data set the champion was made from.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Folders of corrected fields, in the layout of `blastscope export --for-training`.
    #[arg(long, value_name = "EXPORT", num_args = 1.., required = true)]
    add: Vec<PathBuf>,
    /// Where to write the challenger.
    #[arg(long, value_name = "MODEL")]
    out: PathBuf,
    /// Fields of the training part to replay, so that the model does not forget them.
    #[arg(long, default_value_t = 400, value_name = "N", value_parser = clap::value_parser!(u32).range(4..=100_000))]
    replay: u32,
    /// Weight of a corrected field relative to a replayed one.
    #[arg(long, default_value_t = 10.0, value_name = "WEIGHT", value_parser = emphasis)]
    emphasis: f64,
    /// How much worse the challenger may be in any score, in percentage points.
    #[arg(long, default_value_t = 1.0, value_name = "PERCENT", value_parser = percent)]
    tolerance: f64,
    /// Seed for drawing the replayed fields.
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
}

fn emphasis(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(weight) if (0.1..=1000.0).contains(&weight) => Ok(weight),
        _ => Err("give a weight from 0.1 to 1000, such as 10".into()),
    }
}

fn percent(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(percent),
        _ => Err("give percent from 0 to 100, such as 1".into()),
    }
}

impl Retrain {
    /// Runs the command.
    ///
    /// # Errors
    /// The command failed, or the challenger is worse; one sentence says why.
    pub fn run(&self) -> Result<(), Error> {
        if self.out.exists() && std::fs::canonicalize(&self.out).ok() == std::fs::canonicalize(&self.base).ok() {
            return Err(Error::content(&self.out, "is the model in use; give another --out"));
        }
        let file = read_file(&self.base)?;
        let data = Dataset::scan(&self.data, None, Progress::Shown)?;
        let additions: Result<Vec<Dataset>, Error> =
            self.add.iter().map(|folder| Dataset::scan_some(folder, None, Progress::Shown)).collect();
        let plan = RetrainingPlan {
            replay: self.replay as usize,
            emphasis: self.emphasis,
            tolerance: self.tolerance / 100.0,
            seed: self.seed,
        };
        let (bytes, contest) = retrain(&file, &data, &additions?, &plan, Progress::Shown)?;
        let is_taken = contest.worse.is_empty();
        if is_taken {
            atomic_file::write(&self.out, &bytes)?;
        }
        if self.json {
            let text = serde_json::to_string_pretty(&contest)
                .map_err(|error| Error::Usage(format!("the outcome cannot be written: {error}")))?;
            output::json(text)?;
        } else {
            tell(&data, &contest)?;
        }
        if !is_taken {
            return Err(Error::Usage(format!(
                "the challenger is worse than the model in use and was not written: {}; correct more fields, lower --emphasis or \
                 raise --replay",
                contest.worse.join("; ")
            )));
        }
        if !self.json {
            output::line(format_args!(
                "{}: model {:.12}\n{RESEARCH_USE_ONLY}",
                self.out.printable(),
                contest.challenger
            ))?;
        }
        Ok(())
    }
}

fn tell(data: &Dataset, contest: &Contest) -> Result<(), Error> {
    if data.drawn {
        output::line(DRAWN_FIELDS)?;
    }
    let counts = Class::ALL.map(|class| format!("{class} {}", contest.learned[class.index()])).join(", ");
    let learned: usize = contest.learned.iter().sum();
    output::line(format_args!(
        "learned from {learned} corrected fields ({counts}) and {} replayed ones; {} left out; held by {}",
        contest.replayed,
        contest.left_out,
        contest.pulls.iter().map(f64::to_string).collect::<Vec<_>>().join(" and ")
    ))?;
    if contest.validation_unseen > 0 {
        output::line(format_args!(
            "nothing was seen in {} validation fields; they did not take part in any choice",
            contest.validation_unseen
        ))?;
    }
    if !contest.by_specimen {
        output::line(super::adapt::FIELD_BY_FIELD)?;
    }
    let [was, is] = contest.corrected_right;
    output::line(format_args!("corrected fields classified correctly: champion {was}, challenger {is}"))?;
    output::line(format_args!(
        "\nOn the {} fields of the locked part:\n{}",
        contest.locked.fields,
        contest.locked.table()
    ))
}
