//! The network with its buffers, as a thread of its own needs it.

use std::sync::Arc;

use blastscope_shared::{
    RgbPixels,
    classifier::{Classifier, Workspace},
    judge::Scores,
    sight::Observation,
};

use crate::pipeline::Assessor;

/// A classifier that is shared with other threads, and the buffers of this one.
pub struct LoadedNetwork {
    classifier: Arc<Classifier>,
    workspace: Workspace,
}

impl LoadedNetwork {
    /// Allocates the buffers.
    #[must_use]
    pub fn new(classifier: Arc<Classifier>) -> Self {
        let workspace = classifier.workspace();
        Self { classifier, workspace }
    }
}

impl Assessor for LoadedNetwork {
    fn look(&mut self, picture: &RgbPixels) -> Observation<Scores> {
        self.classifier.look(picture, &mut self.workspace)
    }

    fn squashes_to(&self) -> Option<(usize, usize)> {
        let framing = self.classifier.framing();
        Some((framing.width.into(), framing.height.into()))
    }
}
