//! Carries out the session's effects: writes to the record, counts fields, answers orders.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::{Duration, SystemTime},
};

use blastscope_core::{
    field::{NotTaken, Taken, Token},
    frame::Frame,
    pipeline::Assessor,
    screening::Screening,
    session::{Asker, Effect, Event, Left, LeftBehind, Now, OpenSession, Order, Session, What, Write, WriteId},
};
use blastscope_shared::judge::slide::{SlideField, SlidePooling};
use tokio::sync::oneshot;

use super::Refusal;
use crate::record::{
    CheckState, Job, Judgement, NewSession, Outcome, Picture, Receipt, RecordError, RecordWriter, Ticket, text_rules,
};

/// Model, settings, program and device of a session.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Origin {
    /// The model's name.
    pub model_name: String,
    /// The model's identity, 64 hexadecimal digits.
    pub model_sha256: String,
    /// SHA-256 of the settings in use.
    pub config_sha256: String,
    /// Hash of the program's source code.
    pub code_hash: String,
    /// Identity of the device.
    pub device_id: String,
    /// How the model pools the fields of a slide.
    pub slide: SlidePooling,
}

/// Channel for the answer to an order.
pub(super) type Reply = oneshot::Sender<Result<Receipt, Refusal>>;

/// A field that was taken but not written yet.
struct Handed {
    token: Token,
    judgement: Judgement,
    frame: Arc<Frame>,
}

/// Connects the session with record and clients.
pub(super) struct Desk {
    /// `None` without a record.
    writer: Option<RecordWriter>,
    origin: Origin,
    session: Session,
    tickets: VecDeque<(WriteId, Ticket)>,
    replies: HashMap<Asker, Reply>,
    /// Answers that wait until the state that they follow from is shown.
    answers: Vec<(Reply, Result<Receipt, Refusal>)>,
    asked: u64,
    handed: Option<Handed>,
}

impl Desk {
    pub(super) fn new(writer: Option<RecordWriter>, left: Option<LeftBehind>, origin: Origin) -> Self {
        let session = Session::new(left, origin.slide);
        let (tickets, replies, answers) = (VecDeque::new(), HashMap::new(), Vec::new());
        Self { writer, origin, session, tickets, replies, answers, asked: 0, handed: None }
    }

    pub(super) const fn session(&self) -> &Session {
        &self.session
    }

    pub(super) const fn open(&self) -> Option<&OpenSession> {
        self.session.open()
    }

    /// Result of the record's check; `None` without a record or check.
    pub(super) fn record_check(&self) -> Option<CheckState> {
        self.writer.as_ref().and_then(RecordWriter::check)
    }

    /// Starts: a session that was cut off may resume automatically.
    pub(super) fn begin<A: Assessor>(&mut self, screening: &mut Screening<A>, now: Now) {
        let Some(Left { id, fields, last_utc, problem, .. }) = self.session.left().cloned() else { return };
        self.step(Event::Begun, None, screening, now);
        if self.session.is_waiting() {
            tracing::warn!(target: "record", session = %id, fields, last = last_utc, "was cut off and resumes");
        } else {
            let problem = problem.as_deref().unwrap_or_default();
            tracing::warn!(target: "record", session = %id, fields, last = last_utc, problem, "was cut off: continue or close it");
        }
    }

    /// Carries out an order, or refuses it.
    pub(super) fn follow<A: Assessor>(&mut self, order: Order, reply: Reply, screening: &mut Screening<A>, now: Now) {
        if self.writer.is_none() {
            self.answers.push((reply, Err(Refusal::NoRecord)));
            return;
        }
        let by = Asker(self.asked);
        self.asked += 1;
        self.replies.insert(by, reply);
        let refused = self.refused(&order);
        self.step(Event::Asked { order, by, refused }, None, screening, now);
    }

    /// Why the record would refuse an order, if known beforehand.
    fn refused(&self, order: &Order) -> Option<RecordError> {
        match order {
            Order::Start { specimen, operator } => {
                let new = self.new_session(specimen.clone(), operator.clone(), SystemTime::UNIX_EPOCH);
                new.check().err().or_else(|| self.writer.as_ref().and_then(RecordWriter::damage).cloned())
            }
            Order::SignOff { by, .. } => text_rules::line("name", by).err(),
            _ => None,
        }
    }

    /// Records a field that the screening took automatically.
    pub(super) fn keep<A: Assessor>(&mut self, taken: Taken, screening: &mut Screening<A>, now: Now) {
        let token = taken.token;
        match self.hand_over(taken) {
            Some(field) => self.step(Event::Taken { token, field, by: None }, None, screening, now),
            None => screening.failed(token, now.elapsed),
        }
    }

    /// Ends the session because the program ends.
    pub(super) fn close<A: Assessor>(&mut self, screening: &mut Screening<A>, now: Now) {
        self.step(Event::Quit, None, screening, now);
    }

    /// Checks the pending writes.
    pub(super) fn look<A: Assessor>(&mut self, screening: &mut Screening<A>, now: Now) {
        while let Some(outcome) = self.tickets.front().and_then(|(_, ticket)| ticket.poll()) {
            let Some((write, _)) = self.tickets.pop_front() else { return };
            match outcome {
                Outcome::Saved(receipt) => {
                    let Receipt { session, sequence, excluded, .. } = receipt;
                    self.step(Event::Saved { write, session, sequence, excluded }, Some(receipt), screening, now);
                }
                Outcome::Failed(error) => {
                    self.step(Event::Failed { write, refusal: Refusal::Record(error) }, None, screening, now);
                }
            }
        }
    }

