//! `adapt`: fits a model to a new site with a few labelled fields.

use std::path::PathBuf;

use blastscope_files::Printable as _;
use clap::Args;
use serde::Serialize;

use super::pictures::Which;
use crate::{
    Error,
    data::{dataset::Dataset, folds::Fold, picture::read_file},
    measure::{
        colour_baseline::{self, ColourFeatures, ColourSet, Method, Question},
        paired::Paired,
        prediction::Prediction,
        screening,
    },
    pack::adaptation,
    statistics::bootstrap::Bootstrap,
    support::{
        atomic_file,
        notice::{DRAWN_FIELDS, RESEARCH_USE_ONLY},
        output,
        progress::Progress,
    },
};
use blastscope_shared::{Class, Classifier, Framing, Rate, adaptation::Fitted};

/// Note printed when cross-validation cannot leave out whole overlap groups.
pub(super) const FIELD_BY_FIELD: &str =
    "cross-validated field by field, because one class comes from a single specimen: expect worse on the next slide";

/// Adapt a model to a new microscope with labelled fields from it.
///
/// Cross-validation chooses how far to move the last layer; calibration and thresholds are chosen anew. About a hundred fields of
/// at least two classes suffice. With --fields N, the model learns from about N fields, drawn as whole overlap groups, and is
/// measured before and after on the rest. Six colour numbers learn from the same fields: if they do as well, the site differs only
/// in colour, and the gain says nothing about cells.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  blastscope-host adapt --model models/blastscope.bsm --data clinic --out clinic.bsm
  blastscope-host adapt --model models/blastscope.bsm --data clinic --fields 100 --out clinic.bsm --json")]
pub struct Adapt {
    /// Model file to start from.
    #[arg(long, value_name = "MODEL")]
    model: PathBuf,
    /// Folder of the site's labelled images, in the layout that train reads.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Which of its pictures to use; test and val are those of the model's own split.
    #[arg(long, value_enum, default_value_t = Which::All)]
    split: Which,
    /// Learn from about N fields and measure on the rest; by default learn from all.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(20..=100_000))]
    fields: Option<u32>,
    /// Seed of the draw.
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Where to write the adapted model.
    #[arg(long, value_name = "MODEL")]
    out: PathBuf,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// Also draw the differences to this SVG file.
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
}

/// The `--json` output.
#[derive(Serialize)]
struct Outcome {
    statement: &'static str,
    base: String,
    adapted: String,
    fitted: Fitted,
    /// Measured on fields that the model did not learn from.
    measured: Option<Measured>,
}

#[derive(Serialize)]
struct Measured {
    #[serde(flatten)]
    paired: Paired,
    /// Share right about benign or malignant: model before, model after, six colour numbers with five neighbours.
    benign_or_malignant: [Rate; 3],
    /// Balanced accuracy of the same three, 0..=1: the mean of the shares of benign and of malignant fields that are right.
    balanced: [Option<f64>; 3],
}

impl Adapt {
    /// Runs the command.
    ///
    /// # Errors
    /// The command failed; one sentence says why.
    pub fn run(&self) -> Result<(), Error> {
        if self.out.exists() && std::fs::canonicalize(&self.out).ok() == std::fs::canonicalize(&self.model).ok() {
            return Err(Error::content(&self.out, "is the model to start from; give another --out"));
        }
        let file = read_file(&self.model)?;
        let before = screening::read_model(&self.model)?;
        let data = Dataset::scan_some(&self.data, None, Progress::Shown)?;
        let images = self.split.select(&self.model, &before, &data)?;
        let (labelled, rest) = match self.fields {
            Some(count) => adaptation::draw(&data, &images, count as usize, self.seed),
            None => (images, Vec::new()),
        };
        let (bytes, fitted) = adaptation::adapt(&file, &data, &labelled, Progress::Shown)?;
        if !adaptation::groups_suffice(labelled.iter().map(|&image| &data.images[image])) {
            output::note(format_args!("note: {FIELD_BY_FIELD}"));
        }
        let after = Classifier::read(&bytes).map_err(|error| Error::Usage(format!("the adapted model {error}")))?;
        let measured =
            if rest.is_empty() { None } else { Some(measure([&before, &after], &data, &labelled, &rest, self.seed)?) };
        atomic_file::write(&self.out, &bytes)?;
        if let (Some(path), Some(measured)) = (&self.picture, &measured) {
            let notices = [data.drawn.then_some(DRAWN_FIELDS)];
            let notices: Vec<&str> = notices.into_iter().flatten().collect();
            atomic_file::write(path, measured.paired.svg(&notices).as_bytes())?;
        }
        if self.json {
            let outcome = Outcome {
                statement: RESEARCH_USE_ONLY,
                base: before.model_id().to_owned(),
                adapted: after.model_id().to_owned(),
                fitted,
                measured,
            };
            let text = serde_json::to_string_pretty(&outcome)
                .map_err(|error| Error::Usage(format!("the outcome cannot be written: {error}")))?;
            output::json(text)?;
        } else {
            self.tell(&data, &after, &fitted, measured.as_ref())?;
        }
        Ok(())
    }

