//! Pictures that are not usable smear fields, which the quality gate and the novelty check must refuse.

use blastscope_shared::{Class, RgbPixels};

use super::dice::{Dice, Stream};

/// Fault of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NonSmear {
    /// An empty bright field.
    Empty,
    /// Lamp off or shutter closed.
    Dark,
    /// A smooth colour gradient from side to side.
    Gradient,
    /// A checkerboard with text-like lines: a test chart or a screen.
    Pattern,
    /// A smear field far out of focus.
    Blurred,
}

impl NonSmear {
    /// All kinds.
    pub const ALL: [Self; 5] = [Self::Empty, Self::Dark, Self::Gradient, Self::Pattern, Self::Blurred];
}

/// Draws a picture that is not a usable smear field. The same arguments give the same bytes on every machine.
///
/// # Panics
/// If a size is 0.
#[must_use]
pub fn draw_non_smear(kind: NonSmear, seed: u64, width: usize, height: usize) -> RgbPixels {
    let dice = &mut Dice::new(seed, Stream::NonSmear);
    if kind == NonSmear::Blurred {
        let class = Class::ALL[dice.count(0, Class::COUNT - 1)];
        let mut picture = super::draw_field(class, seed, width, height);
        let radius = (width as f32 * dice.between(0.022, 0.035)) as usize + 2;
        for _ in 0..3 {
            box_blur(&mut picture, radius);
        }
        return picture;
    }
    let base: [f32; 3] = std::array::from_fn(|_| match kind {
        NonSmear::Dark => dice.between(2.0, 12.0),
        NonSmear::Empty => dice.between(225.0, 245.0),
        _ => dice.between(20.0, 235.0),
    });
    let other: [f32; 3] = std::array::from_fn(|_| dice.between(20.0, 235.0));
    let direction = dice.direction();
    let square = (width as f32 * dice.between(0.03, 0.08)) as usize + 1;
    let mut bytes = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            let grain: [f32; 3] = std::array::from_fn(|_| (dice.word() >> 24) as f32 / 85.0 - 1.5);
            let share = match kind {
                NonSmear::Gradient => {
                    let (u, v) = (x as f32 / width as f32 - 0.5, y as f32 / height as f32 - 0.5);
                    (0.5 + (u * direction[0] + v * direction[1]) * 0.7).clamp(0.0, 1.0)
                }
                NonSmear::Pattern => {
                    let dark = (x / square + y / square) % 2 == 1;
                    // Text-like bars in every second row of squares.
                    let (column, row) = (x * 7 / square, y / square);
                    let text = row.is_multiple_of(2) && y % square * 3 / square == 1 && !column.is_multiple_of(3);
                    if dark ^ text { 1.0 } else { 0.0 }
                }
                _ => 0.0,
            };
            for channel in 0..3 {
                let value = super::noise::mix(base[channel], other[channel], share);
                bytes.push((value + grain[channel] + 0.5) as u8);
            }
        }
    }
    RgbPixels::new(width, height, bytes).expect("three bytes per pixel")
}

/// Mean over `2 * radius + 1` pixels along the rows, then along the columns; the border is repeated.
fn box_blur(picture: &mut RgbPixels, radius: usize) {
    let (width, height) = (picture.width(), picture.height());
    let bytes = picture.bytes_mut();
    for row in 0..height {
        for channel in 0..3 {
            blur_line(bytes, row * width * 3 + channel, 3, width, radius);
        }
    }
    for column in 0..width * 3 {
        blur_line(bytes, column, width * 3, height, radius);
    }
}

fn blur_line(bytes: &mut [u8], start: usize, stride: usize, count: usize, radius: usize) {
    let line: Vec<u32> = (0..count).map(|at| u32::from(bytes[start + at * stride])).collect();
    let at = |place: isize| line[place.clamp(0, count as isize - 1) as usize];
    let reach = radius as isize;
    let total = 2 * radius as u32 + 1;
    let mut sum: u32 = (-reach..=reach).map(at).sum();
    for place in 0..count as isize {
        bytes[start + place as usize * stride] = ((sum + total / 2) / total) as u8;
        sum = sum + at(place + reach + 1) - at(place - reach);
    }
}
