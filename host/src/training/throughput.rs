//! How many pictures per second a machine trains on.

use std::time::Instant;

use burn::{
    data::{
        dataloader::{self, DataLoaderIterator},
        dataset::DatasetError,
    },
    module::Module as _,
    prelude::*,
    tensor::Distribution,
    train::TrainStep,
};

use super::{network::Network, optimizer::OptimizerKind, shares::Shares};
use crate::{
    Error,
    recipe::{
        batches::{Batch, Objective},
        loaders::share_of,
    },
    support::progress::Progress,
    training::architecture::Architecture,
};

/// The work to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// The network.
    pub arch: Architecture,
    /// Width and height of the input, a multiple of 32.
    pub side: usize,
    /// Pictures per step.
    pub batch_size: usize,
    /// Warm-up steps: a GPU compiles and tunes its kernels in the first ones.
    pub warm_up: usize,
    /// Measured steps.
    pub steps: usize,
}

/// The measured speed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speed {
    /// Seconds of all measured steps.
    pub seconds: f64,
    /// Pictures per second.
    pub pictures_per_second: f64,
    /// Loss of the last step, which shows whether the numbers make sense.
    pub loss: f32,
}

/// Repeats the same batch forever.
struct Endless(Batch);

impl Iterator for Endless {
    type Item = Result<Batch, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(Ok(self.0.clone()))
    }
}

impl DataLoaderIterator<Batch> for Endless {
    fn progress(&self) -> dataloader::Progress {
        dataloader::Progress::new(0, 1, None)
    }
}

impl Load {
    /// Random pictures.
    fn batch(&self, size: usize, device: &Device) -> Batch {
        let targets: Vec<i32> = (0..size as i32).map(|at| at % 4).collect();
        Batch {
            inputs: Tensor::random([size, 3, self.side, self.side], Distribution::Uniform(0.0, 1.0), device),
            targets: Tensor::from_data(TensorData::new(targets, [size]), device),
            views: 1,
            objective: Objective::Classes,
        }
    }
}

/// Trains with Adam on one batch of random pictures, shared by `devices`, again and again: forward, backward, optimizer step. Reads
/// no pictures.
///
/// # Errors
/// When the devices cannot share the batch, one fails, or the loss is not finite.
///
/// # Panics
/// Without a device.
pub fn measure(load: &Load, devices: &[Device], progress: Progress) -> Result<Speed, Error> {
    let Load { arch, side, batch_size, warm_up, steps } = *load;
    let share = share_of(batch_size, devices.len())?;
    let devices: Vec<Device> = devices.iter().map(|device| device.clone().autodiff()).collect();
    let main = &devices[0];
    main.seed(1);
    let mut network = Network::new(arch, side, 0.5, main).fork(main);
    let mut optimizer = OptimizerKind::Adam.build();
    let batches: Vec<Batch> = devices.iter().map(|device| load.batch(share, device)).collect();
    let shares = (devices.len() > 1).then(|| Shares::new(&devices));
    let mut loaders: Vec<Box<dyn DataLoaderIterator<Batch>>> = batches
        .iter()
        .map(|batch| -> Box<dyn DataLoaderIterator<Batch>> { Box::new(Endless(batch.clone())) })
        .collect();
    let task = progress.start("training steps", warm_up + steps);
    let mut start = Instant::now();
    let mut loss = f32::NAN;
    for step in 0..warm_up + steps {
        let (gradients, output) = match &shares {
            None => {
                let output = TrainStep::step(&network, batches[0].clone());
                (output.grads, output.item)
            }
            Some(shares) => {
                let found = shares.step(&mut loaders, &network).map_err(|error| Error::Usage(error.to_string()))?;
                // The batches never end, so there are outputs.
                found
                    .and_then(|found| Some((found.gradients, found.outputs.into_iter().next()?)))
                    .ok_or_else(|| Error::Usage("no device took a step; use one device".into()))?
            }
        };
        network = optimizer.step(1e-4, network, gradients);
        // Reading the loss waits for the device, so do it only where the clock starts and stops.
        if step + 1 == warm_up || step + 1 == warm_up + steps {
            loss = output.loss.into_scalar::<f32>();
            for device in &devices {
                device.sync().map_err(|error| Error::Usage(format!("the device stopped working: {error:?}")))?;
            }
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
        for devices in [vec![Device::flex()], vec![Device::flex(); 2]] {
            let speed = measure(&load, &devices, Progress::Silent).expect("measured");
            assert!((speed.pictures_per_second * speed.seconds - 12.0).abs() < 1e-6, "{speed:?}");
            assert!((0.1..10.0).contains(&speed.loss), "{speed:?}");
        }
        let refused = measure(&load, &vec![Device::flex(); 4], Progress::Silent).expect_err("refused").to_string();
        assert!(refused.contains("--batch-size 8"), "{refused}");
    }
}