    /// Steps the session and carries out its effects, including those that follow from them.
    fn step<A: Assessor>(
        &mut self,
        event: Event<RecordError>,
        receipt: Option<Receipt>,
        screening: &mut Screening<A>,
        now: Now,
    ) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            for effect in self.session.step(event, now) {
                match effect {
                    Effect::Write(writes) => events.extend(self.submit(writes)),
                    Effect::Take { frame, by } => match self.take(frame, screening, now.elapsed) {
                        Ok((token, field)) => events.push_back(Event::Taken { token, field, by: Some(by) }),
                        Err(not_taken) => self.answer(by, Err(not_taken.into())),
                    },
                    Effect::Answer { to, answer: Err(refusal) } => self.answer(to, Err(refusal)),
                    // The answer reports the save that just happened.
                    Effect::Answer { to, answer: Ok(()) } => self.answer(to, receipt.ok_or(Refusal::Stopped)),
                    Effect::Count => screening.start(),
                    Effect::Resume(known) => screening.resume(known),
                    Effect::Rest => screening.end(),
                    Effect::Counted(token, number) => screening.saved(token, number),
                    Effect::Free(token) => screening.failed(token, now.elapsed),
                }
            }
        }
        self.handed = None;
    }

    fn answer(&mut self, to: Asker, answer: Result<Receipt, Refusal>) {
        self.answers.extend(self.replies.remove(&to).map(|reply| (reply, answer)));
    }

    pub(super) fn has_answers(&self) -> bool {
        !self.answers.is_empty()
    }

    /// Answers the orders that are done. The caller has shown the state: whoever hears that something is saved may look at once.
    pub(super) fn reply(&mut self) {
        for (reply, answer) in self.answers.drain(..) {
            // The client may be gone.
            let _ = reply.send(answer);
        }
    }

    /// Takes the current field, if it is still that of `frame`.
    fn take<A: Assessor>(
        &mut self,
        frame: Option<u64>,
        screening: &mut Screening<A>,
        now: Duration,
    ) -> Result<(Token, SlideField), NotTaken> {
        if frame.is_some_and(|frame| !screening.still_shows(frame)) {
            return Err(NotTaken::Moved);
        }
        let taken = screening.take()?;
        let token = taken.token;
        self.hand_over(taken).map(|field| (token, field)).ok_or_else(|| {
            screening.failed(token, now);
            NotTaken::NoPicture
        })
    }

    /// Keeps the data of a field to write; returns what it says of the slide, `None` without a picture.
    fn hand_over(&mut self, Taken { token, manual, frame, reading }: Taken) -> Option<SlideField> {
        let judgement = Judgement::of(&reading, &self.origin.model_sha256);
        self.handed = judgement.map(|mut judgement| {
            if manual {
                let why = judgement.said.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
                judgement.said.reason = Some(format!("taken by hand{why}"));
            }
            Handed { token, judgement, frame }
        });
        self.handed.as_ref().map(|handed| handed.judgement.of_slide())
    }

    /// Queues writes in order; returns those that could not be queued: the first failure and all after it.
    fn submit(&mut self, writes: Vec<Write>) -> Vec<Event<RecordError>> {
        let mut failed = Vec::new();
        for Write { id, at, what } in writes {
            let job = if failed.is_empty() { self.job(what, SystemTime::UNIX_EPOCH + at) } else { None };
            match (&self.writer, job) {
                (Some(writer), Some(job)) => match writer.submit(job) {
                    Ok(ticket) => self.tickets.push_back((id, ticket)),
                    Err(_) => failed.push(Event::Failed { write: id, refusal: Refusal::Busy }),
                },
                (Some(_), None) => failed.push(Event::Failed { write: id, refusal: Refusal::Busy }),
                (None, _) => failed.push(Event::Failed { write: id, refusal: Refusal::NoRecord }),
            }
        }
        failed
    }

    fn job(&mut self, what: What, at: SystemTime) -> Option<Job> {
        Some(match what {
            What::Start { specimen, operator } => Job::Start(Box::new(self.new_session(specimen, operator, at))),
            What::Field { session, token, since_start } => {
                let Handed { judgement, frame, .. } = self.handed.take_if(|handed| handed.token == token)?;
                Job::Field(Box::new(Picture { session, taken: at, since_start, judgement, frame }))
            }
            What::Change { session, change } => Job::Change { session, change: Box::new(change), at },
            What::Reopen { session, by } => Job::Reopen { session, by, at },
            What::SignOff { session, by, fields } => Job::SignOff { session, by, fields, at },
            What::Continue { session, decision } => Job::Continue { session, at, decision },
            What::End { session, reason } => Job::End { session, at, reason },
        })
    }

    fn new_session(&self, specimen: String, operator: String, started: SystemTime) -> NewSession {
        let Origin { model_name, model_sha256, config_sha256, code_hash, device_id, slide } = self.origin.clone();
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
            slide,
        }
    }
}
