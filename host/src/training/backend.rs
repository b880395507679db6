//! Where the tensors live: a GPU through wgpu, or the CPU.

use burn::prelude::Device;
use clap::ValueEnum;

use super::agreement;
use crate::Error;

/// A Burn back end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Backend {
    /// The GPU (Vulkan, Metal or DirectX 12).
    Wgpu,
    /// The CPU, all cores.
    Flex,
    /// The CPU through LibTorch, all cores: about twice the speed of Flex where its library is installed.
    Tch,
    /// The CPU, Burn's former back end: slow, for comparison.
    Ndarray,
}

impl Backend {
    /// The back ends that were compiled in, the preferred one first.
    #[must_use]
    pub fn compiled() -> Vec<Self> {
        let mut backends = Vec::new();
        if cfg!(feature = "wgpu") {
            backends.push(Self::Wgpu);
        }
        if cfg!(feature = "tch") {
            backends.push(Self::Tch);
        }
        if cfg!(feature = "flex") {
            backends.push(Self::Flex);
        }
        if cfg!(feature = "ndarray") {
            backends.push(Self::Ndarray);
        }
        backends
    }

    /// The device to train on: the one asked for, otherwise the GPU where an adapter is found, otherwise the CPU.
    ///
    /// # Errors
    /// When the back end was not compiled in, or no adapter is there for wgpu.
    pub fn device(asked: Option<Self>) -> Result<(Self, Device), Error> {
        match asked {
            Some(backend) => Ok((backend, backend.open()?)),
            None => {
                Self::compiled().into_iter().find_map(|backend| Some((backend, backend.open_unasked()?))).ok_or_else(
                    || Error::Usage("this program was built without a back end; build it with --features flex".into()),
                )
            }
        }
    }

    /// [`Self::device`] for a training: with a warning about a software adapter, and a foreign library only when it computes what
    /// Burn's own code for the CPU computes ([`agreement`]).
    ///
    /// # Errors
    /// As [`Self::device`], and when the back end must not be trusted.
    pub fn for_training(asked: Option<Self>) -> Result<(Self, Device), Error> {
        let (backend, device) = Self::device(asked)?;
        if backend.is_emulated(&device) {
            eprintln!(
                "warning: only a software adapter was found; it needs minutes to warm up and is slower than --backend flex"
            );
        }
        if matches!(backend, Self::Wgpu | Self::Tch) {
            agreement::check(&device)?;
        }
        Ok((backend, device))
    }

    /// The device to run a trained network on: the CPU where its back end was compiled in.
    ///
    /// # Errors
    /// As [`Self::device`].
    pub fn for_inference() -> Result<Device, Error> {
        let (_, device) = Self::device(Some(Self::Flex)).or_else(|_| Self::device(None))?;
        Ok(device)
    }

    /// The back end and the machine, as a run remembers them.
    #[must_use]
    pub fn on_this_machine(self) -> String {
        format!("{} on {}", self.name(), crate::hardware::processor())
    }

    /// The device, or why there is none.
    ///
    /// # Errors
    /// As [`Self::device`].
    pub fn open(self) -> Result<Device, Error> {
        match self {
            #[cfg(feature = "wgpu")]
            Self::Wgpu => wgpu_device(true).ok_or_else(|| {
                Error::Usage(
                    "no GPU adapter found for --backend wgpu; install its Vulkan driver or use --backend flex".into(),
                )
            }),
            #[cfg(feature = "flex")]
            Self::Flex => Ok(Device::flex()),
            #[cfg(feature = "tch")]
            #[expect(deprecated, reason = "the fastest on a CPU as long as Burn keeps it")]
            Self::Tch => Ok(Device::libtorch()),
            #[cfg(feature = "ndarray")]
            #[expect(deprecated, reason = "offered for comparison until Burn drops it")]
            Self::Ndarray => Ok(Device::ndarray()),
            #[allow(unreachable_patterns, reason = "with every back end compiled in nothing is left")]
            other => Err(Error::Usage(format!(
                "--backend {name} is not part of this build; build it with --features {name}",
                name = other.name()
            ))),
        }
    }

    /// The device, where it is worth taking without being asked: no software adapter, which is slower than the CPU back end and
    /// takes minutes to warm up.
    fn open_unasked(self) -> Option<Device> {
        match self {
            #[cfg(feature = "wgpu")]
            Self::Wgpu => wgpu_device(false),
            other => other.open().ok(),
        }
    }

    /// Whether the device is a software adapter, which takes minutes to warm up and is slower than the CPU back end.
    #[must_use]
    pub fn is_emulated(self, device: &Device) -> bool {
        #[cfg(feature = "wgpu")]
        return self == Self::Wgpu && *device == Device::wgpu(burn::tensor::DeviceKind::Cpu);
        #[cfg(not(feature = "wgpu"))]
        {
            let _ = device;
            false
        }
    }

    /// Name, as on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wgpu => "wgpu",
            Self::Flex => "flex",
            Self::Tch => "tch",
            Self::Ndarray => "ndarray",
        }
    }
}

/// The first GPU that wgpu finds; a software adapter only where there is no other and `software` allows it.
#[cfg(feature = "wgpu")]
fn wgpu_device(software: bool) -> Option<Device> {
    use burn::tensor::{DeviceKind, DeviceType};
    let emulated = Device::wgpu(DeviceKind::Cpu);
    let mut devices: Vec<Device> = Device::enumerate(DeviceType::Wgpu).into_iter().collect();
    devices.retain(|device| software || *device != emulated);
    devices.sort_by_key(|device| *device == emulated);
    devices.into_iter().next()
}
