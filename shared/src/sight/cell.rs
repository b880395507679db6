//! A nucleated cell of a field.

/// A cell's place in the field, in pixels of the field's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Column of its nucleus' centroid.
    pub x: u16,
    /// Row of its nucleus' centroid.
    pub y: u16,
    /// Area of its nucleus, in pixels of the field's input.
    pub area: u16,
}
