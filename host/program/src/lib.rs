//! The command line of blastscope-host: the host's commands and the paper's experiment.
//!
//! A separate crate, because the paper's experiment depends on the host's library and both belong in one program.

// `println!` and its like panic when they cannot write.
#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

use std::{env, io, process::ExitCode};

use blastscope_files::Printable as _;
use clap::{Parser, Subcommand};

use blastscope_host::{Error, commands, support::output};
use blastscope_paper::command::Reproduce;

/// Trains, measures, quantizes and packs the network that blastscope runs at the microscope.
///
/// For research use only. Not for use in diagnostic procedures.
#[derive(Debug, Parser)]
#[command(name = "blastscope-host", version, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(flatten)]
    Host(commands::Command),
    Reproduce(Reproduce),
}

/// Parses the arguments, runs the command and prints any error.
#[must_use]
pub fn main() -> ExitCode {
    let done = match Cli::try_parse() {
        Ok(cli) => cli.run().and_then(|()| output::finish()),
        Err(error) if error.use_stderr() => {
            complain(error);
            return ExitCode::from(2);
        }
        Err(help) => help.print().map_err(Error::Output).and_then(|()| output::finish()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // The reader closed the pipe: not an error.
        Err(Error::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error @ Error::Interrupted(_)) => {
            output::note(error);
            ExitCode::from(130)
        }
        Err(error) => {
            output::note(format_args!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Prints what is wrong with the arguments. The message quotes them, so they are parsed again with control characters escaped.
fn complain(error: clap::Error) {
    let escaped = env::args_os().map(|argument| argument.printable().to_string());
    // If this fails too, there is nowhere left to report to.
    let _ = Cli::try_parse_from(escaped).err().unwrap_or(error).print();
}

impl Cli {
    /// Runs the chosen command.
    ///
    /// # Errors
    /// The command failed; the error is one sentence that says why.
    pub fn run(&self) -> Result<(), Error> {
        match &self.command {
            Command::Host(command) => command.run(),
            Command::Reproduce(reproduce) => reproduce.run(),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent_and_shows_examples() {
        Cli::command().debug_assert();
        for command in Cli::command().get_subcommands() {
            let example = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let call = format!("blastscope-host {}", command.get_name());
            assert!(example.contains("Example") && example.contains(&call), "{call} has no example");
        }
    }
}
