//! What a training computes on: devices of a back end, and the precision of their numbers.

use burn::{prelude::Device, tensor::FloatDType};

use super::{
    agreement,
    backend::{Backend, label},
};
use crate::{
    Error,
    support::{hardware, output, text::value_name},
};

/// Numbers that a device computes with. Weights of 16 bits are not offered: Adam's ε of 10⁻⁸ is zero among them, and the loss is
/// NaN after one step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Precision {
    /// 32 bits.
    #[default]
    F32,
    /// 32 bits in memory, fewer in products: what tensor cores of a GPU take.
    Flex32,
}

impl Precision {
    /// Makes `device` compute so; before anything is computed on it.
    ///
    /// # Errors
    /// When the device cannot.
    fn apply(self, device: &mut Device) -> Result<(), Error> {
        match self {
            // Every device starts with these.
            Self::F32 => Ok(()),
            Self::Flex32 => device.configure(FloatDType::Flex32).map_err(|error| {
                Error::Usage(format!("this back end does not train with --precision flex32 ({error}); use f32"))
            }),
        }
    }

    /// Largest relative difference from the reference losses that is put down to rounding.
    const fn tolerance(self) -> f32 {
        match self {
            Self::F32 => agreement::TOLERANCE,
            // Products keep 11 bits instead of 24.
            Self::Flex32 => 0.05,
        }
    }
}

/// Devices that a training computes on together.
#[derive(Clone, Debug)]
pub struct Machine {
    backend: Backend,
    precision: Precision,
    numbers: Vec<usize>,
    devices: Vec<Device>,
}

impl Machine {
    fn open(asked: Option<Backend>, numbers: &[usize], precision: Precision) -> Result<Self, Error> {
        let (backend, mut there) = Backend::devices_of(asked)?;
        let numbers = if numbers.is_empty() { &[0] } else { numbers };
        if let Some(number) = numbers.iter().find(|&&number| number >= there.len()) {
            let known: Vec<String> =
                there.iter().enumerate().map(|(number, device)| format!("{number} ({})", label(device))).collect();
            return Err(Error::Usage(format!(
                "--devices names {number}, but {} has {}; name one of these",
                backend.name(),
                known.join(", ")
            )));
        }
        for (number, device) in there.iter_mut().enumerate() {
            if numbers.contains(&number) {
                precision.apply(device)?;
            }
        }
        let devices = numbers.iter().map(|&number| there[number].clone()).collect();
        Ok(Self { backend, precision, numbers: numbers.to_vec(), devices })
    }

    /// The devices of `numbers`, or the preferred one when there are none, of the back end asked for or otherwise the first that has a
    /// device. A device that stands there twice works on two parts of a batch at once. Warns about a software adapter, and takes a
    /// foreign library or driver only where it computes what Burn's own code for the CPU computes ([`agreement`]).
    ///
    /// # Errors
    /// When the back end or a device is not there, cannot compute so, or must not be trusted.
    pub fn for_training(asked: Option<Backend>, numbers: &[usize], precision: Precision) -> Result<Self, Error> {
        let machine = Self::open(asked, numbers, precision)?;
        if machine.devices.iter().any(|device| machine.backend.is_emulated(device)) {
            output::note(format_args!(
                "warning: a software adapter needs minutes to warm up and is slower than --backend flex"
            ));
        }
        machine.check()?;
        Ok(machine)
    }

    /// Compares what each device computes with the reference, where that is not Burn's own code for the CPU.
    fn check(&self) -> Result<(), Error> {
        if matches!(self.backend, Backend::Wgpu | Backend::Tch) {
            for (at, device) in self.devices.iter().enumerate() {
                if !self.devices[..at].contains(device) {
                    agreement::check(device, self.precision.tolerance())?;
                }
            }
        }
        Ok(())
    }

    /// The back end.
    #[must_use]
    pub const fn backend(&self) -> Backend {
        self.backend
    }

    /// The numbers that it computes with.
    #[must_use]
    pub const fn precision(&self) -> Precision {
        self.precision
    }

    /// The devices, at least one. The first moves the weights and validates.
    #[must_use]
    pub fn devices(&self) -> &[Device] {
        &self.devices
    }

    /// The first device.
    #[must_use]
    pub fn main_device(&self) -> &Device {
        &self.devices[0]
    }

    /// The arguments that open the same machine again.
    #[must_use]
    pub fn arguments(&self) -> [String; 6] {
        let numbers: Vec<String> = self.numbers.iter().map(ToString::to_string).collect();
        [
            "--backend".into(),
            self.backend.name().into(),
            "--devices".into(),
            numbers.join(","),
            "--precision".into(),
            value_name(&self.precision),
        ]
    }
}

/// Back end and machine, as a run remembers them: `wgpu in flex32 on 2 devices, AMD EPYC, 2 cores`.
impl std::fmt::Display for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.backend.name())?;
        if self.precision != Precision::F32 {
            write!(f, " in {}", value_name(&self.precision))?;
        }
        match self.devices.len() {
            1 => write!(f, " on {}", hardware::processor()),
            shares => write!(f, " in {shares} shares on {}", hardware::processor()),
        }
    }
}
