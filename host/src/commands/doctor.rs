//! `doctor`: checks that this machine computes correctly.

use burn::prelude::Device;
use serde_json::json;

use crate::{
    Error,
    support::{hardware, output},
    training::{
        agreement,
        backend::{Backend, label},
    },
};

/// Check this machine: processor, back ends and their devices, and whether each device computes the same losses.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  blastscope-host doctor --backends")]
pub struct Doctor {
    /// Take a few training steps on every device and compare the losses with the reference.
    #[arg(long)]
    backends: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// A device with its number and name, or a back end without a device.
struct Checked {
    backend: Backend,
    device: Option<(usize, String)>,
    state: String,
    losses: Option<[f32; 5]>,
}

impl Doctor {
    /// Runs the command.
    ///
    /// # Errors
    /// When an available back end computes wrong results.
    pub fn run(&self) -> Result<(), Error> {
        let mut reports = Vec::new();
        let mut failure = None;
        for backend in Backend::compiled() {
            let devices = match backend.devices() {
                Ok(devices) => devices,
                Err(error) => {
                    reports.push(Checked {
                        backend,
                        device: None,
                        state: format!("not usable: {error}"),
                        losses: None,
                    });
                    continue;
                }
            };
            for (number, device) in devices.iter().enumerate() {
                let (state, losses) = self.examine(backend, device).unwrap_or_else(|error| {
                    let state = error.to_string();
                    failure = Some(error);
                    (state, None)
                });
                reports.push(Checked { backend, device: Some((number, label(device))), state, losses });
            }
        }
        if self.json {
            let backends: Vec<_> = reports
                .iter()
                .map(|Checked { backend, device, state, losses }| {
                    let (number, name) = device.clone().unzip();
                    json!({
                        "backend": backend.name(), "device": number, "name": name, "state": state, "losses": losses,
                    })
                })
                .collect();
            let report = json!({
                "processor": hardware::processor(),
                "backends": backends,
                "reference_losses": agreement::REFERENCE,
            });
            output::json(format_args!("{report:#}"))?;
        } else {
            output::line(format_args!("processor  {}", hardware::processor()))?;
            for Checked { backend, device, state, losses } in &reports {
                let device = device.as_ref().map(|(number, name)| format!("device {number}, {name}: "));
                output::line(format_args!("{:<10} {}{state}", backend.name(), device.unwrap_or_default()))?;
                if let Some(losses) = losses {
                    output::line(format_args!("           losses {losses:?}"))?;
                }
            }
        }
        failure.map_or(Ok(()), Err)
    }
    /// The state of a device, and its losses if they were asked for.
    fn examine(&self, backend: Backend, device: &Device) -> Result<(String, Option<[f32; 5]>), Error> {
        if backend.is_emulated(device) {
            return Ok(("a software adapter, slower than the CPU back end; not checked".into(), None));
        }
        if !self.backends {
            return Ok(("there".into(), None));
        }
        let losses = agreement::check(device, agreement::TOLERANCE)?;
        Ok(("computes the reference losses".into(), Some(losses)))
    }
}
