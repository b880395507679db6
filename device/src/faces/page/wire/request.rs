//! Bodies and queries of requests. A body with an unknown name is refused.

use serde::{Deserialize, Deserializer, de::Error as _};

use crate::record::{CellId, OpinionKind, SessionId};

/// Body of `POST /api/take`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub(in crate::faces::page) struct Take {
    pub(in crate::faces::page) session: SessionId,
    /// Number of the frame on display; without it, whatever is under the objective is taken.
    #[serde(default)]
    pub(in crate::faces::page) frame: Option<u64>,
}

/// Body of `POST /api/sessions`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub(in crate::faces::page) struct NewSession {
    pub(in crate::faces::page) specimen: String,
    pub(in crate::faces::page) operator: String,
}

/// Body of `POST /api/sessions/{session}/end`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub(in crate::faces::page) struct End {
    #[serde(default)]
    pub(in crate::faces::page) reason: String,
}

/// An empty body: `{}`, or no body at all.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub(in crate::faces::page) struct Nothing {}

/// Body of `POST /api/sessions/{session}/fields/{field}/opinion`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub(in crate::faces::page) struct Opinion {
    /// The session's start, as shown: tells apart two records with the same numbers.
    pub(in crate::faces::page) started: String,
    /// What the answer does.
    #[serde(default = "correction")]
    pub(in crate::faces::page) kind: String,
    /// What the field shows; only of a correction.
    #[serde(default)]
    pub(in crate::faces::page) label: Option<String>,
    #[serde(default)]
    pub(in crate::faces::page) note: String,
    /// Who answers.
    pub(in crate::faces::page) by: String,
    /// Number of opinions that the field had when it was shown.
    #[serde(default)]
    pub(in crate::faces::page) seen: u64,
    /// Whether the answer may change a signed-off session.
    #[serde(default)]
    pub(in crate::faces::page) amends: bool,
    /// Name of the request: repeating it does not add a second opinion.
    #[serde(default)]
    pub(in crate::faces::page) request: Option<String>,
}

/// Body of `POST /api/sessions/{session}/cells`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub(in crate::faces::page) struct LabelCells {
    /// The session's start, as shown.
    pub(in crate::faces::page) started: String,
    /// Pairs of the numbers of field and cell.
    pub(in crate::faces::page) cells: Vec<CellId>,
    /// What they are; none takes their labels back.
    #[serde(default)]
    pub(in crate::faces::page) label: Option<String>,
    /// Who labels them.
    pub(in crate::faces::page) by: String,
    /// Number of the newest entry of labels when the cells were shown.
    #[serde(default)]
    pub(in crate::faces::page) seen: u64,
    /// Whether the labels may change a signed-off session.
    #[serde(default)]
    pub(in crate::faces::page) amends: bool,
    /// Name of the request: repeating it labels nothing twice.
    #[serde(default)]
    pub(in crate::faces::page) request: Option<String>,
}

/// Body of `POST /api/sessions/{session}/sign-off`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub(in crate::faces::page) struct SignOff {
    /// The session's start, as shown.
    pub(in crate::faces::page) started: String,
    /// Number of fields shown.
    pub(in crate::faces::page) fields: u64,
    /// Who signs.
    pub(in crate::faces::page) by: String,
}

/// Body of `POST /api/sessions/{session}/hand-over`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub(in crate::faces::page) struct HandOver {
    /// Who takes over.
    pub(in crate::faces::page) to: String,
}

/// Body of `POST /api/sessions/{session}/specimen`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub(in crate::faces::page) struct CorrectSpecimen {
    /// The session's start, as shown.
    pub(in crate::faces::page) started: String,
    /// The right pseudonym.
    pub(in crate::faces::page) specimen: String,
    /// Who corrects it.
    pub(in crate::faces::page) by: String,
}

/// Body of `POST /api/sessions/{session}/reopen`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub(in crate::faces::page) struct Reopen {
    /// The session's start, as shown.
    pub(in crate::faces::page) started: String,
    /// Who goes on with it.
    pub(in crate::faces::page) by: String,
}

/// Body of `POST /api/people`.
#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub(in crate::faces::page) struct Choose {
    pub(in crate::faces::page) name: String,
    /// Only of a name that has one.
    #[serde(default)]
    pub(in crate::faces::page) pin: Option<String>,
}

/// Body of `POST /api/people/pin`.
#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub(in crate::faces::page) struct NewPin {
    pub(in crate::faces::page) name: String,
    /// The PIN so far.
    #[serde(default)]
    pub(in crate::faces::page) pin: Option<String>,
    /// The new PIN; none removes it.
    #[serde(default)]
    pub(in crate::faces::page) new: Option<String>,
}

/// Body of `POST /api/people/remove`.
#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub(in crate::faces::page) struct RemovePerson {
    pub(in crate::faces::page) name: String,
    /// Only of a name that has one.
    #[serde(default)]
    pub(in crate::faces::page) pin: Option<String>,
}

/// Body of `POST /api/login`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub(in crate::faces::page) struct LogIn {
    pub(in crate::faces::page) token: String,
}

/// Body of `POST /api/enter`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub(in crate::faces::page) struct Enter {
    pub(in crate::faces::page) code: String,
}

/// Query of `GET /api/live`: the numbers of the last answer, empty or absent the first time.
#[derive(Debug, Deserialize)]
pub(in crate::faces::page) struct LiveQuery {
    #[serde(default, deserialize_with = "number_or_empty")]
    pub(in crate::faces::page) seen: Option<u64>,
    #[serde(default, deserialize_with = "number_or_empty")]
    pub(in crate::faces::page) picture: Option<u64>,
}

/// Query of the lists: entries after this number.
#[derive(Debug, Deserialize)]
pub(in crate::faces::page) struct After {
    #[serde(default)]
    pub(in crate::faces::page) after: u64,
}

/// Query of the list of sessions; every part is optional.
#[derive(Debug, Default, Deserialize)]
pub(in crate::faces::page) struct SessionsQuery {
    /// Beginning of the pseudonym.
    #[serde(default)]
    pub(in crate::faces::page) specimen: String,
    /// `1`: the pseudonym is whole.
    #[serde(default, deserialize_with = "one")]
    pub(in crate::faces::page) whole: bool,
    #[serde(default)]
    pub(in crate::faces::page) from: String,
    #[serde(default)]
    pub(in crate::faces::page) until: String,
    #[serde(default)]
    pub(in crate::faces::page) before: Option<SessionId>,
}

/// Query of a report: `1` means yes.
#[derive(Debug, Deserialize)]
pub(in crate::faces::page) struct ReportQuery {
    #[serde(default, deserialize_with = "one")]
    pub(in crate::faces::page) maps: bool,
    #[serde(default, deserialize_with = "one")]
    pub(in crate::faces::page) excel: bool,
}

fn correction() -> String {
    OpinionKind::Correction.name().into()
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
