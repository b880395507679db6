//! What an operator asks for, and why it may be refused.

use crate::record::{RecordError, Says, SessionId};

use super::field::NotTaken;

/// What an operator asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Take the field that is shown, whatever is said of it.
    Take,
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
    },
    /// Sign a session off; the one that goes on ends with it.
    SignOff {
        /// The session.
        session: SessionId,
        /// Name or initials.
        by: String,
    },
}

/// Why an order was not followed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// There is no session.
    #[error("no session goes on; start one with a specimen's pseudonym first")]
    NoSession,
    /// Another session goes on.
    #[error("session {0} goes on; end it or sign it off first")]
    SessionGoesOn(SessionId),
    /// It was not left open.
    #[error("session {0} was not left open; look at the list of sessions")]
    NotLeft(SessionId),
    /// It cannot go on.
    #[error("session {session} cannot go on, because {reason}; close it and start another one")]
    Differs {
        /// The session.
        session: SessionId,
        /// What is not as it was.
        reason: String,
    },
    /// Nothing is recorded.
    #[error("nothing is recorded here; start `blastscope live` with --data-dir DIR and --tui or --listen")]
    NoRecord,
    /// The field cannot be taken.
    #[error(transparent)]
    NotTaken(#[from] NotTaken),
    /// The record refused.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Too much waits to be written.
    #[error("too much waits to be saved and nothing of this was; try again in a moment")]
    Busy,
    /// The disk has not answered yet.
    #[error(
        "the disk has not answered yet, and whether this was saved is not known; look at the list before trying again"
    )]
    Slow,
    /// The instrument has ended.
    #[error("the instrument has stopped; start `blastscope live` again")]
    Stopped,
}
