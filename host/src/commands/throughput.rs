//! `throughput`: measures how many pictures per second this machine trains on.

use crate::{
    Error,
    commands::machine::MachineChoice,
    support::{output, progress::Progress},
    training::{
        architecture::Architecture,
        backend::label,
        throughput::{Load, measure},
    },
};

/// Measure how many pictures per second this machine trains on.
///
/// Runs steps of Adam on random pictures after a warm-up: forward, backward, optimizer. Reads no pictures. Use it to estimate how
/// long `train` and `reproduce` take.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  blastscope-host throughput
  blastscope-host throughput --arch resnet50 --batch-size 64 --backend wgpu --precision flex32 --json
  blastscope-host throughput --backend wgpu --devices 0,1 --batch-size 128")]
pub struct Throughput {
    /// Network.
    #[arg(long, value_enum, default_value_t = Architecture::Allcnn)]
    arch: Architecture,
    /// Pictures per step.
    #[arg(long, default_value_t = 32, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096))]
    batch_size: u32,
    /// Width and height of the network's input, a multiple of 32.
    #[arg(long, default_value_t = 224, value_name = "PIXELS", value_parser = crate::training::plan::image_size)]
    image_size: u16,
    /// Measured steps.
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    steps: u32,
    /// Warm-up steps.
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    warm_up: u32,
    #[command(flatten)]
    machine: MachineChoice,
    /// Print JSON instead of a line.
    #[arg(long)]
    json: bool,
}

impl Throughput {
    /// Runs the command.
    ///
    /// # Errors
    /// When the back end is missing, cannot compute with this precision, or computes wrong results.
    pub fn run(&self) -> Result<(), Error> {
        let machine = self.machine.open()?;
        let load = Load {
            arch: self.arch,
            side: self.image_size.into(),
            batch_size: self.batch_size as usize,
            warm_up: self.warm_up as usize,
            steps: self.steps as usize,
        };
        let speed = measure(&load, machine.devices(), Progress::Shown)?;
        let name = self.arch.name();
        if self.json {
            let json = serde_json::json!({
                "network": name,
                "backend": machine.backend().name(),
                "devices": machine.devices().iter().map(label).collect::<Vec<_>>(),
                "processor": crate::support::hardware::processor(),
                "precision": crate::support::text::value_name(&machine.precision()),
                "image_size": self.image_size,
                "batch_size": self.batch_size,
                "warm_up": self.warm_up,
                "steps": self.steps,
                "seconds": speed.seconds,
                "pictures_per_second": speed.pictures_per_second,
                "last_loss": speed.loss,
            });
            output::json(format_args!("{json:#}"))?;
        } else {
            output::line(format_args!(
                "{name}, {machine}, batches of {} at {size} x {size}: {:.1} pictures/s",
                self.batch_size,
                speed.pictures_per_second,
                size = self.image_size
            ))?;
        }
        Ok(())
    }
}
