//! Instruction set and threads of the network, from the command line and the environment.

use std::{env, num::NonZero, thread};

use blastscope_shared::{
    Isa,
    engine::{arch::IsaError, network::Execution},
};

/// Environment variable that names the instruction set.
pub const VARIABLE: &str = "BLASTSCOPE_ISA";

/// Maximum default threads: a frame is too small for more; its last layers would end before the threads are in step.
const MOST_THREADS: usize = 4;

/// Why the requested execution is impossible.
#[derive(Debug, thiserror::Error)]
#[error("{origin}{name}: {source}")]
pub struct ExecutionError {
    origin: &'static str,
    name: String,
    source: IsaError,
}

/// `threads` threads with the instruction set from `named`, else from the environment, else the fastest.
///
/// # Errors
/// [`ExecutionError`], a sentence with the option or variable at fault.
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

/// Default number of threads: one per core, at most four.
#[must_use]
pub fn threads() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS)
}
