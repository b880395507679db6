//! Reads of the record: on threads that may block on the disk, few at a time, and with a time limit.

use std::{path::PathBuf, sync::Arc, time::Duration};

use axum::http::StatusCode;
use tokio::{
    sync::Semaphore,
    task::spawn_blocking,
    time::{Instant, timeout_at},
};

use super::problem::Problem;
use crate::record::{RecordError, RecordReader};

/// Reads at the same time. On a hung disk each holds its thread, and none must be left to wait for one.
pub(super) const READS: usize = 3;

/// Time limit of the disk for a whole request; the page waits a little longer.
pub(super) const DISK: Duration = Duration::from_secs(8);

/// Says that a read took too long.
pub(super) const NOT_READ: &str = "the disk has not answered yet; the record could not be read";
/// Says the same of a read before an order is given.
pub(super) const NOTHING_SAVED: &str = "the disk has not answered yet; nothing was saved";

/// The record for reading.
#[derive(Debug)]
pub(super) struct Reads {
    folder: PathBuf,
    turns: Arc<Semaphore>,
}

impl Reads {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, turns: Arc::new(Semaphore::new(READS)) }
    }

    /// Reads what is to be shown.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        what: impl FnOnce(&RecordReader) -> Result<T, RecordError> + Send + 'static,
    ) -> Result<T, Problem> {
        self.read_until(Instant::now() + DISK, NOT_READ, what).await
    }

    /// Reads before an order is given, until `limit`.
    pub(super) async fn read_before_order<T: Send + 'static>(
        &self,
        limit: Instant,
        what: impl FnOnce(&RecordReader) -> Result<T, RecordError> + Send + 'static,
    ) -> Result<T, Problem> {
        self.read_until(limit, NOTHING_SAVED, what).await
    }

    async fn read_until<T: Send + 'static>(
        &self,
        limit: Instant,
        too_late: &'static str,
        what: impl FnOnce(&RecordReader) -> Result<T, RecordError> + Send + 'static,
    ) -> Result<T, Problem> {
        let (folder, turns) = (self.folder.clone(), Arc::clone(&self.turns));
        let read = async {
            let turn = turns.acquire_owned().await.map_err(|error| broken(&error))?;
            let read = move || {
                // Until the disk answers, not only until the time limit.
                let _turn = turn;
                RecordReader::open(&folder).and_then(|reader| what(&reader))
            };
            spawn_blocking(read).await.map_err(|error| broken(&error))?.map_err(Problem::from)
        };
        timeout_at(limit, read).await.unwrap_or_else(|_| Err(slow(too_late)))
    }
}

/// The disk was too slow.
pub(super) fn slow(too_late: &'static str) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, too_late, "try again in a moment")
}

fn broken(error: &dyn std::error::Error) -> Problem {
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        format!("the record could not be read ({error})"),
        "try again; if this lasts, restart `blastscope live`",
    )
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};

    use tokio::time::timeout;

    use super::*;
    use crate::record::Record;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn reads_on_a_hung_disk_end_in_time_and_leave_a_thread_for_the_picture() {
        let folder = tempfile::tempdir().expect("a folder");
        drop(Record::open(folder.path()).expect("a record"));
        let reads = Reads::new(folder.path().to_path_buf());
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().max_blocking_threads(READS + 1).build().expect("a runtime");
        let disk = Arc::new(Mutex::new(()));
        let hung = disk.lock().unwrap_or_else(PoisonError::into_inner);
        for number in 0..READS + 2 {
            let disk = Arc::clone(&disk);
            let limit = Instant::now() + Duration::from_millis(50);
            let waits = move |_: &RecordReader| {
                drop(disk.lock().unwrap_or_else(PoisonError::into_inner));
                Ok(())
            };
            let problem = runtime.block_on(reads.read_until(limit, NOT_READ, waits)).expect_err("too slow");
            let (status, advice) = problem.parts();
            assert_eq!((status, &*advice.reason), (StatusCode::SERVICE_UNAVAILABLE, NOT_READ), "read {number}");
        }
        let picture = runtime.block_on(async { timeout(LONG, spawn_blocking(|| "a picture")).await });
        assert_eq!(picture.expect("a free thread").expect("no panic"), "a picture");
        drop(hung);
        let sessions = runtime.block_on(reads.read_until(Instant::now() + LONG, NOT_READ, RecordReader::sessions));
        assert_eq!(sessions.expect("the disk answers again"), []);
    }

    #[test]
    fn only_a_read_before_an_order_says_that_nothing_was_saved() {
        let folder = tempfile::tempdir().expect("a folder");
        let reads = Reads::new(folder.path().to_path_buf());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let _all = reads.turns.try_acquire_many(READS as u32).expect("free");
        let limit = Duration::from_millis(10);
        let before =
            runtime.block_on(async { reads.read_before_order(Instant::now() + limit, RecordReader::sessions).await });
        assert_eq!(before.expect_err("too slow").parts().1.reason, NOTHING_SAVED);
        assert!(!NOT_READ.contains("saved") && !slow(NOT_READ).parts().1.remedy.is_empty());
    }
}
