//! A session: one slide of one pseudonymous patient.

use std::time::{Duration, SystemTime};

use blastscope_core::session::{Decision, SessionId};
use blastscope_shared::judge::slide::SlidePooling;
use serde::Serialize;

use super::{RecordError, hash::Hash, text_rules};
use crate::support::{
    clock::ClockTrust,
    timestamp::{parsed, rfc3339},
};

/// Facts needed to start a session.
#[derive(Clone, Debug, PartialEq)]
pub struct NewSession {
    /// Pseudonym of the specimen, `[A-Za-z0-9._-]{1,64}`.
    pub specimen: String,
    /// Operator of the microscope: name or initials, 1 to 64 letters.
    pub operator: String,
    /// When it starts.
    pub started: SystemTime,
    /// The model's name.
    pub model_name: String,
    /// The model's identity, 64 hexadecimal digits.
    pub model_sha256: String,
    /// SHA-256 of the settings in use, 64 hexadecimal digits.
    pub config_sha256: String,
    /// Version of the program.
    pub program_version: String,
    /// Hash of the code that the program was built from.
    pub code_hash: String,
    /// Id of this device.
    pub device_id: String,
    /// How the model pools the fields of a slide.
    pub slide: SlidePooling,
}

impl NewSession {
    pub(crate) fn check(&self) -> Result<(), RecordError> {
        text_rules::pseudonym("specimen", &self.specimen)?;
        text_rules::sha256("model", &self.model_sha256)?;
        text_rules::sha256("configuration", &self.config_sha256)?;
        for (what, text) in [
            ("operator", &self.operator),
            ("model name", &self.model_name),
            ("program version", &self.program_version),
            ("code hash", &self.code_hash),
            ("device", &self.device_id),
        ] {
            text_rules::line(what, text)?;
        }
        if !self.slide.is_usable() {
            let remedy = "every number must be in its range; install the model again";
            return Err(RecordError::invalid("slide pooling", &format!("{:?}", self.slide), remedy));
        }
        Ok(())
    }
}

/// State of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Not signed off.
    Draft,
    /// Signed off; no field can be added.
    Approved,
    /// Opinions or cell labels were given, or the pseudonym was corrected, after the last sign-off: it needs another one.
    Changed,
    /// Signed off again after a change.
    Amended,
}

impl State {
    /// `draft`, `approved`, `changed` or `amended`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Approved => "approved",
            Self::Changed => "changed",
            Self::Amended => "amended",
        }
    }
}

/// A continuation after the session was cut off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Continuation {
    /// When, RFC 3339.
    pub continued_utc: String,
    /// Whether the device trusted its clock then.
    pub clock: ClockTrust,
    /// Fields at that time.
    pub fields: u64,
    /// Who decided it.
    pub decision: Decision,
}

/// A reopening after an end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reopening {
    /// When, RFC 3339.
    pub reopened_utc: String,
    /// Whether the device trusted its clock then.
    pub clock: ClockTrust,
    /// Who reopened it.
    pub reopened_by: String,
    /// Fields at that time.
    pub fields: u64,
}

/// A hand-over to another person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HandOver {
    /// When, RFC 3339.
    pub handed_utc: String,
    /// Whether the device trusted its clock then.
    pub clock: ClockTrust,
    /// Who worked at the microscope before.
    pub from_person: String,
    /// Who works there from then on.
    pub to_person: String,
}

/// A corrected pseudonym.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SpecimenCorrection {
    /// When, RFC 3339.
    pub corrected_utc: String,
    /// Whether the device trusted its clock then.
    pub clock: ClockTrust,
    /// Who corrected it.
    pub corrected_by: String,
    /// The pseudonym from then on.
    pub specimen: String,
}

/// A sign-off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignOff {
    /// `approved` the first time, then `amended`.
    pub kind: String,
    /// When, RFC 3339.
    pub signed_utc: String,
    /// Whether the device trusted its clock then.
    pub clock: ClockTrust,
    /// Who signed.
    pub signed_by: String,
    /// Number of fields that were signed.
    pub fields: u64,
    /// The log's head before the sign-off: it covers everything that was signed.
    pub head: Hash,
}

/// Start and end of a session, as far as clocks tell. The end is never before the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// Its start, RFC 3339.
    pub start_utc: String,
    /// Its end, RFC 3339; `None` if it has none.
    pub end_utc: Option<String>,
    /// Whether both come from a trusted clock. Otherwise the untrusted one is computed from the other and from the time that passed
    /// on the monotonic clock.
    pub is_measured: bool,
}

impl Session {
    /// Start and end.
    #[must_use]
    pub fn period(&self) -> Period {
        let (start, end) = (self.started_utc.clone(), self.ended_utc.clone());
        let lasted = self.ended_after_ms.map(Duration::from_millis).unwrap_or_default();
        let moved = |text: &str, earlier: bool| {
            let time = parsed(text)?;
            Some(rfc3339(if earlier { time.checked_sub(lasted)? } else { time.checked_add(lasted)? }))
        };
        let (begins, ends) = (self.started_clock.is_trusted(), self.ended_clock.is_none_or(ClockTrust::is_trusted));
        let (start_utc, end_utc) = match (&end, begins, ends) {
            (None, ..) | (_, true, true) => (start, end),
            (Some(end), false, true) => (moved(end, true).unwrap_or(start), Some(end.clone())),
            (Some(end), ..) => {
                let computed = moved(&start, false).unwrap_or_else(|| end.clone());
                (start, Some(computed))
            }
        };
        Period { start_utc, end_utc, is_measured: begins && ends }
    }
}

