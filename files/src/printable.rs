//! Makes foreign text safe to print: file names, model names, messages of other programs.
//!
//! A file name may hold any byte but `/` and NUL: escape sequences that repaint a terminal, a newline that forges a log line, or
//! marks that reverse the reading direction so that `gpj.exe` reads `exe.jpg`. Everything printed goes through [`Printable`] first.
//! JSON has its own escapes and keeps the true name.

use std::{
    borrow::Cow,
    ffi::{OsStr, OsString},
    fmt::{self, Write as _},
    path::{Path, PathBuf},
};

/// Text that shows control characters, direction marks and other invisible characters as escapes such as `\u{1b}`.
#[derive(Clone, Debug)]
pub struct Escaped<'a>(Cow<'a, str>);

/// Text that can be made safe to print.
pub trait Printable {
    /// The text, escaped where it could steer a terminal, forge a log or mislead a reader. Invalid UTF-8 becomes U+FFFD.
    fn printable(&self) -> Escaped<'_>;
}

impl Printable for str {
    fn printable(&self) -> Escaped<'_> {
        Escaped(self.into())
    }
}

impl Printable for String {
    fn printable(&self) -> Escaped<'_> {
        self.as_str().printable()
    }
}

impl Printable for OsStr {
    fn printable(&self) -> Escaped<'_> {
        Escaped(self.to_string_lossy())
    }
}

impl Printable for OsString {
    fn printable(&self) -> Escaped<'_> {
        self.as_os_str().printable()
    }
}

impl Printable for Path {
    fn printable(&self) -> Escaped<'_> {
        self.as_os_str().printable()
    }
}

impl Printable for PathBuf {
    fn printable(&self) -> Escaped<'_> {
        self.as_os_str().printable()
    }
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Width and precision count the printed characters.
        f.pad(&escape(&self.0, |letter| !is_harmless(letter)))
    }
}

/// A message of several lines, escaped like [`Printable`] but with its line breaks kept.
#[must_use]
pub fn printable_lines(text: &str) -> Cow<'_, str> {
    escape(text, |letter| !is_harmless(letter) && letter != '\n')
}

/// `text` with the characters that `is_wrong` picks written as `\u{...}`.
fn escape(text: &str, is_wrong: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_wrong) {
        return text.into();
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if is_wrong(letter) {
            // Writing to a string cannot fail.
            let _ = write!(escaped, "{}", letter.escape_default());
        } else {
            escaped.push(letter);
        }
    }
    escaped.into()
}

/// Whether a character neither steers a terminal nor hides or reorders text.
///
/// Harmful are control characters (C0, DEL, C1), the marks, embeddings, overrides and isolates of the bidirectional algorithm, line
/// and paragraph separators, invisible operators, the byte order mark and tag characters. The joiners U+200C and U+200D stay,
/// because names in Bengali or Persian need them.
#[must_use]
pub const fn is_harmless(letter: char) -> bool {
    !matches!(
        letter,
        '\0'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'
            | '\u{200e}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_or_a_reader_is_printed() {
        for (name, printed) in [
            ("\u{1b}[31mred.jpg", "\\u{1b}[31mred.jpg"),
            ("two\nlines\r.jpg", "two\\nlines\\r.jpg"),
            ("bell\u{7}\u{8}\t\0", "bell\\u{7}\\u{8}\\t\\u{0}"),
            ("\u{7f}\u{85}\u{9b}2J", "\\u{7f}\\u{85}\\u{9b}2J"),
            ("\u{202e}gpj.exe\u{202c}", "\\u{202e}gpj.exe\\u{202c}"),
            ("\u{2066}a\u{2069}\u{200e}\u{200f}\u{61c}", "\\u{2066}a\\u{2069}\\u{200e}\\u{200f}\\u{61c}"),
            ("a\u{2028}b\u{2029}\u{feff}\u{200b}", "a\\u{2028}b\\u{2029}\\u{feff}\\u{200b}"),
        ] {
            assert_eq!(name.printable().to_string(), printed);
            assert_eq!(Path::new(name).printable().to_string(), printed);
            assert!(printed.chars().all(is_harmless));
        }
        for letter in (0..0x20).chain(0x7f..0xa0).filter_map(char::from_u32) {
            assert!(!is_harmless(letter), "{letter:?}");
        }
    }

    #[test]
    fn names_in_any_script_stay_as_they_are() {
        for name in
            ["größe.jpg", "血液 涂片.png", "রক্ত\u{200d}ের.tif", "دم\u{200c}نمونه.jpg", "a\\b 'c' \"d\".jpg", "🩸.png"]
        {
            assert_eq!(name.printable().to_string(), name);
        }
    }

    #[test]
    fn width_counts_what_is_printed() {
        assert_eq!(format!("[{:8}]", "a\n".printable()), "[a\\n     ]");
        assert_eq!(format!("[{:>4}]", Path::new("ab").printable()), "[  ab]");
    }

    #[test]
    fn line_breaks_of_a_message_stay() {
        assert_eq!(printable_lines("one\ntwo\u{1b}[2J"), "one\ntwo\\u{1b}[2J");
        assert!(matches!(printable_lines("plain"), Cow::Borrowed(_)));
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_not_text_are_marked() {
        use std::os::unix::ffi::OsStrExt as _;
        assert_eq!(OsStr::from_bytes(b"\xff\x1b.jpg").printable().to_string(), "\u{fffd}\\u{1b}.jpg");
    }
}
