//! How many pictures a second a device trains on.

use std::time::Instant;

use burn::{
    prelude::*,
    tensor::{Distribution, FloatDType},
    train::TrainStep,
};

use super::{OptimizerKind, batches::Batch, network::Network};
use crate::{Error, architecture::Architecture, progress::Progress};

/// Numbers that a device computes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Precision {
    /// 32 bits.
    F32,
    /// 32 bits in memory, fewer in products: what tensor cores of a GPU take.
    Flex32,
    /// 16 bits.
    F16,
}

impl Precision {
    /// Makes `device` compute so; before anything is computed on it.
    ///
    /// # Errors
    /// When the device cannot.
    pub fn apply(self, device: &mut Device) -> Result<(), Error> {
        let numbers = match self {
            // Every device starts with these.
            Self::F32 => return Ok(()),
            Self::Flex32 => FloatDType::Flex32,
            Self::F16 => FloatDType::F16,
        };
        device.configure(numbers).map_err(|error| {
            Error::Usage(format!("this back end does not train with --precision {self:?} ({error}); use f32"))
        })
    }
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// The network.
    pub arch: Architecture,
    /// Width and height of the input, a multiple of 32.
    pub side: usize,
    /// Pictures a step.
    pub batch_size: usize,
    /// Steps before the clock starts: a GPU compiles and tunes its kernels in the first ones.
    pub warm_up: usize,
    /// Steps on the clock.
    pub steps: usize,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speed {
    /// Seconds of all steps on the clock.
    pub seconds: f64,
    /// Pictures a second.
    pub pictures_per_second: f64,
    /// The loss of the last step, which tells a training from a race of wrong numbers.
    pub loss: f32,
}

/// Trains with Adam on one batch of random pictures, again and again: forward, backward, step of the optimizer. Reading pictures
/// is not part of it.
///
/// # Errors
/// When the device fails, or the loss is no number.
pub fn measure(load: &Load, device: &Device, progress: Progress) -> Result<Speed, Error> {
    let autodiff = device.clone().autodiff();
    autodiff.seed(1);
    let Load { arch, side, batch_size, warm_up, steps } = *load;
    let mut network = Network::new(arch, side, 0.5, &autodiff);
    let targets: Vec<i32> = (0..batch_size as i32).map(|at| at % 4).collect();
    let batch = Batch {
        inputs: Tensor::random([batch_size, 3, side, side], Distribution::Uniform(0.0, 1.0), &autodiff),
        targets: Tensor::from_data(TensorData::new(targets, [batch_size]), &autodiff),
        smoothing: None,
    };
    let mut optimizer = OptimizerKind::Adam.build();
    let task = progress.start("training steps", warm_up + steps);
    let mut start = Instant::now();
    let mut loss = f32::NAN;
    for step in 0..warm_up + steps {
        let output = TrainStep::step(&network, batch.clone());
        network = optimizer.step(1e-4, network, output.grads);
        // Reading the loss waits for the device; so only where the clock starts and stops.
        if step + 1 == warm_up || step + 1 == warm_up + steps {
            loss = output.item.loss.into_scalar::<f32>();
            device.sync().map_err(|error| Error::Usage(format!("the device stopped working: {error:?}")))?;
        }
        if step + 1 == warm_up {
            start = Instant::now();
        }
        task.advance(1);
    }
    let seconds = start.elapsed().as_secs_f64();
    if !loss.is_finite() {
        return Err(Error::Usage(format!(
            "this back end computes wrongly: the loss of {} is {loss}; use --precision f32, or another back end",
            arch.name()
        )));
    }
    Ok(Speed { seconds, pictures_per_second: (batch_size * steps) as f64 / seconds.max(1e-9), loss })
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_counted_and_the_loss_is_a_training_s() {
        let load = Load { arch: Architecture::AllcnnSmall, side: 32, batch_size: 6, warm_up: 1, steps: 2 };
        let speed = measure(&load, &Device::flex(), Progress::Silent).expect("measured");
        assert!((speed.pictures_per_second * speed.seconds - 12.0).abs() < 1e-6, "{speed:?}");
        assert!((0.1..10.0).contains(&speed.loss), "{speed:?}");
    }
}
