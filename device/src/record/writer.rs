//! A thread that writes, so that a slow disk never delays a frame.

use std::{
    io,
    sync::{
        Arc,
        mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError},
    },
    thread::{self, JoinHandle},
    time::{Duration, SystemTime},
};

use blastscope_core::{frame::Frame, session::Change};

use super::{
    CheckState, Decision, Judgement, NewCellLabels, NewField, NewOpinion, NewSession, Receipt, Record, RecordError,
    SessionId, StoredPicture, WholeCheck,
};

/// A field whose picture is not yet encoded.
#[derive(Clone, Debug)]
pub struct Picture {
    /// The session.
    pub session: SessionId,
    /// As [`NewField::taken`].
    pub taken: SystemTime,
    /// As [`NewField::since_start`].
    pub since_start: Duration,
    /// As [`NewField::judgement`].
    pub judgement: Judgement,
    /// The frame; the writer thread encodes it.
    pub frame: Arc<Frame>,
}

/// A write to perform.
#[derive(Clone, Debug)]
pub enum Job {
    /// As [`Record::start_session`].
    Start(Box<NewSession>),
    /// As [`Record::add_field`].
    Field(Box<Picture>),
    /// As [`Record::answer`], [`Record::label_cells`], [`Record::hand_over`] or [`Record::correct_specimen`].
    Change {
        /// The session.
        session: SessionId,
        /// What.
        change: Box<Change>,
        /// When.
        at: SystemTime,
    },
    /// As [`Record::sign_off_seen`]; as [`Record::sign_off`] without a number of fields.
    SignOff {
        /// The session.
        session: SessionId,
        /// Who signs.
        by: String,
        /// Number of fields that the signer saw; `None` signs all fields.
        fields: Option<u64>,
        /// When.
        at: SystemTime,
    },
    /// As [`Record::continue_session`].
    Continue {
        /// The session.
        session: SessionId,
        /// When.
        at: SystemTime,
        /// Who decided it.
        decision: Decision,
    },
    /// As [`Record::reopen`].
    Reopen {
        /// The session.
        session: SessionId,
        /// Who reopens it.
        by: String,
        /// When.
        at: SystemTime,
    },
    /// As [`Record::end_session`].
    End {
        /// The session.
        session: SessionId,
        /// When.
        at: SystemTime,
        /// Why.
        reason: String,
    },
}

/// The queue is full: the disk is slower than the jobs. The job comes back; nothing was written.
#[derive(Debug, thiserror::Error)]
#[error("the record is busy writing: nothing was saved, save again in a moment")]
pub struct Full(pub Job);

/// Result of a job.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It is on disk.
    Saved(Receipt),
    /// It failed; nothing was written.
    Failed(RecordError),
}

/// A queued job.
#[derive(Debug)]
#[must_use = "only the outcome says whether it was saved"]
pub struct Ticket {
    outcome: Receiver<Outcome>,
}

impl Ticket {
    /// The outcome, once there is one; it is given only once.
    pub fn poll(&self) -> Option<Outcome> {
        match self.outcome.try_recv() {
            Ok(outcome) => Some(outcome),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Outcome::Failed(RecordError::Stopped)),
        }
    }

    /// Waits for the outcome, at most `timeout`.
    pub fn wait(&self, timeout: Duration) -> Option<Outcome> {
        match self.outcome.recv_timeout(timeout) {
            Ok(outcome) => Some(outcome),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Outcome::Failed(RecordError::Stopped)),
        }
    }
}

/// The record in its own thread. Dropping it writes the queue and then closes the record.
#[derive(Debug)]
pub struct RecordWriter {
    jobs: Option<SyncSender<(Job, SyncSender<Outcome>)>>,
    thread: Option<JoinHandle<()>>,
    check: Check,
    newest: Option<SystemTime>,
}

/// What is known about the record.
#[derive(Clone, Debug, Default)]
enum Check {
    /// Nothing.
    #[default]
    None,
    /// A check of the whole record, running or done.
    Whole(WholeCheck),
    /// Nothing is written, for this reason.
    Refused(RecordError),
}

