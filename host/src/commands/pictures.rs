//! Which pictures of a data set a model is measured on.

use std::path::Path;

use blastscope_files::Printable as _;
use blastscope_shared::{Classifier, artifact::Pictures};
use clap::ValueEnum;

use crate::{
    Error,
    data::{dataset::Dataset, split::Part},
    measure::screening,
};

/// Pictures to measure on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Which {
    /// Pictures held out from every choice.
    Test,
    /// Pictures that chose the best epoch and the thresholds.
    Val,
    /// Every picture, including those trained on.
    All,
}

impl Which {
    /// The part of the split; `None` for all.
    #[must_use]
    pub const fn part(self) -> Option<Part> {
        match self {
            Self::Test => Some(Part::Test),
            Self::Val => Some(Part::Validation),
            Self::All => None,
        }
    }

    /// The name in messages and reports.
    #[must_use]
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Test => "test part",
            Self::Val => "validation part",
            Self::All => "all pictures, those of the training included",
        }
    }

    /// Indices of the pictures in `data` that the model at `path` is measured on. Pictures are matched by content.
    ///
    /// # Errors
    /// [`Error::Content`] with the data's folder when there are none.
    pub fn select(self, path: &Path, classifier: &Classifier, data: &Dataset) -> Result<Vec<usize>, Error> {
        let pictures = &classifier.provenance().pictures;
        let images = match self.part() {
            Some(part) => screening::known_as(pictures, data, Some(part)),
            None => (0..data.images.len()).collect(),
        };
        if !images.is_empty() {
            return Ok(images);
        }
        let known = known(pictures, data);
        Err(Error::content(
            &data.root,
            format!(
                "holds no picture of the {} of {} (it knows {known} of {} pictures); give the data set it was \
                 trained on, or measure every picture with --split all",
                self.describe(),
                path.printable(),
                data.images.len()
            ),
        ))
    }

    /// The name in messages and reports, with the number of pictures that are new to the model.
    #[must_use]
    pub fn describe_for(self, classifier: &Classifier, data: &Dataset) -> String {
        let unseen = screening::known_as(&classifier.provenance().pictures, data, None).len();
        match self {
            Self::All if unseen == data.images.len() => "all pictures, none of them seen before".into(),
            Self::All if unseen > 0 => format!("all pictures, {unseen} of {} not seen before", data.images.len()),
            which => which.describe().to_owned(),
        }
    }
}

fn known(pictures: &Pictures, data: &Dataset) -> usize {
    Part::ALL.iter().map(|&part| screening::known_as(pictures, data, Some(part)).len()).sum()
}
