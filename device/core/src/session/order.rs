//! What an operator asks for, and why it may be refused.

use alloc::{format, string::String};
use core::{fmt, time::Duration};

use super::{Fault, SessionId};
use crate::{
    advice::Advice,
    answer::{Says, Seen},
    field::NotTaken,
};

/// A field that came by itself less than this ago was not meant by a hand that was on its way: an answer to it is refused.
pub const JUST_NOW: Duration = Duration::from_millis(700);

/// What an operator asks for. Every order names the session that it means: one that was given by a view of something else is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Take the field that is shown, whatever is said of it.
    Take {
        /// The session.
        session: SessionId,
        /// Number of the frame that was looked at; `None` for whatever is under the objective now.
        frame: Option<u64>,
    },
    /// Start a session: a slide of a pseudonymous patient.
    Start {
        /// Pseudonym of the specimen.
        specimen: String,
        /// Who sits at the microscope.
        operator: String,
    },
    /// Go on with the session that was left open when the program was cut off.
    Continue {
        /// The session.
        session: SessionId,
    },
    /// End the session that was left open when the program was cut off.
    Close {
        /// The session.
        session: SessionId,
        /// Why.
        reason: String,
    },
    /// End the session that goes on.
    End {
        /// The session.
        session: SessionId,
        /// Why.
        reason: String,
    },
    /// Say what a field shows.
    Opinion {
        /// The session.
        session: SessionId,
        /// The field.
        sequence: u64,
        /// What it shows.
        says: Says,
        /// Why; may be empty.
        note: String,
        /// Who says so.
        by: String,
        /// What was seen of the field by whoever says so.
        seen: Seen,
    },
    /// Sign a session off; the one that goes on ends with it.
    SignOff {
        /// The session.
        session: SessionId,
        /// Name or initials.
        by: String,
        /// Number of fields that whoever signs was shown; `None` signs whatever is there.
        fields: Option<u64>,
    },
}

/// Why an order was not followed.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal<E: Fault> {
    /// There is no session.
    NoSession,
    /// Another session goes on.
    SessionGoesOn(SessionId),
    /// Another session than the one that was named goes on.
    AnotherSession {
        /// The one that was named.
        named: SessionId,
        /// The one that goes on.
        open: SessionId,
    },
    /// It has other fields than whoever signs was shown.
    OtherFields {
        /// The session.
        session: SessionId,
        /// Number of fields that were shown.
        shown: u64,
        /// Number of fields that it has, or will have when what waits is on the disk.
        now: u64,
    },
    /// It was not left open.
    NotLeft(SessionId),
    /// It cannot go on.
    Differs {
        /// The session.
        session: SessionId,
        /// What is not as it was.
        reason: String,
    },
    /// Nothing is recorded.
    NoRecord,
    /// The field cannot be taken.
    NotTaken(NotTaken),
    /// The record refused.
    Record(E),
    /// Too much waits to be written.
    Busy,
    /// The disk has not answered yet.
    Slow,
    /// The instrument has ended.
    Stopped,
}

impl<E: Fault> Refusal<E> {
    /// What is wrong, and what to do about it.
    #[must_use]
    pub fn advice(&self) -> Advice {
        match self {
            Self::NoSession => Advice::new("no session is open", "start one with a specimen's pseudonym first"),
            Self::SessionGoesOn(session) => {
                Advice::new(format!("session {session} is open"), "end it or sign it off first")
            }
            Self::AnotherSession { named, open } => Advice::new(
                format!("session {named} is not open, but session {open} is"),
                "look at what is shown now, then decide",
            ),
            Self::OtherFields { session, shown, now } => Advice::new(
                format!("session {session} has {now} fields, and {shown} were shown to whoever signs"),
                "look at the new ones, then sign again",
            ),
            Self::NotLeft(session) => {
                Advice::new(format!("session {session} was not left open"), "look at the list of sessions")
            }
            Self::Differs { session, reason } => Advice::new(
                format!("session {session} cannot be continued, because {reason}"),
                "close it and start another one",
            ),
            Self::NoRecord => Advice::new(
                "nothing is recorded here",
                "start `blastscope live` with --data-dir DIR and --tui or --listen",
            ),
            Self::NotTaken(why) => why.advice(),
            Self::Record(error) => error.advice(),
            Self::Busy => Advice::new("too much waits to be saved and nothing of this was", "try again in a moment"),
            Self::Slow => Advice::new(
                "the disk has not answered yet, and whether this was saved is not known",
                "look at the list before trying again",
            ),
            Self::Stopped => Advice::new("the instrument has stopped", "start `blastscope live` again"),
        }
    }
}

impl<E: Fault> fmt::Display for Refusal<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.advice().fmt(f)
    }
}

impl<E: Fault> core::error::Error for Refusal<E> {}

impl<E: Fault> From<NotTaken> for Refusal<E> {
    fn from(why: NotTaken) -> Self {
        Self::NotTaken(why)
    }
}
