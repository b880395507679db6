//! A small writer of SVG pictures: rectangles, lines and text, in pixels from the upper left corner.

use std::fmt::{Display, Write};

use blastscope_files::printable::is_harmless;

pub mod plot;

/// Blue, of the palette of Okabe and Ito, which colour-blind readers can tell apart.
pub const BLUE: &str = "#0072b2";
/// Orange, of the same palette.
pub const ORANGE: &str = "#e69f00";
/// Bluish green, of the same palette.
pub const GREEN: &str = "#009e73";
/// Vermilion, of the same palette.
pub const RED: &str = "#d55e00";
/// Text.
pub const INK: &str = "#1b2733";
/// Secondary text.
pub const GREY: &str = "#5b6876";
/// Grid and frames.
pub const FAINT: &str = "#d9dfe5";

/// A picture under construction.
#[derive(Debug)]
pub struct Svg {
    width: f64,
    height: f64,
    body: String,
}

/// What a text's coordinate refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The text's start.
    Start,
    /// The text's middle.
    Middle,
    /// The text's end.
    End,
}

/// How a text looks.
#[derive(Clone, Copy, Debug)]
pub struct Font<'a> {
    /// Height in pixels.
    pub size: f64,
    /// Whether the text is bold.
    pub bold: bool,
    /// Its colour.
    pub colour: &'a str,
    /// What the coordinate refers to.
    pub anchor: Anchor,
}

impl<'a> Font<'a> {
    /// Regular text of `size` pixels that starts at its coordinate.
    #[must_use]
    pub const fn new(size: f64, colour: &'a str) -> Self {
        Self { size, bold: false, colour, anchor: Anchor::Start }
    }

    /// The same in bold.
    #[must_use]
    pub const fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    /// The same with another anchor.
    #[must_use]
    pub const fn at(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }
}

/// Dash pattern of dashed lines.
const DASHES: &str = r#" stroke-dasharray="5 4""#;

impl Svg {
    /// A white picture; screen readers read `title`.
    #[must_use]
    pub fn new(width: f64, height: f64, title: &str) -> Self {
        let mut picture = Self { width, height, body: String::new() };
        let _ = writeln!(picture.body, "<title>{}</title>", escape(title));
        picture.rectangle([0.0, 0.0, width, height], "#ffffff", 0.0);
        picture
    }

    /// A filled rectangle: left, top, width, height, with corners rounded by `radius`.
    pub fn rectangle(&mut self, [x, y, width, height]: [f64; 4], fill: &str, radius: f64) {
        let _ = writeln!(
            self.body,
            r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" rx="{radius:.1}" fill="{fill}"/>"#
        );
    }

    /// A straight line from one point to another.
    pub fn line(&mut self, [x1, y1, x2, y2]: [f64; 4], colour: &str, width: f64) {
        let _ = writeln!(
            self.body,
            r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" stroke="{colour}" stroke-width="{width:.1}"/>"#
        );
    }

    /// A dashed straight line from one point to another.
    pub fn dashed_line(&mut self, [x1, y1, x2, y2]: [f64; 4], colour: &str, width: f64) {
        self.polyline(&[[x1, y1], [x2, y2]], colour, width, true);
    }

    /// Straight lines from point to point, solid or dashed; nothing with fewer than two points.
    pub fn polyline(&mut self, points: &[[f64; 2]], colour: &str, width: f64, dashed: bool) {
        if points.len() < 2 {
            return;
        }
        let points = corners(points);
        let dashes = if dashed { DASHES } else { "" };
        let _ = writeln!(
            self.body,
            r#"<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{width:.1}" stroke-linejoin="round"{dashes}/>"#
        );
    }

    /// A filled area, `opacity` from 0 to 1, whose last corner is joined to its first.
    pub fn polygon(&mut self, points: &[[f64; 2]], fill: &str, opacity: f64) {
        let points = corners(points);
        let _ = writeln!(self.body, r#"<polygon points="{points}" fill="{fill}" fill-opacity="{opacity:.2}"/>"#);
    }

    /// A filled circle with a white edge, which keeps it apart from what lies below.
    pub fn dot(&mut self, [x, y]: [f64; 2], radius: f64, fill: &str) {
        let _ = writeln!(
            self.body,
            r##"<circle cx="{x:.1}" cy="{y:.1}" r="{radius:.1}" fill="{fill}" stroke="#ffffff" stroke-width="1.2"/>"##
        );
    }

    /// Text on the baseline `y`.
    pub fn text(&mut self, x: f64, y: f64, font: Font<'_>, text: impl Display) {
        self.turned_text(x, y, 0.0, font, text);
    }

    /// Text turned by `degrees` clockwise about its coordinate.
    pub fn turned_text(&mut self, x: f64, y: f64, degrees: f64, font: Font<'_>, text: impl Display) {
        let Font { size, bold, colour, anchor } = font;
        let weight = if bold { r#" font-weight="bold""# } else { "" };
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => r#" text-anchor="middle""#,
            Anchor::End => r#" text-anchor="end""#,
        };
        let turn =
            if degrees == 0.0 { String::new() } else { format!(r#" transform="rotate({degrees} {x:.1} {y:.1})""#) };
        let text = escape(&text.to_string());
        let _ = writeln!(
            self.body,
            r#"<text x="{x:.1}" y="{y:.1}" font-size="{size}"{weight} fill="{colour}"{anchor}{turn}>{text}</text>"#
        );
    }

    /// The finished picture's file.
    #[must_use]
    pub fn finish(self) -> String {
        let Self { width, height, body } = self;
        format!(
            concat!(
                r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img" "#,
                r#"font-family="'DejaVu Sans', Verdana, Arial, sans-serif">"#,
                "\n{2}</svg>\n"
            ),
            width, height, body
        )
    }
}

/// A colour between white (0) and the palette's darkest blue (1), in even steps of lightness.
#[must_use]
pub fn heat(value: f64) -> String {
    const STOPS: [[f64; 3]; 5] =
        [[247.0, 250.0, 253.0], [200.0, 221.0, 240.0], [115.0, 179.0, 216.0], [40.0, 121.0, 185.0], [8.0, 64.0, 129.0]];
    let at = value.clamp(0.0, 1.0) * (STOPS.len() - 1) as f64;
    let (low, share) = (at.floor().min(3.0) as usize, at - at.floor().min(3.0));
    let [red, green, blue] = [0, 1, 2]
        .map(|channel| (STOPS[low][channel] + (STOPS[low + 1][channel] - STOPS[low][channel]) * share).round() as u8);
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn corners(points: &[[f64; 2]]) -> String {
    points.iter().map(|[x, y]| format!("{x:.1},{y:.1}")).collect::<Vec<_>>().join(" ")
}

pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // XML cannot hold the other control characters.
            character if character.is_control() => escaped.push(' '),
            // The remaining ones would hide or reorder text.
            character if !is_harmless(character) => escaped.extend(character.escape_default()),
            character => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        let mut picture = Svg::new(10.0, 10.0, "a < b");
        picture.text(1.0, 2.0, Font::new(12.0, INK).bold().at(Anchor::End), "\"x\" & \u{1}<y>");
        let text = picture.finish();
        assert!(text.contains("a &lt; b") && text.contains("&quot;x&quot; &amp;  &lt;y&gt;"), "{text}");
    }

    #[test]
    fn heat_goes_from_light_to_dark() {
        assert_eq!(heat(-1.0), "#f7fafd");
        assert_eq!(heat(0.5), "#73b3d8");
        assert_eq!(heat(1.0), "#084081");
        assert_eq!(heat(f64::NAN).len(), 7);
    }
}
