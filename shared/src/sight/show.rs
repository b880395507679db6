//! The traits of a kind of sight.

use alloc::{boxed::Box, string::String};

use super::{cell::Cell, observation::Observation};
use crate::{
    field::framing::Framing,
    label::Class,
    layers::{Shape, explanation::Explanation},
};

/// A kind of sight: its properties before it looks at a field.
pub(super) trait Shows: Sync {
    /// Its number in an artifact. It changes whenever one byte of a view could change.
    fn version(&self) -> u16;

    /// Size of a view.
    fn shape(&self, framing: &Framing) -> Shape;

    /// Most views per field.
    fn most_views(&self) -> usize;

    /// A few words for what a network is shown, to follow "sees".
    fn description(&self, framing: &Framing) -> String;

    /// Buffers for looking.
    fn look(&self) -> Box<dyn Look>;
}

/// Looks at fields. Keeps its buffers from field to field: no allocation while the size stays the same.
pub(super) trait Look: Send + Sync {
    /// Looks at a field, HWC bytes. Returns the number of its views, at least 1, or why there are none.
    fn look(&mut self, framing: &Framing, field: &[u8]) -> Observation<usize>;

    /// A view of the last field, which is passed again.
    fn view<'a>(&'a mut self, field: &'a [u8], at: usize) -> &'a [u8];

    /// The [density](crate::field::density) of the last field; `None` if the views show its colours, and the lamp with them.
    fn density(&self) -> Option<&[u8]> {
        None
    }

    /// The cells shown by the views, in the same order; empty if the views are not cells.
    fn cells(&self) -> &[Cell] {
        &[]
    }

    /// Map of the evidence for `class`, from the logits of the views. `None` if a view is the whole field: then the network's own
    /// map shows it.
    fn explain(&self, framing: &Framing, logits: &[[f32; Class::COUNT]], class: Class) -> Option<Explanation> {
        let _ = (framing, logits, class);
        None
    }
}
