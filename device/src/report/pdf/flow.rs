//! The layout: one column of text over several pages.

use krilla::image::Image;

use super::{
    ACCENT, INK,
    face::Faces,
    item::{Colour, Item, MARGIN, PAGE, Role, WIDTH},
};

const TOP: f32 = 46.0;
const BOTTOM: f32 = PAGE.1 - 58.0;

/// Pages in progress. Positions are relative to the text's left edge and the current height of the flow.
pub(super) struct Flow<'a> {
    pub faces: &'a Faces,
    pages: Vec<Vec<Item>>,
    y: f32,
}

impl<'a> Flow<'a> {
    pub fn new(faces: &'a Faces) -> Self {
        Self { faces, pages: vec![Vec::new()], y: TOP }
    }

    pub fn into_pages(self) -> Vec<Vec<Item>> {
        self.pages
    }

    fn push(&mut self, item: Item) {
        if let Some(page) = self.pages.last_mut() {
            page.push(item);
        }
    }

    /// Starts a new page unless this one has room for `height` points.
    pub fn room(&mut self, height: f32) {
        if self.y + height > BOTTOM && self.y > TOP {
            self.pages.push(Vec::new());
            self.y = TOP;
        }
    }

    pub fn down(&mut self, height: f32) {
        self.y += height;
    }

    /// Vertical space, dropped at the top of a page.
    pub fn gap(&mut self, height: f32) {
        if self.y > TOP {
            self.y += height;
        }
    }

    pub fn width_of(&self, text: &str, size: f32, bold: bool) -> f32 {
        let face = self.faces.of(bold);
        face.width(&face.drawable(text), size)
    }

    pub fn wrapped(&self, text: &str, size: f32, bold: bool, width: f32) -> Vec<String> {
        self.faces.of(bold).wrapped(text, size, width)
    }

    /// A line of text with its base line `y` points down.
    pub fn text(&mut self, x: f32, y: f32, text: &str, size: f32, bold: bool, colour: Colour) {
        self.text_as(Role::Text, (x, y), text, (size, bold), colour);
    }

    /// A line of text that ends at `x`.
    pub fn text_to(&mut self, x: f32, y: f32, text: &str, size: f32, bold: bool, colour: Colour) {
        self.text(x - self.width_of(text, size, bold), y, text, size, bold, colour);
    }

    fn text_as(&mut self, role: Role, at: (f32, f32), text: &str, (size, bold): (f32, bool), colour: Colour) {
        let text = self.faces.of(bold).drawable(text);
        if !text.trim().is_empty() {
            self.push(Item::Text { x: MARGIN + at.0, y: self.y + at.1, text, size, bold, colour, role });
        }
    }

    /// A filled rectangle.
    pub fn fill(&mut self, x: f32, y: f32, width: f32, height: f32, colour: Colour) {
        self.push(Item::Fill { x: MARGIN + x, y: self.y + y, width, height, colour });
    }

    /// A picture.
    pub fn picture(&mut self, (x, y): (f32, f32), (width, height): (f32, f32), image: Image, alt: String) {
        self.push(Item::Picture { x: MARGIN + x, y: self.y + y, width, height, image, alt });
    }

    pub fn title(&mut self, text: &str) {
        self.room(30.0);
        self.text_as(Role::Heading(1), (0.0, 21.0), text, (20.0, true), INK);
        self.down(30.0);
    }

    /// A heading, kept on one page with the lines after it.
    pub fn heading(&mut self, text: &str) {
        self.gap(13.0);
        self.room(75.0);
        self.text_as(Role::Heading(2), (0.0, 12.0), text, (12.5, true), ACCENT);
        self.fill(0.0, 17.5, WIDTH, 1.2, ACCENT);
        self.down(24.0);
    }

    pub fn paragraph(&mut self, text: &str, size: f32, bold: bool, colour: Colour) {
        let leading = size * 1.42;
        for line in self.wrapped(text, size, bold, WIDTH) {
            self.room(leading);
            self.text(0.0, size * 1.05, &line, size, bold, colour);
            self.down(leading);
        }
    }
}
