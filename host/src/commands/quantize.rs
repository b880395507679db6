//! `quantize`: turns a run's float weights into the artifact that ships.

use std::path::PathBuf;

use blastscope_files::Printable as _;
use blastscope_shared::{
    Class, Classifier, Observation,
    artifact::Artifact,
    judge::{
        Assessment,
        calibration::{Calibration, most_probable},
    },
};

use crate::{
    Error,
    data::{
        dataset::Dataset,
        picture::read_file,
        split::{Item, Part, Split},
    },
    measure::slides,
    pack::{
        fine_tuning::{FineTuning, Gain, fine_tune},
        packing::{
            Model,
            card::{Lineage, card},
            comparison::Comparison,
            run_int8,
        },
        quantization::QuantizedLayers,
    },
    recipe::batches,
    support::{atomic_file, output, progress::Progress, signal},
    training::{
        backend::Backend,
        float_network::{FloatNetwork, not_for_the_device},
        machine::{Machine, Precision},
        run_folder::RunFolder,
    },
};

/// Quantize a run's weights to int8 and pack them with everything the device needs.
///
/// Folds batch normalization. Chooses activation scales on training pictures, and calibration and thresholds on validation
/// pictures. Writes the artifact, reads it back, and compares float and int8 on the test part. If int8 loses accuracy, --fine-tune
/// adjusts the weights until int8 agrees with float.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  blastscope-host quantize --run runs/first --out models/first.bsm
  blastscope-host quantize --run runs/first --out models/first.bsm --fine-tune 400")]
pub struct Quantize {
    /// Run folder of a training.
    #[arg(long, value_name = "RUN")]
    run: PathBuf,
    /// Model file to write.
    #[arg(long, value_name = "MODEL")]
    out: PathBuf,
    /// Folder of images, if it has moved since the training.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The model's name in its card; by default the architecture's name.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Training pictures per class for choosing the activation scales.
    #[arg(long, default_value_t = 64, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    calibrate: u32,
    /// Training pictures per class for learning what usual fields look like.
    #[arg(long, default_value_t = 200, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=100_000))]
    familiar: u32,
    /// Fine-tune for N steps of 32 training pictures, with weights and activations rounded; 0 rounds without fine-tuning.
    #[arg(long, default_value_t = 0, value_name = "STEPS", value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    fine_tune: u32,
    /// Learning rate of the first fine-tuning step; it falls to zero.
    #[arg(long, default_value_t = 1e-4, value_name = "RATE", requires = "fine_tune", value_parser = crate::training::plan::learning_rate)]
    fine_tune_rate: f64,
    /// Where to fine-tune; by default the GPU if an adapter is found, otherwise the CPU.
    #[arg(long, value_enum, requires = "fine_tune")]
    backend: Option<Backend>,
    /// Folder of pictures that the model should not be sure about, such as smears of another laboratory or pictures that are not
    /// smears. The card says how many of them it assigns a class. Can be given several times.
    #[arg(long, value_name = "DIR")]
    unfamiliar: Vec<PathBuf>,
    /// results.json of a crossval --by session, from which the pooling of a slide's fields is taken; without it, the conservative
    /// default is written.
    #[arg(long, value_name = "FILE")]
    sittings: Option<PathBuf>,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
}

