//! A person's opinion of a field, stored beside the model's verdict.

use std::{str::FromStr, time::SystemTime};

use blastscope_core::answer::{Label, Says, Seen};
use blastscope_shared::Class;
use serde::Serialize;

use super::{RecordError, text_rules};
use crate::support::clock::ClockTrust;

/// SQL: the number of the opinion that counts, of the field in the row `f`.
pub(super) const STANDING: &str = "(SELECT max(p.id) FROM opinions p WHERE p.session_id = f.session_id AND p.sequence = f.sequence \
     AND p.kind <> 'undo' AND NOT EXISTS (SELECT 1 FROM opinions u WHERE u.undoes = p.id))";

/// An opinion to store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOpinion {
    /// When it was given.
    pub at: SystemTime,
    /// Who gave it: name or initials, 1 to 64 letters.
    pub by: String,
    /// What.
    pub says: Says,
    /// Reason; may be empty, at most 2,000 letters.
    pub note: String,
}

impl NewOpinion {
    pub(super) fn check(&self) -> Result<(), RecordError> {
        text_rules::line("name", &self.by)?;
        text_rules::note("note", &self.note)
    }
}

/// Kind of an opinion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OpinionKind {
    /// The model is right.
    Confirmation,
    /// The label is another one.
    Correction,
    /// The field has no answer.
    Withdrawal,
    /// The field was taken by mistake and does not count.
    Exclusion,
    /// An earlier opinion does not count.
    Undo,
}

impl OpinionKind {
    const ALL: [Self; 5] = [Self::Confirmation, Self::Correction, Self::Withdrawal, Self::Exclusion, Self::Undo];

    /// `confirmation`, `correction`, `withdrawal`, `exclusion` or `undo`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Confirmation => "confirmation",
            Self::Correction => "correction",
            Self::Withdrawal => "withdrawal",
            Self::Exclusion => "exclusion",
            Self::Undo => "undo",
        }
    }
}

impl FromStr for OpinionKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let kind = Self::ALL.into_iter().find(|kind| kind.name() == text);
        kind.ok_or_else(|| format!("{text:?} is not a kind of opinion"))
    }
}

/// Checks the name of a request.
pub(super) fn check_request(seen: &Seen) -> Result<(), RecordError> {
    seen.request.as_deref().map_or(Ok(()), |request| text_rules::request("request", request))
}

/// A stored opinion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Opinion {
    /// Its number in the record, from 1.
    pub id: u64,
    /// When it was given, RFC 3339.
    pub given_utc: String,
    /// Whether the device trusted its clock then.
    pub clock: ClockTrust,
    /// Who gave it.
    pub given_by: String,
    /// What it does.
    pub kind: OpinionKind,
    /// What the field shows; only of a confirmation or a correction.
    pub label: Option<Label>,
    /// Number of the opinion that does not count any more; only of an undo.
    pub undoes: Option<u64>,
    /// The reason given.
    pub note: String,
}

impl Opinion {
    /// Whether it confirms the model.
    #[must_use]
    pub fn confirms(&self) -> bool {
        self.kind == OpinionKind::Confirmation
    }

    /// The class that it names.
    #[must_use]
    pub fn class(&self) -> Option<Class> {
        self.label.and_then(Label::class)
    }

    /// Its label, or else its kind, by name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.label.map_or(self.kind.name(), Label::name)
    }
}
