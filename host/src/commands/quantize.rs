//! `quantize`: from a run's float weights to the artifact that ships.

use std::path::PathBuf;

use blastscope_shared::{Class, Classifier, artifact::Artifact};

use crate::{
    Error, atomic_file,
    dataset::Dataset,
    picture::read_file,
    progress::Progress,
    quantization::QuantizedLayers,
    run_folder::RunFolder,
    split::{Item, Part, Split},
    training::{
        self,
        backend::Backend,
        float_network::{FloatNetwork, not_for_the_device},
        packing::{Model, card::card, comparison::Comparison, run_int8},
    },
};

/// Quantize a run's weights to int8 and pack them with everything the device needs.
///
/// Folds batch normalization, chooses the activations' scales on training pictures, calibration and thresholds on validation
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
    /// Folder of pictures that the model should not be sure about, such as smears of another laboratory or no smears at all: the
    /// card says how many it names a class for. Can be given several times.
    #[arg(long, value_name = "DIR")]
    unfamiliar: Vec<PathBuf>,
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
        if config.arch.plan().is_none() {
            return Err(not_for_the_device(config.arch));
        }
        let (data, split) = run.data(self.data.as_deref(), Progress::Shown)?;
        let (epoch, weights) = run.chosen_weights()?;
        let device = Backend::for_inference()?;
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
        let name = self.name.as_deref().unwrap_or(config.arch.name());
        model.card = card(name, &config, &data, &split, epoch, run.epochs()?.len(), &comparison);
        for folder in &self.unfamiliar {
            model.card.results.extend(model.measure_unfamiliar(folder, &comparison.familiar)?);
        }
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
        let some = &test[..test.len().min(32)];
        let again = run_int8(&classifier, data, inputs, some, "reading back");
        let same = again.iter().zip(&comparison.int8_logits).all(|(again, logits)| again.logits == *logits);
        if same { Ok(classifier) } else { Err(wrong("computes other logits than were measured".into())) }
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
