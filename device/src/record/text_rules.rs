//! Which texts the record accepts.

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
        "give 1 to 64 of the letters A-Z, a-z, 0-9, dot, underscore and hyphen, and no name of a person",
    ))
}

/// The name of a request: `[A-Za-z0-9-]{8,64}`.
pub(super) fn request(what: &'static str, text: &str) -> Result<(), RecordError> {
    if (8..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Ok(());
    }
    Err(RecordError::invalid(what, text, "give 8 to 64 random letters and digits"))
}

/// A line of 1 to 64 letters, such as a name or initials.
pub(super) fn line(what: &'static str, text: &str) -> Result<(), RecordError> {
    if (1..=64).contains(&text.chars().count()) && text.trim() == text && !text.chars().any(char::is_control) {
        return Ok(());
    }
    Err(RecordError::invalid(what, text, "give 1 to 64 letters without line breaks and without spaces at the ends"))
}

/// A text of at most 2,000 letters; may be empty.
pub(super) fn note(what: &'static str, text: &str) -> Result<(), RecordError> {
    if text.chars().count() <= 2000 && !text.chars().any(|letter| letter.is_control() && letter != '\n') {
        return Ok(());
    }
    Err(RecordError::invalid(what, text, "give at most 2000 letters, and no control characters but line breaks"))
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
    fn pseudonyms_are_short_and_plain() {
        for fine in ["A", "S-2026_11.a", &"x".repeat(64)] {
            assert_eq!(pseudonym("specimen", fine), Ok(()));
        }
        for wrong in ["", "a b", "Ä", "a/b", "a\n", "'; DROP", &"x".repeat(65)] {
            let error = pseudonym("specimen", wrong).expect_err(wrong);
            assert!(error.to_string().starts_with("specimen "), "{error}");
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
