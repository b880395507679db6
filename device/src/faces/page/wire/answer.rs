//! Bodies of answers.

use blastscope_core::session::SlideTold;
use blastscope_shared::{ByClass, Class, Rate};
use serde::Serialize;

use crate::{
    faces::people::Person,
    record::{CellCount, CellsOfField, Counts, Field, Receipt, Session, SessionCells, Tally},
    report::{malignant_share, share},
    station::Snapshot,
};

/// Answer of every failed request.
#[derive(Debug, Serialize)]
pub(in crate::faces::page) struct Failed<'a> {
    /// HTTP status.
    pub(in crate::faces::page) error: u16,
    pub(in crate::faces::page) reason: &'a str,
    pub(in crate::faces::page) remedy: &'a str,
}

/// Answer of `GET /api/about`.
#[derive(Debug, Serialize)]
pub(in crate::faces::page) struct About<'a> {
    pub(in crate::faces::page) program: &'a str,
    pub(in crate::faces::page) version: &'a str,
    pub(in crate::faces::page) notice: &'a str,
    pub(in crate::faces::page) model: String,
    pub(in crate::faces::page) model_sha256: &'a str,
    /// A warning about the model.
    pub(in crate::faces::page) caution: Option<&'a str>,
    /// Whether the model was trained on drawn fields only.
    pub(in crate::faces::page) drawn: bool,
    /// Warnings about model and program, one sentence each.
    pub(in crate::faces::page) notices: &'a [String],
    pub(in crate::faces::page) min_probability: f32,
    pub(in crate::faces::page) min_subtype: f32,
    pub(in crate::faces::page) max_novelty: f32,
    pub(in crate::faces::page) classes: [&'a str; Class::COUNT],
}

/// First line of the answer of `GET /api/live`.
#[derive(Debug, Serialize)]
pub(in crate::faces::page) struct Live<'a> {
    #[serde(flatten)]
    pub(in crate::faces::page) snapshot: &'a Snapshot,
    pub(in crate::faces::page) revision: u64,
    /// Age of the state in milliseconds: a running instrument renews it many times a second.
    pub(in crate::faces::page) age_ms: u64,
    /// Whether a JPEG follows; not if the client already has it.
    pub(in crate::faces::page) picture: bool,
    /// Warnings about model and program, one sentence each.
    pub(in crate::faces::page) notices: &'a [String],
}

/// Answer of `GET /api/sessions`.
#[derive(Debug, Serialize)]
pub(in crate::faces::page) struct Sessions {
    pub(in crate::faces::page) sessions: Vec<Session>,
    /// Whether older ones may follow.
    pub(in crate::faces::page) more: bool,
}

/// Answer of `GET /api/people`, `POST /api/people/pin` and `POST /api/people/remove`.
#[derive(Debug, Serialize)]
pub(in crate::faces::page) struct PeopleList {
    pub(in crate::faces::page) people: Vec<Person>,
}

/// Answer of `POST /api/people`.
#[derive(Serialize)]
pub(in crate::faces::page) struct Chosen {
    pub(in crate::faces::page) name: String,
    /// Proves that this screen gave the PIN; none without a PIN.
    pub(in crate::faces::page) badge: Option<String>,
}

/// Shares of the fields called benign or malignant.
#[derive(Debug, Serialize)]
pub(in crate::faces::page) struct Shares {
    classes: ByClass<Rate>,
    /// Early, Pre, Pro and those without a subtype together.
    malignant: Rate,
}

impl Shares {
    pub(in crate::faces::page) fn of(tally: &Tally) -> Self {
        Self { classes: ByClass(Class::ALL.map(|class| share(tally, class))), malignant: malignant_share(tally) }
    }
}

/// Answer of `GET /api/sessions/{session}`.
#[derive(Debug, Serialize)]
pub(in crate::faces::page) struct Summary {
    session: Session,
    /// What the fields say of the slide together: as it was told at the session's last end; as it stands, if the session
    /// goes on or fields were excluded or included since.
    slide: SlideTold,
    counts: Counts,
    cells: CellsTold,
    /// Shares by the model's verdicts.
    said: Shares,
    /// Shares with the newest opinions in place of the verdicts.
    corrected: Shares,
}

impl Summary {
    pub(in crate::faces::page) fn new(session: Session, slide: SlideTold, counts: Counts, cells: CellCount) -> Self {
        let (said, corrected) = (Shares::of(&counts.said), Shares::of(&counts.corrected));
        Self { session, slide, counts, cells: CellsTold::of(cells), said, corrected }
    }
}

/// What people called the cells of a session.
#[derive(Debug, Serialize)]
pub(in crate::faces::page) struct CellsTold {
    #[serde(flatten)]
    count: CellCount,
    /// Cells that a person has looked at: all with a label.
    looked_at: u64,
    /// Whole nucleated cells among them.
    counted: u64,
    /// Blasts of those counted.
    blast_share: Rate,
}

impl CellsTold {
    pub(in crate::faces::page) fn of(count: CellCount) -> Self {
        Self { looked_at: count.looked_at(), counted: count.counted(), blast_share: count.blast_share(), count }
    }
}

/// Answer of `GET /api/sessions/{session}/cells`.
#[derive(Debug, Serialize)]
pub(in crate::faces::page) struct Cells {
    fields: Vec<CellsOfField>,
    told: CellsTold,
    /// Number of the newest entry of labels; use it in the next request that labels cells.
    last: u64,
}

impl Cells {
    pub(in crate::faces::page) fn of(SessionCells { fields, count, last }: SessionCells) -> Self {
        Self { fields, told: CellsTold::of(count), last }
    }
}

/// Answer of `GET /api/sessions/{session}/fields`.
#[derive(Debug, Serialize)]
pub(in crate::faces::page) struct Fields {
    pub(in crate::faces::page) fields: Vec<Field>,
    /// Whether more may follow.
    pub(in crate::faces::page) more: bool,
}

/// Answer of `GET /api/sessions/{session}/opinions`.
#[derive(Debug, Serialize)]
pub(in crate::faces::page) struct Spoken {
    pub(in crate::faces::page) fields: Vec<Field>,
    /// Number of the newest opinion; use it in the next request.
    pub(in crate::faces::page) last: u64,
}

/// Answer of every request that wrote to the disk.
#[derive(Debug, Serialize)]
pub(in crate::faces::page) struct Done {
    pub(in crate::faces::page) saved: Receipt,
}

/// Answer of `POST /api/login`, `POST /api/enter` and `POST /api/logout`.
#[derive(Debug, Serialize)]
pub(in crate::faces::page) struct Admission {
    pub(in crate::faces::page) admitted: bool,
}
