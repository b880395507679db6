//! What a person says about a field, beside what the model said.

use std::{str::FromStr, time::SystemTime};

use blastscope_shared::Class;
use serde::{Serialize, Serializer};

use super::{RecordError, text_rules};
use crate::support::clock::ClockTrust;

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

/// An opinion to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOpinion {
    /// When.
    pub at: SystemTime,
    /// Who: name or initials, 1 to 64 letters.
    pub by: String,
    /// What.
    pub says: Says,
    /// Why; may be empty, at most 2,000 letters.
    pub note: String,
}

impl NewOpinion {
    pub(super) fn check(&self) -> Result<(), RecordError> {
        text_rules::line("name", &self.by)?;
        text_rules::note("note", &self.note)
    }
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

impl Seen {
    pub(super) fn check(&self) -> Result<(), RecordError> {
        self.request.as_deref().map_or(Ok(()), |request| text_rules::request("request", request))
    }
}

/// An opinion as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Opinion {
    /// When, RFC 3339.
    pub given_utc: String,
    /// Whether the device trusted its clock then.
    pub clock: ClockTrust,
    /// Who.
    pub given_by: String,
    /// Whether it confirms what the model said.
    pub confirms: bool,
    /// What the field shows.
    pub label: Label,
    /// Why.
    pub note: String,
}
