//! Reports for people: one description, two file formats.
//!
//! A [`Report`] is a title, the notice that every report carries, and blocks in their order: sections, paragraphs, callouts,
//! facts, tables, figures. It becomes one self-contained HTML page ([`Report::html`]), or Markdown with the figures as files
//! beside it ([`Report::markdown`]). All text is plain text: whatever it holds, both escape it. Only figures are taken as they
//! are; SVG must come from this program.
//!
//! ```
//! use blastscope_host::report::document::{Column, Report, Table};
//!
//! let mut report = Report::new("Two classes");
//! report.section("Counts");
//! let mut table = Table::new([Column::text("class"), Column::number("fields")]);
//! table.row(["Benign".into(), 428.into()]);
//! report.table(table);
//! assert!(report.html().starts_with("<!DOCTYPE html>"));
//! assert!(report.markdown("counts").text.contains("| Benign | 428 |"));
//! ```

use std::path::Path;

use blastscope_files::Printable as _;

use crate::{
    Error,
    support::{atomic_file, notice::DRAWN_FIELDS},
};

mod figure;
mod html;
mod markdown;
mod table;

pub use figure::Figure;
pub use markdown::Markdown;
pub use table::{Align, Cell, Column, Table, Tone};

/// A report under construction.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    title: String,
    blocks: Vec<Block>,
}

#[derive(Clone, Debug, PartialEq)]
enum Block {
    Section(String),
    Subsection(String),
    Paragraph(String),
    Callout(Callout, String),
    List(Vec<String>),
    Facts(Vec<(String, String)>),
    Code(String),
    Table(Table),
    Figures(Vec<Figure>),
}

/// Kind of a callout; its first word names it, so that colour is not the only sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callout {
    /// The report's answer.
    Verdict,
    /// A reason to trust the numbers less.
    Warning,
    /// Help for reading the rest.
    Note,
}

impl Callout {
    const fn word(self) -> &'static str {
        match self {
            Self::Verdict => "Verdict",
            Self::Warning => "Warning",
            Self::Note => "Note",
        }
    }
}

impl Report {
    /// A report with only its title and [`RESEARCH_USE_ONLY`](crate::support::notice::RESEARCH_USE_ONLY).
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), blocks: Vec::new() }
    }

    /// Notes that the program drew the fields, if `drawn`.
    pub fn drawn_fields(&mut self, drawn: bool) {
        if drawn {
            self.callout(Callout::Warning, DRAWN_FIELDS);
        }
    }

    /// Starts a section.
    pub fn section(&mut self, title: impl Into<String>) {
        self.blocks.push(Block::Section(title.into()));
    }

    /// Starts a subsection.
    pub fn subsection(&mut self, title: impl Into<String>) {
        self.blocks.push(Block::Subsection(title.into()));
    }

    /// A paragraph.
    pub fn paragraph(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Paragraph(text.into()));
    }

    /// A highlighted paragraph.
    pub fn callout(&mut self, kind: Callout, text: impl Into<String>) {
        self.blocks.push(Block::Callout(kind, text.into()));
    }

    /// A list of points; nothing when there are none.
    pub fn list<T: Into<String>>(&mut self, points: impl IntoIterator<Item = T>) {
        let points: Vec<String> = points.into_iter().map(Into::into).collect();
        if !points.is_empty() {
            self.blocks.push(Block::List(points));
        }
    }

    /// Names and values, such as the data set and the program's version; nothing when there are none.
    pub fn facts<N: Into<String>, V: Into<String>>(&mut self, facts: impl IntoIterator<Item = (N, V)>) {
        let facts: Vec<_> = facts.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        if !facts.is_empty() {
            self.blocks.push(Block::Facts(facts));
        }
    }

    /// Preformatted lines, such as the command that makes the report.
    pub fn code(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Code(text.into()));
    }

    /// A table; nothing when it has no rows.
    pub fn table(&mut self, table: Table) {
        if !table.is_empty() {
            self.blocks.push(Block::Table(table));
        }
    }

    /// A figure.
    pub fn figure(&mut self, figure: Figure) {
        self.figures([figure]);
    }

    /// Figures side by side, as many in a line as fit; nothing when there are none.
    pub fn figures(&mut self, figures: impl IntoIterator<Item = Figure>) {
        let figures: Vec<Figure> = figures.into_iter().collect();
        if !figures.is_empty() {
            self.blocks.push(Block::Figures(figures));
        }
    }

    /// The report as one HTML page: no script, nothing from outside, light and dark, fit to print.
    #[must_use]
    pub fn html(&self) -> String {
        html::page(self)
    }

    /// The report as Markdown. `stem` begins the names of the figures' files: `audit` gives `audit-duplicates.png`.
    #[must_use]
    pub fn markdown(&self, stem: &str) -> Markdown {
        markdown::document(self, stem)
    }

    /// Writes [`Self::html`], whole or not at all.
    ///
    /// # Errors
    /// [`Error::Io`] when the file cannot be written.
    pub fn write_html(&self, path: &Path) -> Result<(), Error> {
        atomic_file::write(path, self.html().as_bytes())
    }

    /// Writes [`Self::markdown`] to `path` and its figures beside it, the text last and each file whole or not at all. The
    /// figures' names begin with the file's: `report.md` has `report-duplicates.png`.
    ///
    /// # Errors
    /// [`Error::Usage`] when `path` has no file name; [`Error::Io`] when a file cannot be written.
    pub fn write_markdown(&self, path: &Path) -> Result<(), Error> {
        let stem = path
            .file_stem()
            .ok_or_else(|| Error::Usage(format!("{} names no file; give one such as report.md", path.printable())))?;
        let Markdown { text, files } = self.markdown(&stem.to_string_lossy());
        for (name, bytes) in files {
            atomic_file::write(&path.with_file_name(name), &bytes)?;
        }
        atomic_file::write(path, text.as_bytes())
    }
}

#[cfg(test)]
mod tests;
