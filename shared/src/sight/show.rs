//! What a kind of sight implements.

use alloc::{boxed::Box, string::String};

use super::{cell::Cell, observation::Observation};
use crate::{
    field::framing::Framing,
    label::Class,
    layers::{Shape, explanation::Explanation},
};

/// A kind of sight: what is known of it before a field is looked at.
pub(super) trait Shows: Sync {
    /// Its number in an artifact. It changes whenever one byte of a view could change.
    fn version(&self) -> u16;

    /// Size of a view of a field.
    fn shape(&self, framing: &Framing) -> Shape;

    /// Most views of a field.
    fn most_views(&self) -> usize;

    /// What a network is shown, in a few words that follow "sees".
    fn description(&self, framing: &Framing) -> String;

    /// Buffers to look with.
    fn look(&self) -> Box<dyn Look>;
}

/// Looks at fields. It keeps its buffers from field to field: no allocation while the size stays.
pub(super) trait Look: Send + Sync {
    /// Looks at a field, HWC bytes: the number of its views, at least 1, or why there are none.
    fn look(&mut self, framing: &Framing, field: &[u8]) -> Observation<usize>;

    /// A view of the field that was looked at last, which is given again.
    fn view<'a>(&'a mut self, field: &'a [u8], at: usize) -> &'a [u8];

    /// The [density](crate::field::density) of the field that was looked at last, where it was measured.
    fn density(&self) -> Option<&[u8]> {
        None
    }

    /// The cells that the views are of, in the same order; none where they are not of cells.
    fn cells(&self) -> &[Cell] {
        &[]
    }

    /// Where in the field lies what speaks for `class`, from the logits of its views. `None` where a view is the whole field: then
    /// the network's own map shows it.
    fn explain(&self, framing: &Framing, logits: &[[f32; Class::COUNT]], class: Class) -> Option<Explanation> {
        let _ = (framing, logits, class);
        None
    }
}
