//! A session that was left open: it goes on, or is closed.

use std::time::{Duration, Instant, SystemTime};

use blastscope_core::{pipeline::Assessor, screening::Screening};

use super::{Clock, Desk, Pending, What};
use crate::{
    record::{Decision, Job, SessionId},
    station::{
        left::{Left, LeftOpen},
        order::Refusal,
        snapshot::OpenSession,
    },
    support::clock::ClockTrust,
};

impl Desk {
    /// A session that was left open and waits for a decision.
    pub(in crate::station) fn left(&self) -> Option<&Left> {
        self.left.as_ref().map(LeftOpen::shown)
    }

    /// Goes on by itself with the session that was left open, where that is sensible. Where that cannot be written down, the
    /// operator decides once it can.
    pub(in crate::station) fn resume<A: Assessor>(&mut self, screening: &mut Screening<A>, trust: ClockTrust) {
        let Some(left) = &self.left else { return };
        let Left { id, fields, last_utc, problem, .. } = &left.shown;
        let at = SystemTime::now();
        if left.goes_on(at, trust) {
            tracing::warn!(target: "record", session = %id, fields, last = last_utc, "was cut off and goes on");
            let (job, what) = (Job::Continue { session: *id, at, decision: Decision::Automatic }, What::Continue(*id));
            self.submit(job, what, None, screening, Duration::ZERO);
        } else {
            let problem = problem.as_deref().unwrap_or_default();
            tracing::warn!(target: "record", session = %id, fields, last = last_utc, problem, "was cut off: continue or close it");
        }
    }

    pub(super) fn go_on<A: Assessor>(&mut self, left: LeftOpen, screening: &mut Screening<A>) {
        let LeftOpen { shown: Left { id, specimen, operator, fields, last_utc, .. }, since_start, known } = left;
        let open = OpenSession { id, specimen, operator, fields, cut_off_utc: Some(last_utc) };
        self.session = Some((open, Clock { before: since_start, since: Instant::now() }));
        (self.unsaved, self.closing) = (0, false);
        screening.resume(known);
    }

    /// Refuses while what becomes of the session that was left open is on its way to the disk.
    pub(super) fn nothing_decided_yet(&self) -> Result<(), Refusal> {
        let decides =
            |pending: &Pending| matches!(pending.what, What::Start { .. } | What::Continue(_) | What::Close(_));
        if self.pending.iter().any(decides) { Err(Refusal::Busy) } else { Ok(()) }
    }

    /// Why a session cannot go on, if it cannot.
    pub(super) fn may_go_on(&self, session: SessionId) -> Result<(), Refusal> {
        if let Some(open) = self.session() {
            return Err(Refusal::SessionGoesOn(open.id));
        }
        self.nothing_decided_yet()?;
        let left = self.left().filter(|left| left.id == session).ok_or(Refusal::NotLeft(session))?;
        match left.problem.clone() {
            None => Ok(()),
            Some(reason) => Err(Refusal::Differs { session, reason }),
        }
    }

    /// Ends the session that was left open, before something else that makes its end certain.
    pub(super) fn close_left(&mut self, reason: &str, at: SystemTime) -> Result<(), Refusal> {
        let (Some(left), Some(writer)) = (&self.left, &self.writer) else { return Ok(()) };
        let session = left.shown.id;
        let ticket = writer.submit(Job::End { session, at, reason: reason.into() }).map_err(|_| Refusal::Busy)?;
        self.pending.push_back(Pending { ticket, what: What::Close(session), reply: None });
        Ok(())
    }
}
