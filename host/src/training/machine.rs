//! The hardware of a training: devices of a back end, and their number format.

use burn::{prelude::Device, tensor::FloatDType};

use super::{
    agreement,
    backend::{Backend, label},
};
use crate::{
    Error,
    support::{hardware, output, text::value_name},
};

/// Number format of a device. 16-bit weights are not offered: Adam's ε of 10⁻⁸ rounds to zero in them, and the loss is NaN after
/// one step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Precision {
    /// 32 bits.
    #[default]
    F32,
    /// 32 bits in memory, fewer in products, for the tensor cores of a GPU.
    Flex32,
}

impl Precision {
    /// Makes `device` compute in this format; call it before anything else.
    ///
    /// # Errors
    /// When the device does not support it.
    fn apply(self, device: &mut Device) -> Result<(), Error> {
        match self {
            // Every device starts with these.
            Self::F32 => Ok(()),
            Self::Flex32 => device.configure(FloatDType::Flex32).map_err(|error| {
                Error::Usage(format!("this back end does not train with --precision flex32 ({error}); use f32"))
            }),
        }
    }

    /// Largest relative difference from the reference losses that rounding explains.
    const fn tolerance(self) -> f32 {
        match self {
            Self::F32 => agreement::TOLERANCE,
            // Products keep 11 bits instead of 24.
            Self::Flex32 => 0.05,
        }
    }
}

/// Devices that train together.
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

    /// Opens the devices `numbers`, or the preferred one if empty, of the given back end, otherwise of the first back end with a
    /// device. A device listed twice works on two parts of a batch at once. Warns about a software adapter. Accepts a foreign
    /// library or driver only if it agrees with Burn's own code for the CPU ([`agreement`]).
    ///
    /// # Errors
    /// When the back end or a device is missing, does not support the precision, or must not be trusted.
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

    /// Compares each device with the reference, except Burn's own code for the CPU.
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

    /// Its number format.
    #[must_use]
    pub const fn precision(&self) -> Precision {
        self.precision
    }

    /// The devices, at least one. The first updates the weights and validates.
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

/// Back end and machine, as recorded in a run: `wgpu in flex32 on 2 devices, AMD EPYC, 2 cores`.
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
