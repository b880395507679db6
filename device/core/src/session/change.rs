//! Changes of a session that a person gives and the record keeps as they are.

use alloc::{string::String, vec::Vec};

use crate::{
    answer::{Says, Seen},
    cells::{CellId, CellLabel, LabelsSeen},
};

/// What a person changes about a session, whether it is open or not.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// An opinion about a field.
    Opinion {
        /// The field.
        sequence: u64,
        /// The label.
        says: Says,
        /// The reason; may be empty.
        note: String,
        /// Name of the person.
        by: String,
        /// What the person saw of the field.
        seen: Seen,
    },
    /// What cells are, one or many at once.
    Cells {
        /// The cells, each once.
        cells: Vec<CellId>,
        /// The label; `None` takes their labels back.
        label: Option<CellLabel>,
        /// Name of the person.
        by: String,
        /// What the person saw of them.
        seen: LabelsSeen,
    },
    /// Another person takes over the microscope; only in the open session.
    HandOver {
        /// Name of the person.
        to: String,
    },
    /// The pseudonym is corrected.
    Specimen {
        /// The right pseudonym.
        specimen: String,
        /// Name of the person.
        by: String,
    },
}
