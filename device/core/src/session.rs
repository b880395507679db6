//! The session: which slide is being recorded, what was asked, what is on its way to the record and what became of it. A value that
//! events step from state to state; what the world should do comes out as effects.
//!
//! ```text
//!        Start ........................ End, SignOff .........
//! Idle ───────▶ Open ───────────────────────────────▶ Closing ───▶ Idle
//!                 ▲  ◀─ the end could not be saved ──────┘
//! LeftBehind ─────┘ Continue, or by itself when the cut was short
//!      └──────────▶ Idle: Close, SignOff, or Start of another one
//! ```
//! Nothing changes before the record has it: an order becomes an [`Effect::Write`], and only [`Event::Saved`] changes the state. Every
//! order names the session that it means.

mod id;
mod left;
mod order;

use alloc::{
    boxed::Box,
    string::{String, ToString as _},
    vec,
    vec::Vec,
};
use core::time::Duration;

use serde::Serialize;

pub use self::{
    id::SessionId,
    left::{Decision, Left, LeftBehind, RECENT},
    order::{JUST_NOW, Order, Refusal},
};
use crate::{
    advice::Advice,
    answer::{Says, Seen},
    field::Token,
    pipeline::Thumbnail,
};

/// Fields with a class below which a report says that there are too few, unless it is set.
pub const MIN_FIELDS: u32 = 50;

/// Why the record did not take something.
pub trait Fault: core::error::Error + 'static {
    /// Whether the same may succeed later without other input: the disk is full, say.
    fn is_passing(&self) -> bool;

    /// What is wrong, and what to do about it.
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

/// What the clocks say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Since the program's start, by a clock that is never set.
    pub elapsed: Duration,
    /// Since 1970 UTC, by the wall clock.
    pub utc: Duration,
    /// Whether the wall clock is to be trusted.
    pub is_trusted: bool,
}

/// Whoever waits for the answer to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Asker(pub u64);

/// Number of something that is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteId(u64);

/// What has happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<E: Fault> {
    /// The program has started.
    Begun,
    /// An operator asks for something.
    Asked {
        /// For what.
        order: Order,
        /// Who waits for the answer.
        by: Asker,
        /// Why the record would refuse it, where that can be told beforehand: what would be refused must end no session.
        refused: Option<E>,
    },
    /// The screening has taken a field.
    Taken {
        /// Which.
        token: Token,
        /// Who asked for it; nobody where it was taken by itself.
        by: Option<Asker>,
    },
    /// Something is on the disk.
    Saved {
        /// What.
        write: WriteId,
        /// Its session.
        session: SessionId,
        /// Number of its field, where it is one.
        sequence: Option<u64>,
    },
    /// Something is not on the disk, and nothing of it.
    Failed {
        /// What.
        write: WriteId,
        /// Why.
        refusal: Refusal<E>,
    },
    /// The program comes to its end.
    Quit,
}

/// What the world should do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect<E: Fault> {
    /// Write these in their order. Where one finds no room in the queue, it and those after it have failed.
    Write(Vec<Write>),
    /// Take the field that is shown, if it is still that of `frame`, and report [`Event::Taken`].
    Take {
        /// Number of the frame that was looked at; `None` for whatever is under the objective now.
        frame: Option<u64>,
        /// Who asks.
        by: Asker,
    },
    /// Tell whoever asked what became of it.
    Answer {
        /// Who asked.
        to: Asker,
        /// It is on the disk, or why not.
        answer: Result<(), Refusal<E>>,
    },
    /// Count fields from now on; none is counted yet.
    Count,
    /// Count fields from now on; these are counted already, the newest last.
    Resume(Vec<(u64, Thumbnail)>),
    /// Count no fields any more.
    Rest,
    /// The field is on the disk under this number.
    Counted(Token, u64),
    /// The field is not on the disk; it may be taken again.
    Free(Token),
}

/// Something to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    /// To be given back with what became of it.
    pub id: WriteId,
    /// When it was asked for, since 1970 UTC.
    pub at: Duration,
    /// What.
    pub what: What,
}

