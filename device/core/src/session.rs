//! The session: the slide being recorded, the pending orders and the pending writes. A pure value: events change its
//! state, and effects tell the caller what to do.
//!
//! ```text
//!        Start ........................ End, SignOff .........
//! Idle ───────▶ Open ───────────────────────────────▶ Closing ───▶ Idle
//!                 ▲  ◀─ the end could not be saved ──────┘
//! Idle ───────────▶ Open: Reopen, a session that had ended
//! LeftBehind ─────┘ Continue, or automatically after a short interruption
//!      └──────────▶ Idle: Close, SignOff, or Start of another session
//! ```
//! The state changes only after a change is saved: an order becomes an [`Effect::Write`], and only [`Event::Saved`] changes the
//! state. Every order names its session. A session is signed off only after its end is saved.

mod change;
mod exchange;
mod follow;
mod id;
mod left;
mod now;
mod order;
mod outcome;
mod slide;

use alloc::{boxed::Box, string::String, vec, vec::Vec};
use core::time::Duration;

use blastscope_shared::judge::slide::{SlideField, SlidePooling};
use serde::Serialize;

pub use self::{
    change::Change,
    exchange::{Asker, Effect, Event, What, Write, WriteId},
    id::SessionId,
    left::{Decision, Left, LeftBehind, RECENT},
    now::Now,
    order::{Fault, JUST_NOW, Order, Refusal, other_fields},
    slide::{Slide, SlideTold},
};
use crate::field::Token;

/// Default minimum of fields called benign or malignant, below which a report says that there are too few.
pub const MIN_FIELDS: u32 = 50;

/// State of saving.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum Saving {
    /// Nothing was saved yet.
    #[default]
    Idle,
    /// A write is pending.
    Writing,
    /// The last write succeeded.
    Saved,
    /// The last write failed.
    Failed {
        /// The reason and the remedy.
        reason: String,
    },
}

/// The open session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpenSession {
    /// Its number.
    pub id: SessionId,
    /// The specimen's pseudonym.
    pub specimen: String,
    /// The operator.
    pub operator: String,
    /// Number of saved fields.
    pub fields: u64,
    /// Time of its last field before the program was cut off, RFC 3339; `None` if it was not cut off.
    pub cut_off_utc: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
struct Open {
    shown: OpenSession,
    slide: Slide,
    /// What [`Self::slide`] says.
    told: SlideTold,
    /// Duration of the session before the program was cut off.
    before: Duration,
    /// When it was started or resumed, as [`Now::elapsed`].
    since: Duration,
    /// A session whose end could not be saved when this one started. It waits until this one has ended.
    behind: Option<Box<LeftBehind>>,
}

impl Open {
    fn new(shown: OpenSession, slide: Slide, before: Duration, since: Duration) -> Self {
        let told = slide.told();
        Self { shown, slide, told, before, since, behind: None }
    }

    fn since_start(&self, now: Now) -> Duration {
        self.before + now.elapsed.saturating_sub(self.since)
    }
}

#[derive(Clone, Debug, PartialEq)]
enum State {
    /// No session is open.
    Idle,
    /// A session is open.
    Open(Open),
    /// Its end is being saved: nothing more is added to it.
    Closing(Open),
    /// A session was cut off, and waits to be resumed or closed.
    LeftBehind(Box<LeftBehind>),
}

#[derive(Clone, Debug, PartialEq)]
enum Purpose {
    Start {
        specimen: String,
        operator: String,
        since: Duration,
    },
    Field(Token, SlideField),
    SignOff,
    Change(Change),
    Reopen(Box<LeftBehind>),
    /// The end of the open session, and what is written once it is saved.
    End {
        session: SessionId,
        then: Option<Box<Then>>,
    },
    Continue(SessionId),
    /// The end of the session that was left open, and what is written once it is saved.
    Close {
        session: SessionId,
        then: Option<Box<Then>>,
    },
}

/// A write that waits for another to be saved. If that fails, it is dropped; the asker hears why.
#[derive(Clone, Debug, PartialEq)]
struct Then {
    what: What,
    /// Time of the order, since 1970 UTC.
    at: Duration,
}

#[derive(Clone, Debug, PartialEq)]
struct Pending {
    id: WriteId,
    purpose: Purpose,
    asker: Option<Asker>,
}

/// The session and all pending writes.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    state: State,
    pooling: SlidePooling,
    pending: Vec<Pending>,
    next: u64,
    saving: Saving,
    unsaved: u64,
    version: u64,
}

impl Session {
    /// No session is open; one may have been left open. The fields of a slide are pooled as the model wants it.
    #[must_use]
    pub fn new(left: Option<LeftBehind>, pooling: SlidePooling) -> Self {
        let state = left.map_or(State::Idle, |left| State::LeftBehind(Box::new(left)));
        Self { state, pooling, pending: Vec::new(), next: 0, saving: Saving::Idle, unsaved: 0, version: 0 }
    }

