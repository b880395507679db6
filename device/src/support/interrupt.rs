//! Ctrl-C as a request to stop.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::support::terminal::note;

/// A flag that Ctrl-C and SIGTERM set from now on. Call once per process.
pub(crate) fn flag() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    if let Err(error) = ctrlc::set_handler(move || stopped.store(true, Ordering::Relaxed)) {
        note(format_args!("Ctrl-C will end the program without a summary ({error})"));
    }
    stop
}
