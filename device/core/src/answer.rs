//! A person's answer about a field.

use alloc::{format, string::String};
use core::str::FromStr;

use blastscope_shared::Class;
use serde::{Serialize, Serializer};

/// A person's label for a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Label {
    /// One of the four classes.
    Class(Class),
    /// Malignant, subtype not named.
    Malignant,
    /// The field cannot be assessed.
    NotAssessable,
}

impl Label {
    /// The class's name, `malignant` or `not assessable`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Class(class) => class.name(),
            Self::Malignant => "malignant",
            Self::NotAssessable => "not assessable",
        }
    }

    /// The class; `None` if not assessable, or malignant without a subtype.
    #[must_use]
    pub const fn class(self) -> Option<Class> {
        match self {
            Self::Class(class) => Some(class),
            Self::Malignant | Self::NotAssessable => None,
        }
    }
}

impl FromStr for Label {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let classes = Class::ALL.into_iter().map(Self::Class);
        let label = classes.chain([Self::Malignant, Self::NotAssessable]).find(|label| label.name() == text);
        label.ok_or_else(|| {
            format!("{text:?} is not a label; labels are Benign, Early, Pre, Pro, malignant and \"not assessable\"")
        })
    }
}

impl Serialize for Label {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// An answer to a field. Each is an entry of its own: nothing that was said before is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// The model is right; only where it called the field benign or malignant.
    Confirms,
    /// The label is this instead; also if the model named no class.
    Corrects(Label),
    /// The field has no answer from now on.
    Withdraws,
    /// The field was taken by mistake and counts nowhere from now on.
    Excludes,
    /// The newest answer that stands does not count, and the one before it stands again.
    Undoes,
}

/// What the person saw when answering. An answer to something else is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Number of opinions about the field.
    pub opinions: u64,
    /// Whether the session may be signed off already: then the answer amends a signed session.
    pub amends: bool,
    /// Random name of the request, chosen by the client, 8 to 64 of `[A-Za-z0-9-]`: a repeated request counts as one opinion.
    pub request: Option<String>,
}
