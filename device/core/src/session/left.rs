//! A session that was left open: the power went, or the program was killed. Everything that was saved is on the disk; the session
//! goes on where it was, or is closed.
//!
//! It goes on by itself when the cut was short, because the slide is still under the objective then, and that is said. After a
//! longer time, or where the clock tells nothing (it may have run backwards without power), the operator is asked: another
//! slide's fields must not get into it.

use alloc::{format, string::String, vec::Vec};
use core::{str::FromStr, time::Duration};

use serde::Serialize;

use super::{Now, SessionId};
use crate::pipeline::Thumbnail;

/// Time since the last field for which a session goes on by itself.
pub const RECENT: Duration = Duration::from_secs(30 * 60);

/// What is shown of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Left {
    /// Its number.
    pub id: SessionId,
    /// The specimen's pseudonym.
    pub specimen: String,
    /// Who sat at the microscope.
    pub operator: String,
    /// Fields that are on the disk.
    pub fields: u64,
    /// When something was saved last, RFC 3339.
    pub last_utc: String,
    /// Why it can only be closed; `None` where it can go on.
    pub problem: Option<String>,
}

/// A session that was left open, with what is needed to go on.
#[derive(Clone, Debug, PartialEq)]
pub struct LeftBehind {
    /// What is shown of it.
    pub shown: Left,
    /// When something was saved last, since 1970 UTC; `None` where that cannot be told.
    pub last: Option<Duration>,
    /// Time of its last field since its start. The time without power does not count: no clock ran that is never set.
    pub since_start: Duration,
    /// Numbers and pictures of its newest fields, the newest last: they are not counted again.
    pub known: Vec<(u64, Thumbnail)>,
}

impl LeftBehind {
    /// Whether it goes on by itself at the time `now`. By a clock that is not trusted, nobody knows how long ago it was cut off:
    /// without power a clock may have stood still for days.
    #[must_use]
    pub fn goes_on(&self, now: Now) -> bool {
        let recent = |last| (now.utc.saturating_sub(RECENT)..=now.utc).contains(&last);
        now.is_trusted && self.shown.problem.is_none() && self.last.is_some_and(recent)
    }
}

/// Who decided that a session which was cut off goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// The program, because the cut was short.
    Automatic,
    /// The operator, who was asked.
    Operator,
}

impl Decision {
    /// As it stands in the record.
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
            .ok_or_else(|| format!("{text:?} is no decision"))
    }
}
