//! Fonts of this machine, for letters that the embedded typeface lacks.
//!
//! Searched in the system's font folders, only if a report has such letters, and within limits on files, folders and bytes. A font
//! with all missing letters ends the search; Noto fonts are tried first.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use harfrust::{Direction, ShapeOptions, ShaperData, UnicodeBuffer};
use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::{FontRef, MetadataProvider as _};

/// Environment variable that names a folder to search instead of the usual ones.
pub const VARIABLE: &str = "BLASTSCOPE_FONTS";
/// Most files that are read.
const MOST_FILES: usize = 4000;
/// Deepest folder level below each place.
const DEEPEST: usize = 6;
/// Largest file that is read, in bytes: fonts for Chinese, Japanese and Korean have 20 MB.
const LARGEST: u64 = 64 << 20;
/// Most fonts in one file.
const COLLECTED: u32 = 64;

/// A font of this machine.
pub(super) struct Fallback {
    bytes: Arc<Vec<u8>>,
    index: u32,
    pub(super) font: Font,
}

impl Fallback {
    fn read(bytes: &Arc<Vec<u8>>, index: u32) -> Option<Self> {
        let font = Font::new(Arc::clone(bytes).into(), index)?;
        Some(Self { bytes: Arc::clone(bytes), index, font })
    }

    fn tables(&self) -> Option<FontRef<'_>> {
        FontRef::from_index(&self.bytes, self.index).ok()
    }

    pub(super) fn has(&self, letter: char) -> bool {
        self.tables().is_some_and(|tables| tables.charmap().map(letter).is_some())
    }

    /// Shapes `text`, which has letters of this font only: its glyphs from left to right as drawn, advances in units of the font
    /// size. Letters take the forms and places that their script requires.
    pub(super) fn shaped(&self, text: &str, from_right: bool) -> Vec<KrillaGlyph> {
        let Some(tables) = self.tables() else { return Vec::new() };
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.guess_segment_properties();
        buffer.set_direction(if from_right { Direction::RightToLeft } else { Direction::LeftToRight });
        let data = ShaperData::new(&tables);
        let shaped = data.shaper(&tables).build().shape(buffer, ShapeOptions::new());
        let units = self.font.units_per_em();
        let mut starts: Vec<usize> = shaped.glyph_infos().iter().map(|glyph| glyph.cluster as usize).collect();
        starts.sort_unstable();
        starts.dedup();
        let end = |start: usize| starts.iter().copied().find(|&next| next > start).unwrap_or(text.len());
        shaped
            .glyph_infos()
            .iter()
            .zip(shaped.glyph_positions())
            .map(|(glyph, place)| {
                let start = glyph.cluster as usize;
                let scaled = |units_of_font: i32| units_of_font as f32 / units;
                KrillaGlyph::new(
                    GlyphId::new(glyph.glyph_id),
                    scaled(place.x_advance),
                    scaled(place.x_offset),
                    scaled(place.y_offset),
                    scaled(place.y_advance),
                    start..end(start),
                    None,
                )
            })
            .collect()
    }
}

/// Finds fonts that together cover `missing`; letters that no font has stay in it.
pub(super) fn find(missing: &mut Vec<char>) -> Vec<Fallback> {
    find_in(&places(), missing)
}

fn find_in(places: &[PathBuf], missing: &mut Vec<char>) -> Vec<Fallback> {
    let mut found = Vec::new();
    if missing.is_empty() {
        return found;
    }
    for path in files(places) {
        let fits = fs::metadata(&path).is_ok_and(|metadata| metadata.is_file() && metadata.len() <= LARGEST);
        let Some(bytes) = fits.then(|| fs::read(&path).ok()).flatten().map(Arc::new) else { continue };
        let best = (0..fonts_in(&bytes))
            .filter_map(|index| {
                let charmap = FontRef::from_index(&bytes, index).ok()?.charmap().clone();
                let known = missing.iter().filter(|&&letter| charmap.map(letter).is_some()).count();
                (known > 0).then_some((known, index))
            })
            .max_by_key(|&(known, index)| (known, std::cmp::Reverse(index)));
        let Some(fallback) = best.and_then(|(_, index)| Fallback::read(&bytes, index)) else { continue };
        missing.retain(|&letter| !fallback.has(letter));
        found.push(fallback);
        if missing.is_empty() {
            break;
        }
    }
    found
}

fn fonts_in(bytes: &[u8]) -> u32 {
    match bytes {
        [b't', b't', b'c', b'f', _, _, _, _, a, b, c, d, ..] => u32::from_be_bytes([*a, *b, *c, *d]).min(COLLECTED),
        _ => 1,
    }
}

