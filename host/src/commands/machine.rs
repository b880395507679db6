//! Options that choose the hardware of a training.

use clap::Args;

use crate::{
    Error,
    training::{
        backend::Backend,
        machine::{Machine, Precision},
    },
};

/// The hardware of a training.
#[derive(Clone, Debug, Args)]
pub struct MachineChoice {
    /// Where to compute; by default the GPU if an adapter is found, otherwise flex (the CPU).
    #[arg(long, value_enum)]
    backend: Option<Backend>,
    /// Devices that share each batch, such as 0,1; `doctor` numbers them. A device named twice takes two shares [default: 0].
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = device)]
    devices: Vec<usize>,
    /// Number format; flex32 uses the tensor cores of a GPU.
    #[arg(long, value_enum, default_value_t)]
    precision: Precision,
}

impl MachineChoice {
    /// Opens the machine after checking that it computes correctly.
    ///
    /// # Errors
    /// When a device is missing or computes wrong results.
    pub fn open(&self) -> Result<Machine, Error> {
        Machine::for_training(self.backend, &self.devices, self.precision)
    }
}

fn device(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| "devices are numbered from 0, such as 0,1; `blastscope-host doctor` lists them".into())
}
