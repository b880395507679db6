//! Memory needed to measure batch normalization's statistics. In its own process, whose memory it measures.

#![cfg(all(feature = "flex", target_os = "linux"))]

use std::sync::Arc;

use blastscope_host::{
    recipe::batches::{Batch, Objective},
    training::{architecture::Architecture, batch_statistics, network::Network},
};
use burn::{
    data::{
        dataloader::{DataLoader, DataLoaderBuilder, batcher::Batcher},
        dataset::{Dataset, DatasetError},
    },
    prelude::*,
    train::Interrupter,
};

const BATCHES: usize = 24;

struct Grey;

impl Dataset<f32> for Grey {
    fn get(&self, index: usize) -> Result<f32, DatasetError> {
        Ok(index as f32 / BATCHES as f32)
    }

    fn len(&self) -> usize {
        BATCHES
    }
}

impl Batcher<f32, Batch> for Grey {
    fn batch(&self, greys: Vec<f32>, device: &Device) -> Batch {
        let inputs = Tensor::random([32, 3, 64, 64], burn::tensor::Distribution::Uniform(0.0, 1.0), device) * greys[0];
        Batch { inputs, targets: Tensor::zeros([32], device), views: 1, objective: Objective::Classes }
    }
}

/// Peak memory of this process, in MiB.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux says");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("the peak");
    line.split_whitespace().nth(1).and_then(|number| number.parse::<usize>().ok()).expect("a number of KiB") / 1024
}

#[test]
fn measuring_statistics_takes_the_memory_of_a_batch_however_many_there_are() {
    let device = Device::flex().autodiff();
    let network = Network::new(Architecture::AllcnnSmall, 64, 0.0, &device);
    let loader = |count: usize| -> Arc<dyn DataLoader<Batch>> {
        DataLoaderBuilder::new(Grey).batch_size(1).set_device(device.clone()).build(Grey).slice(0, count)
    };
    batch_statistics::measure(&network, loader(2).as_ref(), &Interrupter::new()).expect("two batches");
    let of_two = peak();
    batch_statistics::measure(&network, loader(BATCHES).as_ref(), &Interrupter::new()).expect("all batches");
    let of_all = peak();
    assert!(of_all < of_two + 100, "{of_two} MiB after two batches and {of_all} after {BATCHES}");
}
