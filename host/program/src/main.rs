//! The blastscope-host program; see the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    blastscope_program::main()
}
