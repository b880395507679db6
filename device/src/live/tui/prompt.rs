//! Questions to the operator, one at a time.

use crossterm::event::KeyCode;

use crate::record::SessionId;

/// Letters of a pseudonym or a name.
const LONGEST: usize = 64;

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Prompt {
    /// Specimen and operator of a new session.
    Start {
        specimen: String,
        operator: String,
        /// Whether the operator is being typed.
        second: bool,
    },
    /// Who signs.
    SignOff { session: SessionId, by: String },
    /// Whether to end a session that goes on.
    Quit { session: SessionId },
    /// Where the page is.
    Page,
}

/// What became of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is being answered.
    Open,
    /// It was taken back.
    Dropped,
    /// It was answered.
    Given,
}

impl Prompt {
    pub(super) const fn start(operator: String) -> Self {
        Self::Start { specimen: String::new(), operator, second: false }
    }

    /// Follows a key.
    pub(super) fn press(&mut self, key: KeyCode) -> Answer {
        if key == KeyCode::Esc {
            return Answer::Dropped;
        }
        match self {
            Self::Quit { .. } => match key {
                KeyCode::Char('y') | KeyCode::Enter => Answer::Given,
                KeyCode::Char(_) => Answer::Dropped,
                _ => Answer::Open,
            },
            Self::Page => Answer::Dropped,
            Self::SignOff { by, .. } => {
                if key == KeyCode::Enter && !by.trim().is_empty() {
                    return Answer::Given;
                }
                edit(by, key, |letter| !letter.is_control());
                Answer::Open
            }
            Self::Start { specimen, operator, second } => {
                match (key, *second) {
                    (KeyCode::Enter, true) if !operator.trim().is_empty() && !specimen.is_empty() => {
                        return Answer::Given;
                    }
                    (KeyCode::Enter | KeyCode::Tab | KeyCode::Down, false) if !specimen.is_empty() => *second = true,
                    (KeyCode::BackTab | KeyCode::Up | KeyCode::Tab, true) => *second = false,
                    (key, true) => edit(operator, key, |letter| !letter.is_control()),
                    // What is no pseudonym cannot be typed.
                    (key, false) => {
                        edit(specimen, key, |letter| letter.is_ascii_alphanumeric() || "._-".contains(letter));
                    }
                }
                Answer::Open
            }
        }
    }
}

fn edit(text: &mut String, key: KeyCode, takes: impl Fn(char) -> bool) {
    match key {
        KeyCode::Backspace => drop(text.pop()),
        KeyCode::Char(letter) if takes(letter) && text.chars().count() < LONGEST => text.push(letter),
        _ => {}
    }
}
