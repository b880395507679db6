//! Orders of the operator, and why they may be refused.

use alloc::{boxed::Box, format, string::String};
use core::{fmt, time::Duration};

use super::{change::Change, id::SessionId, left::LeftBehind};
use crate::{advice::Advice, field::NotTaken};

/// Why the record refused a write.
pub trait Fault: core::error::Error + 'static {
    /// Whether a retry may succeed later with the same input, as after a full disk.
    fn is_passing(&self) -> bool;

    /// The reason and the remedy.
    fn advice(&self) -> Advice;
}

/// A record that never refuses anything.
impl Fault for core::convert::Infallible {
    fn is_passing(&self) -> bool {
        match *self {}
    }

    fn advice(&self) -> Advice {
        match *self {}
    }
}

/// Reaction time: an answer is refused if its field was taken automatically less than this ago; the operator cannot have meant it.
pub const JUST_NOW: Duration = Duration::from_millis(700);

/// An order of the operator. Every order names its session: an order based on an outdated display is refused.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// Take the current field, whatever the verdict.
    Take {
        /// The session.
        session: SessionId,
        /// Number of the frame that the operator saw; `None` for the current field.
        frame: Option<u64>,
    },
    /// Start a session: a slide of a pseudonymous patient.
    Start {
        /// Pseudonym of the specimen.
        specimen: String,
        /// The operator.
        operator: String,
    },
    /// Resume the session that was left open when the program was cut off.
    Continue {
        /// The session.
        session: SessionId,
    },
    /// End the session that was left open when the program was cut off.
    Close {
        /// The session.
        session: SessionId,
        /// The reason.
        reason: String,
    },
    /// End the open session.
    End {
        /// The session.
        session: SessionId,
        /// The reason.
        reason: String,
    },
    /// Change something about a session.
    Change {
        /// The session.
        session: SessionId,
        /// What.
        change: Change,
    },
    /// Reopen a session that has ended and was never signed off.
    Reopen {
        /// The session, with all data to go on with it.
        ended: Box<LeftBehind>,
        /// [`super::Session::version`] before that was read.
        version: u64,
        /// Name of the person.
        by: String,
    },
    /// Sign a session off; this ends it if it is open.
    SignOff {
        /// The session.
        session: SessionId,
        /// Name or initials.
        by: String,
        /// Number of fields that the signer saw; `None` signs all fields.
        fields: Option<u64>,
    },
}

/// Why an order was refused.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal<E: Fault> {
    /// No session is open.
    NoSession,
    /// Another session is open already.
    SessionGoesOn(SessionId),
    /// The open session is not the named one.
    AnotherSession {
        /// The named session.
        named: SessionId,
        /// The open session.
        open: SessionId,
    },
    /// The number of fields is not the one that the signer saw.
    OtherFields {
        /// The session.
        session: SessionId,
        /// Number of fields that the signer saw.
        shown: u64,
        /// Number of fields now, with pending ones.
        now: u64,
    },
    /// A field that the signer has not seen is being saved.
    FieldBeingSaved(SessionId),
    /// The session was not left open.
    NotLeft(SessionId),
    /// Another session was left open and awaits a decision.
    Undecided(SessionId),
    /// The session cannot be resumed.
    Differs {
        /// The session.
        session: SessionId,
        /// What has changed since.
        reason: String,
    },
    /// Something was saved while the session was read.
    Outdated(SessionId),
    /// Nothing is recorded.
    NoRecord,
    /// The field cannot be taken.
    NotTaken(NotTaken),
    /// The record refused.
    Record(E),
    /// Too many writes are pending.
    Busy,
    /// The disk has not answered yet.
    Slow,
    /// The instrument has stopped.
    Stopped,
}

impl<E: Fault> Refusal<E> {
    /// The reason and the remedy.
    #[must_use]
    pub fn advice(&self) -> Advice {
        match self {
            Self::NoSession => Advice::new("no session is open", "start one with a specimen's pseudonym first"),
            Self::SessionGoesOn(session) => {
                Advice::new(format!("session {session} is open"), "end it or sign it off first")
            }
            Self::AnotherSession { named, open } => Advice::new(
                format!("session {named} is not open, but session {open} is"),
                "look at the current display, then decide",
            ),
            Self::OtherFields { session, shown, now } => other_fields(*session, *shown, *now),
            Self::FieldBeingSaved(session) => Advice::new(
                format!("a field of session {session} is being saved"),
                "wait a moment, then look at it and sign",
            ),
            Self::NotLeft(session) => {
                Advice::new(format!("session {session} was not left open"), "check the list of sessions")
            }
            Self::Undecided(session) => {
                Advice::new(format!("session {session} was left open"), "continue or close it first")
            }
            Self::Differs { session, reason } => Advice::new(
                format!("session {session} cannot be continued, because {reason}"),
                "close it and start another one",
            ),
            Self::Outdated(session) => Advice::new(
                format!("something was saved while session {session} was read, so it was not reopened"),
                "try again",
            ),
            Self::NoRecord => Advice::new(
                "nothing is recorded here",
                "start `blastscope live` with --data-dir DIR and --tui or --listen",
            ),
            Self::NotTaken(why) => why.advice(),
            Self::Record(error) => error.advice(),
            Self::Busy => Advice::new("too much is waiting to be saved; this was not saved", "try again in a moment"),
            Self::Slow => Advice::new(
                "the disk has not answered yet; it is unknown whether this was saved",
                "check the list before trying again",
            ),
            Self::Stopped => Advice::new("the instrument has stopped", "start `blastscope live` again"),
        }
    }
}

/// The reason and the remedy if the signer saw another number of fields than there are now.
#[must_use]
pub fn other_fields(session: SessionId, shown: u64, now: u64) -> Advice {
    Advice::new(
        format!("session {session} has {now} fields, but you saw {shown} of them"),
        "look at the new ones, then sign again",
    )
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
