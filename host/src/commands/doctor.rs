//! `doctor`: whether this machine computes what it should.

use serde_json::json;

use crate::{
    Error, hardware,
    training::{agreement, backend::Backend},
};

/// Check this machine: processor, back ends, and whether each back end computes the same losses.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  blastscope-host doctor --backends")]
pub struct Doctor {
    /// Take a few training steps on every back end and compare the losses with the reference.
    #[arg(long)]
    backends: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Doctor {
    /// Runs the command.
    ///
    /// # Errors
    /// When a back end that is there computes wrongly.
    pub fn run(&self) -> Result<(), Error> {
        let mut reports = Vec::new();
        let mut failure = None;
        for backend in Backend::compiled() {
            let device = backend.open();
            let (state, losses) = match &device {
                Err(error) => (format!("not usable: {error}"), None),
                Ok(device) if backend.is_emulated(device) => {
                    ("only a software adapter, slower than the CPU back end; not checked".to_owned(), None)
                }
                Ok(_) if !self.backends => ("there".to_owned(), None),
                Ok(device) => match agreement::check(device) {
                    Ok(losses) => ("computes the reference losses".to_owned(), Some(losses)),
                    Err(error) => {
                        let state = error.to_string();
                        failure = Some(error);
                        (state, None)
                    }
                },
            };
            reports.push((backend.name(), state, losses));
        }
        if self.json {
            let backends: Vec<_> = reports
                .iter()
                .map(|(name, state, losses)| json!({ "backend": name, "state": state, "losses": losses }))
                .collect();
            let report = json!({
                "processor": hardware::processor(),
                "backends": backends,
                "reference_losses": agreement::REFERENCE,
            });
            println!("{report:#}");
        } else {
            println!("processor  {}", hardware::processor());
            for (name, state, losses) in &reports {
                println!("{name:<10} {state}");
                if let Some(losses) = losses {
                    println!("           losses {losses:?}");
                }
            }
        }
        failure.map_or(Ok(()), Err)
    }
}
