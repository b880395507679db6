//! `evaluate`: measures a run's float network or a model's int8 network on a data set.

use std::path::{Path, PathBuf};

use blastscope_shared::Class;
use clap::Args;

use super::pictures::Which;
#[cfg(feature = "training")]
use crate::data::{split::Item, symmetry::Symmetry};
use crate::{
    Error,
    data::{dataset::Dataset, split::Part},
    measure::{
        colour_baseline::{self, ColourFeatures},
        evaluation::{Evaluation, Subject},
        evidence::{Evidence, Origin},
        prediction::Prediction,
        screening,
        slides::Slides,
        unfamiliar::{Familiar, Unfamiliar},
    },
    report::slides,
    statistics::bootstrap::Bootstrap,
    support::{atomic_file, output, progress::Progress},
};

/// Measure a trained network: accuracy, precision, recall, F1, confusion, sensitivity and specificity with intervals; how reliable
/// its probabilities are, what abstaining gains, and how it treats unfamiliar pictures.
///
/// --run measures the float network of a training; --model measures the int8 network of an artifact, exactly as the device runs it.
/// A model knows its pictures by content, so --split test finds its test part in any copy of the data set.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  blastscope-host evaluate --run runs/first
  blastscope-host evaluate --model models/blastscope.bsm --data all_pbs --split test --picture test.svg
  blastscope-host evaluate --model models/blastscope.bsm --data all_pbs --unfamiliar other_laboratory --unfamiliar holidays
  blastscope-host evaluate --model models/blastscope.bsm --data all_pbs --slides
  blastscope-host evaluate --model models/blastscope.bsm --data other_clinic --split all --json")]
pub struct Evaluate {
    #[command(flatten)]
    network: Network,
    /// Folder of labelled images; with --run, by default the run's own.
    #[cfg_attr(feature = "training", arg(long, value_name = "DIR", required_unless_present = "run"))]
    #[cfg_attr(not(feature = "training"), arg(long, value_name = "DIR", required = true))]
    data: Option<PathBuf>,
    /// Which part of the data.
    #[arg(long, value_enum, default_value_t = Which::Test)]
    split: Which,
    /// Folder of pictures that the model should not be sure about, such as smears of another laboratory or pictures that are not
    /// smears. Needs --model. Can be given several times.
    #[arg(long, value_name = "DIR", requires = "model")]
    unfamiliar: Vec<PathBuf>,
    /// Also judge pseudo-slides: 1, 3, 5, 10 and 20 consecutive fields of a sitting, as the model judges a slide. Needs --model.
    #[arg(long, requires = "model")]
    slides: bool,
    /// Print JSON instead of a table; `card` writes a model card from it.
    #[arg(long)]
    json: bool,
    /// Also draw the result to this SVG file.
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// Also write every prediction to this CSV file.
    #[arg(long, value_name = "FILE")]
    predictions: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Network {
    /// Run folder of a training; measures its chosen weights, in float.
    #[cfg(feature = "training")]
    #[arg(long, value_name = "RUN")]
    run: Option<PathBuf>,
    /// Model file; measured in int8.
    #[arg(long, value_name = "MODEL")]
    model: Option<PathBuf>,
}

impl Evaluate {
    /// Runs the command.
    ///
    /// # Errors
    /// The command failed; one sentence says why.
    pub fn run(&self) -> Result<(), Error> {
        let Measured { evaluation, baseline, predictions, origin } = self.measure()?;
        let unreadable: usize = evaluation.unfamiliar.iter().map(|folder| folder.unreadable).sum();
        if let Some(path) = &self.picture {
            atomic_file::write(path, evaluation.svg().as_bytes())?;
        }
        if let Some(path) = &self.predictions {
            atomic_file::write(path, &predictions_csv(&predictions, path)?)?;
        }
        if self.json {
            let evidence = Evidence::Evaluate {
                origin,
                evaluation: Box::new(evaluation),
                colour_baseline: baseline.map(Box::new),
            };
            output::json(evidence.json()?)?;
            return whole(unreadable);
        }
        output::line(evaluation.table())?;
        if let Some(slides) = &evaluation.slides {
            output::line(format_args!("\n{}", slides::text(slides)))?;
        }
        if let Some(baseline) = &baseline {
            output::line(format_args!(
                "\nSix colour numbers (mean and standard deviation of red, green and blue, 5 nearest neighbours) reach {} {} on \
                 the same pictures.",
                baseline.accuracy.percent(),
                baseline.accuracy.interval()
            ))?;
        }
        whole(unreadable)
    }

    #[cfg(feature = "training")]
    fn measure(&self) -> Result<Measured, Error> {
        match (&self.network.run, &self.network.model) {
            (Some(run), _) => self.measure_run(run),
            (None, Some(model)) => self.measure_model(model),
            (None, None) => Err(Error::Usage("give --run RUN or --model MODEL".into())),
        }
    }

    #[cfg(not(feature = "training"))]
    fn measure(&self) -> Result<Measured, Error> {
        match &self.network.model {
            Some(model) => self.measure_model(model),
            None => Err(Error::Usage("give --model MODEL".into())),
        }
    }

