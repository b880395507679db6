//! `quantize`: from a run's float weights to the artifact that ships.

use std::path::PathBuf;

use blastscope_shared::{
    Class, Classifier,
    artifact::{
        Artifact, Measurement, ModelCard, Novelty, PICTURE_ID_LEN, Pictures, Provenance, STATEMENT, Thresholds,
    },
    novelty::NoveltyStatistics,
};
use rayon::prelude::*;
use serde_json::json;

use crate::{
    Error, atomic_file, colour_baseline,
    dataset::{Dataset, sha256_from_hex},
    evaluation::{Evaluation, Prediction, Rate, Subject},
    picture::read_file,
    progress::Progress,
    quantization::{OperatingPoint, QuantizedLayers, Scored},
    run_folder::{RunConfig, RunFolder},
    screening,
    split::{Item, Part, Split, SplitKind},
    training::{self, backend::Backend, float_network::FloatNetwork},
};

/// Quantize a run's best weights to int8 and pack them with everything the device needs.
///
/// Folds batch normalization, chooses the activations' scales on training pictures, temperature and thresholds on validation
/// pictures, writes the artifact, reads it back, and shows float and int8 side by side on the test part.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  blastscope-host quantize --run runs/first --out models/first.bsm")]
pub struct Quantize {
    /// Run folder of a training.
    #[arg(long, value_name = "RUN")]
    run: PathBuf,
    /// Model file to write.
    #[arg(long, value_name = "MODEL")]
    out: PathBuf,
    /// Folder of images, when it is no longer where the training found it.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The model's name in its card; by default the architecture's.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Training pictures a class from which the activations' scales are chosen.
    #[arg(long, default_value_t = 64, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    calibrate: u32,
    /// Training pictures a class from which the statistics of usual fields are learned.
    #[arg(long, default_value_t = 200, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=100_000))]
    familiar: u32,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
}

impl Quantize {
    /// Runs the command.
    ///
    /// # Errors
    /// Whatever stands in the way, in one sentence.
    pub fn run(&self) -> Result<(), Error> {
        let run = RunFolder::open(&self.run)?;
        let config = run.config()?;
        let (data, split) = run.data(self.data.as_deref(), Progress::Shown)?;
        let (epoch, weights) = run.best_weights()?;
        let (_, device) = Backend::device(Some(Backend::Flex)).or_else(|_| Backend::device(None))?;
        let float = FloatNetwork::load(&config, &weights, &device)?;
        let inputs = data.load_inputs(&config.preprocessing, Progress::Shown)?;

        let calibration = first_of_each_class(&data, &split, Part::Train, self.calibrate as usize);
        let examples = training::examples(&data, &inputs, &calibration);
        let clips = float.clips(&examples, Progress::Shown)?;
        let layers = QuantizedLayers::new(&float.layers()?, &clips);

        let mut model = Model::new(&config, &data, &split, &layers)?;
        let familiar = first_of_each_class(&data, &split, Part::Train, self.familiar as usize);
        model.learn_novelty(&data, &inputs, &familiar)?;
        let validation: Vec<Item> = split.items(Part::Validation).copied().collect();
        model.choose_operating_point(&data, &inputs, &validation)?;

        let test: Vec<Item> = split.items(Part::Test).copied().collect();
        let comparison = Comparison::measure(&model, &float, &data, &inputs, &split, &test)?;
        let name = self.name.as_deref().unwrap_or(&config.arch);
        model.card = card(name, &config, &data, &split, epoch, run.epochs()?.len(), &comparison);
        let bytes = model.artifact().to_bytes().map_err(|error| Error::content(&self.out, error.to_string()))?;
        atomic_file::write(&self.out, &bytes)?;
        let classifier = self.check_written(&model, &comparison, &data, &inputs, &test)?;
        if self.json {
            println!("{:#}", comparison.json(&classifier));
        } else {
            println!("{}", comparison.table());
            println!("{}: {} bytes, model {}", self.out.display(), bytes.len(), classifier.model_id());
        }
        Ok(())
    }

