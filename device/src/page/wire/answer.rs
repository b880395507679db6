//! Bodies of answers.

use blastscope_shared::{Class, Rate};
use serde::Serialize;

use crate::{
    classify::ByClass,
    instrument::Snapshot,
    record::{Counts, Field, Receipt, Session, Tally},
    report::{malignant_share, share},
};

/// Answer of every request that failed.
#[derive(Debug, Serialize)]
pub(in crate::page) struct Failed<'a> {
    /// HTTP status.
    pub(in crate::page) error: u16,
    pub(in crate::page) reason: &'a str,
    pub(in crate::page) remedy: &'a str,
}

/// Answer of `GET /api/about`.
#[derive(Debug, Serialize)]
pub(in crate::page) struct About<'a> {
    pub(in crate::page) program: &'a str,
    pub(in crate::page) version: &'a str,
    pub(in crate::page) notice: &'a str,
    pub(in crate::page) model: String,
    pub(in crate::page) model_sha256: &'a str,
    /// A warning about the model.
    pub(in crate::page) caution: Option<&'a str>,
    /// Whether the model was trained on drawn fields only.
    pub(in crate::page) drawn: bool,
    /// Warnings about model and program, one sentence each.
    pub(in crate::page) notices: &'a [String],
    pub(in crate::page) min_probability: f32,
    pub(in crate::page) max_novelty: f32,
    pub(in crate::page) classes: [&'a str; Class::COUNT],
}

/// First line of the answer of `GET /api/live`.
#[derive(Debug, Serialize)]
pub(in crate::page) struct Live<'a> {
    #[serde(flatten)]
    pub(in crate::page) snapshot: &'a Snapshot,
    pub(in crate::page) revision: u64,
    /// Age of the state in milliseconds: a running instrument renews it many times a second.
    pub(in crate::page) age_ms: u64,
    /// Whether a JPEG follows; it does not where the client has it already.
    pub(in crate::page) picture: bool,
    /// Warnings about model and program, one sentence each.
    pub(in crate::page) notices: &'a [String],
}

/// Answer of `GET /api/sessions`.
#[derive(Debug, Serialize)]
pub(in crate::page) struct Sessions {
    pub(in crate::page) sessions: Vec<Session>,
}

/// Shares of the fields that have a class.
#[derive(Debug, Serialize)]
pub(in crate::page) struct Shares {
    classes: ByClass<Rate>,
    /// Early, Pre and Pro together.
    malignant: Rate,
}

impl Shares {
    pub(in crate::page) fn of(tally: &Tally) -> Self {
        Self { classes: ByClass(Class::ALL.map(|class| share(tally, class))), malignant: malignant_share(tally) }
    }
}

/// Answer of `GET /api/sessions/{session}`.
#[derive(Debug, Serialize)]
pub(in crate::page) struct Summary {
    session: Session,
    counts: Counts,
    /// Shares as the model said.
    said: Shares,
    /// Shares with the newest opinions instead, where there are any.
    corrected: Shares,
}

impl Summary {
    pub(in crate::page) fn new(session: Session, counts: Counts) -> Self {
        let (said, corrected) = (Shares::of(&counts.said), Shares::of(&counts.corrected));
        Self { session, counts, said, corrected }
    }
}

/// Answer of `GET /api/sessions/{session}/fields`.
#[derive(Debug, Serialize)]
pub(in crate::page) struct Fields {
    pub(in crate::page) fields: Vec<Field>,
    /// Whether there may be more after the last.
    pub(in crate::page) more: bool,
}

/// Answer of `GET /api/sessions/{session}/opinions`.
#[derive(Debug, Serialize)]
pub(in crate::page) struct Spoken {
    pub(in crate::page) fields: Vec<Field>,
    /// Number of the newest opinion, for the next request.
    pub(in crate::page) last: u64,
}

/// Answer of every request that was written to the disk.
#[derive(Debug, Serialize)]
pub(in crate::page) struct Done {
    pub(in crate::page) saved: Receipt,
}

/// Answer of `POST /api/login`, `POST /api/enter` and `POST /api/logout`.
#[derive(Debug, Serialize)]
pub(in crate::page) struct Admission {
    pub(in crate::page) admitted: bool,
}
