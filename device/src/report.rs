//! The report of a session: one PDF, one HTML page, one FHIR resource, all from the same [`Report`].
//!
//! ```text
//! RecordReader --gather--> Report (numbers, sentences, thumbnails) --> pdf
//!   model, where given, draws heat maps ------^                   \--> html
//!                                                                  \-> fhir
//! ```
//! * A record that fails verification is not reported.
//! * A report says what the fields of a slide say together, and counts **fields**. It never says anything about a patient.
//! * Wording shared by all three lives in `words`.

pub mod fhir;
mod gather;
pub mod html;
pub mod overlay;
pub mod pdf;
mod picture;
mod words;

use std::path::PathBuf;

use blastscope_core::session::{MIN_FIELDS, SlideTold};
use blastscope_files::Printable as _;
use blastscope_shared::{Class, Rate};

pub use self::gather::gather;
use crate::record::{CellCount, Counts, Field, Hash, Opinion, RecordError, Salvage, Session, SessionId, Tally};

/// Default for the number of fields shown as pictures; all fields are counted.
pub const MAX_PICTURES: usize = 500;

/// Options of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Below this number of fields called benign or malignant, the report says "Insufficient".
    pub min_fields: u32,
    /// Fields shown as pictures, at most.
    pub max_pictures: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { min_fields: MIN_FIELDS, max_pictures: MAX_PICTURES }
    }
}

/// What the session's model was trained on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Training {
    /// Pictures of smears.
    Smears,
    /// Drawn fields: its verdicts on smears mean nothing.
    Drawn,
    /// Unknown: the model's file was not available.
    NotKnown,
}

/// Whether the session's model is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signature {
    /// The model's file is signed.
    Signed,
    /// It is not.
    Unsigned,
    /// Unknown: the model's file was not available.
    NotKnown,
}

/// A field with its pictures for the report.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The field.
    pub field: Field,
    /// The picture as JPEG, at most 360 pixels wide.
    pub thumbnail: Vec<u8>,
    /// The same picture under the map for `map_class`, as JPEG, if a map was made.
    pub map: Option<Vec<u8>>,
    /// The class that the map is about.
    pub map_class: Option<Class>,
}

/// The content of a report.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The session at the time of the report.
    pub session: Session,
    /// What the fields say of the slide together, as it was told at the session's end or as it stands.
    pub slide: SlideTold,
    /// Fields per class.
    pub counts: Counts,
    /// Cells that people have looked at.
    pub cells: CellCount,
    /// Fields excluded as taken by mistake, each with the opinion that did it.
    pub excluded: Vec<(u64, Opinion)>,
    /// Number of the last entry of the record's log.
    pub entry: u64,
    /// Head of the record's log.
    pub head: Hash,
    /// As [`Options::min_fields`].
    pub min_fields: u32,
    /// The fields with pictures, by number.
    pub shown: Vec<Shown>,
    /// Whether heat maps were requested.
    pub with_maps: bool,
    /// What the model was trained on.
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
    /// Fields called benign or malignant, corrections included.
    #[must_use]
    pub fn assessed(&self) -> u64 {
        self.counts.corrected.judged()
    }

    /// Whether too few fields are called benign or malignant.
    #[must_use]
    pub fn is_insufficient(&self) -> bool {
        self.assessed() < u64::from(self.min_fields)
    }

    /// Fields that are counted but not shown.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.counts.counted().saturating_sub(self.shown.len() as u64)
    }
}

/// The share of `class` among the fields of a tally that are called benign or malignant, with its 95 % interval.
#[must_use]
pub fn share(tally: &Tally, class: Class) -> Rate {
    rate(tally.classes[class.index()], tally.judged())
}

/// The share of the fields called malignant, whether a subtype is named or not, as in [`share`].
#[must_use]
pub fn malignant_share(tally: &Tally) -> Rate {
    rate(tally.malignant(), tally.judged())
}

fn rate(hits: u64, of: u64) -> Rate {
    let number = |fields: u64| usize::try_from(fields).unwrap_or(usize::MAX);
    Rate::new(number(hits), number(of))
}

/// Why a report failed.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The record cannot be read, or was changed.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The model is not the session's.
    #[error(
        "the given model has the hash {given}, but session {session} was judged with {recorded}: give that \
         model's file to --model, or omit --model for a report without heat maps"
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
        /// What the system says.
        reason: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_the_fields_called_benign_or_malignant() {
        let tally = Tally {
            classes: [6, 1, 2, 3],
            subtype_not_sure: 2,
            abstained: 9,
            rejected: 4,
            settling: 0,
            not_assessable: 1,
        };
        assert_eq!(share(&tally, Class::ALL[1]), Rate::new(1, 14));
        assert_eq!(malignant_share(&tally), Rate::new(8, 14));
    }
}