    fn tell(
        &self,
        data: &Dataset,
        after: &Classifier,
        fitted: &Fitted,
        measured: Option<&Measured>,
    ) -> Result<(), Error> {
        if data.drawn {
            output::line(DRAWN_FIELDS)?;
        }
        output::line(fitted)?;
        if let Some(measured) = measured {
            output::line(format_args!(
                "\nOn the {} held-out fields:\n{}",
                measured.paired.fields,
                measured.paired.table()
            ))?;
            output::line("benign or malignant  right   balanced")?;
            for ((name, rate), balanced) in ["before", "after", "six colour numbers"]
                .iter()
                .zip(measured.benign_or_malignant)
                .zip(measured.balanced)
            {
                let share =
                    |share: Option<f64>| share.map_or("   -   ".into(), |share| format!("{:5.1} %", share * 100.0));
                output::line(format_args!("{name:<19}  {}  {}", share(rate.value), share(balanced)))?;
            }
        }
        output::line(format_args!("{}: model {:.12}\n{RESEARCH_USE_ONLY}", self.out.printable(), after.model_id()))
    }
}

/// Measures both models, and the six colour numbers, on `rest`.
fn measure(
    models: [&Classifier; 2],
    data: &Dataset,
    labelled: &[usize],
    rest: &[usize],
    seed: u64,
) -> Result<Measured, Error> {
    let predictions: Vec<Vec<Prediction>> = models
        .into_iter()
        .map(|model| screening::predictions(model, data, rest, Progress::Shown))
        .collect::<Result<_, Error>>()?;
    let groups: Vec<u32> = rest.iter().map(|&image| data.images[image].group).collect();
    let bootstrap = Bootstrap { seed, ..Bootstrap::default() };
    let paired = Paired::new(["before", "after"], [&predictions[0], &predictions[1]], &groups, bootstrap)?;

    let for_colours = Framing::square(224);
    let colours = ColourFeatures::of(&data.load_inputs(&for_colours, Progress::Silent)?, &for_colours)?;
    let fold = Fold { name: "site".into(), train: labelled.to_vec(), test: rest.to_vec() };
    let (set, method, question) = (ColourSet::Six, Method::NearestNeighbours, Question::Malignant);
    let shares = colour_baseline::predict(data, &colours, set, method, question, &fold)?;
    // `None`: nothing was seen, so never right.
    let malignant = |predictions: &[Prediction]| -> Vec<Option<bool>> {
        let of = |one: &Prediction| Some(one.probabilities.observed()?[Class::Benign.index()] < 0.5);
        predictions.iter().map(of).collect()
    };
    let by_colour = shares.iter().map(|shares| Some(shares[1] > 0.5)).collect();
    let answers = [malignant(&predictions[0]), malignant(&predictions[1]), by_colour];
    let rate = |answers: &[Option<bool>], side: Option<bool>| {
        let cases = || {
            let truths = rest.iter().map(|&image| data.images[image].class.is_malignant());
            truths.zip(answers).filter(|(truth, _)| side.is_none_or(|side| side == *truth))
        };
        Rate::new(cases().filter(|(truth, answer)| Some(*truth) == **answer).count(), cases().count())
    };
    let balanced = |answers: &Vec<Option<bool>>| {
        Some(rate(answers, Some(false)).value?.midpoint(rate(answers, Some(true)).value?))
    };
    Ok(Measured {
        paired,
        benign_or_malignant: answers.each_ref().map(|answers| rate(answers, None)),
        balanced: answers.each_ref().map(balanced),
    })
}
