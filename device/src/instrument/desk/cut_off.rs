//! A session that was left open: it goes on, or is closed.

use std::time::{Instant, SystemTime};

use super::{Clock, Desk, Pending, What};
use crate::{
    instrument::{
        left::{Left, LeftOpen},
        order::Refusal,
        screening::Screening,
        snapshot::OpenSession,
    },
    pipeline::Assessor,
    record::{Job, Receipt, SessionId},
};

impl Desk {
    /// A session that was left open and waits for a decision.
    pub(in crate::instrument) fn left(&self) -> Option<&Left> {
        self.left.as_ref().map(LeftOpen::shown)
    }

    /// Goes on by itself with the session that was left open, where that is sensible.
    pub(in crate::instrument) fn resume<A: Assessor>(&mut self, screening: &mut Screening<A>) {
        let Some(left) = self.left.take() else { return };
        let Left { id, fields, last_utc, problem, .. } = &left.shown;
        if left.goes_on(SystemTime::now()) {
            tracing::warn!(target: "record", session = %id, fields, last = last_utc, "was cut off and goes on");
            self.go_on(left, screening);
        } else {
            let problem = problem.as_deref().unwrap_or_default();
            tracing::warn!(target: "record", session = %id, fields, last = last_utc, problem, "was cut off: continue or close it");
            self.left = Some(left);
        }
    }

    fn go_on<A: Assessor>(&mut self, left: LeftOpen, screening: &mut Screening<A>) -> Receipt {
        let LeftOpen { shown: Left { id, specimen, operator, fields, last_utc, .. }, since_start, known, receipt } =
            left;
        let open = OpenSession { id, specimen, operator, fields, cut_off_utc: Some(last_utc) };
        self.session = Some((open, Clock { before: since_start, since: Instant::now() }));
        (self.unsaved, self.closing) = (0, false);
        screening.resume(known);
        receipt
    }

    /// Follows [`Order::Continue`], which writes nothing: what it goes on with is on the disk.
    pub(super) fn continue_left<A: Assessor>(
        &mut self,
        session: SessionId,
        screening: &mut Screening<A>,
    ) -> Result<Receipt, Refusal> {
        if let Some(open) = self.session() {
            return Err(Refusal::SessionGoesOn(open.id));
        }
        let starts = |pending: &Pending| matches!(pending.what, What::Start { .. } | What::Close(_));
        if self.pending.iter().any(starts) {
            return Err(Refusal::Busy);
        }
        let left = self.left.take_if(|left| left.shown.id == session).ok_or(Refusal::NotLeft(session))?;
        match left.shown.problem.clone() {
            None => Ok(self.go_on(left, screening)),
            Some(reason) => {
                self.left = Some(left);
                Err(Refusal::Differs { session, reason })
            }
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
