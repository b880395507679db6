//! Values of ours in columns of JSON text.

use rusqlite::types::Type;
use serde::{Serialize, de::DeserializeOwned};

/// A value as JSON text.
///
/// # Panics
/// For a value that JSON cannot hold; none of ours is.
pub(super) fn text_of(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain values can be written as JSON")
}

/// The value of a JSON text from the record.
pub(super) fn value_of<T: DeserializeOwned>(text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))
}
