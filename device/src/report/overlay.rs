//! A picture under its heat map, with a legend below.

mod lettering;
mod ramp;

use std::borrow::Cow;

use blastscope_shared::{Explanation, Framing, RgbPixels, field::squash::squash};
use textwrap::{Options, WordSplitter::NoHyphenation, wrap};

/// Longest side of the picture in an overlay, in pixels: larger pictures are scaled down.
const LONGEST: usize = 1024;
/// Minimum of the longer side, in pixels: smaller pictures are enlarged by a whole factor.
const LEAST: usize = 560;
/// Value of the contour around the most telling places: half of the maximum.
const CONTOUR: f32 = 0.5;
/// From this width on, in pixels, letters are drawn at double size.
const TWICE: usize = 600;
const PAPER: [u8; 3] = [250, 250, 247];
const INK: [u8; 3] = [45, 45, 50];

/// Draws `explanation` over `picture`, and below it the legend of the colours and the lines of `caption`.
///
/// Keeps the aspect ratio: the longer side has between 560 and 1024 pixels. The corner that `framing` masks is hatched, because the
/// network has not seen it.
#[must_use]
pub fn draw(picture: &RgbPixels, explanation: &Explanation, framing: &Framing, caption: &[String]) -> RgbPixels {
    let mut canvas = Canvas::of(picture);
    canvas.tint(explanation);
    canvas.hatch(framing);
    canvas.add_legend(explanation, caption);
    let Canvas { width, bytes, .. } = canvas;
    RgbPixels::new(width, bytes.len() / (3 * width), bytes).expect("whole rows")
}

/// As [`draw`], without the legend.
#[must_use]
pub fn tinted(picture: &RgbPixels, explanation: &Explanation, framing: &Framing) -> RgbPixels {
    let mut canvas = Canvas::of(picture);
    canvas.tint(explanation);
    canvas.hatch(framing);
    let Canvas { width, height, bytes } = canvas;
    RgbPixels::new(width, height, bytes).expect("whole rows")
}

struct Canvas {
    width: usize,
    /// Height of the picture, without the legend.
    height: usize,
    bytes: Vec<u8>,
}

impl Canvas {
    fn of(picture: &RgbPixels) -> Self {
        let (width, height) = (picture.width(), picture.height());
        let longest = width.max(height);
        if longest > LONGEST {
            let scaled = |side: usize| (side * LONGEST / longest).max(1);
            let (width, height) = (scaled(width), scaled(height));
            return Self { width, height, bytes: squash(picture, width, height).into_bytes() };
        }
        let times = LEAST.div_ceil(longest);
        let mut bytes = Vec::with_capacity(picture.bytes().len() * times * times);
        for row in picture.bytes().chunks_exact(3 * width) {
            let wide: Vec<u8> =
                row.as_chunks::<3>().0.iter().flat_map(|&pixel| [pixel].repeat(times)).flatten().collect();
            bytes.extend(wide.repeat(times));
        }
        Self { width: width * times, height: height * times, bytes }
    }

    fn pixel(&mut self, x: usize, y: usize) -> Option<&mut [u8; 3]> {
        if x >= self.width {
            return None;
        }
        self.bytes.as_chunks_mut::<3>().0.get_mut(y * self.width + x)
    }

    fn paint(&mut self, x: usize, y: usize, colour: [u8; 3], opacity: f32) {
        if let Some(pixel) = self.pixel(x, y) {
            *pixel = ramp::mixed(*pixel, colour, opacity);
        }
    }

    fn tint(&mut self, explanation: &Explanation) {
        let values = explanation.resized(self.width, self.height);
        let (width, height) = (self.width, self.height);
        for y in 0..height {
            for x in 0..width {
                let value = values[y * width + x];
                self.paint(x, y, ramp::colour(value), ramp::opacity(value));
                // A line two pixels wide: the nearest pixel on either side of the contour.
                let above = value >= CONTOUR;
                let crosses =
                    |x: usize, y: usize| x < width && y < height && (values[y * width + x] >= CONTOUR) != above;
                if crosses(x + 1, y)
                    || crosses(x, y + 1)
                    || crosses(x.wrapping_sub(1), y)
                    || crosses(x, y.wrapping_sub(1))
                {
                    self.paint(x, y, ramp::LINE, 0.9);
                }
            }
        }
    }

    /// Diagonal lines over the masked corner.
    fn hatch(&mut self, framing: &Framing) {
        let mask = framing.mask;
        let across = |column: u16| usize::from(column) * self.width / usize::from(framing.width);
        let down = |row: u16| usize::from(row) * self.height / usize::from(framing.height);
        let (columns, rows) = (across(mask.left)..across(mask.right), down(mask.top)..down(mask.bottom));
        for y in rows {
            for x in columns.clone() {
                let opacity = if (x + y) % 10 < 2 { 0.9 } else { 0.75 };
                self.paint(x, y, if (x + y) % 10 < 2 { INK } else { [205, 205, 203] }, opacity);
            }
        }
    }

    fn add_legend(&mut self, explanation: &Explanation, caption: &[String]) {
        let size = if self.width < TWICE { 1 } else { 2 };
        let (margin, line) = (6 * size, 11 * size);
        let columns = self.width.saturating_sub(2 * margin) / lettering::advance(size);
        let meaning = match explanation.peak() {
            Some(_) => format!("speaks for {}: little to most", explanation.class()),
            None => format!("nothing in this field speaks for {}", explanation.class()),
        };
        let mut lines = wrapped(&meaning, columns);
        let bar = explanation.peak().is_some();
        lines.extend(wrapped("hatched: not seen by the network", columns));
        lines.extend(caption.iter().flat_map(|text| wrapped(text, columns)));
        let bar_height = if bar { line } else { 0 };
        let rows = 2 * margin + bar_height + lines.len() * line;
        self.bytes.extend(PAPER.repeat(rows * self.width));
        let mut top = self.height + margin;
        if bar {
            let length = self.width.saturating_sub(2 * margin);
            for x in 0..length {
                let value = (x as f32 + 0.5) / length as f32;
                for y in 0..7 * size {
                    self.paint(margin + x, top + y, ramp::colour(value), ramp::opacity(value) / ramp::MOST);
                }
            }
            top += bar_height;
        }
        for text in lines {
            lettering::write(&text, size, |x, y| self.paint(margin + x, top + y, INK, 1.0));
            top += line;
        }
    }
}

/// Splits text into lines of at most `columns` letters, between words if possible.
fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines = wrap(&text, Options::new(columns.max(1)).word_splitter(NoHyphenation));
    lines.into_iter().map(Cow::into_owned).collect()
}

#[cfg(test)]
mod tests;
