//! The options that choose what a training computes on.

use clap::Args;

use crate::{
    Error,
    training::{
        backend::Backend,
        machine::{Machine, Precision},
    },
};

/// What a training computes on.
#[derive(Clone, Debug, Args)]
pub struct MachineChoice {
    /// Where to compute; by default the GPU where an adapter is found, otherwise flex (the CPU).
    #[arg(long, value_enum)]
    backend: Option<Backend>,
    /// Devices that share each batch, such as 0,1; `doctor` numbers them. One that is named twice takes two shares [default: 0].
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = device)]
    devices: Vec<usize>,
    /// Numbers to compute with; flex32 is for the tensor cores of a GPU.
    #[arg(long, value_enum, default_value_t)]
    precision: Precision,
}

impl MachineChoice {
    /// The machine, after a check that it computes rightly.
    ///
    /// # Errors
    /// When it is not there, or must not be trusted.
    pub fn open(&self) -> Result<Machine, Error> {
        Machine::for_training(self.backend, &self.devices, self.precision)
    }
}

fn device(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| "devices are numbered from 0, such as 0,1; `blastscope-host doctor` lists them".into())
}