    /// Reads the file again and lets it classify; what is on disk must be what was measured.
    fn check_written(
        &self,
        model: &Model<'_>,
        comparison: &Comparison,
        data: &Dataset,
        inputs: &[Vec<u8>],
        test: &[Item],
    ) -> Result<Classifier, Error> {
        let bytes = read_file(&self.out)?;
        let wrong = |reason: String| Error::content(&self.out, format!("{reason}; write it again"));
        let (artifact, _) = Artifact::read(&bytes).map_err(|error| wrong(error.to_string()))?;
        if artifact != model.artifact() {
            return Err(wrong("does not read back as it was written".into()));
        }
        let classifier = Classifier::read(&bytes).map_err(|error| wrong(error.to_string()))?;
        let again = run_int8(&classifier, data, inputs, test, "reading back");
        let same = again.iter().zip(&comparison.int8_logits).all(|(again, logits)| again.logits == *logits);
        if same { Ok(classifier) } else { Err(wrong("computes other logits than were measured".into())) }
    }
}

/// The parts of an artifact while they come together.
struct Model<'a> {
    card: ModelCard,
    layers: &'a QuantizedLayers,
    config: &'a RunConfig,
    point: OperatingPoint,
    means: Vec<u8>,
    inverse_variances: Vec<u8>,
    provenance: Provenance,
}

impl<'a> Model<'a> {
    fn new(config: &'a RunConfig, data: &Dataset, split: &Split, layers: &'a QuantizedLayers) -> Result<Self, Error> {
        let hash = |text: &str| {
            sha256_from_hex(text).ok_or_else(|| Error::Usage(format!("run.json holds a hash that is none: {text}")))
        };
        let configuration = serde_json::to_string(&PublicConfig::of(config))
            .map_err(|error| Error::Usage(format!("the configuration cannot be written: {error}")))?;
        let network_hidden = hidden_len(layers, config)?;
        let pending = || "measured after packing".to_owned();
        Ok(Self {
            card: ModelCard {
                name: config.arch.clone(),
                statement: STATEMENT.into(),
                drawn: config.drawn,
                intended_use: pending(),
                data: pending(),
                training: pending(),
                results: Vec::new(),
                limits: pending(),
            },
            layers,
            config,
            point: OperatingPoint {
                temperature: 1.0,
                thresholds: Thresholds { min_probability: 0.0, max_novelty: f32::MAX },
            },
            means: vec![0; 4 * network_hidden * Class::COUNT],
            inverse_variances: vec![0; 4 * network_hidden],
            provenance: Provenance {
                manifest_hash: hash(&config.manifest_hash)?,
                split_hash: hash(&config.split_hash)?,
                code_version: env!("CARGO_PKG_VERSION").into(),
                configuration,
                pictures: pictures(data, split),
            },
        })
    }

