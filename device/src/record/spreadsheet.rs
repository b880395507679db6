//! Protects texts written by people in tables that spreadsheets open.
//!
//! Spreadsheets take a cell that begins with `=`, `+`, `-` or `@`, or with a tab or a line break before one of these, for a
//! formula, and formulas can reach other files and the network. A leading apostrophe makes it text again, as OWASP advises ("CSV
//! Injection"): programs that read the table see the apostrophe, spreadsheets do not show it. Numbers are not texts and keep their
//! sign.

use std::borrow::Cow;

/// `text` made safe for a cell.
pub(super) fn cell(text: &str) -> Cow<'_, str> {
    match text.chars().next() {
        // Full-width forms count too: some keyboards produce them.
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠') => {
            Cow::Owned(format!("'{text}"))
        }
        _ => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_a_formula_is_text() {
        for formula in ["=1+1", "+1", "-1+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "-"] {
            assert_eq!(cell(formula), format!("'{formula}"));
        }
        for text in ["", "S-2026.001", "large = nucleoli", "'quoted'", "Ä", " =1"] {
            assert_eq!(cell(text), text);
        }
    }
}
