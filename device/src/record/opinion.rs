//! What a person says about a field, beside what the model said.

use std::time::SystemTime;

use blastscope_core::answer::{Label, Says, Seen};
use serde::Serialize;

use super::{RecordError, text_rules};
use crate::support::clock::ClockTrust;

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

/// What is wrong with the name of a request, if anything is.
pub(super) fn check_request(seen: &Seen) -> Result<(), RecordError> {
    seen.request.as_deref().map_or(Ok(()), |request| text_rules::request("request", request))
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