impl RecordWriter {
    /// Starts the thread; at most `capacity` jobs may be queued.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start(record: Record, capacity: usize) -> io::Result<Self> {
        Self::start_checked(record, capacity, None)
    }

    /// As [`Self::start`], for a record under check: once damage is found, no session is started. An open session continues, so
    /// that the slide under the objective is not lost.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_checked(mut record: Record, capacity: usize, check: Option<WholeCheck>) -> io::Result<Self> {
        let (watched, newest) = (check.clone(), record.newest());
        let writer = Self::spawn(capacity, move |job| {
            let begins = matches!(job, Job::Start(_));
            match watched.as_ref().filter(|_| begins).and_then(WholeCheck::damage) {
                Some(damage) => Err(damage.clone()),
                None => run(&mut record, job),
            }
        })?;
        let mut writer = writer.checked_by(check.map_or(Check::None, Check::Whole));
        writer.newest = newest;
        Ok(writer)
    }

    /// Writes nothing: every job fails with `reason`, while the rest of the instrument works and shows it.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn refusing(reason: RecordError, capacity: usize) -> io::Result<Self> {
        let told = reason.clone();
        let writer = Self::spawn(capacity, move |_| Err(told.clone()))?;
        Ok(writer.checked_by(Check::Refused(reason)))
    }

    fn spawn(
        capacity: usize,
        mut work: impl FnMut(Job) -> Result<Receipt, RecordError> + Send + 'static,
    ) -> io::Result<Self> {
        let (jobs, queue) = mpsc::sync_channel::<(Job, SyncSender<Outcome>)>(capacity.max(1));
        let thread = thread::Builder::new().name("record".into()).spawn(move || {
            for (job, ticket) in queue {
                let outcome = work(job).map_or_else(Outcome::Failed, Outcome::Saved);
                // A dropped ticket needs no outcome.
                let _ = ticket.send(outcome);
            }
        })?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread), check: Check::None, newest: None })
    }

    fn checked_by(mut self, check: Check) -> Self {
        self.check = check;
        self
    }

    /// State of the check; `None` without one.
    #[must_use]
    pub fn check(&self) -> Option<CheckState> {
        match &self.check {
            Check::None => None,
            Check::Whole(check) => Some(check.state()),
            Check::Refused(reason) => Some(CheckState::Damaged { reason: reason.to_string() }),
        }
    }

    /// Why no session may be started, if known.
    pub(crate) fn damage(&self) -> Option<&RecordError> {
        match &self.check {
            Check::None => None,
            Check::Whole(check) => check.damage(),
            Check::Refused(reason) => Some(reason),
        }
    }

    /// The newest time in the record when it was opened.
    pub(crate) const fn newest(&self) -> Option<SystemTime> {
        self.newest
    }

    /// Queues a job; never waits.
    ///
    /// # Errors
    /// [`Full`], with the job.
    pub fn submit(&self, job: Job) -> Result<Ticket, Full> {
        let (sender, outcome) = mpsc::sync_channel(1);
        let ticket = Ticket { outcome };
        match self.jobs.as_ref().map(|jobs| jobs.try_send((job, sender))) {
            Some(Err(TrySendError::Full((job, _)))) => Err(Full(job)),
            // A dead thread has dropped the sender: the ticket reports it.
            Some(Ok(()) | Err(TrySendError::Disconnected(_))) | None => Ok(ticket),
        }
    }
}

impl Drop for RecordWriter {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            // Its tickets have reported the failure.
            let _ = thread.join();
        }
    }
}

fn run(record: &mut Record, job: Job) -> Result<Receipt, RecordError> {
    match job {
        Job::Start(new) => record.start_session(&new),
        Job::Field(picture) => {
            let Picture { session, taken, since_start, judgement, frame } = *picture;
            let picture = StoredPicture::of_frame(&frame)?.with_cells(&frame.picture, judgement.seen_cells.as_ref())?;
            drop(frame);
            record.add_field(session, &NewField { taken, since_start, judgement, picture })
        }
        Job::Change { session, change, at } => match *change {
            Change::Opinion { sequence, says, note, by, seen } => {
                record.answer(session, sequence, &NewOpinion { at, by, says, note }, &seen)
            }
            Change::Cells { cells, label, by, seen } => {
                record.label_cells(session, &NewCellLabels { at, by, label, cells }, &seen)
            }
            Change::HandOver { to } => record.hand_over(session, &to, at),
            Change::Specimen { specimen, by } => record.correct_specimen(session, &specimen, &by, at),
        },
        Job::SignOff { session, by, fields, at } => record.sign(session, &by, at, fields),
        Job::Continue { session, at, decision } => record.continue_session(session, at, decision),
        Job::Reopen { session, by, at } => record.reopen(session, &by, at),
        Job::End { session, at, reason } => record.end_session(session, at, &reason),
    }
}
