//! What every form of `live` needs to know.

use blastscope_core::pipeline::Settings;
use blastscope_shared::classifier::Classifier;

use crate::{board::Configuration, source::opener};

/// How to run.
#[derive(Clone, Debug)]
pub(super) struct Options {
    /// Where frames come from.
    pub source: opener::Options,
    /// Lamps, buzzer and buttons.
    pub board: Option<Configuration>,
    /// Stop after so many frames.
    pub frames: Option<u64>,
    /// As [`Settings::settle`].
    pub settle: u32,
    /// Each picture of a folder is a field of its own: it speaks for itself, even when the next looks alike.
    pub picture_by_picture: bool,
    /// What is to be said about the model, in sentences.
    pub warnings: Vec<String>,
}

impl Options {
    /// The pipeline's settings; the judge is the classifier's, so that maps and reports say what is said of the live picture.
    pub fn settings(&self, classifier: &Classifier) -> Settings {
        let usual = Settings::new(*classifier.judge());
        if self.picture_by_picture {
            Settings { settle: 1, same_view: -1.0, ..usual }
        } else {
            Settings { settle: self.settle, ..usual }
        }
    }
}
