//! Where the tensors live: a GPU through wgpu, or the CPU.

use burn::prelude::Device;
use clap::ValueEnum;

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
    /// The compiled-in back ends, the preferred one first.
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

    /// The requested back end, otherwise the first with a device worth using by default, and all its devices, the preferred one
    /// first.
    ///
    /// # Errors
    /// When the back end was not compiled in, or wgpu finds no adapter.
    pub fn devices_of(asked: Option<Self>) -> Result<(Self, Vec<Device>), Error> {
        match asked {
            Some(backend) => Ok((backend, backend.devices()?)),
            None => {
                Self::compiled().into_iter().find_map(|backend| Some((backend, backend.unasked_devices()?))).ok_or_else(
                    || Error::Usage("this program was built without a back end; build it with --features flex".into()),
                )
            }
        }
    }

    /// The device to run a trained network on: the CPU where its back end was compiled in.
    ///
    /// # Errors
    /// As [`Self::devices_of`].
    pub fn for_inference() -> Result<Device, Error> {
        let (_, mut devices) = Self::devices_of(Some(Self::Flex)).or_else(|_| Self::devices_of(None))?;
        Ok(devices.swap_remove(0))
    }

    /// The preferred device.
    ///
    /// # Errors
    /// As [`Self::devices`].
    pub fn open(self) -> Result<Device, Error> {
        Ok(self.devices()?.swap_remove(0))
    }

    /// Its devices, at least one, the preferred one first: `--devices` counts them from 0.
    ///
    /// # Errors
    /// When the back end was not compiled in, or wgpu finds no adapter.
    pub fn devices(self) -> Result<Vec<Device>, Error> {
        match self {
            #[cfg(feature = "wgpu")]
            Self::Wgpu => {
                let devices = wgpu_devices();
                if devices.is_empty() {
                    return Err(Error::Usage(
                        "no GPU adapter found for --backend wgpu; install its Vulkan driver or use --backend flex"
                            .into(),
                    ));
                }
                Ok(devices)
            }
            #[cfg(feature = "flex")]
            Self::Flex => Ok(vec![Device::flex()]),
            #[cfg(feature = "tch")]
            #[expect(deprecated, reason = "the fastest on a CPU as long as Burn keeps it")]
            Self::Tch => Ok(vec![Device::libtorch()]),
            #[cfg(feature = "ndarray")]
            #[expect(deprecated, reason = "offered for comparison until Burn drops it")]
            Self::Ndarray => Ok(vec![Device::ndarray()]),
            #[allow(unreachable_patterns, reason = "with every back end compiled in nothing is left")]
            other => Err(Error::Usage(format!(
                "--backend {name} is not part of this build; build it with --features {name}",
                name = other.name()
            ))),
        }
    }

    /// Its devices, if worth using by default: no software adapter, which is slower than the CPU back end and takes minutes to warm
    /// up.
    fn unasked_devices(self) -> Option<Vec<Device>> {
        let devices: Vec<Device> =
            self.devices().ok()?.into_iter().filter(|device| !self.is_emulated(device)).collect();
        (!devices.is_empty()).then_some(devices)
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

/// A device's familiar name: `Flex(Cpu)`, or the name of its GPU.
#[must_use]
pub fn label(device: &Device) -> String {
    #[cfg(feature = "wgpu")]
    if let Some(identity) = device.identity() {
        return identity.name;
    }
    let name = format!("{device:?}");
    name.strip_prefix("Device<").and_then(|name| name.strip_suffix('>')).unwrap_or(&name).to_owned()
}

/// Adapters found by wgpu, GPUs before software adapters.
#[cfg(feature = "wgpu")]
fn wgpu_devices() -> Vec<Device> {
    use burn::tensor::{DeviceKind, DeviceType};
    let emulated = Device::wgpu(DeviceKind::Cpu);
    let mut devices: Vec<Device> = Device::enumerate(DeviceType::Wgpu).into_iter().collect();
    devices.sort_by_key(|device| *device == emulated);
    devices
}
