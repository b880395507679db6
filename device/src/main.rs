//! The command `blastscope`; all code is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    blastscope::commands::run()
}