impl Quantize {
    /// Runs the command.
    ///
    /// # Errors
    /// The command failed; one sentence says why.
    pub fn run(&self) -> Result<(), Error> {
        let run = RunFolder::open(&self.run)?;
        let config = run.config()?;
        if config.plan.arch.layout().is_none() {
            return Err(not_for_the_device(config.plan.arch));
        }
        let slide = self.sittings.as_deref().map(|path| slides::read_pooling(path, config.drawn)).transpose()?;
        let (data, split) = run.data(self.data.as_deref(), Progress::Shown)?;
        let (epoch, weights) = run.chosen_weights()?;
        let device = if self.fine_tune > 0 {
            Machine::for_training(self.backend, &[], Precision::F32)?.main_device().clone()
        } else {
            Backend::for_inference()?
        };
        let float = FloatNetwork::load(&config, &weights, &device)?;
        let inputs = data.load_inputs(&config.sight.framing, Progress::Shown)?;

        let calibration = first_of_each_class(&data, &split, Part::Train, self.calibrate as usize);
        let examples = batches::examples(&data, &inputs, &calibration);
        let clips = float.clips(&examples, Progress::Shown)?;
        let validation = split_items(&split, Part::Validation);
        let tuned = match self.fine_tune {
            0 => None,
            _ => Some(self.fine_tuned(
                &float,
                &clips,
                [&split_items(&split, Part::Train), &validation],
                &data,
                &inputs,
            )?),
        };
        let (quantizable, steps) = tuned.as_ref().map_or((&float, 0), |(tuned, gain)| (tuned, gain.step));
        let layers = QuantizedLayers::new(&quantizable.layers()?, &clips);

        let mut model = Model::new(&config, &data, &split, &layers)?;
        model.slide = slide.unwrap_or(model.slide);
        let familiar = first_of_each_class(&data, &split, Part::Train, self.familiar as usize);
        model.learn_novelty(&data, &inputs, &familiar)?;
        model.choose_operating_point(&data, &inputs, &validation)?;

        let test = split_items(&split, Part::Test);
        let comparison = Comparison::measure(&model, &float, &data, &inputs, &split, &test)?;
        let name = self.name.as_deref().unwrap_or(config.plan.arch.name());
        let trained = Lineage { epochs: run.epochs()?.len(), chosen: epoch, fine_tuned: steps };
        model.card = card(name, &config, &data, &split, trained, &comparison);
        for folder in &self.unfamiliar {
            model.card.results.extend(model.measure_unfamiliar(folder, &comparison.familiar)?);
        }
        let bytes = model.artifact().to_bytes().map_err(|error| Error::content(&self.out, error.to_string()))?;
        atomic_file::write(&self.out, &bytes)?;
        let classifier = self.check_written(&model, &comparison, &data, &inputs, &test)?;
        if self.json {
            output::json(format_args!("{:#}", comparison.json(&classifier)))?;
        } else {
            output::line(comparison.table())?;
            output::line(format_args!(
                "{}: {} bytes, model {}",
                self.out.printable(),
                bytes.len(),
                classifier.model_id()
            ))?;
        }
        if tuned.is_none() {
            let lost = lost_by_rounding(
                &classifier,
                &model.artifact().lead().calibration,
                &float,
                &data,
                &inputs,
                &validation,
            )?;
            if lost > WORTH_FINE_TUNING {
                output::note(format_args!(
                    "note: on the validation part int8 is {:.1} points less accurate than float; --fine-tune 400 may recover them",
                    lost * 100.0
                ));
            }
        }
        Ok(())
    }

    /// Fine-tuned weights to quantize instead of the float network's, and what they gain.
    fn fine_tuned(
        &self,
        float: &FloatNetwork,
        clips: &[f32],
        [train, validation]: [&[Item]; 2],
        data: &Dataset,
        inputs: &[Vec<u8>],
    ) -> Result<(FloatNetwork, Gain), Error> {
        let examples = |items| batches::examples(data, inputs, items);
        let settings = FineTuning { steps: self.fine_tune as usize, rate: self.fine_tune_rate, seed: 1 };
        signal::on_interrupt(|| ());
        let (tuned, gain) =
            fine_tune(float, clips, &examples(train), &examples(validation), &settings, Progress::Shown)?;
        output::note(format_args!(
            "fine-tuning: int8 and float logits on the validation part differed by {:.3} before (root mean square) and {:.3} \
             after step {} of {}",
            gain.before.sqrt(),
            gain.after.sqrt(),
            gain.step,
            self.fine_tune
        ));
        Ok((tuned, gain))
    }

    /// Reads the file back and classifies with it: what is on disk must be what was measured.
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
        let same = again.iter().zip(&comparison.int8_logits).all(|(again, logits)| again.logits() == *logits);
        if same { Ok(classifier) } else { Err(wrong("computes logits that differ from the measured ones".into())) }
    }
}

/// Loss of accuracy by rounding above which fine-tuning is suggested, as a share of the validation part.
const WORTH_FINE_TUNING: f64 = 0.003;

/// Accuracy of float minus accuracy of int8 on `items`, both with the same calibration.
fn lost_by_rounding(
    classifier: &Classifier,
    calibration: &Calibration,
    float: &FloatNetwork,
    data: &Dataset,
    inputs: &[Vec<u8>],
    items: &[Item],
) -> Result<f64, Error> {
    let int8 = run_int8(classifier, data, inputs, items, "int8 network, validation part");
    let float = float.logits(&batches::examples(data, inputs, items), Progress::Shown)?;
    let right = |classes: &mut dyn Iterator<Item = Option<Class>>| {
        classes.zip(items).filter(|(class, item)| *class == Some(data.images[item.image].class)).count() as f64
    };
    let named = |logits: &Observation<[f32; Class::COUNT]>| {
        most_probable(&calibration.probabilities(&logits.observed()?)).map(|(class, _)| class)
    };
    let of_float = right(&mut float.iter().map(named));
    let of_int8 = right(&mut int8.iter().map(Assessment::most_probable));
    Ok((of_float - of_int8) / items.len().max(1) as f64)
}

fn split_items(split: &Split, part: Part) -> Vec<Item> {
    split.items(part).copied().collect()
}

/// Up to `per_class` pictures of each class of a part, spread evenly over it.
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
