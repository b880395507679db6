//! Bodies and queries of requests. A body with a name that is not listed here is refused.

use serde::{Deserialize, Deserializer, de::Error as _};

use crate::record::SessionId;

/// Body of `POST /api/take`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub(in crate::page) struct Take {
    pub(in crate::page) session: SessionId,
    /// Number of the frame that was seen; without it, whatever is under the objective is taken.
    #[serde(default)]
    pub(in crate::page) frame: Option<u64>,
}

/// Body of `POST /api/sessions`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub(in crate::page) struct NewSession {
    pub(in crate::page) specimen: String,
    pub(in crate::page) operator: String,
}

/// Body of `POST /api/sessions/{session}/end`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub(in crate::page) struct End {
    #[serde(default)]
    pub(in crate::page) reason: String,
}

/// A body that says nothing: `{}`, or no body at all.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub(in crate::page) struct Nothing {}

/// Body of `POST /api/sessions/{session}/fields/{field}/opinion`: either a label or a confirmation.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub(in crate::page) struct Opinion {
    /// When the session started, as it was shown: tells apart two records with the same numbers.
    pub(in crate::page) started: String,
    /// What the field shows; absent where the model is right.
    #[serde(default)]
    pub(in crate::page) label: Option<String>,
    #[serde(default)]
    pub(in crate::page) confirm: bool,
    #[serde(default)]
    pub(in crate::page) note: String,
    /// Who answers.
    pub(in crate::page) by: String,
    /// Number of opinions that the field had when it was shown.
    #[serde(default)]
    pub(in crate::page) seen: u64,
    /// Whether the answer may change a session that was signed off.
    #[serde(default)]
    pub(in crate::page) amends: bool,
    /// A name for the request: the same request again is the same opinion.
    #[serde(default)]
    pub(in crate::page) request: Option<String>,
}

/// Body of `POST /api/sessions/{session}/sign-off`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub(in crate::page) struct SignOff {
    /// When the session started, as it was shown.
    pub(in crate::page) started: String,
    /// Number of fields that were shown.
    pub(in crate::page) fields: u64,
    /// Who signs.
    pub(in crate::page) by: String,
}

/// Body of `POST /api/login`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub(in crate::page) struct LogIn {
    pub(in crate::page) token: String,
}

/// Body of `POST /api/enter`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub(in crate::page) struct Enter {
    pub(in crate::page) code: String,
}

/// Query of `GET /api/live`: numbers of the last answer, empty or absent the first time.
#[derive(Debug, Deserialize)]
pub(in crate::page) struct LiveQuery {
    #[serde(default, deserialize_with = "number_or_empty")]
    pub(in crate::page) seen: Option<u64>,
    #[serde(default, deserialize_with = "number_or_empty")]
    pub(in crate::page) picture: Option<u64>,
}

/// Query of the lists: what comes after a number.
#[derive(Debug, Deserialize)]
pub(in crate::page) struct After {
    #[serde(default)]
    pub(in crate::page) after: u64,
}

/// Query of a report: `1` for yes.
#[derive(Debug, Deserialize)]
pub(in crate::page) struct ReportQuery {
    #[serde(default, deserialize_with = "one")]
    pub(in crate::page) maps: bool,
    #[serde(default, deserialize_with = "one")]
    pub(in crate::page) excel: bool,
}

fn number_or_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| D::Error::custom("not a number"))
}

fn one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(String::deserialize(deserializer)? == "1")
}
