//! The command line.

use clap::{Parser, Subcommand};

use crate::{Error, commands};

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
    Synth(commands::synth::Synth),
    #[cfg(feature = "training")]
    Train(commands::train::Train),
    Evaluate(commands::evaluate::Evaluate),
    #[cfg(feature = "training")]
    Quantize(commands::quantize::Quantize),
    Inspect(commands::inspect::Inspect),
    #[cfg(feature = "training")]
    Explain(commands::explain::Explain),
    #[cfg(feature = "training")]
    Doctor(commands::doctor::Doctor),
}

impl Cli {
    /// Runs the chosen command.
    ///
    /// # Errors
    /// Whatever stood in the way, in one sentence.
    pub fn run(&self) -> Result<(), Error> {
        match &self.command {
            Command::Synth(synth) => synth.run(),
            #[cfg(feature = "training")]
            Command::Train(train) => train.run(),
            Command::Evaluate(evaluate) => evaluate.run(),
            #[cfg(feature = "training")]
            Command::Quantize(quantize) => quantize.run(),
            Command::Inspect(inspect) => inspect.run(),
            #[cfg(feature = "training")]
            Command::Explain(explain) => explain.run(),
            #[cfg(feature = "training")]
            Command::Doctor(doctor) => doctor.run(),
        }
    }
}
