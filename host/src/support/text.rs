//! Text in lines, and names of values.

use std::borrow::Cow;

use clap::ValueEnum;
use textwrap::{Options, WordSplitter};

/// A value's name on the command line.
#[must_use]
pub fn value_name<V: ValueEnum>(value: &V) -> String {
    value.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

/// Wraps `text` at spaces into lines of at most `width` characters; a longer word gets its own line. Empty text gives no lines.
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let options = Options::new(width).break_words(false).word_splitter(WordSplitter::NoHyphenation);
    let words: Vec<&str> = text.split_whitespace().collect();
    textwrap::wrap(&words.join(" "), options).into_iter().filter(|line| !line.is_empty()).map(Cow::into_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_as_full_as_they_can_be() {
        assert_eq!(wrap("one two  three", 7), ["one two", "three"]);
        assert_eq!(wrap("unbreakable word", 4), ["unbreakable", "word"]);
        assert_eq!(wrap(" ", 4), [""; 0]);
    }
}