    fn artifact(&self) -> Artifact<'_> {
        Artifact {
            card: self.card.clone(),
            classes: Class::ALL.map(Class::name),
            preprocessing: self.config.preprocessing.clone(),
            layers: self.layers.layers(),
            temperature: self.point.temperature,
            thresholds: self.point.thresholds,
            novelty: Novelty { means: &self.means, inverse_variances: &self.inverse_variances },
            provenance: self.provenance.clone(),
        }
    }

    /// The classifier as it would be read from a file now.
    fn classifier(&self) -> Result<Classifier, Error> {
        let unusable = |error: blastscope_shared::artifact::ArtifactError| {
            Error::Usage(format!("the quantized network {error}; train it longer or with a lower learning rate"))
        };
        Classifier::read(&self.artifact().to_bytes().map_err(unusable)?).map_err(unusable)
    }

    fn learn_novelty(&mut self, data: &Dataset, inputs: &[Vec<u8>], items: &[Item]) -> Result<(), Error> {
        let classifier = self.classifier()?;
        let task = Progress::Shown.start("learning what is familiar", items.len());
        let fields: Vec<(Class, Vec<u8>)> = items
            .par_iter()
            .map_init(
                || classifier.network().workspace(),
                |workspace, item| {
                    let hidden = classifier.network().run(&inputs[item.image], workspace).hidden.to_vec();
                    task.advance(1);
                    (data.images[item.image].class, hidden)
                },
            )
            .collect();
        let views = fields.iter().map(|(class, hidden)| (*class, hidden.as_slice()));
        let statistics = NoveltyStatistics::learn(views)
            .ok_or_else(|| Error::Usage("the training part lacks a class; train on all four".into()))?;
        let bytes = |numbers: &[f32]| numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>();
        self.means = statistics.means.iter().flat_map(|means| bytes(means)).collect();
        self.inverse_variances = bytes(&statistics.inverse_variances);
        Ok(())
    }

    fn choose_operating_point(&mut self, data: &Dataset, inputs: &[Vec<u8>], items: &[Item]) -> Result<(), Error> {
        let classifier = self.classifier()?;
        let scored: Vec<Scored> = run_int8(&classifier, data, inputs, items, "choosing thresholds")
            .into_iter()
            .zip(items)
            .map(|(assessment, item)| Scored {
                truth: data.images[item.image].class,
                logits: assessment.logits,
                novelty: assessment.novelty,
            })
            .collect();
        self.point = OperatingPoint::choose(&scored).ok_or_else(|| {
            Error::Usage("the validation part is empty; there is nothing to choose thresholds on".into())
        })?;
        Ok(())
    }
}

fn run_int8(
    classifier: &Classifier,
    data: &Dataset,
    inputs: &[Vec<u8>],
    items: &[Item],
    what: &str,
) -> Vec<blastscope_shared::classifier::Assessment> {
    let examples = training::examples(data, inputs, items);
    let task = Progress::Shown.start(what, items.len());
    examples
        .par_iter()
        .map_init(
            || classifier.workspace(),
            |workspace, example| {
                let assessment = classifier.assess_input(&example.masked_input(classifier.preprocessing()), workspace);
                task.advance(1);
                assessment
            },
        )
        .collect()
}

/// Float and int8 on the same fields.
struct Comparison {
    float: Evaluation,
    int8: Evaluation,
    baseline: Evaluation,
    int8_logits: Vec<[f32; Class::COUNT]>,
    agreement: Rate,
    largest_difference: f32,
}

impl Comparison {
    fn measure(
        model: &Model<'_>,
        float: &FloatNetwork,
        data: &Dataset,
        inputs: &[Vec<u8>],
        split: &Split,
        items: &[Item],
    ) -> Result<Self, Error> {
        let classifier = model.classifier()?;
        let assessments = run_int8(&classifier, data, inputs, items, "int8 network");
        let int8: Vec<Prediction> = items
            .iter()
            .zip(&assessments)
            .map(|(item, assessment)| screening::prediction(&data.images[item.image], assessment))
            .collect();
        let examples = training::examples(data, inputs, items);
        let float_logits = float.logits(&examples, Progress::Shown)?;
        let float = training::predictions_of(&float_logits, data, items);
        let agreeing = float.iter().zip(&int8).filter(|(float, int8)| float.class() == int8.class()).count();
        let differences = float_logits
            .iter()
            .zip(&assessments)
            .flat_map(|(float, int8)| float.iter().zip(int8.logits).map(|(float, int8)| (float - int8).abs()));
        let subject = |name: &str| Subject {
            name: format!("{name}, test part of the {} split with seed {}", split.kind, split.seed),
            drawn: data.drawn,
            warning: split.warning(),
        };
        Ok(Self {
            agreement: Rate::new(agreeing, items.len()),
            largest_difference: differences.fold(0.0, f32::max),
            float: Evaluation::new(&subject("float"), &float)?,
            int8: Evaluation::new(&subject("int8"), &int8)?,
            baseline: colour_baseline::evaluate(data, inputs, &model.config.preprocessing, split, Part::Test)?,
            int8_logits: assessments.iter().map(|assessment| assessment.logits).collect(),
        })
    }

