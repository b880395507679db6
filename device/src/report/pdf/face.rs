//! The embedded typeface: glyphs, widths, line breaks.
//!
//! Noto Sans, cut down to Latin, Greek and Cyrillic letters; a letter that it lacks is shown as U+FFFD.

use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::{
    FontRef, MetadataProvider as _,
    charmap::Charmap,
    instance::{LocationRef, Size},
    metrics::GlyphMetrics,
};

const REGULAR: &[u8] = include_bytes!("../../../assets/fonts/NotoSans-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../../../assets/fonts/NotoSans-Bold.ttf");

/// What stands for a letter that the typeface lacks.
const UNKNOWN: char = '\u{fffd}';

/// One weight.
pub(super) struct Face {
    pub font: Font,
    charmap: Charmap<'static>,
    metrics: GlyphMetrics<'static>,
    units: f32,
}

/// Both weights.
pub(super) struct Faces {
    regular: Face,
    bold: Face,
}

impl Faces {
    /// Reads the embedded fonts.
    pub fn load() -> Result<Self, String> {
        Ok(Self { regular: Face::read(REGULAR)?, bold: Face::read(BOLD)? })
    }

    pub const fn of(&self, bold: bool) -> &Face {
        if bold { &self.bold } else { &self.regular }
    }
}

impl Face {
    fn read(bytes: &'static [u8]) -> Result<Self, String> {
        let font = Font::new(bytes.into(), 0).ok_or("the embedded font is damaged")?;
        let tables = FontRef::new(bytes).map_err(|error| format!("the embedded font is damaged ({error})"))?;
        let metrics = tables.glyph_metrics(Size::unscaled(), LocationRef::default());
        let units = font.units_per_em();
        Ok(Self { font, charmap: tables.charmap(), metrics, units })
    }

    /// `text` as it can be drawn: one line, and no letter that the typeface lacks.
    pub fn drawable(&self, text: &str) -> String {
        let known = |letter: char| match letter {
            letter if letter.is_whitespace() => ' ',
            letter if !letter.is_control() && self.charmap.map(letter).is_some() => letter,
            _ => UNKNOWN,
        };
        text.chars().map(known).collect()
    }

    /// Width in points of a text that is [drawable](Self::drawable).
    pub fn width(&self, text: &str, size: f32) -> f32 {
        text.chars().map(|letter| self.advance(letter).1).sum::<f32>() * size
    }

    /// The glyphs of a text that is [drawable](Self::drawable), a letter each.
    pub fn glyphs(&self, text: &str) -> Vec<KrillaGlyph> {
        text.char_indices()
            .map(|(at, letter)| {
                let (glyph, advance) = self.advance(letter);
                KrillaGlyph::new(GlyphId::new(glyph), advance, 0.0, 0.0, 0.0, at..at + letter.len_utf8(), None)
            })
            .collect()
    }

    /// Number and advance of a letter's glyph; the advance in the font's size.
    fn advance(&self, letter: char) -> (u32, f32) {
        let glyph = self.charmap.map(letter).unwrap_or_default();
        (glyph.to_u32(), self.metrics.advance_width(glyph).unwrap_or_default() / self.units)
    }

    /// `text` in lines that are at most `width` points wide, broken between words, and within those that are too long. At least
    /// one line.
    pub fn wrapped(&self, text: &str, size: f32, width: f32) -> Vec<String> {
        let mut lines = vec![String::new()];
        for word in self.drawable(text).split(' ').filter(|word| !word.is_empty()) {
            let Some(line) = lines.last_mut() else { break };
            let joined = if line.is_empty() { word.to_string() } else { format!("{line} {word}") };
            if self.width(&joined, size) <= width {
                *line = joined;
                continue;
            }
            if !line.is_empty() {
                lines.push(String::new());
            }
            for letter in word.chars() {
                let Some(line) = lines.last_mut() else { break };
                line.push(letter);
                if self.width(line, size) > width && line.chars().count() > 1 {
                    line.pop();
                    lines.push(letter.into());
                }
            }
        }
        lines
    }

    /// As [`Self::wrapped`], but at most `most` lines; what is cut off ends in an ellipsis.
    pub fn wrapped_at_most(&self, text: &str, size: f32, width: f32, most: usize) -> Vec<String> {
        let mut lines = self.wrapped(text, size, width);
        if lines.len() > most {
            lines.truncate(most);
            if let Some(last) = lines.last_mut() {
                while self.width(last, size) + self.width("…", size) > width && last.pop().is_some() {}
                last.push('…');
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_and_lose_no_letter() {
        let faces = Faces::load().expect("fonts");
        let face = faces.of(false);
        let text = format!("Specimen {} of Dr. Čapek, Ω, Ж and more words that follow it", "x".repeat(90));
        let lines = face.wrapped(&text, 9.0, 120.0);
        assert!(lines.len() > 4 && lines.iter().all(|line| face.width(line, 9.0) <= 120.0), "{lines:?}");
        let letters = |text: &str| text.chars().filter(|letter| *letter != ' ').collect::<String>();
        assert_eq!(letters(&lines.concat()), letters(&text));
        assert_eq!(face.wrapped("", 9.0, 120.0), [""]);
        let cut = face.wrapped_at_most(&text, 9.0, 120.0, 2);
        assert!(cut.len() == 2 && cut[1].ends_with('…') && face.width(&cut[1], 9.0) <= 120.0, "{cut:?}");
    }

    #[test]
    fn every_drawable_letter_has_a_glyph() {
        let faces = Faces::load().expect("fonts");
        for bold in [false, true] {
            let face = faces.of(bold);
            let text = face.drawable("a\u{0}b\tc\u{202e} 血 · – … % é Ł Ω Ж");
            assert_eq!(text, "a\u{fffd}b c\u{fffd} \u{fffd} · – … % é Ł Ω Ж");
            assert!(face.glyphs(&text).iter().all(|glyph| glyph.glyph_id.to_u32() != 0));
        }
    }
}
