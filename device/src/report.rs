//! The report of a session: one PDF, one HTML page, one FHIR resource, all from the same [`Report`].
//!
//! ```text
//! RecordReader --gather--> Report (numbers, sentences, thumbnails) --> pdf
//!   model, where given, draws heat maps ------^                   \--> html
//!                                                                  \-> fhir
//! ```
//! * There is no report of a record that fails verification.
//! * A report counts **fields**. It never says anything about a patient.
//! * All three take their sentences from `words`.

pub mod fhir;
mod gather;
pub mod html;
pub mod overlay;
pub mod pdf;
mod picture;
mod words;

use std::path::PathBuf;

use blastscope_core::session::MIN_FIELDS;
use blastscope_files::Printable as _;
use blastscope_shared::{Class, Rate};

pub use self::gather::gather;
use crate::record::{Counts, Field, Hash, RecordError, Salvage, Session, SessionId, Tally};

/// Default maximum of fields that a report shows as pictures; all are counted.
pub const MAX_PICTURES: usize = 500;

/// Options of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Minimum of fields with a class; below it the report says "Insufficient".
    pub min_fields: u32,
    /// Maximum of fields shown as pictures.
    pub max_pictures: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { min_fields: MIN_FIELDS, max_pictures: MAX_PICTURES }
    }
}

/// How the session's model was trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Training {
    /// On pictures of smears.
    Smears,
    /// On drawn fields: its verdicts on smears mean nothing.
    Drawn,
    /// Unknown, because the model's file is missing.
    NotKnown,
}

/// Whether the session's model is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signature {
    /// Its file is signed.
    Signed,
    /// Its file is not signed.
    Unsigned,
    /// Unknown, because the model's file is missing.
    NotKnown,
}

/// A field with its pictures for a report.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The field.
    pub field: Field,
    /// The picture as JPEG, at most 360 pixels wide.
    pub thumbnail: Vec<u8>,
    /// The same picture with the heat map for `map_class`, as JPEG, if one was made.
    pub map: Option<Vec<u8>>,
    /// The class that the map explains.
    pub map_class: Option<Class>,
}

/// The content of a report.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The session at the time of the report.
    pub session: Session,
    /// Number of fields of each class.
    pub counts: Counts,
    /// Number of the last entry of the record's log.
    pub entry: u64,
    /// Head of the record's log.
    pub head: Hash,
    /// As [`Options::min_fields`].
    pub min_fields: u32,
    /// The shown fields, by number.
    pub shown: Vec<Shown>,
    /// Whether heat maps were requested.
    pub with_maps: bool,
    /// How the model was trained.
    pub training: Training,
    /// Whether the model is signed.
    pub signature: Signature,
    /// The salvages that made the record, oldest first.
    pub salvages: Vec<Salvage>,
    /// When the report was written, RFC 3339.
    pub written_utc: String,
    /// Version of the program that wrote it.
    pub program_version: &'static str,
}

impl Report {
    /// Fields with a class, corrections included.
    #[must_use]
    pub fn assessed(&self) -> u64 {
        with_class(&self.counts.corrected)
    }

    /// Whether too few fields have a class.
    #[must_use]
    pub fn is_insufficient(&self) -> bool {
        self.assessed() < u64::from(self.min_fields)
    }

    /// Fields that are counted but not shown.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.counts.fields.saturating_sub(self.shown.len() as u64)
    }
}

/// Fields with a class in a tally.
#[must_use]
pub fn with_class(tally: &Tally) -> u64 {
    tally.classes.iter().sum()
}

/// Share of `class` among the fields with a class, with its 95 % interval.
#[must_use]
pub fn share(tally: &Tally, class: Class) -> Rate {
    rate(tally.classes[class.index()], with_class(tally))
}

/// Share of all malignant classes together, as [`share`].
#[must_use]
pub fn malignant_share(tally: &Tally) -> Rate {
    let malignant = Class::ALL.into_iter().filter(|class| class.is_malignant());
    rate(malignant.map(|class| tally.classes[class.index()]).sum(), with_class(tally))
}

fn rate(hits: u64, of: u64) -> Rate {
    let number = |fields: u64| usize::try_from(fields).unwrap_or(usize::MAX);
    Rate::new(number(hits), number(of))
}

/// Why the report failed.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The record cannot be read, or was changed.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The model is not the one of the session.
    #[error(
        "the given model has the hash {given}, session {session} was judged with {recorded}: give that model's file with --model, \
         or omit it for a report without heat maps"
    )]
    OtherModel {
        /// The session.
        session: SessionId,
        /// Hash of the given model.
        given: String,
        /// Hash in the record.
        recorded: String,
    },
    /// A stored picture cannot be shown.
    #[error("the picture of field {sequence} cannot be shown: {reason}")]
    Picture {
        /// The field.
        sequence: u64,
        /// Why not.
        reason: String,
    },
    /// The PDF cannot be made.
    #[error("the PDF cannot be made: {0}")]
    Pdf(String),
    /// A file cannot be written.
    #[error("{} cannot be written ({reason})", path.printable())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        reason: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_the_fields_with_a_class() {
        let tally = Tally { classes: [6, 1, 2, 3], abstained: 9, rejected: 4, settling: 0, not_assessable: 1 };
        assert_eq!(share(&tally, Class::ALL[1]), Rate::new(1, 12));
        assert_eq!(malignant_share(&tally), Rate::new(6, 12));
    }
}
