//! The command `doctor`: checks whether this machine can classify, and gives a remedy for each problem.
//!
//! ```text
//! probe (files, cameras, the model) -> Facts -> judge -> [Check] -> table or JSON
//! ```
//! Judging is pure: facts in, checks out. The machine is not changed.

mod facts;
mod judge;
mod probe;
mod table;

use std::{
    io::{self, Write},
    path::Path,
};

use serde::Serialize;

use crate::{RESEARCH_USE, board::Configuration};

/// Result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    /// Nothing to do.
    Ok,
    /// Needs attention; classification works.
    Look,
    /// Classification fails or gives wrong results.
    Broken,
}

impl Status {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Look => "look",
            Self::Broken => "broken",
        }
    }
}

/// One check. A remedy is present unless the status is ok.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Check {
    check: &'static str,
    status: Status,
    found: String,
    remedy: Option<String>,
}

impl Check {
    fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, status: Status::Ok, found: found.into(), remedy: None }
    }

    fn look(check: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, status: Status::Look, found: found.into(), remedy: Some(remedy.into()) }
    }

    fn broken(check: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, status: Status::Broken, found: found.into(), remedy: Some(remedy.into()) }
    }
}

#[derive(Serialize)]
struct Report<'a> {
    /// The worst status of all checks.
    status: Status,
    checks: &'a [Check],
    facts: &'a facts::Facts,
    statement: &'static str,
}

/// Checks this machine, the model that [`crate::model::load`] finds for `named` and `data_dir`, and the pins of `hardware`. Writes
/// the checks to `out`. True if the machine is ready to classify.
///
/// # Errors
/// When `out` cannot be written.
pub fn run(
    named: Option<&Path>,
    data_dir: Option<&Path>,
    hardware: Option<&Configuration>,
    json: bool,
    mut out: impl Write,
) -> io::Result<bool> {
    let facts = probe::facts(Path::new("/"), named, data_dir, hardware);
    let checks = judge::judge(&facts);
    let status = checks.iter().map(|check| check.status).max().unwrap_or(Status::Ok);
    if json {
        serde_json::to_writer(&mut out, &Report { status, checks: &checks, facts: &facts, statement: RESEARCH_USE })?;
        writeln!(out)?;
    } else {
        table::write(&checks, &mut out)?;
    }
    Ok(status < Status::Broken)
}
