//! What follows from a write that was saved, or that failed.

use alloc::{
    boxed::Box,
    string::{String, ToString as _},
    vec,
    vec::Vec,
};
use core::time::Duration;

use super::{
    Asker, Change, Effect, Fault, Left, LeftBehind, Now, Open, OpenSession, Pending, Purpose, Refusal, Saving, Session,
    SessionId, Slide, State, Then,
};

impl Session {
    /// What follows from a write that is on the disk.
    pub(super) fn saved<E: Fault>(
        &mut self,
        Pending { purpose, mut asker, .. }: Pending,
        session: SessionId,
        sequence: Option<u64>,
        excluded: bool,
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
                    let cut_off = left.shown.last_utc.clone();
                    effects.push(self.resume(*left, Some(cut_off), now));
                }
            }
            Purpose::Close { session, then } => {
                drop(self.take_left(Some(session)));
                effects.extend(then.map(|then| self.go_on_with(*then, asker.take())));
            }
            Purpose::Reopen(ended) => effects.push(self.resume(*ended, None, now)),
            Purpose::Change(change) => self.change(session, &change, excluded),
            Purpose::SignOff => {}
        }
        effects.extend(asker.map(|to| Effect::Answer { to, answer: Ok(()) }));
        effects
    }

    /// Opens a session that was cut off, or had ended, where it was.
    fn resume<E: Fault>(&mut self, behind: LeftBehind, cut_off_utc: Option<String>, now: Now) -> Effect<E> {
        let LeftBehind { shown, since_start, known, slide, excluded, .. } = behind;
        let Left { id, specimen, operator, fields, .. } = shown;
        let shown = OpenSession { id, specimen, operator, fields, cut_off_utc };
        let slide = Slide::new(self.pooling, slide).without(&excluded);
        self.state = State::Open(Open::new(shown, slide, since_start, now.elapsed));
        self.unsaved = 0;
        Effect::Resume(known)
    }

    /// Takes a change of `session` over, wherever that session waits. After an opinion its field is `excluded` or counts.
    fn change(&mut self, session: SessionId, change: &Change, excluded: bool) {
        if let State::Open(open) | State::Closing(open) = &mut self.state
            && open.shown.id == session
        {
            match change {
                Change::Opinion { sequence, .. } => {
                    open.slide.exclude(*sequence, excluded);
                    open.told = open.slide.told();
                }
                Change::HandOver { to } => open.shown.operator.clone_from(to),
                Change::Specimen { specimen, .. } => open.shown.specimen.clone_from(specimen),
                Change::Cells { .. } => {}
            }
        }
        for left in self.waiting().filter(|left| left.shown.id == session) {
            match change {
                Change::Opinion { sequence, .. } => left.exclude(*sequence, excluded),
                Change::HandOver { to } => left.shown.operator.clone_from(to),
                Change::Specimen { specimen, .. } => left.shown.specimen.clone_from(specimen),
                Change::Cells { .. } => {}
            }
        }
    }

    /// The sessions that are not open, but may be soon: left open, or being reopened.
    fn waiting(&mut self) -> impl Iterator<Item = &mut LeftBehind> {
        let left = match &mut self.state {
            State::Open(open) | State::Closing(open) => open.behind.as_mut(),
            State::LeftBehind(left) => Some(left),
            State::Idle => None,
        };
        let reopened = self.pending.iter_mut().filter_map(|pending| match &mut pending.purpose {
            Purpose::Reopen(ended) => Some(ended),
            _ => None,
        });
        reopened.chain(left).map(|left| &mut **left)
    }

    /// Writes what waited for another write; the asker waits for this one.
    fn go_on_with<E: Fault>(&mut self, Then { what, at }: Then, asker: Option<Asker>) -> Effect<E> {
        self.write(vec![(what, Purpose::SignOff, asker)], at)
    }

    /// What follows from a write that failed.
    pub(super) fn failed<E: Fault>(&mut self, pending: &Pending, refusal: Refusal<E>) -> Vec<Effect<E>> {
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
