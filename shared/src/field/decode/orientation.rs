//! Picture orientation from EXIF and TIFF: a camera does not rotate the pixels, it records how it was held.

use alloc::vec::Vec;

use crate::field::pixels::RgbPixels;

/// The transformation that turns the stored pixels upright, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Orientation {
    /// First swap rows and columns.
    transposed: bool,
    /// Then swap left and right.
    mirrored: bool,
    /// Then swap top and bottom.
    upside_down: bool,
}

impl Orientation {
    pub(super) const UPRIGHT: Self = Self { transposed: false, mirrored: false, upside_down: false };

    /// From the value of tag 274; anything but 2 to 8 is upright.
    pub(super) const fn from_exif(value: u64) -> Self {
        let (transposed, mirrored, upside_down) = match value {
            2 => (false, true, false),
            3 => (false, true, true),
            4 => (false, false, true),
            5 => (true, false, false),
            6 => (true, true, false),
            7 => (true, true, true),
            8 => (true, false, true),
            _ => (false, false, false),
        };
        Self { transposed, mirrored, upside_down }
    }

    /// Turns `stored` upright.
    pub(super) fn apply(self, stored: RgbPixels) -> RgbPixels {
        if self == Self::UPRIGHT {
            return stored;
        }
        let (width, height) = (stored.width(), stored.height());
        let (across, down) = if self.transposed { (height, width) } else { (width, height) };
        let source = stored.bytes();
        let mut bytes = Vec::with_capacity(source.len());
        for row in 0..down {
            let y = if self.upside_down { down - 1 - row } else { row };
            for column in 0..across {
                let x = if self.mirrored { across - 1 - column } else { column };
                let at = 3 * if self.transposed { x * width + y } else { y * width + x };
                bytes.extend_from_slice(&source[at..at + 3]);
            }
        }
        // The number of bytes stays the same.
        RgbPixels::new(across, down, bytes).unwrap_or(stored)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;

    /// The pixels of a letter, row by row, after `value`'s orientation is applied to `stored`.
    fn turned(value: u64, stored: &[&str]) -> Vec<String> {
        let bytes = stored.iter().flat_map(|row| row.bytes().flat_map(|byte| [byte; 3])).collect();
        let pixels = RgbPixels::new(stored[0].len(), stored.len(), bytes).expect("a picture");
        let upright = Orientation::from_exif(value).apply(pixels);
        let rows = upright.bytes().chunks(upright.width() * 3);
        rows.map(|row| row.chunks(3).map(|pixel| char::from(pixel[0])).collect()).collect()
    }

    /// Definitions of EXIF 2.32: which side of the visible picture the first stored row and column are.
    #[test]
    fn the_eight_orientations_show_the_same_letter() {
        let stored: [&[&str]; 8] = [
            &["FF", "F.", "F."],
            &["FF", ".F", ".F"],
            &[".F", ".F", "FF"],
            &["F.", "F.", "FF"],
            &["FFF", "F.."],
            &["F..", "FFF"],
            &["..F", "FFF"],
            &["FFF", "..F"],
        ];
        for (value, stored) in (1..).zip(stored) {
            assert_eq!(turned(value, stored), ["FF", "F.", "F."], "orientation {value}");
        }
        assert_eq!(turned(9, stored[1]), stored[1], "no orientation");
    }
}
