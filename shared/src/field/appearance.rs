//! What is measured of a field beside the network, to know whether it is like the fields that the network was trained on.

use crate::field::{detail::Detail, light::Lamp, stain::Hue};

/// A field's stain, light and detail.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Appearance {
    /// The hue of the stain.
    pub hue: Hue,
    /// The lamp; `None` if the sight divides it out.
    pub lamp: Option<Lamp>,
    /// How its variation divides over sizes.
    pub detail: Detail,
}
