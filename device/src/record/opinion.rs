//! A person's opinion of a field, stored beside the model's verdict.

use std::time::SystemTime;

use blastscope_core::answer::{Label, Says, Seen};
use serde::Serialize;

use super::{RecordError, text_rules};
use crate::support::clock::ClockTrust;

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

/// Checks the name of a request.
pub(super) fn check_request(seen: &Seen) -> Result<(), RecordError> {
    seen.request.as_deref().map_or(Ok(()), |request| text_rules::request("request", request))
}

/// A stored opinion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Opinion {
    /// When it was given, RFC 3339.
    pub given_utc: String,
    /// Whether the device trusted its clock then.
    pub clock: ClockTrust,
    /// Who gave it.
    pub given_by: String,
    /// Whether it confirms the model.
    pub confirms: bool,
    /// What the field shows.
    pub label: Label,
    /// The reason given.
    pub note: String,
}
