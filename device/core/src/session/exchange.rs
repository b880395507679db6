//! What goes into a session and what comes out: events, effects and writes.

use alloc::{string::String, vec::Vec};
use core::time::Duration;

use blastscope_shared::judge::slide::SlideField;

use super::{
    change::Change,
    id::SessionId,
    left::Decision,
    order::{Fault, Order, Refusal},
};
use crate::{field::Token, pipeline::Thumbnail};

/// Handle of the client that waits for the answer to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Asker(pub u64);

/// Number of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteId(pub(super) u64);

/// An event.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<E: Fault> {
    /// The program has started.
    Begun,
    /// An operator gave an order.
    Asked {
        /// The order.
        order: Order,
        /// The asker.
        by: Asker,
        /// Why the record would refuse it, if known beforehand: a refused order must not end a session.
        refused: Option<E>,
    },
    /// The screening has taken a field.
    Taken {
        /// The field.
        token: Token,
        /// What it says of the slide.
        field: SlideField,
        /// Who asked for it; `None` if it was taken automatically.
        by: Option<Asker>,
    },
    /// A write was saved.
    Saved {
        /// The write.
        write: WriteId,
        /// Number of its session.
        session: SessionId,
        /// Number of its field, if the write is a field or about one.
        sequence: Option<u64>,
        /// Whether that field is excluded now.
        excluded: bool,
    },
    /// A write failed as a whole.
    Failed {
        /// The write.
        write: WriteId,
        /// The reason.
        refusal: Refusal<E>,
    },
    /// The program is ending.
    Quit,
}

/// An effect: what the caller must do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect<E: Fault> {
    /// Write these in order. If the queue is full for one, that one and all after it have failed.
    Write(Vec<Write>),
    /// Take the current field, if it is still that of `frame`, and report [`Event::Taken`].
    Take {
        /// Number of the frame that the operator saw; `None` for the current field.
        frame: Option<u64>,
        /// The asker.
        by: Asker,
    },
    /// Send the outcome to the asker.
    Answer {
        /// The asker.
        to: Asker,
        /// Saved, or why not.
        answer: Result<(), Refusal<E>>,
    },
    /// Start counting fields, from none.
    Count,
    /// Resume counting fields; these are counted already, newest last.
    Resume(Vec<(u64, Thumbnail)>),
    /// Stop counting fields.
    Rest,
    /// The field was saved under this number.
    Counted(Token, u64),
    /// The field was not saved; it may be taken again.
    Free(Token),
}

/// A write.
#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    /// Number to report the outcome with.
    pub id: WriteId,
    /// Time of the order, since 1970 UTC.
    pub at: Duration,
    /// Its content.
    pub what: What,
}

/// Content of a write.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A session starts.
    Start {
        /// Pseudonym of the specimen.
        specimen: String,
        /// The operator.
        operator: String,
    },
    /// A field of a session.
    Field {
        /// The session.
        session: SessionId,
        /// The field.
        token: Token,
        /// Time since the session's start, by the monotonic clock.
        since_start: Duration,
    },
    /// A change of a session.
    Change {
        /// The session.
        session: SessionId,
        /// What.
        change: Change,
    },
    /// A session is signed off.
    SignOff {
        /// The session.
        session: SessionId,
        /// Name or initials.
        by: String,
        /// Number of fields that the signer saw; `None` signs all fields.
        fields: Option<u64>,
    },
    /// A session that has ended is reopened.
    Reopen {
        /// The session.
        session: SessionId,
        /// Name of the person.
        by: String,
    },
    /// A session that was left open is resumed.
    Continue {
        /// The session.
        session: SessionId,
        /// Who decided it.
        decision: Decision,
    },
    /// A session ends.
    End {
        /// The session.
        session: SessionId,
        /// The reason.
        reason: String,
    },
}
