//! The record: the fields, the model's verdicts, people's answers, and proof that nothing was changed since.
//!
//! ```text
//! live engine, web page --Job--> RecordWriter (a thread, a bounded queue) --> Record --> DIR/record.db (SQLite)
//!                                                                    RecordReader, verify, exports <--'
//! ```
//! * **Saved means on the disk.** A [`Receipt`] is given only after the transaction was committed with `synchronous=FULL`.
//! * **Whole or not at all.** A field, its picture and its log entry are one transaction. That is why
//!   pictures are BLOBs in the database and not files beside it: a picture without a row, a row without a picture or half a
//!   picture is impossible, whatever happens between two writes, and a copy is one file.
//! * **Nothing is overwritten.** Tables only grow: a correction is a row beside the model's verdict, the end of a session is
//!   a row, a sign-off is a row. Triggers refuse to change and delete rows.
//! * **Changes show.** Every row has an entry in a log whose hashes form a chain ([`verify`]). The chain has no key: it reveals
//!   rows that were changed, added, removed or moved inside, but anybody with write access can cut off the end of the file with
//!   its rows, or recompute all hashes. A head hash that is kept elsewhere reveals both: reports and sign-offs show
//!   it, and `blastscope verify --expect-head` checks it.
//!
//! A row that SQLite could not sync is not acknowledged and not visible. After a loss of power at that moment it may still
//! exist, whole and in the chain; if it was saved again, it exists twice.

mod backup;
mod check;
mod connection;
mod csv_export;
mod error;
mod field;
mod finding;
mod hash;
mod jpeg;
mod lock;
mod log;
mod opinion;
mod picture;
mod reader;
mod salvage;
mod schema;
mod session;
mod space;
mod spreadsheet;
mod store;
pub(crate) mod text_rules;
mod times;
mod training_export;
pub mod verify;
mod writer;

use std::path::{Path, PathBuf};

pub(crate) use self::field::Measured;
pub use blastscope_core::{
    answer::{Label, Says, Seen},
    session::{Decision, SessionId},
};

pub use self::{
    backup::{Backup, backup},
    check::{CheckState, WholeCheck},
    csv_export::{TableStyle, export_csv},
    error::RecordError,
    field::{Field, Judgement, NewField, Said, VerdictKind},
    finding::Finding,
    hash::Hash,
    jpeg::{Jpeg, QUALITY},
    opinion::{NewOpinion, Opinion},
    picture::{PictureFile, PictureFormat, PictureOrigin, StoredPicture, THUMBNAIL_SIDE},
    reader::{Counts, MAX_PAGE, RecordReader, Tally, Watcher},
    salvage::{Salvage, Salvaged, salvage},
    session::{Continuation, NewSession, Period, Session, SignOff, State},
    store::{MIN_FREE, Receipt, Record},
    training_export::{TrainingExport, export_for_training},
    verify::Remembered,
    writer::{Full, Job, Outcome, Picture, RecordWriter, Ticket},
};

/// Name of the database in its folder.
pub const FILE_NAME: &str = "record.db";

/// Path of the record in a data folder.
#[must_use]
pub fn path_in(folder: &Path) -> PathBuf {
    folder.join(FILE_NAME)
}
