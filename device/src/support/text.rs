//! Text for terminals: whether colours are wanted, where lines break, what is left out.

use std::{borrow::Cow, env};

use blastscope_files::Printable as _;
use textwrap::{Options, WordSplitter::NoHyphenation, wrap};

/// Whether colours are wanted where a terminal shows them: unless `NO_COLOR` says otherwise.
pub(crate) fn colours_wanted() -> bool {
    env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// `text` in lines of at most `width` letters, broken between words.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        return Vec::new();
    }
    let options = Options::new(width).break_words(false).word_splitter(NoHyphenation);
    wrap(&text, options).into_iter().map(Cow::into_owned).collect()
}

/// `text` as it can be printed: names from devices, files and the environment must not steer the terminal.
pub(crate) fn harmless(text: &str) -> String {
    text.printable().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_break_between_words() {
        assert_eq!(wrapped("too dark: turn up the lamp", 10), ["too dark:", "turn up", "the lamp"]);
        assert!(wrapped("", 10).is_empty());
    }

    #[test]
    fn escapes_lose_their_effect() {
        assert_eq!(harmless("HD\u{1b}[31m Cam\u{7}\n"), "HD\\u{1b}[31m Cam\\u{7}\\n");
    }
}
