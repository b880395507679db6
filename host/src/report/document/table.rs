//! Tables of a report.

use blastscope_shared::Rate;

/// A table: columns, rows, and perhaps a caption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Cell>>,
    pub(super) caption: Option<String>,
}

/// A column's heading and where its cells stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub(super) heading: String,
    pub(super) align: Align,
}

/// Where a column's cells stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// At the left, for text.
    Left,
    /// At the right, in digits of the same width, for numbers.
    Right,
}

/// A cell's text and its tone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    pub(super) text: String,
    pub(super) tone: Tone,
}

/// How much a cell stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Like the others.
    Plain,
    /// In bold.
    Strong,
    /// In bold on a warning's colour.
    Alarm,
}

impl Table {
    /// A table without rows.
    #[must_use]
    pub fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self { columns: columns.into_iter().collect(), rows: Vec::new(), caption: None }
    }

    /// The same with a caption.
    #[must_use]
    pub fn caption(self, text: impl Into<String>) -> Self {
        Self { caption: Some(text.into()), ..self }
    }

    /// Adds a row. Missing cells stay empty, and cells beyond the columns are left out.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        let mut row: Vec<Cell> = cells.into_iter().take(self.columns.len()).collect();
        row.resize(self.columns.len(), Cell::from(""));
        self.rows.push(row);
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl Column {
    /// A column of text.
    #[must_use]
    pub fn text(heading: impl Into<String>) -> Self {
        Self { heading: heading.into(), align: Align::Left }
    }

    /// A column of numbers.
    #[must_use]
    pub fn number(heading: impl Into<String>) -> Self {
        Self { heading: heading.into(), align: Align::Right }
    }
}

impl Cell {
    /// The same in bold, where `condition`.
    #[must_use]
    pub fn strong_if(self, condition: bool) -> Self {
        if condition { Self { tone: Tone::Strong, ..self } } else { self }
    }

    /// The same as a warning, where `condition`.
    #[must_use]
    pub fn alarm_if(self, condition: bool) -> Self {
        if condition { Self { tone: Tone::Alarm, ..self } } else { self }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { text, tone: Tone::Plain }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        text.to_string().into()
    }
}

impl From<usize> for Cell {
    fn from(number: usize) -> Self {
        number.to_string().into()
    }
}

/// The rate in percent, without its interval.
impl From<Rate> for Cell {
    fn from(rate: Rate) -> Self {
        rate.percent().into()
    }
}
