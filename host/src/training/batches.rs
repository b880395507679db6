//! From a split's items to batches on the training device.

use std::sync::Arc;

use blastscope_shared::Class;
use burn::{
    data::{
        dataloader::{DataLoader, DataLoaderBuilder, batcher::Batcher},
        dataset::{Dataset, DatasetError},
    },
    prelude::*,
    tensor::TensorData,
};

use crate::symmetry::Symmetry;

/// A picture of the data set as the network sees it, before augmentation.
#[derive(Clone, Debug)]
pub struct Example {
    /// Masked pixels, HWC, `side * side * 3` bytes.
    pub input: Arc<[u8]>,
    /// What to do with them before use.
    pub symmetry: Symmetry,
    /// The label.
    pub class: Class,
}

/// Some examples on a device.
#[derive(Clone, Debug)]
pub struct Batch {
    /// `[batch, 3, side, side]`, 0..1.
    pub inputs: Tensor<4>,
    /// `[batch]`, class indices.
    pub targets: Tensor<1, Int>,
}

/// Assembles batches of square inputs.
#[derive(Clone, Debug)]
pub struct ExampleBatcher {
    /// The network's preprocessing: after a flip the mask is laid over its place again.
    pub preprocessing: blastscope_shared::Preprocessing,
}

impl Batcher<Example, Batch> for ExampleBatcher {
    fn batch(&self, examples: Vec<Example>, device: &Device) -> Batch {
        let side = usize::from(self.preprocessing.width);
        let plane = side * side;
        let count = examples.len();
        let mut pixels = vec![0.0f32; count * 3 * plane];
        for (example, planes) in examples.iter().zip(pixels.chunks_exact_mut(3 * plane)) {
            let mut input = example.symmetry.apply(&example.input, side);
            self.preprocessing.mask(&mut input);
            for (at, pixel) in input.chunks_exact(3).enumerate() {
                for (channel, &value) in pixel.iter().enumerate() {
                    planes[channel * plane + at] = f32::from(value) / 255.0;
                }
            }
        }
        let targets: Vec<i32> = examples.iter().map(|example| example.class.index() as i32).collect();
        Batch {
            inputs: Tensor::from_data(TensorData::new(pixels, [count, 3, side, side]), device),
            targets: Tensor::from_data(TensorData::new(targets, [count]), device),
        }
    }
}

struct Examples(Vec<Example>);

impl Dataset<Example> for Examples {
    fn get(&self, index: usize) -> Result<Example, DatasetError> {
        Ok(self.0[index].clone())
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}

/// A loader over `examples`, shuffled anew each epoch when `shuffle` has a seed.
#[must_use]
pub fn loader(
    examples: Vec<Example>,
    batcher: &ExampleBatcher,
    batch_size: usize,
    shuffle: Option<u64>,
    device: &Device,
) -> Arc<dyn DataLoader<Batch>> {
    let builder =
        DataLoaderBuilder::new(batcher.clone()).batch_size(batch_size).num_workers(1).set_device(device.clone());
    let builder = match shuffle {
        Some(seed) => builder.shuffle(seed),
        None => builder,
    };
    builder.build(Examples(examples))
}
