//! Counts of a session.

use blastscope_shared::{
    Class,
    field::gate::Rejection,
    judge::{
        Assessment,
        verdict::{Abstention, Subtype, Verdict},
    },
};
use serde::Serialize;

use super::Statement;

/// Numbers of frames by their statement, and of views.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// All frames.
    pub frames: u64,
    /// Views.
    pub views: u64,
    /// A class was named, in the order of [`Class::ALL`].
    pub classes: [u64; Class::COUNT],
    /// The field was called malignant, but no subtype was probable enough.
    pub subtype_not_sure: u64,
    /// Neither benign nor malignant was probable enough.
    pub doubtful: u64,
    /// The networks disagreed about benign or malignant.
    pub disagreeing: u64,
    /// The field was unlike the training data.
    pub unfamiliar: u64,
    /// The network looks for cells, and the field showed none.
    pub without_cells: u64,
    /// The model's result was not finite.
    pub not_finite: u64,
    /// The view was too new.
    pub settling: u64,
    /// The gate rejected the picture.
    pub rejected: u64,
}

impl Tally {
    /// All counts 0.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            frames: 0,
            views: 0,
            classes: [0; Class::COUNT],
            subtype_not_sure: 0,
            doubtful: 0,
            disagreeing: 0,
            unfamiliar: 0,
            without_cells: 0,
            not_finite: 0,
            settling: 0,
            rejected: 0,
        }
    }

    /// Frames of which nothing was said, although they passed the gate in a settled view.
    #[must_use]
    pub const fn abstained(&self) -> u64 {
        self.doubtful + self.disagreeing + self.unfamiliar + self.without_cells + self.not_finite
    }

    pub(super) const fn count(&mut self, outcome: &Result<Assessment, Rejection>, statement: &Statement) {
        self.frames += 1;
        match (outcome, statement) {
            (Err(_), _) => self.rejected += 1,
            (_, Statement::Verdict(Verdict::Benign { .. })) => self.classes[Class::Benign.index()] += 1,
            (_, Statement::Verdict(Verdict::Malignant { subtype: Subtype::Named { class, .. }, .. })) => {
                self.classes[class.index()] += 1;
            }
            (_, Statement::Verdict(Verdict::Malignant { .. })) => self.subtype_not_sure += 1,
            (_, Statement::Verdict(Verdict::Abstain(Abstention::LowConfidence { .. }))) => self.doubtful += 1,
            (_, Statement::Verdict(Verdict::Abstain(Abstention::Disagreement { .. }))) => self.disagreeing += 1,
            (_, Statement::Verdict(Verdict::Abstain(Abstention::Unfamiliar { .. }))) => self.unfamiliar += 1,
            (_, Statement::Verdict(Verdict::Abstain(Abstention::NoCells))) => self.without_cells += 1,
            (_, Statement::Verdict(Verdict::Abstain(Abstention::NotFinite))) => self.not_finite += 1,
            _ => self.settling += 1,
        }
    }
}
