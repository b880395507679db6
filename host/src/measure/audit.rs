//! What a score on a data set is worth, before any training.
//!
//! Four shortcuts make a network look better than it is: copies of one field on both sides of a split ([`copies`]), marks that the
//! camera's software burned in ([`marks`]), colours that differ between classes, and classes that are sittings at the microscope
//! ([`colour`]). The audit measures what each gives to classifiers that cannot see a cell, and draws conclusions in words
//! ([`verdict`]).

use blastscope_shared::Class;
use serde::Serialize;

use crate::Error;

pub mod colour;
pub mod conclusion;
pub mod copies;
pub mod marks;
mod pictures;
mod summary;
mod survey;
pub mod verdict;

use self::{colour::Colour, conclusion::Conclusion, copies::Copies, marks::Marks};

/// The findings of an audit.
#[derive(Clone, Debug, Serialize)]
pub struct Audit {
    /// [`RESEARCH_USE_ONLY`](crate::support::notice::RESEARCH_USE_ONLY).
    pub notice: &'static str,
    /// Version of the program.
    pub version: &'static str,
    /// The folder that holds the class folders.
    pub data: String,
    /// SHA-256 over the readable pictures ([`Dataset::manifest_hash`](crate::data::dataset::Dataset::manifest_hash)), in hexadecimal.
    pub manifest: String,
    /// Whether the program drew the pictures itself.
    pub drawn: bool,
    /// The conclusions, in words.
    pub verdict: Conclusion,
    /// Readable pictures by class.
    pub classes: Vec<ClassCount>,
    /// Overlap groups, and whether a list gave them.
    pub groups: Groups,
    /// Files that look like pictures and cannot be read.
    pub unreadable: Vec<UnreadableFile>,
    /// What was left out and what was taken from deeper folders, in sentences.
    pub remarks: Vec<String>,
    /// Widths and heights in pixels with the number of pictures, most frequent first.
    pub sizes: Vec<SizeCount>,
    /// Sittings with their pictures by class, by name; empty when none is known.
    pub sittings: Vec<Sitting>,
    /// Pictures without a known sitting.
    pub without_sitting: usize,
    /// Identical and near-identical pictures.
    pub copies: Copies,
    /// What the corners and edges give away.
    pub marks: Marks,
    /// What colour alone gives away.
    pub colour: Colour,
    /// Pictures for the page.
    #[serde(skip)]
    pub(crate) gallery: pictures::Gallery,
}

/// Pictures of a class.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ClassCount {
    /// The class.
    pub class: Class,
    /// Readable pictures.
    pub pictures: usize,
    /// Of these, different files.
    pub distinct: usize,
    /// Overlap groups.
    pub groups: usize,
    /// Share of all readable pictures, 0..=1.
    pub share: f64,
}

/// Overlap groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Groups {
    /// How many there are.
    pub count: usize,
    /// Whether a list gave them; otherwise the program found identical and near-identical pictures only.
    pub listed: bool,
    /// Groups that hold pictures of several classes.
    pub across_classes: usize,
}

/// A file that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnreadableFile {
    /// Path relative to the class folders' parent.
    pub file: String,
    /// The class of its folder.
    pub class: Class,
    /// Why.
    pub reason: String,
}

/// Pictures of one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SizeCount {
    /// Pixels.
    pub width: usize,
    /// Pixels.
    pub height: usize,
    /// How many, by class in the order of [`Class::ALL`].
    pub pictures: [usize; Class::COUNT],
}

/// Pictures of one sitting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sitting {
    /// Its name in the list.
    pub name: String,
    /// How many, by class in the order of [`Class::ALL`].
    pub pictures: [usize; Class::COUNT],
}

impl Sitting {
    /// Number of classes it shows.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.pictures.iter().filter(|&&pictures| pictures > 0).count()
    }
}

impl Audit {
    /// Readable pictures.
    #[must_use]
    pub fn pictures(&self) -> usize {
        self.classes.iter().map(|class| class.pictures).sum()
    }

    /// A summary for a terminal, at most 100 columns wide.
    #[must_use]
    pub fn summary(&self) -> String {
        summary::text(self)
    }

    /// Everything, for other programs.
    ///
    /// # Errors
    /// None in practice; the type saves the caller from panicking.
    pub fn json(&self) -> Result<String, Error> {
        serde_json::to_string_pretty(self).map_err(|error| Error::Usage(format!("the audit has no JSON: {error}")))
    }
}

#[cfg(test)]
mod tests;
