//! Ctrl-C: the first asks the running work to stop at a safe point, the second ends the program.

use std::sync::{
    Mutex, Once,
    atomic::{AtomicBool, Ordering},
};

use crate::support::output;

type Callback = Box<dyn Fn() + Send>;

static INSTALL: Once = Once::new();
static ASKED: AtomicBool = AtomicBool::new(false);
static CALLBACK: Mutex<Option<Callback>> = Mutex::new(None);

/// Calls `callback` at the first Ctrl-C or termination signal; replaces an earlier callback.
pub fn on_interrupt(callback: impl Fn() + Send + 'static) {
    if let Ok(mut slot) = CALLBACK.lock() {
        *slot = Some(Box::new(callback));
    }
    INSTALL.call_once(|| {
        let installed = ctrlc::set_handler(|| {
            if ASKED.swap(true, Ordering::SeqCst) {
                std::process::exit(130);
            }
            output::note(format_args!("stopping; press Ctrl-C again to end at once"));
            if let Ok(slot) = CALLBACK.lock()
                && let Some(callback) = slot.as_ref()
            {
                callback();
            }
        });
        if let Err(error) = installed {
            output::note(format_args!("warning: Ctrl-C will end the program at once: {error}"));
        }
    });
}

/// Whether the user asked to stop.
#[must_use]
pub fn interrupted() -> bool {
    ASKED.load(Ordering::SeqCst)
}
