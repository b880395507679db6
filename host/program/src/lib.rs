//! The command line of blastscope-host: the host's commands, and the paper's experiment beside them.
//!
//! A crate of its own, because the paper's experiment stands on the host's library and both belong into one program.

// `println!` and its like panic where the output cannot be written.
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

/// Runs the command that the process's arguments name, and says what went wrong.
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
        // A closed pipe is the reader's choice.
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

/// Says what is wrong with the arguments. The message repeats them, so it is made anew from arguments that steer no terminal.
fn complain(error: clap::Error) {
    let escaped = env::args_os().map(|argument| argument.printable().to_string());
    // When even this fails there is nobody left to tell.
    let _ = Cli::try_parse_from(escaped).err().unwrap_or(error).print();
}

impl Cli {
    /// Runs the chosen command.
    ///
    /// # Errors
    /// The command failed; one sentence says why.
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
