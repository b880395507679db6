//! The loaded network: a classifier with the buffers of one thread.

use std::ops::Deref;

use blastscope_core::{
    cells::{FieldCells, SeenCell},
    pipeline::Assessor,
};
use blastscope_shared::{
    Class, Explanation, RgbPixels,
    classifier::{Classifier, Workspace},
    judge::Scores,
    layers::explanation::Unexplained,
    sight::{Cell, Kind, Observation, Sight, cells::SIDE},
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

    fn cells(&self) -> Option<FieldCells> {
        let Sight { kind: Kind::Cells, framing } = self.classifier.lead().sight() else { return None };
        let [width, height] = [framing.width, framing.height].map(f32::from);
        // The centre of the middle pixel.
        let share = |at: u16, of: f32| (f32::from(at) + 0.5) / of;
        let cells = self.classifier.leanings(&self.workspace).map(|(Cell { x, y, .. }, leaning)| SeenCell {
            x: share(x, width),
            y: share(y, height),
            leaning: leaning.is_finite().then_some(leaning),
        });
        Some(FieldCells { width: SIDE as f32 / width, height: SIDE as f32 / height, cells: cells.collect() })
    }

    fn squashes_to(&self) -> Option<(usize, usize)> {
        let framing = self.classifier.framing();
        Some((framing.width.into(), framing.height.into()))
    }
}
