//! Questions to the operator, one at a time.

use crossterm::event::KeyCode;

use crate::{record::SessionId, station::Order};

/// Longest pseudonym or name, in letters.
const LONGEST: usize = 64;

/// A question.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Prompt {
    /// Specimen and operator of a new session.
    Start {
        specimen: String,
        operator: String,
        /// Whether the operator's name is being typed.
        second: bool,
    },
    /// Who signs.
    SignOff {
        session: SessionId,
        by: String,
        /// Number of fields on display when it was asked.
        fields: u64,
    },
    /// Who works at this terminal.
    Operator { name: String },
    /// Whether to give an irreversible order.
    Sure {
        asks: String,
        order: Box<Order>,
        /// Message once it succeeds.
        told: String,
    },
    /// Whether to quit and end the open session.
    Quit { session: SessionId },
    /// Address of the page.
    Page,
}

/// State of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is being answered.
    Open,
    /// It was cancelled.
    Dropped,
    /// It was answered.
    Given,
}

impl Prompt {
    pub(super) const fn start(operator: String) -> Self {
        Self::Start { specimen: String::new(), operator, second: false }
    }

    pub(super) fn sure(asks: String, order: Order, told: String) -> Self {
        Self::Sure { asks, order: Box::new(order), told }
    }

    /// Handles a key.
    pub(super) fn press(&mut self, key: KeyCode) -> Answer {
        if key == KeyCode::Esc {
            return Answer::Dropped;
        }
        match self {
            // The key that asked, pressed twice, is not an answer.
            Self::Sure { .. } if key == KeyCode::Enter => Answer::Open,
            Self::Quit { .. } | Self::Sure { .. } => match key {
                KeyCode::Char('y') | KeyCode::Enter => Answer::Given,
                KeyCode::Char(_) => Answer::Dropped,
                _ => Answer::Open,
            },
            Self::Page => Answer::Dropped,
            Self::SignOff { by: name, .. } | Self::Operator { name } => {
                if key == KeyCode::Enter && !name.trim().is_empty() {
                    return Answer::Given;
                }
                edit(name, key, |letter| !letter.is_control());
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
                    // Only letters of a pseudonym can be typed.
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
