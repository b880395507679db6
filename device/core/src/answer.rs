//! What a person says of a field.

use alloc::{format, string::String};
use core::str::FromStr;

use blastscope_shared::Class;
use serde::{Serialize, Serializer};

/// What a field shows, by a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Label {
    /// One of the four classes.
    Class(Class),
    /// Nobody could say.
    NotAssessable,
}

impl Label {
    /// The class's name, or `not assessable`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Class(class) => class.name(),
            Self::NotAssessable => "not assessable",
        }
    }

    /// The class, if it is one.
    #[must_use]
    pub const fn class(self) -> Option<Class> {
        match self {
            Self::Class(class) => Some(class),
            Self::NotAssessable => None,
        }
    }
}

impl FromStr for Label {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == Self::NotAssessable.name() {
            return Ok(Self::NotAssessable);
        }
        let class = Class::ALL.into_iter().find(|class| class.name() == text);
        class
            .map(Self::Class)
            .ok_or_else(|| format!("{text:?} is no label; there are Benign, Early, Pre, Pro and \"not assessable\""))
    }
}

impl Serialize for Label {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// What is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// The model is right.
    Confirms,
    /// It is this instead; also where the model named no class.
    Corrects(Label),
}

/// What whoever answers has seen. An answer to something else is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// How many opinions the field had.
    pub opinions: u64,
    /// Whether the session may have been signed off: the answer then changes what was signed.
    pub amends: bool,
    /// A name for the request, drawn by whoever asks, 8 to 64 of `[A-Za-z0-9-]`: the same request again is the same opinion.
    pub request: Option<String>,
}
