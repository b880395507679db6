//! Typefaces: glyphs, widths, line breaks.
//!
//! Noto Sans is embedded, cut down to Latin, Greek and Cyrillic letters. Other scripts use fonts of this machine, and their text is
//! shaped: letters join, reorder and take marks as the script requires. Right-to-left text is drawn right to left. A letter of a
//! name missing from all fonts is an error; a symbol, such as an emoji in a note, becomes U+FFFD.

use std::{collections::BTreeSet, rc::Rc};

use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::{
    FontRef, MetadataProvider as _,
    charmap::Charmap,
    instance::{LocationRef, Size},
    metrics::GlyphMetrics,
};
use unicode_bidi::{BidiInfo, Level};

use super::fallback::{self, Fallback};
use crate::record::text_rules::is_hidden;

const REGULAR: &[u8] = include_bytes!("../../../assets/fonts/NotoSans-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../../../assets/fonts/NotoSans-Bold.ttf");

/// Replaces a letter missing from the typeface.
const UNKNOWN: char = '\u{fffd}';

/// One weight.
pub(super) struct Face {
    pub font: Font,
    charmap: Charmap<'static>,
    metrics: GlyphMetrics<'static>,
    units: f32,
    fallbacks: Rc<Vec<Fallback>>,
}

/// Consecutive letters drawn with one font, from left to right.
pub(super) struct Piece {
    pub font: Font,
    pub glyphs: Vec<KrillaGlyph>,
    pub text: String,
    /// Width in units of the font size.
    pub width: f32,
}

/// Both weights.
pub(super) struct Faces {
    regular: Face,
    bold: Face,
}

impl Faces {
    /// Loads the embedded fonts, and those fonts of this machine that `texts` need.
    ///
    /// # Errors
    /// A sentence that names the letters of `texts` missing from all fonts, and what to install.
    pub fn load<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut faces = Self { regular: Face::read(REGULAR)?, bold: Face::read(BOLD)? };
        let letters: BTreeSet<char> = texts.into_iter().flat_map(str::chars).collect();
        let lacking = |letter: &char| !letter.is_control() && !is_hidden(*letter) && !letter.is_whitespace();
        let mut missing: Vec<char> = letters
            .into_iter()
            .filter(|letter| lacking(letter) && faces.regular.charmap.map(*letter).is_none())
            .collect();
        let found = Rc::new(fallback::find(&mut missing));
        // A symbol in a note may be missing.
        missing.retain(|letter| is_of_a_script(*letter));
        if !missing.is_empty() {
            return Err(fallback::refusal(&missing));
        }
        (faces.regular.fallbacks, faces.bold.fallbacks) = (Rc::clone(&found), found);
        Ok(faces)
    }

    pub const fn of(&self, bold: bool) -> &Face {
        if bold { &self.bold } else { &self.regular }
    }
}

/// Whether a letter belongs to writing: letters, their marks, digits.
fn is_of_a_script(letter: char) -> bool {
    let code = u32::from(letter);
    // The standard library does not count marks as letters; symbols and pictures lie in these blocks.
    let is_symbol = matches!(code, 0x2000..=0x2bff | 0x1f000..=0x1faff | 0xe000..=0xf8ff | 0xfff0..=0xffff);
    letter.is_alphanumeric() || (code >= 0x300 && !is_symbol)
}

impl Face {
    fn read(bytes: &'static [u8]) -> Result<Self, String> {
        let font = Font::new(bytes.into(), 0).ok_or("the embedded font is damaged")?;
        let tables = FontRef::new(bytes).map_err(|error| format!("the embedded font is damaged ({error})"))?;
        let metrics = tables.glyph_metrics(Size::unscaled(), LocationRef::default());
        let units = font.units_per_em();
        Ok(Self { font, charmap: tables.charmap(), metrics, units, fallbacks: Rc::default() })
    }

    /// `text` in drawable form: one line, without letters that all typefaces lack.
    pub fn drawable(&self, text: &str) -> String {
        let mut drawable = String::new();
        // A joiner belongs to the letter before it.
        let mut follows_fallback = false;
        for letter in text.chars() {
            let in_fallback = self.fallback_of(letter).is_some();
            match letter {
                letter if letter.is_whitespace() => drawable.push(' '),
                letter if is_hidden(letter) && follows_fallback => drawable.push(letter),
                letter if !letter.is_control() && !is_hidden(letter) && (self.has(letter) || in_fallback) => {
                    drawable.push(letter);
                }
                _ => drawable.push(UNKNOWN),
            }
            follows_fallback = in_fallback || (follows_fallback && is_hidden(letter));
        }
        drawable
    }

    fn has(&self, letter: char) -> bool {
        self.charmap.map(letter).is_some()
    }

    /// Which font of the machine draws a letter; `None` for the embedded one.
    fn fallback_of(&self, letter: char) -> Option<usize> {
        if self.has(letter) { None } else { self.fallbacks.iter().position(|fallback| fallback.has(letter)) }
    }

    /// Width in points of a [drawable](Self::drawable) text.
    pub fn width(&self, text: &str, size: f32) -> f32 {
        if self.fallbacks.is_empty() {
            return text.chars().map(|letter| self.advance(letter).1).sum::<f32>() * size;
        }
        self.pieces(text).iter().map(|piece| piece.width).sum::<f32>() * size
    }