/// The systems' font folders.
fn places() -> Vec<PathBuf> {
    if let Some(folder) = env::var_os(VARIABLE) {
        return vec![folder.into()];
    }
    let home = env::var_os("HOME").map(PathBuf::from);
    let data = env::var_os("XDG_DATA_HOME").map(PathBuf::from);
    let own = data.or_else(|| home.as_ref().map(|home| home.join(".local/share"))).map(|data| data.join("fonts"));
    let mut places: Vec<PathBuf> =
        ["/usr/share/fonts", "/usr/local/share/fonts", "/System/Library/Fonts", "/Library/Fonts", "C:\\Windows\\Fonts"]
            .map(PathBuf::from)
            .to_vec();
    places.extend(own);
    places
}

/// Font files below `places`: Noto fonts first, plain ones before bold and slanted ones.
fn files(places: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders: Vec<(PathBuf, usize)> = places.iter().map(|place| (place.clone(), 0)).collect();
    while let Some((folder, depth)) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            match entry.file_type() {
                // Links to folders are not followed: they could form a loop.
                Ok(kind) if kind.is_dir() && depth < DEEPEST => folders.push((path, depth + 1)),
                Ok(kind) if !kind.is_dir() && is_font(&path) && found.len() < MOST_FILES => found.push(path),
                _ => {}
            }
        }
    }
    found.sort_by_key(|path| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
        let is_plain = name.ends_with("regular") || !name.contains('-');
        (!name.starts_with("notosans"), !name.starts_with("noto"), !is_plain, name.len(), path.clone())
    });
    found
}

fn is_font(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    ["ttf", "otf", "ttc", "otc"].iter().any(|known| known.eq_ignore_ascii_case(extension))
}

/// The error for letters that no font has: the letters, and what to install.
pub(super) fn refusal(missing: &[char]) -> String {
    let some: Vec<String> =
        missing.iter().take(8).map(|&letter| format!("{letter} (U+{:04X})", u32::from(letter))).collect();
    let more = if missing.len() > some.len() { " and others" } else { "" };
    let is_eastern = |letter: &char| matches!(letter, '\u{1100}'..='\u{11ff}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}');
    let package = match (missing.iter().any(is_eastern), missing.iter().all(is_eastern)) {
        (_, true) => "fonts-noto-cjk",
        (true, false) => "fonts-noto-core fonts-noto-cjk",
        (false, _) => "fonts-noto-core fonts-noto-extra",
    };
    format!(
        "no font on this machine has the letters {}{more}, and a name must not be shown as boxes; install one (`sudo apt install \
         {package}`) and try again, or use the web page, which uses the reader's fonts",
        some.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_no_font_has_are_named_with_what_to_install() {
        let empty = tempfile::tempdir().expect("a folder");
        let mut missing: Vec<char> = "রহিমা".chars().collect();
        assert!(find_in(&[empty.path().to_path_buf()], &mut missing).is_empty());
        let sentence = refusal(&missing);
        assert!(sentence.contains("র (U+09B0)") && sentence.contains("fonts-noto-core"), "{sentence}");
        assert!(refusal(&['王']).contains("install fonts-noto-cjk`"));
        assert!(refusal(&['王', 'র']).contains("fonts-noto-core fonts-noto-cjk"));
    }

    #[test]
    fn what_is_no_font_is_passed_over_and_a_font_is_found_in_its_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let deep = folder.path().join("truetype/family");
        fs::create_dir_all(&deep).expect("a folder");
        fs::write(folder.path().join("NotoSans-Broken.ttf"), b"no font").expect("written");
        fs::write(folder.path().join("NotoSansCut.ttc"), b"ttcf\0\0\0\0\xff\xff\xff\xff").expect("written");
        let embedded = include_bytes!("../../../assets/fonts/NotoSans-Regular.ttf");
        fs::write(deep.join("Some-Regular.TTF"), embedded).expect("written");
        #[cfg(unix)]
        std::os::unix::fs::symlink(folder.path(), deep.join("again")).expect("linked");
        let mut missing = vec!['Ж', '王'];
        let found = find_in(&[folder.path().to_path_buf()], &mut missing);
        assert_eq!((found.len(), missing), (1, vec!['王']));
        let glyphs = found[0].shaped("Ж", false);
        assert!(glyphs.len() == 1 && glyphs[0].glyph_id.to_u32() != 0 && glyphs[0].x_advance > 0.3);
    }
}
