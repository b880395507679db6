//! How the network is run on this machine: what the command line and the environment ask for.

use std::{env, num::NonZero, thread};

use blastscope_shared::{
    Isa,
    engine::{arch::IsaError, network::Execution},
};

/// Environment variable that names the instruction set.
pub const VARIABLE: &str = "BLASTSCOPE_ISA";

/// A frame is too small for more: the steps of its last layers would end before the threads have met.
const MOST_THREADS: usize = 4;

/// Why the network cannot be run as it was asked for.
#[derive(Debug, thiserror::Error)]
#[error("{origin}{name}: {source}")]
pub struct ExecutionError {
    origin: &'static str,
    name: String,
    source: IsaError,
}

/// The execution on `threads` threads with the instruction set that `named` or the environment names, else the fastest.
///
/// # Errors
/// [`ExecutionError`], a sentence that says who named what.
pub fn chosen(named: Option<&str>, threads: usize) -> Result<Execution, ExecutionError> {
    let from_environment = || env::var(VARIABLE).ok().filter(|name| !name.is_empty());
    let (origin, name) = match named.map(str::to_owned) {
        Some(name) => ("--isa ", Some(name)),
        None => ("BLASTSCOPE_ISA=", from_environment()),
    };
    let Some(name) = name else { return Ok(Execution { threads, ..Execution::default() }) };
    match Isa::named(&name) {
        Ok(isa) => Ok(Execution { isa, threads }),
        Err(source) => Err(ExecutionError { origin, name, source }),
    }
}

/// Threads that a frame is shared among when nobody says: one a core, and four at most.
#[must_use]
pub fn threads() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS)
}
