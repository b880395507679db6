//! Threads that wait for frames: they spin briefly, because the next step or frame is near, and then sleep.

use alloc::{sync::Arc, vec::Vec};
use core::{
    cell::UnsafeCell,
    hint::spin_loop,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    thread::{self, JoinHandle},
};

/// Rounds that a waiting thread spins before it yields the core: some tens of microseconds.
const SPINS: u32 = 4_000;
/// Rounds after which a thread waiting for a frame sleeps: about a millisecond without work.
const YIELDS: u32 = 200;

/// The threads' job; the argument is the part to do.
type Job = dyn Fn(usize, Barrier<'_>) + Sync;

/// Worker threads; the caller's thread is the first.
pub(crate) struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

struct Shared {
    parts: usize,
    /// Counts jobs; a new value publishes `job`.
    generation: AtomicUsize,
    job: UnsafeCell<Option<*const Job>>,
    /// Workers that have not finished the job yet.
    running: AtomicUsize,
    /// Threads that have reached the barrier, and how often all have passed it.
    arrived: AtomicUsize,
    passed: AtomicUsize,
    failed: AtomicBool,
    stopped: AtomicBool,
}

// SAFETY: `job` is written while no worker runs and read after `generation` has published it.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

/// Waits until `done`: spins, then yields the core between checks.
fn wait(done: impl Fn() -> bool) {
    let mut spins = 0;
    while !done() {
        if spins < SPINS {
            spins += 1;
            spin_loop();
        } else {
            thread::yield_now();
        }
    }
}

impl Pool {
    /// Starts `parts - 1` threads; if the system refuses one, there are none.
    pub(crate) fn new(parts: usize) -> Self {
        let shared = Arc::new(Shared {
            parts,
            generation: AtomicUsize::new(0),
            job: UnsafeCell::new(None),
            running: AtomicUsize::new(0),
            arrived: AtomicUsize::new(0),
            passed: AtomicUsize::new(0),
            failed: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
        });
        let mut workers = Vec::with_capacity(parts.saturating_sub(1));
        for part in 1..parts {
            let theirs = Arc::clone(&shared);
            let thread = thread::Builder::new().name("blastscope-network".into());
            match thread.spawn(move || theirs.work(part)) {
                Ok(worker) => workers.push(worker),
                Err(_) => {
                    // With some missing, a barrier would never open: use none.
                    drop(Self { shared, workers });
                    return Self::new(1);
                }
            }
        }
        Self { shared, workers }
    }

    /// Number of parts of a job.
    pub(crate) fn parts(&self) -> usize {
        self.shared.parts
    }

    /// Whether a part has panicked. Some parts may wait at a barrier that others never reached, so the pool is no longer usable.
    pub(crate) fn has_failed(&self) -> bool {
        self.shared.failed.load(Ordering::Acquire)
    }

    /// Calls `job` for parts `1..parts` on the threads and `first` on this one; returns when all are done.
    ///
    /// # Panics
    /// If a part panics; or, before any part begins, if [one did](Self::has_failed) in an earlier job.
    pub(crate) fn run(&mut self, job: &(dyn Fn(usize, Barrier<'_>) + Sync), first: impl FnOnce(Barrier<'_>)) {
        // Otherwise the barrier would open too early, and parts would read unfinished work.
        assert!(!self.has_failed(), "a part of the network panicked in an earlier run");
        let shared = &*self.shared;
        if !self.workers.is_empty() {
            shared.running.store(self.workers.len(), Ordering::Relaxed);
            // SAFETY: no worker runs. The pointer outlives its use: this function returns or unwinds after `running` is 0.
            unsafe {
                *shared.job.get() =
                    Some(core::mem::transmute::<*const (dyn Fn(usize, Barrier<'_>) + Sync), *const Job>(job));
            };
            shared.generation.fetch_add(1, Ordering::Release);
            for worker in &self.workers {
                worker.thread().unpark();
            }
        }
        let result = catch_unwind(AssertUnwindSafe(|| first(Barrier(shared))));
        if result.is_err() {
            shared.failed.store(true, Ordering::Release);
        }
        wait(|| shared.running.load(Ordering::Acquire) == 0);
        assert!(!self.has_failed(), "a part of the network panicked");
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Release);
        self.shared.generation.fetch_add(1, Ordering::Release);
        for worker in self.workers.drain(..) {
            worker.thread().unpark();
            // The part's own panic was already reported.
            let _ = worker.join();
        }
    }
}

/// Meeting point for the parts of a job.
#[derive(Clone, Copy)]
pub(crate) struct Barrier<'a>(&'a Shared);

impl Barrier<'_> {
    /// Waits until all parts have arrived.
    ///
    /// # Panics
    /// If another part has panicked.
    pub(crate) fn wait(self) {
        let shared = self.0;
        let passed = shared.passed.load(Ordering::Relaxed);
        if shared.arrived.fetch_add(1, Ordering::AcqRel) + 1 == shared.parts {
            shared.arrived.store(0, Ordering::Relaxed);
            shared.passed.store(passed.wrapping_add(1), Ordering::Release);
        } else {
            wait(|| shared.passed.load(Ordering::Acquire) != passed || shared.failed.load(Ordering::Relaxed));
            assert!(!shared.failed.load(Ordering::Relaxed), "another part of the network panicked");
        }
    }
}

impl Shared {
    fn work(&self, part: usize) {
        let mut seen = 0;
        loop {
            seen = self.next_generation(seen);
            if self.stopped.load(Ordering::Acquire) {
                return;
            }
            // SAFETY: `generation` has published the job, which lives until `running` is 0.
            let done = catch_unwind(AssertUnwindSafe(|| unsafe {
                if let Some(job) = *self.job.get() {
                    (*job)(part, Barrier(self));
                }
            }));
            if done.is_err() {
                self.failed.store(true, Ordering::Release);
            }
            self.running.fetch_sub(1, Ordering::Release);
        }
    }

    /// Waits until the generation differs from `seen`.
    fn next_generation(&self, seen: usize) -> usize {
        let mut rounds = 0;
        loop {
            let generation = self.generation.load(Ordering::Acquire);
            if generation != seen {
                return generation;
            }
            rounds += 1;
            if rounds < SPINS {
                spin_loop();
            } else if rounds < SPINS + YIELDS {
                thread::yield_now();
            } else {
                thread::park();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_sees_what_the_others_did_before_a_barrier() {
        for parts in 1..5 {
            let mut pool = Pool::new(parts);
            for _ in 0..50 {
                let counts: Vec<AtomicUsize> = (0..20).map(|_| AtomicUsize::new(0)).collect();
                let job = |_, barrier: Barrier<'_>| {
                    for count in &counts {
                        count.fetch_add(1, Ordering::Relaxed);
                        barrier.wait();
                        assert_eq!(count.load(Ordering::Relaxed), parts);
                    }
                };
                pool.run(&job, |barrier| job(0, barrier));
            }
        }
    }

    #[test]
    fn a_panic_of_a_part_reaches_the_caller() {
        let mut pool = Pool::new(2);
        let job = |part, barrier: Barrier<'_>| {
            assert_eq!(part, 0, "this part fails on purpose");
            barrier.wait();
        };
        assert!(catch_unwind(AssertUnwindSafe(|| pool.run(&job, |barrier| job(0, barrier)))).is_err());
    }

    #[test]
    fn after_a_panic_no_part_of_another_job_begins() {
        for parts in 1..if cfg!(miri) { 3 } else { 5 } {
            for failing in 0..parts {
                let mut pool = Pool::new(parts);
                // The others wait at the barrier when this part fails, or are on their way there.
                let job = |part, barrier: Barrier<'_>| {
                    assert_ne!(part, failing, "this part fails on purpose");
                    barrier.wait();
                };
                assert!(catch_unwind(AssertUnwindSafe(|| pool.run(&job, |barrier| job(0, barrier)))).is_err());
                let begun = AtomicUsize::new(0);
                let job = |_, barrier: Barrier<'_>| {
                    begun.fetch_add(1, Ordering::Relaxed);
                    barrier.wait();
                };
                assert!(catch_unwind(AssertUnwindSafe(|| pool.run(&job, |barrier| job(0, barrier)))).is_err());
                assert_eq!(begun.into_inner(), 0, "parts that began; part {failing} of {parts} had failed");
            }
        }
    }
}