/// What is to be written.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A session starts.
    Start {
        /// Pseudonym of the specimen.
        specimen: String,
        /// Who sits at the microscope.
        operator: String,
    },
    /// A field of a session.
    Field {
        /// The session.
        session: SessionId,
        /// The field.
        token: Token,
        /// Time since the session's start, by a clock that is never set.
        since_start: Duration,
    },
    /// What a person says of a field.
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
        /// What was seen by whoever says so.
        seen: Seen,
    },
    /// A session is signed off.
    SignOff {
        /// The session.
        session: SessionId,
        /// Name or initials.
        by: String,
    },
    /// A session that was left open goes on.
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
        /// Why.
        reason: String,
    },
}

/// What became of what was to be saved.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum Saving {
    /// Nothing was saved yet.
    #[default]
    Idle,
    /// Something is on its way to the disk.
    Writing,
    /// The last thing is on the disk.
    Saved,
    /// The last thing is not.
    Failed {
        /// Why, and what to do.
        reason: String,
    },
}

/// The session that goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpenSession {
    /// Its number.
    pub id: SessionId,
    /// The specimen's pseudonym.
    pub specimen: String,
    /// Who sits at the microscope.
    pub operator: String,
    /// Fields that are on the disk.
    pub fields: u64,
    /// When its last field was taken before the program was cut off, RFC 3339, where it was.
    pub cut_off_utc: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
struct Open {
    shown: OpenSession,
    /// Time of the session that had passed before the program was cut off.
    before: Duration,
    /// When it was started or went on, as [`Now::elapsed`].
    since: Duration,
    /// A session whose end could not be saved when this one was started. It waits until this one has ended.
    behind: Option<Box<LeftBehind>>,
}

impl Open {
    fn since_start(&self, now: Now) -> Duration {
        self.before + now.elapsed.saturating_sub(self.since)
    }
}

#[derive(Clone, Debug, PartialEq)]
enum State {
    /// No slide is recorded.
    Idle,
    /// One is.
    Open(Open),
    /// Its end is on its way to the disk: nothing is added to it any more.
    Closing(Open),
    /// One was cut off, and waits to go on or to be closed.
    LeftBehind(Box<LeftBehind>),
}

#[derive(Clone, Debug, PartialEq)]
enum Purpose {
    Start {
        specimen: String,
        operator: String,
        since: Duration,
    },
    Field(Token),
    Words,
    /// The end of the session that goes on.
    End(SessionId),
    Continue(SessionId),
    /// The end of the one that was left open.
    Close(SessionId),
}

#[derive(Clone, Debug, PartialEq)]
struct Pending {
    id: WriteId,
    purpose: Purpose,
    asker: Option<Asker>,
}

/// The session and all that waits for the record.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    state: State,
    pending: Vec<Pending>,
    next: u64,
    saving: Saving,
    unsaved: u64,
    version: u64,
}

impl Session {
    /// No session goes on; one may have been left open.
    #[must_use]
    pub fn new(left: Option<LeftBehind>) -> Self {
        let state = left.map_or(State::Idle, |left| State::LeftBehind(Box::new(left)));
        Self { state, pending: Vec::new(), next: 0, saving: Saving::Idle, unsaved: 0, version: 0 }
    }

    /// The session that goes on.
    #[must_use]
    pub const fn open(&self) -> Option<&OpenSession> {
        match &self.state {
            State::Open(open) | State::Closing(open) => Some(&open.shown),
            State::Idle | State::LeftBehind(_) => None,
        }
    }

    /// A session that was left open and waits for a decision.
    #[must_use]
    pub fn left(&self) -> Option<&Left> {
        match &self.state {
            State::LeftBehind(left) => Some(&left.shown),
            State::Open(open) | State::Closing(open) => open.behind.as_ref().map(|left| &left.shown),
            State::Idle => None,
        }
    }

    /// How saving goes.
    #[must_use]
    pub const fn saving(&self) -> &Saving {
        &self.saving
    }

