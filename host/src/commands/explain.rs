//! `explain`: whether the maps that the device draws agree with float ones, and depend on the network's weights.

use std::path::PathBuf;

use blastscope_files::Printable as _;
use blastscope_shared::artifact::Artifact;

use crate::{
    Error,
    data::picture::{pictures_below, read_file},
    pack::explanation::Subject,
    support::{output, progress::Progress},
    training::{backend::Backend, float_network::FloatNetwork, run_folder::RunFolder},
};

/// Check a model's explanations: the maps of `blastscope classify --explain`.
///
/// Holds the maps that the device computes in closed form from int8 activations against Grad-CAM in float by automatic
/// differentiation, and against the maps behind a head with shuffled weights, which must be different ones. The float weights are
/// those of --run, or without it those that the model's integers stand for. A statement about the arithmetic and not about
/// medicine. For research use only.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  blastscope-host explain --model models/allcnn-paper.bsm --data all_pbs
  blastscope-host explain --model first.bsm --run runs/first --data all_pbs --fields 50 --json")]
pub struct Explain {
    /// Model file.
    #[arg(long, value_name = "MODEL")]
    model: PathBuf,
    /// Run folder of the training that the model comes from.
    #[arg(long, value_name = "RUN")]
    run: Option<PathBuf>,
    /// Folder of pictures, labelled or not.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Pictures that are explained, spread evenly over the folder.
    #[arg(long, default_value_t = 200, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    fields: u32,
    /// Shuffled heads that each picture is explained with.
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    heads: u32,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
}

impl Explain {
    /// Runs the command.
    ///
    /// # Errors
    /// Whatever stands in the way, in one sentence.
    pub fn run(&self) -> Result<(), Error> {
        let bytes = read_file(&self.model)?;
        let (artifact, _) = Artifact::read(&bytes).map_err(|error| Error::content(&self.model, error.to_string()))?;
        if artifact.sight.most_views() > 1 {
            return Err(Error::content(
                &self.model,
                "sees several views of a field: its maps show what it said of each and need no gradient to be held against; give a \
                 model that sees whole fields",
            ));
        }
        let device = Backend::for_inference()?;
        let float = match &self.run {
            Some(run) => {
                let run = RunFolder::open(run)?;
                let (config, (_, weights)) = (run.config()?, run.chosen_weights()?);
                if config.sight != artifact.sight {
                    return Err(Error::content(run.root(), format!("is not the run of {}", self.model.printable())));
                }
                Some(FloatNetwork::load(&config, &weights, &device)?.layers()?)
            }
            None => None,
        };
        let pictures = spread(pictures_below(&self.data, Progress::Shown)?.pictures, self.fields as usize);
        let agreement =
            Subject { artifact: &artifact, float }.measure(&pictures, &device, self.heads, Progress::Shown)?;
        if self.json {
            output::json(format_args!("{:#}", agreement.json()))?;
        } else {
            output::text(agreement.table())?;
        }
        Ok(())
    }
}

/// At most `count` of `items`, spread evenly.
fn spread<T>(items: Vec<T>, count: usize) -> Vec<T> {
    let total = items.len();
    let takes = |at: usize| (at + 1) * count / total > at * count / total;
    items.into_iter().enumerate().filter(|&(at, _)| count >= total || takes(at)).map(|(_, item)| item).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_spread_evenly() {
        assert_eq!(spread((1..=10).collect(), 5), [2, 4, 6, 8, 10]);
        assert_eq!(spread((1..=7).collect::<Vec<_>>(), 3).len(), 3);
        assert_eq!(spread(vec![1, 2], 200), [1, 2]);
    }
}
