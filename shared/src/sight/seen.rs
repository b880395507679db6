//! The numbers that a network observes in a field.

use crate::{field::stain::Hue, label::Class};

/// What the network makes of a field, and what is measured beside it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen<'a> {
    /// The network's outputs; of a network that sees cells, the mean over them.
    pub logits: [f32; Class::COUNT],
    /// The activations before the last layer, each 0..=255, likewise.
    pub hidden: &'a [u8],
    /// The hue of the field's stain.
    pub hue: Hue,
}
