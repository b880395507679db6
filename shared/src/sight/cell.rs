//! A nucleated cell of a field.

/// A cell's place in the field, in pixels of the field's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Column of its centre.
    pub x: u16,
    /// Row of its centre.
    pub y: u16,
    /// Strength, in units of 1/1275 optical density: larger for a darker and larger nucleus.
    pub strength: u16,
}
