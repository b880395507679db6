//! A field's output from its cells': the mean of their logits, and of their hidden activations.

use alloc::{vec, vec::Vec};

use crate::{
    engine::network::{self, Network, Output},
    field::{preprocess::Preprocessing, stain::Hue},
    label::Class,
    layers::explanation::Explanation,
    sight::cells::{Cell, CellView, MAX_CELLS, SIDE},
};

/// Pixels of the field's input to a cell of the map.
const MAP_STEP: usize = 4;

/// The buffers of a field that is seen cell by cell.
pub(super) struct ByCell {
    view: CellView,
    crop: Vec<u8>,
    logits: Vec<[f32; Class::COUNT]>,
    sums: Vec<u32>,
    hidden: Vec<u8>,
}

impl ByCell {
    pub(super) fn new(network: &Network) -> Self {
        Self {
            view: CellView::new(),
            crop: vec![0; SIDE * SIDE * 3],
            logits: Vec::with_capacity(MAX_CELLS),
            sums: vec![0; network.hidden_len()],
            hidden: vec![0; network.hidden_len()],
        }
    }

    /// Runs `network` on every cell, and measures the field's hue; `None` when the field has no cell. Sums run in the order of the
    /// cells, so that every machine gets the same bits; the mean activation is rounded half up.
    pub(super) fn run(
        &mut self,
        preprocessing: &Preprocessing,
        input: &[u8],
        network: &Network,
        workspace: &mut network::Workspace,
    ) -> Option<(Output<'_>, Hue)> {
        self.view.look(preprocessing, input);
        self.logits.clear();
        self.sums.fill(0);
        let mut sums = [0.0; Class::COUNT];
        for &cell in self.view.cells() {
            self.view.crop(cell, SIDE, &mut self.crop);
            let output = network.run(&self.crop, workspace);
            sums.iter_mut().zip(output.logits).for_each(|(sum, logit)| *sum += logit);
            self.sums.iter_mut().zip(output.hidden).for_each(|(sum, &activation)| *sum += u32::from(activation));
            self.logits.push(output.logits);
        }
        let count = self.logits.len() as u32;
        if count == 0 {
            return None;
        }
        for (hidden, &sum) in self.hidden.iter_mut().zip(&self.sums) {
            *hidden = ((sum + count / 2) / count) as u8;
        }
        let output = Output { logits: sums.map(|sum| sum / count as f32), hidden: &self.hidden };
        Some((output, self.view.hue(preprocessing)))
    }

    pub(super) fn cells(&self) -> (&[Cell], &[[f32; Class::COUNT]]) {
        (self.view.cells(), &self.logits)
    }

    /// By how much each cell's logit of `class` surpasses the mean of its logits, laid over the cell's place: a disc of the size
    /// of a nucleus, fading towards its edge. `None` when there was no field yet.
    pub(super) fn explain(&self, preprocessing: &Preprocessing, class: Class) -> Option<Explanation> {
        if !self.view.has_looked() {
            return None;
        }
        let (width, height) =
            (usize::from(preprocessing.width) / MAP_STEP, usize::from(preprocessing.height) / MAP_STEP);
        let mut map = vec![0.0f32; width * height];
        let radius = SIDE as f32 / 2.0;
        for (cell, logits) in self.view.cells().iter().zip(&self.logits) {
            let margin = logits[class.index()] - logits.iter().sum::<f32>() / Class::COUNT as f32;
            // Of finite outputs only: a map shows no number that is none.
            let speaks_for = margin > 0.0 && margin.is_finite();
            if !speaks_for {
                continue;
            }
            for (y, row) in map.chunks_exact_mut(width).enumerate() {
                for (x, value) in row.iter_mut().enumerate() {
                    let centre = |at: usize| ((2 * at + 1) * MAP_STEP) as f32 / 2.0;
                    let (across, down) = (centre(x) - f32::from(cell.x), centre(y) - f32::from(cell.y));
                    let share = (across * across + down * down) / (radius * radius);
                    *value = value.max(margin * (1.0 - share).max(0.0));
                }
            }
        }
        Some(Explanation::new(class, width, height, map))
    }
}
