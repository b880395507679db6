//! The robust recipe: from the cells of a split's fields to batches on the device that trains.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use blastscope_shared::{Class, sight::cells::SIDE};
use burn::{
    data::{
        dataloader::{DataLoaderBuilder, batcher::Batcher},
        dataset::{Dataset, DatasetError},
    },
    prelude::*,
    tensor::TensorData,
};

use super::{
    Defaults,
    batches::{Batch, Objective},
    loaders::{Course, Loaders, MEASURED_BATCHES, share_of, steps},
};
use crate::{
    Error,
    data::{
        augmentation::{PLANE, Variation},
        cell_set::{Bag, CELLS_OF_A_FIELD, CellPicture, CellSampler, Plane, cells_of},
        dataset,
        split::{Part, Split},
    },
    support::progress::Progress,
};

// Running statistics: the recipe was found and measured with them.
pub(super) const DEFAULTS: Defaults = Defaults {
    arch: "allcnn-small",
    optimizer: "adamw",
    epochs: "12",
    batch_size: "32",
    learning_rate: "0.002",
    schedule: "one-cycle",
    batch_statistics: "running",
    dropout: "0.3",
};

/// The first draw for the statistics of batch normalization; no training reaches it.
const FIRST_MEASURED: u64 = 1 << 48;

/// The batches of a training that sees fields cell by cell. An epoch draws four times `per_class` cells, as many as the paper's
/// recipe has pictures, each varied anew; those of a field come together.
pub(super) fn loaders(course: &Course<'_>, data: &dataset::Dataset, split: &Split) -> Result<Loaders, Error> {
    let Course { sight, epochs, batch_size, per_class, seed, start, devices } = *course;
    let (share, device) = (share_of(batch_size, devices.len())?, &devices[0]);
    let autodiff = device.clone().autodiff();
    let inputs = data.load_inputs(&sight.framing, Progress::Shown)?;
    let cells = |part| {
        let mut images: Vec<usize> = split.items(part).map(|item| item.image).collect();
        images.sort_unstable();
        images.dedup();
        cells_of(data, &inputs, &sight.framing, &images, Progress::Shown)
    };
    let validation: Vec<Plane> = cells(Part::Validation)?.iter().map(CellPicture::plain).collect();
    let sampler = Arc::new(CellSampler::new(data, cells(Part::Train)?, Variation::ROBUST, seed)?);
    let draws = (per_class * Class::COUNT).div_ceil(CELLS_OF_A_FIELD);
    // After a resumption, the draws continue where they stopped.
    let next = AtomicU64::new((start.unwrap_or(0) * draws) as u64);
    let measured = Draws {
        sampler: Arc::clone(&sampler),
        next: AtomicU64::new(FIRST_MEASURED),
        length: draws.min(MEASURED_BATCHES * batch_size),
    };
    let bags = |batch_size| DataLoaderBuilder::new(BagBatcher).batch_size(batch_size).num_workers(1);
    Ok(Loaders {
        train: bags(share).set_device(autodiff.clone()).build(Draws { sampler, next, length: draws }),
        statistics: bags(batch_size).set_device(autodiff).build(measured),
        validation: DataLoaderBuilder::new(PlaneBatcher)
            .batch_size(batch_size * CELLS_OF_A_FIELD)
            .num_workers(1)
            .set_device(device.clone())
            .build(Planes(validation)),
        steps: steps(draws, share, devices.len()) * epochs,
    })
}

/// The draws of one epoch; the next epoch has new ones.
struct Draws {
    sampler: Arc<CellSampler>,
    next: AtomicU64,
    length: usize,
}

impl Dataset<Bag> for Draws {
    fn get(&self, _: usize) -> Result<Bag, DatasetError> {
        Ok(self.sampler.draw(self.next.fetch_add(1, Ordering::Relaxed)))
    }

    fn len(&self) -> usize {
        self.length
    }
}

struct Planes(Vec<Plane>);

impl Dataset<Plane> for Planes {
    fn get(&self, index: usize) -> Result<Plane, DatasetError> {
        Ok(self.0[index].clone())
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}

/// Assembles batches of fields, each as some of its cells.
#[derive(Clone, Debug)]
struct BagBatcher;

impl Batcher<Bag, Batch> for BagBatcher {
    fn batch(&self, bags: Vec<Bag>, device: &Device) -> Batch {
        let targets: Vec<i32> = bags.iter().map(|bag| bag.class.index() as i32).collect();
        let count = bags.len();
        let planes: Vec<Vec<f32>> = bags.into_iter().flat_map(|bag| bag.planes).collect();
        Batch {
            inputs: input(&planes, device),
            targets: Tensor::from_data(TensorData::new(targets, [count]), device),
            views: CELLS_OF_A_FIELD,
            objective: Objective::MalignantFirst,
        }
    }
}

/// Assembles batches of single cells, to measure on.
#[derive(Clone, Debug)]
struct PlaneBatcher;

impl Batcher<Plane, Batch> for PlaneBatcher {
    fn batch(&self, planes: Vec<Plane>, device: &Device) -> Batch {
        let targets: Vec<i32> = planes.iter().map(|plane| plane.class.index() as i32).collect();
        let count = planes.len();
        let values: Vec<Vec<f32>> = planes.into_iter().map(|plane| plane.values).collect();
        Batch {
            inputs: input(&values, device),
            targets: Tensor::from_data(TensorData::new(targets, [count]), device),
            views: 1,
            objective: Objective::MalignantFirst,
        }
    }
}

/// Planes of [`PLANE`] densities as `[batch, 3, side, side]`, each repeated for the network's three channels.
fn input(planes: &[Vec<f32>], device: &Device) -> Tensor<4> {
    let mut values = Vec::with_capacity(planes.len() * 3 * PLANE);
    for plane in planes {
        for _ in 0..3 {
            values.extend_from_slice(plane);
        }
    }
    Tensor::from_data(TensorData::new(values, [planes.len(), 3, SIDE, SIDE]), device)
}

/// How training varied what the network is shown, for the card.
pub(super) fn varied(per_class: usize) -> String {
    format!(
        "{} cells an epoch, {CELLS_OF_A_FIELD} of a field together, fields drawn equally often from benign and malignant ones, in these \
         from each class, and in it from each sitting, with angle, size, stain and sharpness varied",
        per_class * Class::COUNT
    )
}
