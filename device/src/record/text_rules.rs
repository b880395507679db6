//! The texts that the record accepts.

use super::RecordError;

/// A pseudonym: `[A-Za-z0-9._-]{1,64}`.
pub(super) fn pseudonym(what: &'static str, text: &str) -> Result<(), RecordError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
        return Ok(());
    }
    Err(RecordError::invalid(
        what,
        text,
        "give 1 to 64 of the letters A-Z, a-z, 0-9, dot, underscore and hyphen, never a person's name",
    ))
}

/// The name of a request: `[A-Za-z0-9-]{8,64}`.
pub(super) fn request(what: &'static str, text: &str) -> Result<(), RecordError> {
    if (8..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Ok(());
    }
    Err(RecordError::invalid(what, text, "give 8 to 64 random letters and digits"))
}

/// A line of 1 to 64 letters, such as a name or initials, without hidden letters.
pub(crate) fn line(what: &'static str, text: &str) -> Result<(), RecordError> {
    let is_space = |letter: char| letter.is_whitespace() && letter != ' ';
    if !(1..=64).contains(&text.chars().count()) || text.trim() != text || text.chars().any(char::is_control) {
        let remedy = "give 1 to 64 letters without line breaks and without spaces at the ends";
        return Err(RecordError::invalid(what, text, remedy));
    }
    if text.chars().any(is_space) || has_hidden(text) || text.chars().next().is_some_and(is_mark) {
        let remedy = "it has a letter that is invisible or reverses the writing direction, shown here as \\u{...}: two \
                      names could look alike; type it again with letters and plain spaces";
        return Err(RecordError::invalid(what, text, remedy));
    }
    Ok(())
}

/// Makes a [`line`] of a text from elsewhere that nobody can be asked to correct: drops forbidden letters; an empty result becomes
/// "unknown".
pub(crate) fn cleaned(text: &str) -> String {
    let letters = text.chars().map(|letter| if letter.is_whitespace() { ' ' } else { letter });
    let seen = letters.filter(|letter| !letter.is_control() && !is_hidden(*letter));
    let line: String = seen.skip_while(|letter| *letter == ' ' || is_mark(*letter)).take(64).collect();
    match line.trim_end() {
        "" => "unknown".into(),
        line => line.into(),
    }
}

/// Whether a letter is invisible or reverses the direction of the text around it: Unicode's default-ignorable letters, direction
/// marks, fillers and blanks. They include joiners and variation selectors, which some scripts need.
pub(crate) const fn is_hidden(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Whether a text reverses the writing direction.
const fn turns_direction(letter: char) -> bool {
    matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Marks in the Latin block, which need a letter before them.
const fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}')
}

/// Whether a text has a [hidden](is_hidden) letter that no script needs: joiners follow a virama, and the non-joiner stands between
/// Arabic letters (Unicode Standard Annex 31, section 2.3); variation selectors choose the form of an ideograph.
fn has_hidden(text: &str) -> bool {
    let letters: Vec<char> = text.chars().collect();
    let is_virama = |letter: char| {
        matches!(
            letter,
            '\u{94d}'
                | '\u{9cd}'
                | '\u{a4d}'
                | '\u{acd}'
                | '\u{b4d}'
                | '\u{bcd}'
                | '\u{c4d}'
                | '\u{ccd}'
                | '\u{d4d}'
                | '\u{dca}'
                | '\u{1039}'
        )
    };
    let is_arabic = |letter: char| matches!(letter, '\u{620}'..='\u{6ff}' | '\u{750}'..='\u{77f}');
    let is_ideograph = |letter: char| matches!(letter, '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}');
    letters.iter().enumerate().filter(|(_, letter)| is_hidden(**letter)).any(|(at, &letter)| {
        let before = at.checked_sub(1).and_then(|at| letters.get(at)).copied();
        let after = letters.get(at + 1).copied();
        let has_its_place = match letter {
            '\u{200c}' if before.is_some_and(is_arabic) => after.is_some_and(is_arabic),
            '\u{200c}' | '\u{200d}' => before.is_some_and(is_virama),
            '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => before.is_some_and(is_ideograph),
            _ => false,
        };
        !has_its_place
    })
}

