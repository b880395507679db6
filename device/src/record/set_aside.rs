//! What a record says of the damaged one that it took the place of.

use serde::Serialize;

use crate::support::clock::ClockTrust;

/// A salvage, as stored in the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Salvage {
    /// When, RFC 3339.
    pub salvaged_utc: String,
    /// Whether the device trusted its clock then.
    pub clock: ClockTrust,
    /// SHA-256 of the damaged file.
    pub original_sha256: String,
    /// Folder of the damaged record, beside the new one.
    pub set_aside: String,
    /// Entries of its log, as far as they could be counted.
    pub original_entries: u64,
    /// Entries from the first on that were kept unchanged.
    pub kept_entries: u64,
    /// Rows that could not be taken over.
    pub rows_lost: u64,
    /// The first finding.
    pub reason: String,
}
