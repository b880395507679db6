//! The scale bar that a camera's software burns into the lower right corner.

use blastscope_shared::RgbPixels;

/// Style of the scale bar. Each lies within rows 196 to 223 and columns 170 to 223 of a 224 x 224 grid over the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScaleBar {
    /// No bar.
    None,
    /// A small black bar and text in a white box.
    Boxed,
    /// A large black bar and text in a white box, cut off by the corner.
    Cut,
    /// A red line with end ticks and text, without a box.
    Line,
}

impl ScaleBar {
    /// All styles.
    pub const ALL: [Self; 4] = [Self::None, Self::Boxed, Self::Cut, Self::Line];

    /// Burns the bar into a picture of a whole field that is later squashed to `width` x `height` pixels.
    pub(super) fn draw(self, picture: &mut RgbPixels, [width, height]: [usize; 2]) {
        // Positions are in units of the 224 grid, relative to the corner (170, 196); `unit` is the height of a text pixel.
        let (origin, colour, text, unit, [left, top, right, bottom]) = match self {
            Self::None => return,
            Self::Boxed => ([25.5, 11.0], [20, 20, 20], "100 pixel", 0.42, [24.5, 10.0, 48.0, 20.5]),
            Self::Cut => ([25.0, 3.0], [0, 0, 0], "200 pi", 1.0, [22.5, 0.5, 54.0, 28.0]),
            Self::Line => ([26.0, 13.0], [205, 30, 45], "100 pixel", 0.42, [0.0; 4]),
        };
        let mut corner = Corner::of(picture, [width, height]);
        corner.fill([left, top, right, bottom], [255; 3]);
        let length: f32 = if self == Self::Cut { 54.0 - origin[0] } else { 21.5 };
        let line_top = origin[1] + 9.0 * unit;
        let thick = unit.max(0.45);
        corner.fill([origin[0], line_top, origin[0] + length, line_top + thick], colour);
        let tick = 3.5 * unit;
        let first_tick = [origin[0], line_top - tick + thick, origin[0] + thick * 0.8, line_top + tick];
        corner.fill(first_tick, colour);
        if self != Self::Cut {
            let end = origin[0] + length;
            corner.fill([end - thick * 0.8, first_tick[1], end, first_tick[3]], colour);
        }
        let text_left = origin[0] + if self == Self::Cut { 5.0 } else { 1.6 };
        for (at, letter) in text.chars().enumerate() {
            let place = [text_left + at as f32 * 5.0 * unit, origin[1]];
            corner.letter(glyph(letter), place, unit, colour);
        }
    }
}

/// The picture's lower right corner in units of the 224 grid.
struct Corner<'a> {
    picture: &'a mut RgbPixels,
    /// First column and row to draw on: they squash to pixels wholly in the corner.
    first: [usize; 2],
}

impl<'a> Corner<'a> {
    const LEFT: usize = 170;
    const TOP: usize = 196;

    fn of(picture: &'a mut RgbPixels, [width, height]: [usize; 2]) -> Self {
        let first =
            |start: usize, size: usize, squashed: usize| ((start * squashed).div_ceil(224) * size).div_ceil(squashed);
        let first = [first(Self::LEFT, picture.width(), width), first(Self::TOP, picture.height(), height)];
        Self { picture, first }
    }

    /// Fills a rectangle (left, top, right, bottom), clipped to the corner.
    fn fill(&mut self, [left, top, right, bottom]: [f32; 4], colour: [u8; 3]) {
        let (width, height) = (self.picture.width(), self.picture.height());
        let pixel = |place: f32, start: usize, size: usize, first: usize| {
            (((start as f32 + place) * size as f32 / 224.0 + 0.5) as usize).clamp(first.min(size), size)
        };
        let column = |place| pixel(place, Self::LEFT, width, self.first[0]);
        let row = |place| pixel(place, Self::TOP, height, self.first[1]);
        let (columns, rows) = (column(left)..column(right), row(top)..row(bottom));
        for row in rows {
            let line = &mut self.picture.bytes_mut()[row * width * 3..(row + 1) * width * 3];
            for pixel in line[columns.start * 3..columns.end * 3].chunks_exact_mut(3) {
                pixel.copy_from_slice(&colour);
            }
        }
    }

    fn letter(&mut self, rows: [u8; 7], [left, top]: [f32; 2], unit: f32, colour: [u8; 3]) {
        for (row, bits) in rows.into_iter().enumerate() {
            for column in (0..4).filter(|column| bits >> (3 - column) & 1 == 1) {
                let (x, y) = (left + column as f32 * unit, top + row as f32 * unit);
                self.fill([x, y, x + unit, y + unit], colour);
            }
        }
    }
}

/// Four columns and seven rows of a letter.
fn glyph(letter: char) -> [u8; 7] {
    match letter {
        '0' => [0b0110, 0b1001, 0b1001, 0b1001, 0b1001, 0b0110, 0],
        '1' => [0b0010, 0b0110, 0b0010, 0b0010, 0b0010, 0b0111, 0],
        '2' => [0b0110, 0b1001, 0b0001, 0b0110, 0b1000, 0b1111, 0],
        'e' => [0, 0b0110, 0b1001, 0b1111, 0b1000, 0b0111, 0],
        'i' => [0b0100, 0, 0b0100, 0b0100, 0b0100, 0b0100, 0],
        'l' => [0b0100, 0b0100, 0b0100, 0b0100, 0b0100, 0b0100, 0],
        'p' => [0, 0b1110, 0b1001, 0b1001, 0b1110, 0b1000, 0b1000],
        'x' => [0, 0b1001, 0b0110, 0b0110, 0b0110, 0b1001, 0],
        _ => [0; 7],
    }
}

#[cfg(test)]
mod tests {
    use blastscope_shared::Framing;

    use super::*;

    #[test]
    fn the_mask_removes_every_bar_wholly() {
        for (width, height) in [(1024, 768), (1000, 750), (448, 336), (224, 224), (100, 75)] {
            let plain = RgbPixels::new(width, height, vec![130; width * height * 3]).expect("as many bytes as pixels");
            let framing = Framing::square(224);
            for bar in ScaleBar::ALL {
                let mut picture = plain.clone();
                bar.draw(&mut picture, [width, height]);
                assert_eq!(picture == plain, bar == ScaleBar::None, "{bar:?} at {width}x{height}");
                let masked = framing.apply(&picture) == framing.apply(&plain);
                assert!(masked, "{bar:?} at {width}x{height} reaches out of the mask");
            }
        }
    }
}