/// A session at the time of reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Session {
    /// Its number.
    pub id: SessionId,
    /// The pseudonym that counts: the newest correction, or else [`Self::first_specimen`].
    pub specimen: String,
    /// As [`NewSession::specimen`].
    pub first_specimen: String,
    /// As [`NewSession::operator`]: who started it.
    pub operator: String,
    /// When it started, RFC 3339.
    pub started_utc: String,
    /// Whether the device trusted its clock then.
    pub started_clock: ClockTrust,
    /// When it ended, RFC 3339; `None` while it is open, and after a loss of power.
    pub ended_utc: Option<String>,
    /// Whether the device trusted its clock at the end.
    pub ended_clock: Option<ClockTrust>,
    /// Milliseconds from start to end on the monotonic clock, without the time without power.
    pub ended_after_ms: Option<u64>,
    /// Why it ended.
    pub end_reason: Option<String>,
    /// As [`NewSession::model_name`].
    pub model_name: String,
    /// As [`NewSession::model_sha256`].
    pub model_sha256: String,
    /// As [`NewSession::config_sha256`].
    pub config_sha256: String,
    /// As [`NewSession::program_version`].
    pub program_version: String,
    /// As [`NewSession::code_hash`].
    pub code_hash: String,
    /// As [`NewSession::device_id`].
    pub device_id: String,
    /// Number of fields.
    pub fields: u64,
    /// Its state.
    pub state: State,
    /// Continuations after it was cut off, oldest first.
    pub continuations: Vec<Continuation>,
    /// Reopenings after an end, oldest first.
    pub reopenings: Vec<Reopening>,
    /// Hand-overs to other people, oldest first.
    pub hand_overs: Vec<HandOver>,
    /// Corrections of the pseudonym, oldest first.
    pub specimen_corrections: Vec<SpecimenCorrection>,
    /// All sign-offs, oldest first.
    pub sign_offs: Vec<SignOff>,
}

impl Session {
    /// Who works at the microscope: the newest hand-over, or else the operator who started the session.
    #[must_use]
    pub fn operator_now(&self) -> &str {
        self.hand_overs.last().map_or(&self.operator, |handed| &handed.to_person)
    }

    /// Everybody who worked at the microscope, in order, each once.
    #[must_use]
    pub fn operators(&self) -> Vec<&str> {
        let mut names = vec![self.operator.as_str()];
        for handed in &self.hand_overs {
            if !names.contains(&handed.to_person.as_str()) {
                names.push(&handed.to_person);
            }
        }
        names
    }
}

#[cfg(test)]
impl Session {
    /// A session that has just started.
    pub(crate) fn sample() -> Self {
        Self {
            id: SessionId::new(3),
            specimen: "S-2026-0412".into(),
            first_specimen: "S-2026-0412".into(),
            operator: "A. B.".into(),
            started_utc: "2026-11-25T04:30:00.000Z".into(),
            started_clock: ClockTrust::Trusted,
            ended_utc: None,
            ended_clock: None,
            ended_after_ms: None,
            end_reason: None,
            model_name: "model".into(),
            model_sha256: "0a".repeat(32),
            config_sha256: "0b".repeat(32),
            program_version: "1".into(),
            code_hash: "test".into(),
            device_id: "scope".into(),
            fields: 0,
            state: State::Draft,
            continuations: Vec::new(),
            reopenings: Vec::new(),
            hand_overs: Vec::new(),
            specimen_corrections: Vec::new(),
            sign_offs: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::clock::ClockTrust::{BeforeProgram, SteppedBack, Trusted};

    fn session(started: &str, started_clock: ClockTrust, end: Option<(&str, ClockTrust, u64)>) -> Session {
        Session {
            started_utc: started.into(),
            started_clock,
            ended_utc: end.map(|(ended, ..)| ended.into()),
            ended_clock: end.map(|(_, clock, _)| clock),
            ended_after_ms: end.map(|(.., milliseconds)| milliseconds),
            ..Session::sample()
        }
    }

    #[test]
    fn a_period_is_computed_from_what_is_trusted_and_never_ends_before_it_begins() {
        let (early, late) = ("1970-01-01T00:00:09.000Z", "2026-11-25T10:10:00.000Z");
        for (started, begins, end, expected) in [
            // Both are trusted: as they were measured.
            ("2026-11-25T10:00:00.000Z", Trusted, (late, Trusted, 599_000), ("2026-11-25T10:00:00.000Z", late)),
            // The clock was set right during the session: the end tells when it began.
            (early, BeforeProgram, (late, Trusted, 600_000), ("2026-11-25T10:00:00.000Z", late)),
            // It was set back: its beginning tells when it ended.
            (late, Trusted, (late, SteppedBack, 60_000), (late, "2026-11-25T10:11:00.000Z")),
            (late, Trusted, (early, SteppedBack, 60_000), (late, "2026-11-25T10:11:00.000Z")),
            // It was never right: how long it lasted is.
            (early, BeforeProgram, (early, BeforeProgram, 60_000), (early, "1970-01-01T00:01:09.000Z")),
        ] {
            let period = session(started, begins, Some(end)).period();
            assert_eq!((period.start_utc.as_str(), period.end_utc.as_deref()), (expected.0, Some(expected.1)));
            assert_eq!(period.is_measured, begins.is_trusted() && end.1.is_trusted());
        }
        let open = session(early, BeforeProgram, None).period();
        assert_eq!((open.start_utc.as_str(), open.end_utc, open.is_measured), (early, None, false));
    }
}
