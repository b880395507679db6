//! The eight symmetries of the square: a smear has no up, so each of them shows an equally possible field.

use std::fmt;

/// One of the square's symmetries, as a map of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Symmetry {
    /// The picture itself.
    Identity,
    /// Upside down: the first row becomes the last.
    FlipVertical,
    /// Mirrored: the first column becomes the last.
    FlipHorizontal,
    /// Turned by 90 degrees clockwise: the first row becomes the last column.
    RotateRight,
    /// Turned by 180 degrees.
    RotateHalf,
    /// Turned by 90 degrees counter-clockwise: the first row becomes the first column, read upwards.
    RotateLeft,
    /// Mirrored at the diagonal through the upper left corner: rows become columns.
    Transpose,
    /// Mirrored at the diagonal through the upper right corner.
    AntiTranspose,
}

impl Symmetry {
    /// All eight, the identity first.
    pub const ALL: [Self; 8] = [
        Self::Identity,
        Self::FlipVertical,
        Self::FlipHorizontal,
        Self::RotateRight,
        Self::RotateHalf,
        Self::RotateLeft,
        Self::Transpose,
        Self::AntiTranspose,
    ];
    /// The augmentation of Anand et al. 2025: vertical flip, horizontal flip, rotation by 90 degrees.
    pub const PAPER: [Self; 3] = [Self::FlipVertical, Self::FlipHorizontal, Self::RotateRight];
    /// What only combinations of [`Self::PAPER`] give.
    pub const COMBINED: [Self; 4] = [Self::RotateHalf, Self::RotateLeft, Self::Transpose, Self::AntiTranspose];

    /// The name in split files: `identity`, `flip-vertical` ...
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::FlipVertical => "flip-vertical",
            Self::FlipHorizontal => "flip-horizontal",
            Self::RotateRight => "rotate-right",
            Self::RotateHalf => "rotate-half",
            Self::RotateLeft => "rotate-left",
            Self::Transpose => "transpose",
            Self::AntiTranspose => "anti-transpose",
        }
    }

    /// The symmetry of a [`Self::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|symmetry| symmetry.name() == name)
    }

    /// The symmetry that undoes this one.
    #[must_use]
    pub const fn inverse(self) -> Self {
        match self {
            Self::RotateRight => Self::RotateLeft,
            Self::RotateLeft => Self::RotateRight,
            other => other,
        }
    }

    /// The source pixel of output pixel (`x`, `y`), in a square of `side` pixels.
    const fn source(self, x: usize, y: usize, side: usize) -> (usize, usize) {
        let (right, bottom) = (side - 1 - x, side - 1 - y);
        match self {
            Self::Identity => (x, y),
            Self::FlipVertical => (x, bottom),
            Self::FlipHorizontal => (right, y),
            Self::RotateRight => (y, right),
            Self::RotateHalf => (right, bottom),
            Self::RotateLeft => (bottom, x),
            Self::Transpose => (y, x),
            Self::AntiTranspose => (bottom, right),
        }
    }

    /// Maps a square HWC input of `side * side` pixels with three bytes each.
    ///
    /// The masked corner of an input moves along; mask the result again if it must look like an input from the device.
    ///
    /// # Panics
    /// When `input` does not have `side * side * 3` bytes.
    #[must_use]
    pub fn apply(self, input: &[u8], side: usize) -> Vec<u8> {
        let mut output = vec![0; input.len()];
        self.apply_to(input, side, &mut output);
        output
    }

    /// As [`Self::apply`], into a buffer.
    ///
    /// # Panics
    /// When `input` or `output` does not have `side * side * 3` bytes.
    pub fn apply_to(self, input: &[u8], side: usize, output: &mut [u8]) {
        assert_eq!(input.len(), side * side * 3, "a square input has side * side * 3 bytes");
        assert_eq!(output.len(), input.len(), "input and output have the same size");
        if self == Self::Identity || side == 0 {
            output.copy_from_slice(input);
            return;
        }
        for (y, row) in output.chunks_exact_mut(side * 3).enumerate() {
            for (x, pixel) in row.chunks_exact_mut(3).enumerate() {
                let (from_x, from_y) = self.source(x, y, side);
                let at = (from_y * side + from_x) * 3;
                pixel.copy_from_slice(&input[at..at + 3]);
            }
        }
    }
}

impl fmt::Display for Symmetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three by three grey pixels, one letter each.
    fn picture(letters: [&str; 3]) -> Vec<u8> {
        letters.concat().bytes().flat_map(|letter| [letter, letter + 100, 0]).collect()
    }

    #[test]
    fn every_symmetry_is_as_drawn() {
        let field = picture(["abc", "def", "ghi"]);
        for (symmetry, drawn) in [
            (Symmetry::Identity, ["abc", "def", "ghi"]),
            (Symmetry::FlipVertical, ["ghi", "def", "abc"]),
            (Symmetry::FlipHorizontal, ["cba", "fed", "ihg"]),
            (Symmetry::RotateRight, ["gda", "heb", "ifc"]),
            (Symmetry::RotateHalf, ["ihg", "fed", "cba"]),
            (Symmetry::RotateLeft, ["cfi", "beh", "adg"]),
            (Symmetry::Transpose, ["adg", "beh", "cfi"]),
            (Symmetry::AntiTranspose, ["ifc", "heb", "gda"]),
        ] {
            assert_eq!(symmetry.apply(&field, 3), picture(drawn), "{symmetry}");
        }
    }

    #[test]
    fn inverse_undoes_and_names_are_unique() {
        let field: Vec<u8> = (0..5 * 5 * 3).collect();
        for symmetry in Symmetry::ALL {
            assert_eq!(symmetry.inverse().apply(&symmetry.apply(&field, 5), 5), field, "{symmetry}");
            assert_eq!(Symmetry::from_name(symmetry.name()), Some(symmetry));
        }
        assert_eq!(Symmetry::from_name("rotate"), None);
    }

    #[test]
    fn paper_and_combined_are_all_but_the_identity() {
        let mut together: Vec<_> = Symmetry::PAPER.into_iter().chain(Symmetry::COMBINED).collect();
        together.sort();
        assert_eq!(together, Symmetry::ALL[1..]);
    }
}
