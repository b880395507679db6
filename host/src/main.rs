//! The blastscope-host program: see the library for what it does.

use std::process::ExitCode;

use blastscope_host::{Error, cli::Cli};
use clap::Parser;

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error @ Error::Interrupted(_)) => {
            eprintln!("{error}");
            ExitCode::from(130)
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
