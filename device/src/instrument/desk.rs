//! Session and record: what was asked to be saved, and what became of it.

mod cut_off;

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use tokio::sync::oneshot;

use super::{
    field::{Taken, Token},
    left::LeftOpen,
    order::{Order, Refusal},
    screening::Screening,
    snapshot::{OpenSession, Saving},
};
use crate::{
    pipeline::Assessor,
    record::{
        CheckState, Decision, Job, Judgement, NewOpinion, NewSession, Outcome, Picture, Receipt, RecordWriter,
        SessionId, Ticket, text_rules,
    },
};

/// What a session says of model and device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The model's name.
    pub model_name: String,
    /// The model's identity, 64 hexadecimal digits.
    pub model_sha256: String,
    /// SHA-256 of the settings in use.
    pub config_sha256: String,
    /// Which code the program was built from.
    pub code_hash: String,
    /// Which device this is.
    pub device_id: String,
}

/// Where an answer goes.
pub(super) type Reply = oneshot::Sender<Result<Receipt, Refusal>>;

enum What {
    Start { specimen: String, operator: String, at: Instant },
    Field(Token),
    Opinion,
    End(SessionId),
    Continue(SessionId),
    Close(SessionId),
    SignOff,
}

/// Time since a session's start, by a clock that is never set.
#[derive(Clone, Copy)]
struct Clock {
    /// What had passed before the program was cut off.
    before: Duration,
    since: Instant,
}

struct Pending {
    ticket: Ticket,
    what: What,
    reply: Option<Reply>,
}

/// Keeps the session.
pub(super) struct Desk {
    /// Without one nothing is recorded.
    writer: Option<RecordWriter>,
    origin: Origin,
    session: Option<(OpenSession, Clock)>,
    left: Option<LeftOpen>,
    /// The session's end is on its way to the disk: nothing is added to it any more.
    closing: bool,
    pending: VecDeque<Pending>,
    saving: Saving,
    unsaved: u64,
    version: u64,
}

impl Desk {
    pub(super) fn new(writer: Option<RecordWriter>, left: Option<LeftOpen>, origin: Origin) -> Self {
        let (session, pending, saving) = (None, VecDeque::new(), Saving::Idle);
        Self { writer, origin, session, left, closing: false, pending, saving, unsaved: 0, version: 0 }
    }

    pub(super) fn session(&self) -> Option<&OpenSession> {
        self.session.as_ref().map(|(session, _)| session)
    }

    /// How saving goes, fields that could not be saved, and the record's version.
    pub(super) fn saving(&self) -> (Saving, u64, u64) {
        (self.saving.clone(), self.unsaved, self.version)
    }

    /// What is known of the record; `None` where there is none, or nobody looked.
    pub(super) fn record_check(&self) -> Option<CheckState> {
        self.writer.as_ref().and_then(RecordWriter::check)
    }