    /// Fields that could not be saved since the session's start.
    #[must_use]
    pub const fn unsaved(&self) -> u64 {
        self.unsaved
    }

    /// Grows with everything that is saved.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// Whether something is on its way to the disk.
    #[must_use]
    pub const fn is_waiting(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Takes note of what has happened; gives what the world should do.
    pub fn step<E: Fault>(&mut self, event: Event<E>, now: Now) -> Vec<Effect<E>> {
        match event {
            Event::Begun => self.begin(now),
            Event::Asked { order, by, refused } => match self.follow(order, by, refused, now) {
                Ok(effect) => vec![effect],
                Err(refusal) => vec![Effect::Answer { to: by, answer: Err(refusal) }],
            },
            Event::Taken { token, by } => vec![self.keep(token, by, now)],
            Event::Saved { write, session, sequence } => match self.done(write) {
                Some(pending) => self.saved(pending, session, sequence, now),
                None => Vec::new(),
            },
            Event::Failed { write, refusal } => match self.done(write) {
                Some(pending) => self.failed(&pending, refusal),
                None => Vec::new(),
            },
            Event::Quit => self.quit(now),
        }
    }

    /// Goes on by itself with the session that was left open, where that is sensible. Where that cannot be written down, the operator
    /// decides once it can.
    fn begin<E: Fault>(&mut self, now: Now) -> Vec<Effect<E>> {
        match &self.state {
            State::LeftBehind(left) if left.goes_on(now) => {
                let session = left.shown.id;
                let what = What::Continue { session, decision: Decision::Automatic };
                vec![self.write(vec![(what, Purpose::Continue(session), None)], now)]
            }
            _ => Vec::new(),
        }
    }

    /// Follows an order, or says why not; then nothing has changed.
    fn follow<E: Fault>(
        &mut self,
        order: Order,
        by: Asker,
        refused: Option<E>,
        now: Now,
    ) -> Result<Effect<E>, Refusal<E>> {
        let asker = Some(by);
        let writes = match order {
            Order::Take { session, frame } => {
                self.goes_on(session)?;
                return Ok(Effect::Take { frame, by });
            }
            Order::Start { specimen, operator } => {
                if let Some(open) = self.open() {
                    return Err(Refusal::SessionGoesOn(open.id));
                }
                self.nothing_decided_yet()?;
                refused.map_or(Ok(()), |fault| Err(Refusal::Record(fault)))?;
                let closed = self.left().map(|left| close(left.id, "cut off; another session was started"));
                let what = What::Start { specimen: specimen.clone(), operator: operator.clone() };
                let start = (what, Purpose::Start { specimen, operator, since: now.elapsed }, asker);
                closed.into_iter().chain([start]).collect()
            }
            Order::Continue { session } => {
                self.may_go_on(session)?;
                let what = What::Continue { session, decision: Decision::Operator };
                vec![(what, Purpose::Continue(session), asker)]
            }
            Order::Close { session, reason } => {
                if self.left().is_none_or(|left| left.id != session) {
                    return Err(Refusal::NotLeft(session));
                }
                self.nothing_decided_yet()?;
                vec![(What::End { session, reason }, Purpose::Close(session), asker)]
            }
            Order::End { session, reason } => {
                self.goes_on(session)?;
                self.begin_to_close();
                vec![(What::End { session, reason }, Purpose::End(session), asker)]
            }
            Order::Opinion { session, sequence, says, note, by, seen } => {
                vec![(What::Opinion { session, sequence, says, note, by, seen }, Purpose::Words, asker)]
            }
            Order::SignOff { session, by, fields } => {
                // A name that would be refused must not end the session, nor fields that nobody has seen.
                refused.map_or(Ok(()), |fault| Err(Refusal::Record(fault)))?;
                if let (Some(shown), Some(now)) = (fields, self.fields_of(session))
                    && shown != now
                {
                    return Err(Refusal::OtherFields { session, shown, now });
                }
                // What is signed is complete: the session ends first.
                let ended = match &self.state {
                    State::Open(open) if open.shown.id == session => {
                        let what = What::End { session, reason: "signed off".into() };
                        Some((what, Purpose::End(session), None))
                    }
                    _ if self.left().is_some_and(|left| left.id == session) => {
                        self.nothing_decided_yet()?;
                        Some(close(session, "signed off"))
                    }
                    _ => None,
                };
                if matches!(ended, Some((_, Purpose::End(_), _))) {
                    self.begin_to_close();
                }
                ended.into_iter().chain([(What::SignOff { session, by }, Purpose::Words, asker)]).collect()
            }
        };
        Ok(self.write(writes, now))
    }

    /// Number of fields of a session that is open or was left open, those on their way to the disk included; `None` for others.
    fn fields_of(&self, session: SessionId) -> Option<u64> {
        let open = self.open().filter(|open| open.id == session).map(|open| {
            let waiting = self.pending.iter().filter(|pending| matches!(pending.purpose, Purpose::Field(_)));
            open.fields + waiting.count() as u64
        });
        open.or_else(|| self.left().filter(|left| left.id == session).map(|left| left.fields))
    }

    /// The session that goes on, where it is the one that is `named`.
    fn goes_on<E: Fault>(&self, named: SessionId) -> Result<(), Refusal<E>> {
        match &self.state {
            State::Open(open) if open.shown.id == named => Ok(()),
            State::Open(open) => Err(Refusal::AnotherSession { named, open: open.shown.id }),
            State::Idle | State::Closing(_) | State::LeftBehind(_) => Err(Refusal::NoSession),
        }
    }

    /// Refuses while what becomes of the session that was left open is on its way to the disk.
    fn nothing_decided_yet<E: Fault>(&self) -> Result<(), Refusal<E>> {
        let decides = |pending: &Pending| {
            matches!(pending.purpose, Purpose::Start { .. } | Purpose::Continue(_) | Purpose::Close(_))
        };
        if self.pending.iter().any(decides) { Err(Refusal::Busy) } else { Ok(()) }
    }

    /// Why a session cannot go on, if it cannot.
    fn may_go_on<E: Fault>(&self, session: SessionId) -> Result<(), Refusal<E>> {
        if let Some(open) = self.open() {
            return Err(Refusal::SessionGoesOn(open.id));
        }
        self.nothing_decided_yet()?;
        let left = self.left().filter(|left| left.id == session).ok_or(Refusal::NotLeft(session))?;
        match left.problem.clone() {
            None => Ok(()),
            Some(reason) => Err(Refusal::Differs { session, reason }),
        }
    }

    fn keep<E: Fault>(&mut self, token: Token, by: Option<Asker>, now: Now) -> Effect<E> {
        match &self.state {
            State::Open(open) => {
                let what = What::Field { session: open.shown.id, token, since_start: open.since_start(now) };
                self.write(vec![(what, Purpose::Field(token), by)], now)
            }
            State::Idle | State::Closing(_) | State::LeftBehind(_) => Effect::Free(token),
        }
    }

    fn quit<E: Fault>(&mut self, now: Now) -> Vec<Effect<E>> {
        let State::Open(open) = &self.state else { return Vec::new() };
        let session = open.shown.id;
        let what = What::End { session, reason: "the program was stopped".into() };
        self.begin_to_close();
        vec![self.write(vec![(what, Purpose::End(session), None)], now)]
    }

    fn begin_to_close(&mut self) {
        self.state = match core::mem::replace(&mut self.state, State::Idle) {
            State::Open(open) => State::Closing(open),
            other => other,
        };
    }

    fn write<E: Fault>(&mut self, writes: Vec<(What, Purpose, Option<Asker>)>, now: Now) -> Effect<E> {
        self.saving = Saving::Writing;
        let mut queued = Vec::with_capacity(writes.len());
        for (what, purpose, asker) in writes {
            let id = WriteId(self.next);
            self.next += 1;
            self.pending.push(Pending { id, purpose, asker });
            queued.push(Write { id, at: now.utc, what });
        }
        Effect::Write(queued)
    }

    fn done(&mut self, write: WriteId) -> Option<Pending> {
        let place = self.pending.iter().position(|pending| pending.id == write)?;
        Some(self.pending.remove(place))
    }

    fn saved<E: Fault>(
        &mut self,
        Pending { purpose, asker, .. }: Pending,
        session: SessionId,
        sequence: Option<u64>,
        now: Now,
    ) -> Vec<Effect<E>> {
        self.version += 1;
        self.saving = Saving::Saved;
        let mut effects = Vec::new();
        match purpose {
            Purpose::Start { specimen, operator, since } => {
                let shown = OpenSession { id: session, specimen, operator, fields: 0, cut_off_utc: None };
                let behind = self.take_left(None);
                self.state = State::Open(Open { shown, before: Duration::ZERO, since, behind });
                self.unsaved = 0;
                effects.push(Effect::Count);
            }
            Purpose::Field(token) => {
                let number = sequence.unwrap_or_default();
                if let State::Open(open) | State::Closing(open) = &mut self.state
                    && open.shown.id == session
                {
                    open.shown.fields = number;
                }
                effects.push(Effect::Counted(token, number));
            }
            Purpose::End(id) => {
                if self.open().is_some_and(|open| open.id == id) {
                    let behind = self.take_left(None);
                    self.state = behind.map_or(State::Idle, State::LeftBehind);
                    self.unsaved = 0;
                    effects.push(Effect::Rest);
                }
            }
            Purpose::Continue(id) => {
                if let Some(left) = self.take_left(Some(id)) {
                    let LeftBehind { shown, since_start, known, .. } = *left;
                    let Left { id, specimen, operator, fields, last_utc, .. } = shown;
                    let shown = OpenSession { id, specimen, operator, fields, cut_off_utc: Some(last_utc) };
                    self.state = State::Open(Open { shown, before: since_start, since: now.elapsed, behind: None });
                    self.unsaved = 0;
                    effects.push(Effect::Resume(known));
                }
            }
            Purpose::Close(id) => drop(self.take_left(Some(id))),
            Purpose::Words => {}
        }
        effects.extend(asker.map(|to| Effect::Answer { to, answer: Ok(()) }));
        effects
    }

    fn failed<E: Fault>(&mut self, pending: &Pending, refusal: Refusal<E>) -> Vec<Effect<E>> {
        let mut effects = Vec::new();
        // A value that is not accepted is the operator's to mend, and says nothing about saving.
        let of_the_disk = !matches!(&refusal, Refusal::Record(fault) if !fault.is_passing());
        if let Purpose::End(_) = pending.purpose {
            self.state = match core::mem::replace(&mut self.state, State::Idle) {
                State::Closing(open) => State::Open(open),
                other => other,
            };
        }
        if let Purpose::Field(token) = pending.purpose {
            self.unsaved += 1;
            effects.push(Effect::Free(token));
        }
        if of_the_disk || matches!(pending.purpose, Purpose::Field(_)) {
            self.saving = Saving::Failed { reason: refusal.to_string() };
        } else if self.pending.is_empty() && self.saving == Saving::Writing {
            self.saving = if self.version > 0 { Saving::Saved } else { Saving::Idle };
        }
        effects.extend(pending.asker.map(|to| Effect::Answer { to, answer: Err(refusal) }));
        effects
    }

    /// Takes out the session that was left open, where it is the one that is `named` or any will do.
    fn take_left(&mut self, named: Option<SessionId>) -> Option<Box<LeftBehind>> {
        if self.left().is_none_or(|left| named.is_some_and(|named| left.id != named)) {
            return None;
        }
        match &mut self.state {
            State::Open(open) | State::Closing(open) => open.behind.take(),
            State::Idle => None,
            State::LeftBehind(_) => match core::mem::replace(&mut self.state, State::Idle) {
                State::LeftBehind(left) => Some(left),
                _ => None,
            },
        }
    }
}

fn close(session: SessionId, reason: &str) -> (What, Purpose, Option<Asker>) {
    (What::End { session, reason: reason.into() }, Purpose::Close(session), None)
}

#[cfg(test)]
mod tests;
