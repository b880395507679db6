//! The items of a page, and the size of a page.

use krilla::image::Image;

/// A4, in points.
pub(super) const PAGE: (f32, f32) = (595.28, 841.89);
/// Left and right margin of the text, in points.
pub(super) const MARGIN: f32 = 48.0;
/// Width of the text, in points.
pub(super) const WIDTH: f32 = PAGE.0 - 2.0 * MARGIN;

/// Red, green, blue, 0..=255.
#[derive(Clone, Copy)]
pub(super) struct Colour(pub u8, pub u8, pub u8);

/// Role of a text, for screen readers.
#[derive(Clone, Copy)]
pub(super) enum Role {
    Heading(u16),
    Text,
}

/// An item on a page. Coordinates in points from the upper left corner; a text's `y` is its base line.
pub(super) enum Item {
    Text { x: f32, y: f32, text: String, size: f32, bold: bool, colour: Colour, role: Role },
    Fill { x: f32, y: f32, width: f32, height: f32, colour: Colour },
    Picture { x: f32, y: f32, width: f32, height: f32, image: Image, alt: String },
}
