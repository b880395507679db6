//! A person's labels of cells, stored beside what the networks say of their field.

use std::{collections::HashSet, time::SystemTime};

use blastscope_core::cells::{CellId, CellLabel};

use super::{RecordError, text_rules};

/// Most cells labelled at once.
pub const MAX_CELLS: usize = 500;

/// Labels to store: one label for one cell or many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCellLabels {
    /// When they were given.
    pub at: SystemTime,
    /// Who gave them: name or initials, 1 to 64 letters.
    pub by: String,
    /// What the cells are; `None` takes their labels back.
    pub label: Option<CellLabel>,
    /// The cells, each once; at most [`MAX_CELLS`].
    pub cells: Vec<CellId>,
}

impl NewCellLabels {
    pub(super) fn check(&self) -> Result<(), RecordError> {
        text_rules::line("name", &self.by)?;
        if !(1..=MAX_CELLS).contains(&self.cells.len()) {
            let remedy = "give 1 to 500 cells at once";
            return Err(RecordError::invalid("number of cells", &self.cells.len().to_string(), remedy));
        }
        let mut known = HashSet::new();
        match self.cells.iter().find(|cell| !known.insert(**cell)) {
            Some(twice) => Err(RecordError::invalid("cell", &twice.to_string(), "name each cell once")),
            None => Ok(()),
        }
    }
}