    fn table(&self) -> String {
        let mut out = self.int8.table();
        let row = |name: &str, evaluation: &Evaluation| {
            format!(
                "\n{name:<10} accuracy {} {}   sensitivity {}   specificity {}   macro F1 {:.4}",
                evaluation.accuracy.percent(),
                evaluation.accuracy.interval(),
                evaluation.sensitivity.percent(),
                evaluation.specificity.percent(),
                evaluation.macro_average.f1
            )
        };
        out += &row("float", &self.float);
        out += &row("int8", &self.int8);
        out += &row("6 colours", &self.baseline);
        out += &format!(
            "\nfloat and int8 name the same class for {} of the fields; their logits differ by at most {:.3}",
            self.agreement.percent(),
            self.largest_difference
        );
        out
    }

    fn json(&self, classifier: &Classifier) -> serde_json::Value {
        json!({
            "model": classifier.model_id(),
            "float": self.float,
            "int8": self.int8,
            "colour_baseline": self.baseline,
            "agreement": self.agreement,
            "largest_logit_difference": self.largest_difference,
        })
    }
}

/// Of each class the first `per_class` pictures of a part, spread evenly over it.
fn first_of_each_class(data: &Dataset, split: &Split, part: Part, per_class: usize) -> Vec<Item> {
    let mut chosen = Vec::new();
    for class in Class::ALL {
        let mut items: Vec<Item> =
            split.items(part).filter(|item| data.images[item.image].class == class).copied().collect();
        items.sort_unstable_by_key(|item| (item.image, item.symmetry));
        items.dedup_by_key(|item| item.image);
        let step = (items.len() as f64 / per_class as f64).max(1.0);
        chosen.extend((0..per_class).map_while(|index| items.get((index as f64 * step) as usize)).copied());
    }
    chosen
}

/// The pictures of each part, by content.
fn pictures(data: &Dataset, split: &Split) -> Pictures {
    let list = |part| {
        let mut ids: Vec<&[u8]> =
            split.items(part).map(|item| &data.images[item.image].sha256[..PICTURE_ID_LEN]).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.concat()
    };
    let test = list(Part::Test);
    // The paper's split has no validation part of its own: its items are the test part's.
    let validation = if split.kind == SplitKind::Paper { Vec::new() } else { list(Part::Validation) };
    Pictures { train: list(Part::Train), validation, test }
}

fn hidden_len(layers: &QuantizedLayers, config: &RunConfig) -> Result<usize, Error> {
    blastscope_shared::Network::new(&config.preprocessing, &layers.layers())
        .map(|network| network.hidden_len())
        .map_err(|error| {
            Error::Usage(format!("the quantized network {error}; train it longer or with a lower learning rate"))
        })
}

/// A run's configuration without the paths of the machine it ran on.
#[derive(serde::Serialize)]
struct PublicConfig<'a> {
    arch: &'a str,
    optimizer: &'a str,
    epochs: usize,
    batch_size: usize,
    learning_rate: f64,
    schedule: &'a str,
    dropout: f64,
    seed: u64,
    per_class: usize,
    split: SplitKind,
    hardware: &'a str,
}

impl<'a> PublicConfig<'a> {
    fn of(config: &'a RunConfig) -> Self {
        Self {
            arch: &config.arch,
            optimizer: &config.optimizer,
            epochs: config.epochs,
            batch_size: config.batch_size,
            learning_rate: config.learning_rate,
            schedule: &config.schedule,
            dropout: config.dropout,
            seed: config.seed,
            per_class: config.per_class,
            split: config.split,
            hardware: &config.hardware,
        }
    }
}

