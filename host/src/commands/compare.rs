//! `compare`: two models on the same pictures.

use std::path::PathBuf;

use blastscope_files::Printable as _;
use clap::Args;

use super::pictures::Which;
use crate::{
    Error,
    data::dataset::Dataset,
    measure::{
        evidence::{Evidence, Origin},
        paired::Paired,
        prediction::Prediction,
        screening,
    },
    statistics::bootstrap::Bootstrap,
    support::{atomic_file, notice::DRAWN_FIELDS, output, progress::Progress},
};

/// Compare two models on the same pictures: differences in accuracy, sensitivity, calibration error and coverage, with intervals.
///
/// Both models judge every picture as the device does. The intervals come from a paired bootstrap over overlap groups. With --split
/// test, only pictures in the test parts of both models count.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  blastscope-host compare --models models/blastscope.bsm models/retrained.bsm --data all_pbs --picture difference.svg")]
pub struct Compare {
    /// Two model files: the current model and the candidate.
    #[arg(long, num_args = 2, required = true, value_names = ["MODEL", "MODEL"])]
    models: Vec<PathBuf>,
    /// Folder of labelled images.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Which pictures to compare on.
    #[arg(long, value_enum, default_value_t = Which::Test)]
    split: Which,
    /// Number of resamples.
    #[arg(long, default_value_t = 10_000, value_name = "N", value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    resamples: u32,
    /// Seed of the resamples.
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Print JSON instead of a table; `card` writes a model card from it.
    #[arg(long)]
    json: bool,
    /// Also draw the differences to this SVG file.
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
}

impl Compare {
    /// Runs the command.
    ///
    /// # Errors
    /// The command failed; one sentence says why.
    pub fn run(&self) -> Result<(), Error> {
        let [first, second] = self.models.as_slice() else {
            return Err(Error::Usage("give two models to compare: --models OLD.bsm NEW.bsm".into()));
        };
        let paths = [first, second];
        let [one, other] = paths.map(|path| screening::read_model(path));
        let classifiers = [one?, other?];
        let data = Dataset::scan(&self.data, None, Progress::Shown)?;
        let mut images = self.split.select(first, &classifiers[0], &data)?;
        let of_second = self.split.select(second, &classifiers[1], &data)?;
        let selected = [images.len(), of_second.len()];
        images.retain(|image| of_second.binary_search(image).is_ok());
        if images.is_empty() {
            return Err(Error::content(
                &data.root,
                format!(
                    "holds no picture that is in the {} of both {} and {}; compare them on pictures that neither has seen, with \
                     --split all",
                    self.split.describe(),
                    first.printable(),
                    second.printable()
                ),
            ));
        }
        let predictions: Vec<Vec<Prediction>> = classifiers
            .iter()
            .map(|model| screening::predictions(model, &data, &images, Progress::Shown))
            .collect::<Result<_, Error>>()?;
        let groups: Vec<u32> = images.iter().map(|&image| data.images[image].group).collect();
        let names = classifiers.each_ref().map(|model| format!("{} ({:.12})", model.card().name, model.model_id()));
        let paired = Paired::new(
            names.each_ref().map(String::as_str),
            [&predictions[0], &predictions[1]],
            &groups,
            Bootstrap { resamples: self.resamples as usize, seed: self.seed },
        )?;

        let what = self.describe(&classifiers, &data, selected, images.len());
        let drawn = data.drawn.then_some(DRAWN_FIELDS);
        let notices: Vec<&str> = [Some(what.as_str()), drawn].into_iter().flatten().collect();
        if let Some(path) = &self.picture {
            atomic_file::write(path, paired.svg(&notices).as_bytes())?;
        }
        if self.json {
            let origins = classifiers.each_ref().map(|classifier| Origin::new(classifier, &data, what.as_str()));
            output::json(Evidence::Compare { origins, paired: Box::new(paired) }.json()?)?;
        } else {
            output::line(format_args!("{}\n{}", notices.join("\n"), paired.table()))?;
        }
        Ok(())
    }

    /// Describes the compared pictures.
    fn describe(
        &self,
        classifiers: &[blastscope_shared::Classifier; 2],
        data: &Dataset,
        selected: [usize; 2],
        shared: usize,
    ) -> String {
        if self.split == Which::All {
            let unseen = classifiers
                .each_ref()
                .map(|classifier| screening::known_as(&classifier.provenance().pictures, data, None).len());
            format!("all {shared} pictures, {} of them new to A and {} to B", unseen[0], unseen[1])
        } else if selected == [shared; 2] {
            format!("{}, the same for both", self.split.describe())
        } else {
            let [first, second] = selected;
            format!("{shared} pictures in the {} of both; A has {first} there and B {second}", self.split.describe())
        }
    }
}
