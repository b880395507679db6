//! The size of a map.

/// Size of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Activations per pixel.
    pub channels: usize,
}

impl Shape {
    /// Number of elements.
    #[must_use]
    #[allow(clippy::len_without_is_empty)]
    pub const fn len(self) -> usize {
        self.height * self.width * self.channels
    }

    /// The shape after a 2x2 maximum.
    pub(crate) const fn halved(self) -> Self {
        Self { height: self.height / 2, width: self.width / 2, channels: self.channels }
    }
}