    pub(super) fn is_waiting(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Follows an order, or refuses it.
    pub(super) fn follow<A: Assessor>(
        &mut self,
        order: Order,
        reply: Reply,
        screening: &mut Screening<A>,
        now: Duration,
    ) {
        let job = if self.writer.is_none() { Err(Refusal::NoRecord) } else { self.job(order, screening) };
        match job {
            Ok((job, what)) => self.submit(job, what, Some(reply), screening, now),
            // Whoever has gone does not want to know.
            Err(refused) => drop(reply.send(Err(refused))),
        }
    }

    fn job<A: Assessor>(&mut self, order: Order, screening: &mut Screening<A>) -> Result<(Job, What), Refusal> {
        let at = SystemTime::now();
        match order {
            Order::Take { session, frame } => {
                let started = self.goes_on(session)?;
                if frame.is_some_and(|frame| !screening.still_shows(frame)) {
                    return Err(super::NotTaken::Moved.into());
                }
                let taken = screening.take()?;
                let job = picture(&taken, session, started, &self.origin).ok_or(super::NotTaken::NoPicture)?;
                Ok((Job::Field(Box::new(job)), What::Field(taken.token)))
            }
            Order::Start { specimen, operator } => {
                if let Some(session) = self.session() {
                    return Err(Refusal::SessionGoesOn(session.id));
                }
                self.nothing_decided_yet()?;
                let what = What::Start { specimen: specimen.clone(), operator: operator.clone(), at: Instant::now() };
                let new = self.new_session(specimen, operator, at);
                // What would be refused must not end the session that was left open.
                new.check()?;
                if let Some(damage) = self.writer.as_ref().and_then(RecordWriter::damage) {
                    return Err(damage.clone().into());
                }
                self.close_left("cut off; another session was started", at)?;
                Ok((Job::Start(Box::new(new)), what))
            }
            Order::Continue { session } => {
                self.may_go_on(session)?;
                Ok((Job::Continue { session, at, decision: Decision::Operator }, What::Continue(session)))
            }
            Order::Close { session, reason } => {
                if self.left().is_none_or(|left| left.id != session) {
                    return Err(Refusal::NotLeft(session));
                }
                self.nothing_decided_yet()?;
                Ok((Job::End { session, at, reason }, What::Close(session)))
            }
            Order::End { session, reason } => {
                self.goes_on(session)?;
                self.closing = true;
                Ok((Job::End { session, at, reason }, What::End(session)))
            }
            Order::Opinion { session, sequence, says, note, by, seen } => {
                let (opinion, seen) = (Box::new(NewOpinion { at, by, says, note }), Box::new(seen));
                Ok((Job::Opinion { session, sequence, opinion, seen }, What::Opinion))
            }
            Order::SignOff { session, by, fields } => {
                // A name that would be refused must not end the session, nor fields that nobody has seen.
                text_rules::line("name", &by)?;
                let now = self.fields_of(session);
                if let (Some(shown), Some(now)) = (fields, now)
                    && shown != now
                {
                    return Err(Refusal::OtherFields { session, shown, now });
                }
                if !self.closing && self.session().is_some_and(|open| open.id == session) {
                    // What is signed is complete: the session ends first.
                    let job = Job::End { session, at, reason: "signed off".into() };
                    let writer = self.writer.as_ref().ok_or(Refusal::NoRecord)?;
                    let ticket = writer.submit(job).map_err(|_| Refusal::Busy)?;
                    self.closing = true;
                    self.pending.push_back(Pending { ticket, what: What::End(session), reply: None });
                } else if self.left().is_some_and(|left| left.id == session) {
                    self.nothing_decided_yet()?;
                    self.close_left("signed off", at)?;
                }
                Ok((Job::SignOff { session, by, at }, What::SignOff))
            }
        }
    }

    /// The clock of the session that goes on, where it is the one that is `named`.
    fn goes_on(&self, named: SessionId) -> Result<Clock, Refusal> {
        let (session, clock) = self.session.as_ref().filter(|_| !self.closing).ok_or(Refusal::NoSession)?;
        if session.id == named { Ok(*clock) } else { Err(Refusal::AnotherSession { named, open: session.id }) }
    }

    /// Number of fields of a session that is open or was left open, those on their way to the disk included; `None` for others.
    fn fields_of(&self, session: SessionId) -> Option<u64> {
        let open = self.session().filter(|open| open.id == session).map(|open| {
            open.fields + self.pending.iter().filter(|pending| matches!(pending.what, What::Field(_))).count() as u64
        });
        open.or_else(|| self.left().filter(|left| left.id == session).map(|left| left.fields))
    }

    fn new_session(&self, specimen: String, operator: String, started: SystemTime) -> NewSession {
        let Origin { model_name, model_sha256, config_sha256, code_hash, device_id } = self.origin.clone();
        let program_version = env!("CARGO_PKG_VERSION").into();
        NewSession {
            specimen,
            operator,
            started,
            model_name,
            model_sha256,
            config_sha256,
            program_version,
            code_hash,
            device_id,
        }
    }

    /// Records a field that the screening has taken.
    pub(super) fn keep<A: Assessor>(&mut self, taken: &Taken, screening: &mut Screening<A>, now: Duration) {
        let open = self.session.as_ref().filter(|_| !self.closing);
        let job = open.and_then(|(session, at)| picture(taken, session.id, *at, &self.origin));
        match job {
            Some(job) => self.submit(Job::Field(Box::new(job)), What::Field(taken.token), None, screening, now),
            None => screening.failed(taken.token, now),
        }
    }

    /// Ends the session because the program ends.
    pub(super) fn close(&mut self) {
        let Some(session) = self.session().map(|session| session.id) else { return };
        let job = Job::End { session, at: SystemTime::now(), reason: "the program was stopped".into() };
        if let Some(Ok(ticket)) = self.writer.as_ref().map(|writer| writer.submit(job)) {
            self.pending.push_back(Pending { ticket, what: What::End(session), reply: None });
        }
    }

    fn submit<A: Assessor>(
        &mut self,
        job: Job,
        what: What,
        reply: Option<Reply>,
        screening: &mut Screening<A>,
        now: Duration,
    ) {
        match self.writer.as_ref().map(|writer| writer.submit(job)) {
            Some(Ok(ticket)) => {
                self.pending.push_back(Pending { ticket, what, reply });
                self.saving = Saving::Writing;
            }
            Some(Err(_)) => self.failed(&what, reply, Refusal::Busy, screening, now),
            None => self.failed(&what, reply, Refusal::NoRecord, screening, now),
        }
    }

    /// Looks what became of what waits.
    pub(super) fn look<A: Assessor>(&mut self, screening: &mut Screening<A>, now: Duration) {
        while let Some(outcome) = self.pending.front().and_then(|pending| pending.ticket.poll()) {
            let Some(Pending { what, reply, .. }) = self.pending.pop_front() else { return };
            match outcome {
                Outcome::Saved(receipt) => self.saved(what, reply, receipt, screening),
                Outcome::Failed(error) => self.failed(&what, reply, error.into(), screening, now),
            }
        }
    }

    fn saved<A: Assessor>(&mut self, what: What, reply: Option<Reply>, receipt: Receipt, screening: &mut Screening<A>) {
        self.version += 1;
        self.saving = Saving::Saved;
        match what {
            What::Start { specimen, operator, at } => {
                let open = OpenSession { id: receipt.session, specimen, operator, fields: 0, cut_off_utc: None };
                self.session = Some((open, Clock { before: Duration::ZERO, since: at }));
                self.unsaved = 0;
                screening.start();
            }
            What::Field(token) => {
                let number = receipt.sequence.unwrap_or_default();
                screening.saved(token, number);
                if let Some((session, _)) = self.session.as_mut().filter(|(open, _)| open.id == receipt.session) {
                    session.fields = number;
                }
            }
            What::End(id) => {
                if self.session().is_some_and(|session| session.id == id) {
                    (self.session, self.closing, self.unsaved) = (None, false, 0);
                    screening.end();
                }
            }
            What::Continue(id) => {
                if let Some(left) = self.left.take_if(|left| left.shown.id == id) {
                    self.go_on(left, screening);
                }
            }
            What::Close(id) => {
                self.left.take_if(|left| left.shown.id == id);
            }
            What::Opinion | What::SignOff => {}
        }
        if let Some(reply) = reply {
            let _ = reply.send(Ok(receipt));
        }
    }

    fn failed<A: Assessor>(
        &mut self,
        what: &What,
        reply: Option<Reply>,
        refusal: Refusal,
        screening: &mut Screening<A>,
        now: Duration,
    ) {
        // A value that is not accepted is the operator's to mend, and says nothing about saving.
        let of_the_disk = !matches!(&refusal, Refusal::Record(error) if !error.is_passing());
        if let What::End(_) = what {
            self.closing = false;
        }
        if let What::Field(token) = what {
            screening.failed(*token, now);
            self.unsaved += 1;
        }
        if of_the_disk || matches!(what, What::Field(_)) {
            self.saving = Saving::Failed { reason: refusal.to_string() };
        } else if self.pending.is_empty() && self.saving == Saving::Writing {
            self.saving = if self.version > 0 { Saving::Saved } else { Saving::Idle };
        }
        if let Some(reply) = reply {
            let _ = reply.send(Err(refusal));
        }
    }
}

/// What is recorded of a field; `None` where there was no picture.
fn picture(taken: &Taken, session: SessionId, clock: Clock, origin: &Origin) -> Option<Picture> {
    let mut judgement = Judgement::of(&taken.reading, &origin.model_sha256)?;
    if taken.manual {
        let why = judgement.said.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        judgement.said.reason = Some(format!("taken by hand{why}"));
    }
    Some(Picture {
        session,
        taken: SystemTime::now(),
        since_start: clock.before + clock.since.elapsed(),
        judgement,
        frame: Arc::clone(&taken.frame),
    })
}
