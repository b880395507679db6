//! The loaded network: a classifier with the buffers of one thread.

use std::ops::Deref;

use blastscope_core::pipeline::Assessor;
use blastscope_shared::{
    Class, Explanation, RgbPixels,
    classifier::{Classifier, Workspace},
    judge::Scores,
    layers::explanation::Unexplained,
    sight::{Kind, Observation},
};

/// A borrowed or shared classifier, and the buffers of this thread.
pub struct Loaded<C> {
    classifier: C,
    workspace: Workspace,
}

impl<C: Deref<Target = Classifier>> Loaded<C> {
    /// Allocates the buffers.
    #[must_use]
    pub fn new(classifier: C) -> Self {
        let workspace = classifier.workspace();
        Self { classifier, workspace }
    }

    /// The classifier.
    #[must_use]
    pub fn classifier(&self) -> &Classifier {
        &self.classifier
    }

    /// Which parts of the picture assessed last support `class`.
    ///
    /// # Errors
    /// As [`Classifier::explain`].
    pub fn explain(&mut self, class: Class) -> Result<Explanation, Unexplained> {
        self.classifier.explain(&mut self.workspace, class)
    }
}

impl<C: Deref<Target = Classifier>> Assessor for Loaded<C> {
    fn look(&mut self, picture: &RgbPixels) -> Observation<Scores> {
        self.classifier.look(picture, &mut self.workspace)
    }

    fn cells(&self) -> Option<u32> {
        let sees_cells = self.classifier.lead().sight().kind == Kind::Cells;
        let (cells, _) = self.classifier.cells(&self.workspace);
        sees_cells.then(|| u32::try_from(cells.len()).unwrap_or(u32::MAX))
    }

    fn squashes_to(&self) -> Option<(usize, usize)> {
        let framing = self.classifier.framing();
        Some((framing.width.into(), framing.height.into()))
    }
}
