//! Options shared by all forms of `live`.

use blastscope_core::pipeline::Settings;
use blastscope_shared::classifier::Classifier;

use crate::{board::Configuration, source::opener};

/// Options of `live`.
#[derive(Clone, Debug)]
pub(super) struct Options {
    /// Source of frames.
    pub source: opener::Options,
    /// Lamps, buzzer and buttons.
    pub board: Option<Configuration>,
    /// Limit of frames.
    pub frames: Option<u64>,
    /// As [`Settings::settle`].
    pub settle: u32,
    /// Each picture of a folder is a separate field, even if the next looks alike.
    pub picture_by_picture: bool,
    /// Warnings about the model, in sentences.
    pub warnings: Vec<String>,
}

impl Options {
    /// The pipeline's settings; the judge is the classifier's, so that maps and reports agree with the live picture.
    pub fn settings(&self, classifier: &Classifier) -> Settings {
        let usual = Settings::new(*classifier.judge());
        if self.picture_by_picture {
            Settings { settle: 1, same_view: -1.0, ..usual }
        } else {
            Settings { settle: self.settle, ..usual }
        }
    }
}
