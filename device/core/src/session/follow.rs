//! What an order writes, or why it is refused.

use alloc::{boxed::Box, vec};

use super::{
    Asker, Change, Decision, Effect, Fault, Now, Order, Pending, Purpose, Refusal, Session, SessionId, State, Then,
    What,
};

impl Session {
    /// Carries out an order, or returns why not; then nothing has changed.
    pub(super) fn follow<E: Fault>(
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
            Order::Change { session, change } => {
                if let Change::HandOver { .. } = change {
                    self.goes_on(session)?;
                }
                vec![(What::Change { session, change: change.clone() }, Purpose::Change(change), asker)]
            }
            Order::Reopen { ended, version, by } => {
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
                // What is saved from here on is applied to the session that waits; what was saved since it was read is not.
                if version != self.version {
                    return Err(Refusal::Outdated(session));
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
                    _ if self.reopens(session) => return Err(Refusal::Busy),
                    _ => vec![(sign, Purpose::SignOff, asker)],
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

    /// Whether the reopening of a session is being saved.
    fn reopens(&self, session: SessionId) -> bool {
        let is_this = |purpose: &Purpose| matches!(purpose, Purpose::Reopen(ended) if ended.shown.id == session);
        self.pending.iter().any(|pending| is_this(&pending.purpose))
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
}

fn close(session: SessionId, reason: &str) -> (What, Purpose, Option<Asker>) {
    (What::End { session, reason: reason.into() }, Purpose::Close { session, then: None }, None)
}
