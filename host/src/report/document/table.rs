//! Tables of a report.

use blastscope_shared::Rate;

/// A table: columns, rows, and an optional caption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Cell>>,
    pub(super) caption: Option<String>,
}

/// A column's heading and alignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub(super) heading: String,
    pub(super) align: Align,
}

/// Alignment of a column's cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Left, for text.
    Left,
    /// Right, with digits of equal width, for numbers.
    Right,
}

/// A cell's text and its tone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    pub(super) text: String,
    pub(super) tone: Tone,
}

/// Emphasis of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// No emphasis.
    Plain,
    /// Bold.
    Strong,
    /// Bold on a warning's colour.
    Alarm,
}

impl Table {
    /// A table without rows.
    #[must_use]
    pub fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self { columns: columns.into_iter().collect(), rows: Vec::new(), caption: None }
    }

    /// Sets the caption.
    #[must_use]
    pub fn caption(self, text: impl Into<String>) -> Self {
        Self { caption: Some(text.into()), ..self }
    }

    /// Adds a row. Missing cells stay empty; extra cells are dropped.
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
    /// Makes the cell bold if `condition`.
    #[must_use]
    pub fn strong_if(self, condition: bool) -> Self {
        if condition { Self { tone: Tone::Strong, ..self } } else { self }
    }

    /// Makes the cell a warning if `condition`.
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
