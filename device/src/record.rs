//! The record: what the camera saw, what the model said, what people said, and proof that nothing was changed since.
//!
//! ```text
//! live engine, web page --Job--> RecordWriter (a thread, a bounded queue) --> Record --> DIR/record.db (SQLite)
//!                                                                    RecordReader, verify, exports <--'
//! ```
//! * **Saved means on disk.** A [`Receipt`] is given only after the transaction was committed with `synchronous=FULL`.
//! * **All or nothing.** A field, its cells, its picture and their log entry are one transaction. So pictures are BLOBs in the
//!   database, not files beside it: no crash between two writes can leave a picture without a row, a row without a picture or half
//!   a picture, and one file is all there is to copy.
//! * **Nothing is overwritten.** Tables only grow: a correction, the end of a session and a sign-off are new rows. Triggers refuse
//!   to change or delete rows.
//! * **Changes show.** Every row has an entry in a log whose hashes form a chain ([`verify`]). The chain has no key: it reveals
//!   rows that were changed, added, removed or moved, but whoever may write the file can also cut off its end together with the
//!   rows, or recompute all hashes. A head hash kept elsewhere reveals both: reports and sign-offs show it, and
//!   `blastscope verify --expect-head` checks it.
//!
//! A row that SQLite could not sync is neither acknowledged nor visible. After a loss of power at that moment it may still be
//! there, whole and in the chain; saving again then stores it twice.

mod backup;
mod cell_label;
mod cell_strip;
mod check;
mod connection;
mod csv_export;
mod error;
mod field;
mod finding;
mod hash;
mod jpeg;
mod json_column;
mod lock;
mod log;
mod moment;
mod opinion;
mod picture;
mod reader;
mod salvage;
mod schema;
mod session;
mod set_aside;
mod slide;
mod space;
mod spreadsheet;
mod store;
pub(crate) mod text_rules;
mod training_export;
pub mod verify;
mod writer;

use std::path::{Path, PathBuf};

pub(crate) use self::field::Measured;
pub use blastscope_core::{
    answer::{Label, Says, Seen},
    cells::{CellCount, CellId, CellLabel, FieldCells, LabelsSeen, SeenCell},
    session::{Decision, SessionId},
};

pub use self::{
    backup::{Backup, backup},
    cell_label::{MAX_CELLS, NewCellLabels},
    cell_strip::CELL_SIDE,
    check::{CheckState, WholeCheck},
    csv_export::{TableStyle, export_csv},
    error::RecordError,
    field::{Field, Judgement, NewField, Said, VerdictKind},
    finding::Finding,
    hash::Hash,
    jpeg::{Jpeg, QUALITY},
    opinion::{NewOpinion, Opinion, OpinionKind},
    picture::{PictureFile, PictureFormat, PictureOrigin, StoredPicture, THUMBNAIL_SIDE},
    reader::{
        Around, CellsOfField, Counts, MAX_PAGE, MAX_SESSIONS, RecordReader, Search, SessionCells, StoredCell, Tally,
        Watcher,
    },
    salvage::{Salvaged, salvage},
    session::{Continuation, HandOver, NewSession, Period, Reopening, Session, SignOff, SpecimenCorrection, State},
    set_aside::Salvage,
    store::{MIN_FREE, Receipt, Record},
    training_export::{TrainingExport, export_for_training},
    verify::Remembered,
    writer::{Full, Job, Outcome, Picture, RecordWriter, Ticket},
};

/// Name of the database in its folder.
pub const FILE_NAME: &str = "record.db";

/// Path of the database of a data folder.
#[must_use]
pub fn path_in(folder: &Path) -> PathBuf {
    folder.join(FILE_NAME)
}