    /// The pieces of a [drawable](Self::drawable) text, from left to right.
    pub fn pieces(&self, text: &str) -> Vec<Piece> {
        if self.fallbacks.is_empty() {
            return vec![self.piece(text, None, false)];
        }
        let bidi = BidiInfo::new(text, Some(Level::ltr()));
        let mut pieces = Vec::new();
        for paragraph in &bidi.paragraphs {
            let (levels, runs) = bidi.visual_runs(paragraph, paragraph.range.clone());
            for run in runs {
                let from_right = levels.get(run.start).is_some_and(Level::is_rtl);
                let mut parts = self.parts(&text[run]);
                if from_right {
                    parts.reverse();
                }
                pieces.extend(parts.into_iter().map(|(part, fallback)| self.piece(part, fallback, from_right)));
            }
        }
        pieces
    }

    /// Splits a text where the font changes. Marks and joiners stay with their letter.
    fn parts<'t>(&self, text: &'t str) -> Vec<(&'t str, Option<usize>)> {
        let mut parts: Vec<(&str, Option<usize>)> = Vec::new();
        let mut start = 0;
        let mut current = None;
        for (at, letter) in text.char_indices() {
            let font = if is_hidden(letter) && at > 0 { current } else { self.fallback_of(letter) };
            if font != current && at > start {
                parts.push((&text[start..at], current));
                start = at;
            }
            current = font;
        }
        if start < text.len() {
            parts.push((&text[start..], current));
        }
        parts
    }

    fn piece(&self, text: &str, fallback: Option<usize>, from_right: bool) -> Piece {
        let (font, glyphs) = match fallback.and_then(|index| self.fallbacks.get(index)) {
            Some(fallback) => (fallback.font.clone(), fallback.shaped(text, from_right)),
            None => {
                let mut glyphs = self.glyphs(text);
                if from_right {
                    glyphs.reverse();
                }
                (self.font.clone(), glyphs)
            }
        };
        let width = glyphs.iter().map(|glyph| glyph.x_advance).sum();
        Piece { font, glyphs, text: text.into(), width }
    }

    /// The glyphs of a text in the embedded font, one per letter.
    fn glyphs(&self, text: &str) -> Vec<KrillaGlyph> {
        text.char_indices()
            .map(|(at, letter)| {
                let (glyph, advance) = self.advance(letter);
                KrillaGlyph::new(GlyphId::new(glyph), advance, 0.0, 0.0, 0.0, at..at + letter.len_utf8(), None)
            })
            .collect()
    }

    /// Number and advance of a letter's glyph; the advance in units of the font size.
    fn advance(&self, letter: char) -> (u32, f32) {
        let glyph = self.charmap.map(letter).unwrap_or_default();
        (glyph.to_u32(), self.metrics.advance_width(glyph).unwrap_or_default() / self.units)
    }

    /// Wraps `text` to lines at most `width` points wide, between words, and inside words that are too long. At least one line.
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

    /// As [`Self::wrapped`], but at most `most` lines; a cut text ends in an ellipsis.
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
        let faces = Faces::load([]).expect("fonts");
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

    /// Needs a font of this machine with Hebrew and Arabic letters: letters join and run right to left.
    #[test]
    fn letters_of_other_scripts_are_shaped() {
        let (hebrew, arabic) = ("דנה", "محمد");
        let faces = match Faces::load([hebrew, arabic]) {
            Ok(faces) => faces,
            Err(reason) => {
                println!("SKIPPED letters_of_other_scripts_are_shaped: {reason}");
                return;
            }
        };
        let face = faces.of(false);
        let text = format!("Dr. {hebrew} B");
        assert_eq!(face.drawable(&text), text);
        let pieces = face.pieces(&text);
        assert_eq!(pieces.iter().map(|piece| piece.text.as_str()).collect::<Vec<_>>(), ["Dr. ", hebrew, " B"]);
        // The letter read last is on the left.
        let ranges: Vec<usize> = pieces[1].glyphs.iter().map(|glyph| glyph.text_range.start).collect();
        assert_eq!(ranges, [4, 2, 0]);
        let single = |letter: char| face.pieces(&letter.to_string())[0].glyphs[0].glyph_id;
        let joined: Vec<_> = face.pieces(arabic)[0].glyphs.iter().map(|glyph| glyph.glyph_id).collect();
        assert!(joined.len() == 4 && joined[3] != single('م'), "the first letter takes its initial form");
        assert!((face.width(&text, 10.0) - pieces.iter().map(|piece| piece.width * 10.0).sum::<f32>()).abs() < 0.01);
        assert!(face.wrapped(&format!("{text} {arabic}"), 9.0, 40.0).iter().all(|line| face.width(line, 9.0) <= 40.0));
    }

    #[test]
    fn a_letter_of_a_name_that_no_font_has_is_refused_and_a_symbol_is_not() {
        // A code point that Unicode has reserved but not assigned: no font has it.
        let error = Faces::load(["A\u{1c8f0}"]).err();
        assert!(error.is_none_or(|error| error.contains("U+1C8F0")));
        for (letter, expected) in
            [('র', true), ('\u{9be}', true), ('王', true), ('7', true), ('👩', false), ('✔', false)]
        {
            assert_eq!(is_of_a_script(letter), expected, "{letter}");
        }
        let faces = Faces::load(["saw it \u{1fae8}\u{200d}"]).expect("a symbol is not a name");
        assert!(faces.of(false).drawable("it \u{1fae8}").starts_with("it "));
    }

    #[test]
    fn every_drawable_letter_has_a_glyph() {
        let faces = Faces::load([]).expect("fonts");
        for bold in [false, true] {
            let face = faces.of(bold);
            let text = face.drawable("a\u{0}b\tc\u{202e} 血 · – … % é Ł Ω Ж");
            assert_eq!(text, "a\u{fffd}b c\u{fffd} \u{fffd} · – … % é Ł Ω Ж");
            assert!(face.glyphs(&text).iter().all(|glyph| glyph.glyph_id.to_u32() != 0));
        }
    }
}
