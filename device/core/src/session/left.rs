//! A session that was left open: the power failed, or the program was killed. Everything saved is on the disk; the session
//! resumes where it was, or is closed.
//!
//! It resumes automatically after a short interruption, because the slide is still under the objective then; the operator is
//! informed. After a longer time, or without a trusted clock (it may have run backwards without power), the operator is asked:
//! fields of another slide must not get into it.

use alloc::{format, string::String, vec::Vec};
use core::{str::FromStr, time::Duration};

use blastscope_shared::judge::slide::SlideField;
use serde::Serialize;

use super::{id::SessionId, now::Now};
use crate::pipeline::Thumbnail;

/// Maximum time since the last field for an automatic resumption.
pub const RECENT: Duration = Duration::from_secs(30 * 60);

/// What operators see of a session that was left open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Left {
    /// Its number.
    pub id: SessionId,
    /// The specimen's pseudonym.
    pub specimen: String,
    /// The operator.
    pub operator: String,
    /// Number of saved fields.
    pub fields: u64,
    /// Time of the last save, RFC 3339.
    pub last_utc: String,
    /// Why it can only be closed; `None` if it can be resumed.
    pub problem: Option<String>,
}

/// A session that was left open, with all data to resume it.
#[derive(Clone, Debug, PartialEq)]
pub struct LeftBehind {
    /// What operators see of it.
    pub shown: Left,
    /// Time of the last save, since 1970 UTC; `None` if unknown.
    pub last: Option<Duration>,
    /// Time of its last field since its start. The time without power does not count: the monotonic clock did not run.
    pub since_start: Duration,
    /// Numbers and thumbnails of its newest fields, newest last: they are not counted again.
    pub known: Vec<(u64, Thumbnail)>,
    /// Numbers of all its fields, and what each says of the slide.
    pub slide: Vec<(u64, SlideField)>,
    /// Numbers of the fields that are excluded: they do not count on the slide.
    pub excluded: Vec<u64>,
}

impl LeftBehind {
    /// Excludes a field, or counts it again.
    pub(super) fn exclude(&mut self, number: u64, excluded: bool) {
        self.excluded.retain(|&known| known != number);
        if excluded {
            self.excluded.push(number);
        }
    }

    /// Whether it resumes automatically at the time `now`. Not with an untrusted clock, because the length of the interruption is
    /// unknown: without power a clock may have stood still for days.
    #[must_use]
    pub fn goes_on(&self, now: Now) -> bool {
        let recent = |last| (now.utc.saturating_sub(RECENT)..=now.utc).contains(&last);
        now.is_trusted && self.shown.problem.is_none() && self.last.is_some_and(recent)
    }
}

/// Who decided to resume a session that was cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// The program, because the interruption was short.
    Automatic,
    /// The operator, who was asked.
    Operator,
}

impl Decision {
    /// Name in the record.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Automatic => "automatic",
            Self::Operator => "operator",
        }
    }
}

impl FromStr for Decision {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Automatic, Self::Operator]
            .into_iter()
            .find(|decision| decision.name() == text)
            .ok_or_else(|| format!("{text:?} is not a decision"))
    }
}
