//! What is measured of a field beside the network, to know whether it is like the fields that the network was trained on.

use crate::field::{
    detail::{Detail, DetailMeter},
    framing::Framing,
    grain::grain,
    palette::Palette,
    stain::{self, Hue},
};

/// A field's stain, palette, detail and grain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Appearance {
    /// The hue of the stain.
    pub hue: Hue,
    /// Lamp and stain together; `None` if the sight shows no colours.
    pub palette: Option<Palette>,
    /// How its variation divides over sizes.
    pub detail: Detail,
    /// How much neighbouring pixels differ where nothing is stained, in units of density.
    pub grain: f32,
}

impl Appearance {
    /// Measures a field in optical density; `background` is that of its colours, if the sight shows them.
    pub(crate) fn of(framing: &Framing, density: &[u8], background: Option<[u8; 3]>, meter: &mut DetailMeter) -> Self {
        let stained = stain::measure(framing, density);
        Self {
            hue: stained.hue,
            palette: background.map(|background| Palette::of(background, &stained)),
            detail: meter.measure(framing, density),
            grain: grain(framing, density),
        }
    }
}