fn card(
    name: &str,
    config: &RunConfig,
    data: &Dataset,
    split: &Split,
    epoch: usize,
    epochs_run: usize,
    comparison: &Comparison,
) -> ModelCard {
    let count = |part| {
        let mut images: Vec<usize> = split.items(part).map(|item| item.image).collect();
        images.sort_unstable();
        images.dedup();
        images.len()
    };
    let part = format!("test part, {} split", split.kind);
    let measurement = |what: &str, rate: &Rate| Measurement {
        what: what.into(),
        part: part.clone(),
        value: rate.value.unwrap_or(0.0) as f32,
        low: rate.low as f32,
        high: rate.high as f32,
        count: rate.of as u32,
    };
    let (float, int8, baseline) = (&comparison.float, &comparison.int8, &comparison.baseline);
    let mut results = vec![
        measurement("accuracy, int8 (this file)", &int8.accuracy),
        measurement("accuracy, float", &float.accuracy),
        measurement("accuracy, six colour numbers and 5-NN", &baseline.accuracy),
        measurement("float and int8 name the same class", &comparison.agreement),
        measurement("sensitivity, malignant against benign, int8", &int8.sensitivity),
        measurement("specificity, malignant against benign, int8", &int8.specificity),
        measurement("sensitivity, six colour numbers", &baseline.sensitivity),
        measurement("specificity, six colour numbers", &baseline.specificity),
    ];
    for score in &int8.classes {
        results.push(measurement(&format!("recall of {}, int8", score.class), &score.recall));
    }
    if let Some(selective) = &int8.selective {
        results.push(measurement("coverage: verdicts spoken, int8", &selective.coverage));
        results.push(measurement("accuracy of spoken verdicts, int8", &selective.accuracy));
    }
    let kind = if data.drawn { "drawn by the program" } else { "photographed" };
    let leak = split.warning().map(|warning| format!(" {warning}")).unwrap_or_default();
    let limits = if data.drawn {
        "Trained on drawn fields. Its verdicts on real smears mean nothing.".to_owned()
    } else {
        format!(
            "A split by overlap group keeps the same part of a slide on one side, but not the same sitting at the microscope or \
             the same patient: where every sitting shows one class, as in the public ALL set, a network can tell sittings apart \
             by stain and light, which the six colour numbers above show. These numbers do not tell how it does on another \
             microscope. Benign means hematogones of suspected patients; healthy smears are unknown to it. It judges fields, \
             not patients.{leak}"
        )
    };
    ModelCard {
        name: name.into(),
        statement: STATEMENT.into(),
        drawn: data.drawn,
        intended_use: "Research on screening blood-smear fields (100x, oil immersion) for B-cell acute lymphoblastic leukaemia \
                       in four classes: Benign (hematogones), Early pre-B, Pre-B and Pro-B ALL. Never as the basis of a \
                       diagnosis or a treatment."
            .into(),
        data: format!(
            "{} fields, {kind}: {}. Split {} with seed {}: {} fields to train, {} to validate, {} to test.{leak}",
            data.images.len(),
            Class::ALL.map(|class| format!("{class} {}", data.count(class))).join(", "),
            split.kind,
            split.seed,
            count(Part::Train),
            if split.kind == SplitKind::Paper { 0 } else { count(Part::Validation) },
            count(Part::Test),
        ),
        training: format!(
            "{} at {}x{} (Anand et al., Sci Rep 15:29147, 2025), {}, learning rate {} ({}), batch {}, {epochs_run} epochs, the best \
             being epoch {epoch}; {} training items with flips and rotations, dropout {}; {}. Quantized after training to int8.",
            config.arch,
            config.preprocessing.width,
            config.preprocessing.height,
            config.optimizer,
            config.learning_rate,
            config.schedule,
            config.batch_size,
            split.items(Part::Train).count(),
            config.dropout,
            config.hardware,
        ),
        results,
        limits,
    }
}
