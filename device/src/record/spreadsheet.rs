//! Texts that people wrote, in tables that spreadsheet programs open.
//!
//! Such programs take a cell that begins with `=`, `+`, `-` or `@`, or with a tab or a line break before one of these, for a formula,
//! and formulas can reach other files and the network. An apostrophe in front makes it text again, as OWASP advises ("CSV
//! Injection"): programs that read the table find the apostrophe, spreadsheet programs do not show it. Numbers are no texts and
//! keep their sign.

use std::borrow::Cow;

/// `text` as it may stand in a cell.
pub(super) fn cell(text: &str) -> Cow<'_, str> {
    match text.chars().next() {
        // The full-width forms count where they are what the keyboard gives.
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
