//! Text for terminals: colours, line breaks, escapes.

use std::{borrow::Cow, env};

use blastscope_files::Printable as _;
use textwrap::{Options, WordSplitter::NoHyphenation, wrap};

/// Whether to use colours on a terminal: yes, unless `NO_COLOR` is set and not empty.
pub(crate) fn colours_wanted() -> bool {
    env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// `text` in lines of at most `width` characters, broken between words.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        return Vec::new();
    }
    let options = Options::new(width).break_words(false).word_splitter(NoHyphenation);
    wrap(&text, options).into_iter().map(Cow::into_owned).collect()
}

/// `text` with control characters escaped: names from devices, files and the environment must not control the terminal.
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
