//! One finding of the verification.

use std::fmt;

use serde::Serialize;

/// A place where the record is not what was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Entry of the log that reveals it.
    pub entry: Option<u64>,
    /// Table of the row.
    pub table: Option<String>,
    /// The row's id.
    pub row: Option<i64>,
    /// Session in the row.
    pub session: Option<i64>,
    /// Field in the row.
    pub sequence: Option<i64>,
    /// The column.
    pub column: Option<String>,
    /// What is wrong.
    pub reason: String,
}

impl Finding {
    pub(super) fn of_file(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), ..Self::default() }
    }

    pub(super) fn of_entry(entry: i64, column: Option<&str>, reason: impl Into<String>) -> Self {
        Self {
            entry: Some(entry.unsigned_abs()),
            table: Some("log".into()),
            row: Some(entry),
            column: column.map(str::to_string),
            reason: reason.into(),
            ..Self::default()
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut places = Vec::new();
        if let Some(entry) = self.entry {
            places.push(format!("log entry {entry}"));
        }
        match (self.session, self.sequence) {
            (Some(session), Some(sequence)) => places.push(format!("field {sequence} of session {session}")),
            (Some(session), None) => places.push(format!("session {session}")),
            _ => {}
        }
        if let (Some(table), Some(row)) = (self.table.as_deref().filter(|&table| table != "log"), self.row) {
            places.push(format!("table {table}, row {row}"));
        }
        if let Some(column) = &self.column {
            places.push(format!("column {column}"));
        }
        if places.is_empty() { f.write_str(&self.reason) } else { write!(f, "{}: {}", places.join(", "), self.reason) }
    }
}