    #[cfg(feature = "training")]
    fn measure_run(&self, run: &Path) -> Result<Measured, Error> {
        use crate::training::{self, backend::Backend, run_folder::RunFolder};
        let run = RunFolder::open(run)?;
        let config = run.config()?;
        let (data, split) = run.data(self.data.as_deref(), Progress::Shown)?;
        let (epoch, weights) = run.chosen_weights()?;
        let device = Backend::for_inference()?;
        let inputs = data.load_inputs(&config.sight.framing, Progress::Shown)?;
        let network = training::float_network::FloatNetwork::load(&config, &weights, &device)?;
        let items: Vec<Item> = match self.split.part() {
            Some(part) => split.items(part).copied().collect(),
            None => every_picture(&data),
        };
        let predictions =
            crate::pack::float_predictions::float_predictions(&network, &data, &inputs, &items, Progress::Shown)?;
        let subject = Subject {
            name: format!(
                "{} in float, epoch {epoch}, {} of the {} split with seed {}",
                config.plan.arch.name(),
                self.split.describe(),
                split.kind,
                split.seed
            ),
            drawn: data.drawn,
            warning: split.kind.warning().map(str::to_owned),
        };
        let baseline = self
            .split
            .part()
            .map(|part| colour_baseline::evaluate(&data, &inputs, &config.sight.framing, &split, part))
            .transpose()?;
        let evaluation = Evaluation::new(&subject, &predictions)?;
        Ok(Measured { evaluation, baseline, predictions, origin: None })
    }

    fn measure_model(&self, path: &Path) -> Result<Measured, Error> {
        let classifier = screening::read_model(path)?;
        let Some(root) = &self.data else {
            return Err(Error::Usage("--data DIR is missing: the folder of images to measure on".into()));
        };
        let data = Dataset::scan(root, None, Progress::Shown)?;
        let images = self.split.select(path, &classifier, &data)?;
        let findings = screening::screen(&classifier, &data, &images, Progress::Shown)?;
        let predictions: Vec<_> = images
            .iter()
            .zip(&findings)
            .map(|(&image, finding)| screening::prediction(&data.images[image], finding))
            .collect();
        let what = self.split.describe_for(&classifier, &data);
        let subject = Subject {
            name: format!("{} in int8 ({:.12}), {what}", classifier.card().name, classifier.model_id()),
            drawn: data.drawn,
            warning: None,
        };
        let baseline = self.split.part().map(|part| baseline(&classifier, &data, part)).transpose()?.flatten();
        let mut evaluation = Evaluation::new(&subject, &predictions)?;
        let familiar: Vec<Familiar> = images
            .iter()
            .zip(&findings)
            .filter_map(|(&image, finding)| {
                Some(Familiar { novelty: finding.assessment.novelty()?, group: data.images[image].group })
            })
            .collect();
        for folder in &self.unfamiliar {
            let unfamiliar =
                Unfamiliar::measure(&classifier, folder, &familiar, Bootstrap::default(), Progress::Shown)?;
            evaluation.unfamiliar.push(unfamiliar);
        }
        if self.slides {
            let sittings = screening::sittings(&data, &images, &findings);
            evaluation.slides = Some(Slides::new(&sittings, |_, _| *classifier.slide()));
        }
        let origin = Some(Origin::new(&classifier, &data, what));
        Ok(Measured { evaluation, baseline, predictions, origin })
    }
}

/// Fails when a picture below --unfamiliar could not be measured.
fn whole(unreadable: usize) -> Result<(), Error> {
    if unreadable == 0 {
        return Ok(());
    }
    Err(Error::Usage(format!(
        "{unreadable} files or folders of --unfamiliar cannot be read (see the warnings); the numbers cover only the others"
    )))
}

/// The six colour numbers on the parts that the model knows, if its training pictures are in the data.
fn baseline(
    classifier: &blastscope_shared::Classifier,
    data: &Dataset,
    part: Part,
) -> Result<Option<Evaluation>, Error> {
    let pictures = &classifier.provenance().pictures;
    let [train, test] = [Part::Train, part].map(|part| screening::known_as(pictures, data, Some(part)));
    if train.is_empty() {
        return Ok(None);
    }
    let features = ColourFeatures::of(&data.load_inputs(classifier.framing(), Progress::Shown)?, classifier.framing())?;
    let subject = Subject {
        name: colour_baseline::name(&format!("{part} part of the model's data")),
        drawn: data.drawn,
        warning: None,
    };
    colour_baseline::score(data, &features, &train, &test, &subject).map(Some)
}

#[cfg(feature = "training")]
fn every_picture(data: &Dataset) -> Vec<Item> {
    (0..data.images.len()).map(|image| Item { image, symmetry: Symmetry::Identity, part: Part::Test }).collect()
}

struct Measured {
    evaluation: Evaluation,
    baseline: Option<Evaluation>,
    predictions: Vec<Prediction>,
    /// Where the model came from; `None` for a run.
    origin: Option<Origin>,
}

fn predictions_csv(predictions: &[Prediction], path: &Path) -> Result<Vec<u8>, Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |error: csv::Error| Error::content(path, error.to_string());
    writer.write_record(["file", "truth", "class", "Benign", "Early", "Pre", "Pro", "abstained"]).map_err(failed)?;
    for prediction in predictions {
        // Nothing seen: class and probabilities stay empty.
        let class = prediction.class().map_or("", Class::name);
        let mut record = vec![prediction.file.clone(), prediction.truth.name().to_owned(), class.to_owned()];
        record.extend((0..Class::COUNT).map(|at| {
            prediction.probabilities.observed().map_or_else(String::new, |probabilities| probabilities[at].to_string())
        }));
        record.push(prediction.withheld().unwrap_or_default().to_owned());
        writer.write_record(record).map_err(failed)?;
    }
    writer.into_inner().map_err(|error| Error::content(path, error.to_string()))
}
