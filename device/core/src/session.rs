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

mod exchange;
mod id;
mod left;
mod now;
mod order;
mod slide;

use alloc::{
    boxed::Box,
    string::{String, ToString as _},
    vec,
    vec::Vec,
};
use core::time::Duration;

use blastscope_shared::judge::slide::{SlideField, SlidePooling};
use serde::Serialize;

pub use self::{
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
    Opinion,
    Words,
    HandOver {
        session: SessionId,
        to: String,
    },
    CorrectSpecimen {
        session: SessionId,
        specimen: String,
    },
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
                Some(pending) => {
                    if let (Purpose::Opinion, Some(number)) = (&pending.purpose, sequence) {
                        self.exclude(session, number, excluded);
                    }
                    self.saved(pending, session, sequence, now)
                }
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

    /// Carries out an order, or returns why not; then nothing has changed.
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
                vec![(What::End { session, reason }, Purpose::Close { session, then: None }, asker)]
            }
            Order::End { session, reason } => {
                self.goes_on(session)?;
                self.begin_to_close();
                vec![(What::End { session, reason }, Purpose::End { session, then: None }, asker)]
            }
            Order::Opinion { session, sequence, says, note, by, seen } => {
                vec![(What::Opinion { session, sequence, says, note, by, seen }, Purpose::Opinion, asker)]
            }
            Order::HandOver { session, to } => {
                self.goes_on(session)?;
                let purpose = Purpose::HandOver { session, to: to.clone() };
                vec![(What::HandOver { session, to }, purpose, asker)]
            }
            Order::CorrectSpecimen { session, specimen, by } => {
                let purpose = Purpose::CorrectSpecimen { session, specimen: specimen.clone() };
                vec![(What::CorrectSpecimen { session, specimen, by }, purpose, asker)]
            }
            Order::Reopen { ended, by } => {
                if let Some(open) = self.open() {
                    return Err(Refusal::SessionGoesOn(open.id));
                }
                self.nothing_decided_yet()?;
                if let Some(left) = self.left() {
                    return Err(Refusal::Undecided(left.id));
                }
                let session = ended.shown.id;
                if let Some(reason) = ended.shown.problem.clone() {
                    return Err(Refusal::Differs { session, reason });
                }
                vec![(What::Reopen { session, by }, Purpose::Reopen(ended), asker)]
            }
            Order::SignOff { session, by, fields } => {
                // Neither a refused name nor unseen fields may end the session.
                refused.map_or(Ok(()), |fault| Err(Refusal::Record(fault)))?;
                fields.map_or(Ok(()), |shown| self.as_seen(session, shown))?;
                let sign = What::SignOff { session, by, fields };
                let end = What::End { session, reason: "signed off".into() };
                let then = |what| Some(Box::new(Then { what, at: now.utc }));
                // A signed session must be complete, so it ends first; it is signed once its end is saved.
                match &self.state {
                    State::Open(open) if open.shown.id == session => {
                        self.begin_to_close();
                        vec![(end, Purpose::End { session, then: then(sign) }, asker)]
                    }
                    State::Closing(open) if open.shown.id == session => return Err(Refusal::Busy),
                    _ if self.left().is_some_and(|left| left.id == session) => {
                        self.nothing_decided_yet()?;
                        vec![(end, Purpose::Close { session, then: then(sign) }, asker)]
                    }
                    _ => vec![(sign, Purpose::Words, asker)],
                }
            }
        };
        Ok(self.write(writes, now.utc))
    }

    /// Refuses if a session that is open or was left open has other fields than `shown`. The record checks all sessions again,
    /// but too late to keep this one open.
    fn as_seen<E: Fault>(&self, session: SessionId, shown: u64) -> Result<(), Refusal<E>> {
        let is_field = |pending: &&Pending| matches!(pending.purpose, Purpose::Field(..));
        let (saved, now) = if let Some(open) = self.open().filter(|open| open.id == session) {
            (open.fields, open.fields + self.pending.iter().filter(is_field).count() as u64)
        } else if let Some(left) = self.left().filter(|left| left.id == session) {
            (left.fields, left.fields)
        } else {
            return Ok(());
        };
        if shown == now {
            // Pending fields may be on the disk already, where the signer saw them.
            Ok(())
        } else if (saved..now).contains(&shown) {
            Err(Refusal::FieldBeingSaved(session))
        } else {
            Err(Refusal::OtherFields { session, shown, now })
        }
    }

    /// The open session, if it is `named`.
    fn goes_on<E: Fault>(&self, named: SessionId) -> Result<(), Refusal<E>> {
        match &self.state {
            State::Open(open) if open.shown.id == named => Ok(()),
            State::Open(open) => Err(Refusal::AnotherSession { named, open: open.shown.id }),
            State::Idle | State::Closing(_) | State::LeftBehind(_) => Err(Refusal::NoSession),
        }
    }

    /// Refuses while the decision about the session that was left open is being saved.
    fn nothing_decided_yet<E: Fault>(&self) -> Result<(), Refusal<E>> {
        let decides = |pending: &Pending| {
            use Purpose::{Close, Continue, Reopen, Start};
            matches!(pending.purpose, Start { .. } | Continue(_) | Reopen(_) | Close { .. })
        };
        if self.pending.iter().any(decides) { Err(Refusal::Busy) } else { Ok(()) }
    }

    /// Why a session cannot be resumed, if it cannot.
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

    fn saved<E: Fault>(
        &mut self,
        Pending { purpose, mut asker, .. }: Pending,
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
                let slide = Slide::new(self.pooling, Vec::new());
                self.state = State::Open(Open { behind, ..Open::new(shown, slide, Duration::ZERO, since) });
                self.unsaved = 0;
                effects.push(Effect::Count);
            }
            Purpose::Field(token, field) => {
                let number = sequence.unwrap_or_default();
                if let State::Open(open) | State::Closing(open) = &mut self.state
                    && open.shown.id == session
                {
                    // After a salvage the numbers have gaps.
                    open.shown.fields += 1;
                    open.slide.add(number, field);
                    open.told = open.slide.told();
                }
                effects.push(Effect::Counted(token, number));
            }
            Purpose::End { session, then } => {
                if self.open().is_some_and(|open| open.id == session) {
                    let behind = self.take_left(None);
                    self.state = behind.map_or(State::Idle, State::LeftBehind);
                    self.unsaved = 0;
                    effects.push(Effect::Rest);
                }
                effects.extend(then.map(|then| self.go_on_with(*then, asker.take())));
            }
            Purpose::Continue(id) => {
                if let Some(left) = self.take_left(Some(id)) {
                    let LeftBehind { shown, since_start, known, slide, excluded, .. } = *left;
                    let Left { id, specimen, operator, fields, last_utc, .. } = shown;
                    let shown = OpenSession { id, specimen, operator, fields, cut_off_utc: Some(last_utc) };
                    let slide = Slide::new(self.pooling, slide).without(&excluded);
                    self.state = State::Open(Open::new(shown, slide, since_start, now.elapsed));
                    self.unsaved = 0;
                    effects.push(Effect::Resume(known));
                }
            }
            Purpose::Close { session, then } => {
                drop(self.take_left(Some(session)));
                effects.extend(then.map(|then| self.go_on_with(*then, asker.take())));
            }
            Purpose::Reopen(ended) => {
                let LeftBehind { shown, since_start, known, slide, excluded, .. } = *ended;
                let Left { id, specimen, operator, fields, .. } = shown;
                let shown = OpenSession { id, specimen, operator, fields, cut_off_utc: None };
                let slide = Slide::new(self.pooling, slide).without(&excluded);
                self.state = State::Open(Open::new(shown, slide, since_start, now.elapsed));
                self.unsaved = 0;
                effects.push(Effect::Resume(known));
            }
            Purpose::HandOver { session, to } => {
                if let Some(open) = self.shown_mut(session) {
                    open.operator = to;
                }
            }
            Purpose::CorrectSpecimen { session, specimen } => {
                if let Some(open) = self.shown_mut(session) {
                    open.specimen = specimen;
                } else if let State::LeftBehind(left) = &mut self.state
                    && left.shown.id == session
                {
                    left.shown.specimen = specimen;
                }
            }
            Purpose::Opinion | Purpose::Words => {}
        }
        effects.extend(asker.map(|to| Effect::Answer { to, answer: Ok(()) }));
        effects
    }

    /// Excludes a field of `session` from its slide, or counts it again, wherever that session waits.
    fn exclude(&mut self, session: SessionId, number: u64, excluded: bool) {
        let waiting = self.pending.iter_mut().filter_map(|pending| match &mut pending.purpose {
            Purpose::Reopen(ended) => Some(ended),
            _ => None,
        });
        let left = match &mut self.state {
            State::Open(open) | State::Closing(open) => {
                if open.shown.id == session {
                    open.slide.exclude(number, excluded);
                    open.told = open.slide.told();
                }
                open.behind.as_mut()
            }
            State::LeftBehind(left) => Some(left),
            State::Idle => None,
        };
        for left in waiting.chain(left).filter(|left| left.shown.id == session) {
            left.exclude(number, excluded);
        }
    }

    /// What is shown of the open session, if it is `session`.
    fn shown_mut(&mut self, session: SessionId) -> Option<&mut OpenSession> {
        match &mut self.state {
            State::Open(open) | State::Closing(open) if open.shown.id == session => Some(&mut open.shown),
            _ => None,
        }
    }

    /// Writes what waited for another write; the asker waits for this one.
    fn go_on_with<E: Fault>(&mut self, Then { what, at }: Then, asker: Option<Asker>) -> Effect<E> {
        self.write(vec![(what, Purpose::Words, asker)], at)
    }

    fn failed<E: Fault>(&mut self, pending: &Pending, refusal: Refusal<E>) -> Vec<Effect<E>> {
        let mut effects = Vec::new();
        // The operator must correct a rejected value; it says nothing about saving.
        let of_the_disk = !matches!(&refusal, Refusal::Record(fault) if !fault.is_passing());
        if let Purpose::End { .. } = pending.purpose {
            self.state = match core::mem::replace(&mut self.state, State::Idle) {
                State::Closing(open) => State::Open(open),
                other => other,
            };
        }
        if let Purpose::Field(token, _) = pending.purpose {
            self.unsaved += 1;
            effects.push(Effect::Free(token));
        }
        if of_the_disk || matches!(pending.purpose, Purpose::Field(..)) {
            self.saving = Saving::Failed { reason: refusal.to_string() };
        } else if self.pending.is_empty() && self.saving == Saving::Writing {
            self.saving = if self.version > 0 { Saving::Saved } else { Saving::Idle };
        }
        effects.extend(pending.asker.map(|to| Effect::Answer { to, answer: Err(refusal) }));
        effects
    }

    /// Takes out the session that was left open, if it is `named` or `named` is `None`.
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
    (What::End { session, reason: reason.into() }, Purpose::Close { session, then: None }, None)
}

#[cfg(test)]
mod tests;