/// A text of at most 2,000 letters; may be empty.
pub(super) fn note(what: &'static str, text: &str) -> Result<(), RecordError> {
    let steers = |letter: char| (letter.is_control() && letter != '\n') || turns_direction(letter);
    if text.chars().count() <= 2000 && !text.chars().any(steers) {
        return Ok(());
    }
    let remedy = "give at most 2000 letters, no control characters except line breaks, and none that reverse the writing direction";
    Err(RecordError::invalid(what, text, remedy))
}

/// 64 lower-case hexadecimal digits.
pub(super) fn sha256(what: &'static str, text: &str) -> Result<(), RecordError> {
    if text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return Ok(());
    }
    Err(RecordError::invalid(what, text, "a SHA-256 has 64 digits of 0-9 and a-f"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cleaned_is_a_line() {
        for (text, expected) in [
            ("allcnn", "allcnn"),
            ("\u{a0}all\u{3000}cnn\u{200b}\n", "all cnn"),
            ("\u{301}\u{202e}abc", "abc"),
            (" \t\u{feff}", "unknown"),
            ("", "unknown"),
        ] {
            assert_eq!(cleaned(text), expected, "{text:?}");
            assert_eq!(line("name", &cleaned(text)), Ok(()), "{text:?}");
        }
        assert_eq!(line("name", &cleaned(&"ab ".repeat(40))), Ok(()));
    }

    #[test]
    fn pseudonyms_are_short_and_plain() {
        for fine in ["A", "S-2026_11.a", &"x".repeat(64)] {
            assert_eq!(pseudonym("specimen", fine), Ok(()));
        }
        for wrong in ["", "a b", "Ä", "a/b", "a\n", "'; DROP", &"x".repeat(65)] {
            let error = pseudonym("specimen", wrong).expect_err(wrong);
            assert!(error.to_string().starts_with("specimen "), "{error}");
        }
    }

    /// Every invisible letter, at any place.
    #[test]
    fn names_with_letters_that_cannot_be_seen_are_refused() {
        for hidden in (0..=0x000e_0fff).filter_map(char::from_u32).filter(|&letter| is_hidden(letter)) {
            for name in [format!("A{hidden}B"), format!("{hidden}A"), format!("A{hidden}"), hidden.to_string()] {
                let error = line("operator", &name).expect_err(&name);
                assert!(error.to_string().contains("\\u{"), "{error}");
            }
        }
        for wrong in ["A\u{202e}B", "A\u{a0}B", "A\u{2003}B", "A\u{3000}B", "\u{301}A", "A\u{85}B", "A\u{1b}[2JB"] {
            assert!(line("operator", wrong).is_err(), "{wrong:?}");
        }
        assert!(note("note", "left\u{202e}right").is_err() && note("note", "👩\u{200d}🔬 saw it ✔\u{fe0f}").is_ok());
    }

    /// Invisible letters that some scripts need, and everything else that names are written with.
    #[test]
    fn names_of_every_script_are_accepted() {
        for name in [
            "José Á. Núñez-O’Neill",
            "Ł. Ж. Ω",
            "ডাঃ রহিমা খাতুন",
            "র\u{9cd}\u{200d}যাব",
            "ශ\u{dca}\u{200d}රී",
            "王小明",
            "辻\u{e0100}",
            "علی\u{200c}رضا",
            "דנה",
            "김민수",
            "สมชาย",
            "A. B. 2",
        ] {
            assert_eq!(line("operator", name), Ok(()), "{name}");
        }
    }

    #[test]
    fn lines_notes_and_hashes() {
        assert!(line("operator", "Dr. Ä. Öz").is_ok() && note("note", "").is_ok() && note("note", "a\nb").is_ok());
        for wrong in ["", " a", "a\tb", &"x".repeat(65)] {
            assert!(line("operator", wrong).is_err(), "{wrong:?}");
        }
        assert!(note("note", "\u{1b}[2J").is_err() && note("note", &"x".repeat(2001)).is_err());
        assert!(sha256("model", &"0a".repeat(32)).is_ok());
        for wrong in ["", &"0A".repeat(32), &"0a".repeat(31)] {
            assert!(sha256("model", wrong).is_err(), "{wrong}");
        }
    }
}