    /// The open session.
    #[must_use]
    pub const fn open(&self) -> Option<&OpenSession> {
        match &self.state {
            State::Open(open) | State::Closing(open) => Some(&open.shown),
            State::Idle | State::LeftBehind(_) => None,
        }
    }

    /// A session that was left open and awaits a decision.
    #[must_use]
    pub fn left(&self) -> Option<&Left> {
        match &self.state {
            State::LeftBehind(left) => Some(&left.shown),
            State::Open(open) | State::Closing(open) => open.behind.as_ref().map(|left| &left.shown),
            State::Idle => None,
        }
    }

    /// What the saved fields of the open session say together.
    #[must_use]
    pub const fn slide(&self) -> Option<&SlideTold> {
        match &self.state {
            State::Open(open) | State::Closing(open) => Some(&open.told),
            State::Idle | State::LeftBehind(_) => None,
        }
    }

    /// State of saving.
    #[must_use]
    pub const fn saving(&self) -> &Saving {
        &self.saving
    }

    /// Fields that could not be saved since the session's start.
    #[must_use]
    pub const fn unsaved(&self) -> u64 {
        self.unsaved
    }

    /// Grows by one with every save.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// Whether a write is pending.
    #[must_use]
    pub const fn is_waiting(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Processes an event; returns the effects.
    pub fn step<E: Fault>(&mut self, event: Event<E>, now: Now) -> Vec<Effect<E>> {
        match event {
            Event::Begun => self.begin(now),
            Event::Asked { order, by, refused } => match self.follow(order, by, refused, now) {
                Ok(effect) => vec![effect],
                Err(refusal) => vec![Effect::Answer { to: by, answer: Err(refusal) }],
            },
            Event::Taken { token, field, by } => self.keep(token, field, by, now),
            Event::Saved { write, session, sequence, excluded } => match self.done(write) {
                Some(pending) => self.saved(pending, session, sequence, excluded, now),
                None => Vec::new(),
            },
            Event::Failed { write, refusal } => match self.done(write) {
                Some(pending) => self.failed(&pending, refusal),
                None => Vec::new(),
            },
            Event::Quit => self.quit(now),
        }
    }

    /// Resumes the session that was left open, if [`LeftBehind`] allows it. If that cannot be saved, the operator
    /// decides once saving works.
    fn begin<E: Fault>(&mut self, now: Now) -> Vec<Effect<E>> {
        match &self.state {
            State::LeftBehind(left) if left.goes_on(now) => {
                let session = left.shown.id;
                let what = What::Continue { session, decision: Decision::Automatic };
                vec![self.write(vec![(what, Purpose::Continue(session), None)], now.utc)]
            }
            _ => Vec::new(),
        }
    }

    fn keep<E: Fault>(&mut self, token: Token, field: SlideField, by: Option<Asker>, now: Now) -> Vec<Effect<E>> {
        let State::Open(open) = &self.state else {
            let answer = by.map(|to| Effect::Answer { to, answer: Err(Refusal::NoSession) });
            return [Effect::Free(token)].into_iter().chain(answer).collect();
        };
        let what = What::Field { session: open.shown.id, token, since_start: open.since_start(now) };
        vec![self.write(vec![(what, Purpose::Field(token, field), by)], now.utc)]
    }

    fn quit<E: Fault>(&mut self, now: Now) -> Vec<Effect<E>> {
        let State::Open(open) = &self.state else { return Vec::new() };
        let session = open.shown.id;
        let what = What::End { session, reason: "the program was stopped".into() };
        self.begin_to_close();
        vec![self.write(vec![(what, Purpose::End { session, then: None }, None)], now.utc)]
    }

    fn begin_to_close(&mut self) {
        self.state = match core::mem::replace(&mut self.state, State::Idle) {
            State::Open(open) => State::Closing(open),
            other => other,
        };
    }

    fn write<E: Fault>(&mut self, writes: Vec<(What, Purpose, Option<Asker>)>, at: Duration) -> Effect<E> {
        self.saving = Saving::Writing;
        let mut queued = Vec::with_capacity(writes.len());
        for (what, purpose, asker) in writes {
            let id = WriteId(self.next);
            self.next += 1;
            self.pending.push(Pending { id, purpose, asker });
            queued.push(Write { id, at, what });
        }
        Effect::Write(queued)
    }

    fn done(&mut self, write: WriteId) -> Option<Pending> {
        let place = self.pending.iter().position(|pending| pending.id == write)?;
        Some(self.pending.remove(place))
    }
}

#[cfg(test)]
mod tests;
