//! The record: what was seen, what the model said, what people said, and proof that nobody changed it since.
//!
//! ```text
//! live engine, web page --Job--> RecordWriter (a thread, a bounded queue) --> Record --> DIR/record.db (SQLite)
//!                                                                    RecordReader, verify, exports <--'
//! ```
//! * **Saved means on the disk.** A [`Receipt`] is given only after the transaction was committed with `synchronous=FULL`.
//! * **Whole or not at all.** A field with its picture, and the log entry that speaks of it, are one transaction. That is why
//!   pictures are BLOBs in the database and not files beside it: a picture without a row, a row without a picture or half a
//!   picture cannot be, whatever happens between two writes, and one file is all there is to copy.
//! * **Nothing is overwritten.** Tables only grow: a correction is a row beside what the model said, the end of a session is
//!   a row, a sign-off is a row. Triggers refuse to change and delete rows.
//! * **Changes show.** Every row has an entry in a log whose hashes form a chain ([`verify`]). The chain has no key: it finds
//!   what was changed, added, removed or moved inside, but whoever may write the file can also cut off its end together with
//!   the rows, or compute all hashes anew. Against both helps a head hash that is kept elsewhere: reports and sign-offs show
//!   it, and `blastscope verify --expect-head` asks for it.
//!
//! A row that SQLite could not sync is not acknowledged and not visible; after a loss of power at that moment it may still be
//! there, whole and in the chain: whoever saved again then finds it twice.

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
mod set_aside;
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
    salvage::{Salvaged, salvage},
    session::{Continuation, NewSession, Period, Session, SignOff, State},
    set_aside::Salvage,
    store::{MIN_FREE, Receipt, Record},
    training_export::{TrainingExport, export_for_training},
    verify::Remembered,
    writer::{Full, Job, Outcome, Picture, RecordWriter, Ticket},
};

/// Name of the database in its folder.
pub const FILE_NAME: &str = "record.db";

/// Where the record of a data folder lies.
#[must_use]
pub fn path_in(folder: &Path) -> PathBuf {
    folder.join(FILE_NAME)
}
