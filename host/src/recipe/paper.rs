//! The recipe of Anand et al. (Sci Rep 15:29147, 2025): whole fields in colour, turned and mirrored.

use std::sync::Arc;

use blastscope_shared::Preprocessing;
use burn::{data::dataloader::batcher::Batcher as _, prelude::Device};
use rand::seq::SliceRandom as _;

use super::{
    CardText, Defaults, Views,
    batches::{Example, ExampleBatcher, loader},
    loaders::{Course, Loaders, MEASURED_BATCHES, share_of, steps},
};
use crate::{
    Error,
    data::{
        dataset::Dataset,
        split::{Item, Part, Split},
    },
    support::{progress::Progress, random},
};

pub(super) const DEFAULTS: Defaults = Defaults {
    optimizer: "adam",
    epochs: "30",
    batch_size: "32",
    learning_rate: "0.001",
    schedule: "constant",
    batch_statistics: "anew",
    dropout: "0.5",
};

/// The stream of random numbers that mixes the items before they are cut into shares.
const SHARES: u64 = 1 << 40;

pub(super) fn loaders(course: &Course<'_>, data: &Dataset, split: &Split) -> Result<Loaders, Error> {
    let Course { preprocessing, epochs, batch_size, seed, start, devices, .. } = *course;
    let (share, device) = (share_of(batch_size, devices.len())?, &devices[0]);
    let autodiff = &device.clone().autodiff();
    let inputs: Vec<Arc<[u8]>> = data.load_inputs(preprocessing, Progress::Shown)?.into_iter().map(Arc::from).collect();
    let examples = |part| -> Vec<Example> {
        let shared = |item: &Item| Example::of(data, inputs[item.image].clone(), item);
        split.items(part).map(shared).collect()
    };
    let (mut train, validation) = (examples(Part::Train), examples(Part::Validation));
    let batcher = ExampleBatcher { preprocessing: preprocessing.clone() };
    // Another order in every epoch, and after a resumption another than before it.
    let shuffle = seed.wrapping_add(start.unwrap_or(0) as u64);
    // Of all classes alike: the items stand class by class.
    let spread = train.len().div_ceil(MEASURED_BATCHES * batch_size).max(1);
    let some: Vec<Example> = train.iter().step_by(spread).cloned().collect();
    if devices.len() > 1 {
        // Each device gets a stretch of the items: all classes alike there, too.
        train.shuffle(&mut random::stream(seed, SHARES));
    }
    Ok(Loaders {
        statistics: loader(some, &batcher, batch_size, Some(seed), autodiff),
        steps: steps(train.len(), share, devices.len()) * epochs,
        train: loader(train, &batcher, share, Some(shuffle), autodiff),
        validation: loader(validation, &batcher, batch_size, None, device),
    })
}

pub(super) fn views(examples: &[Example], preprocessing: &Preprocessing, device: &Device) -> Views {
    let batcher = ExampleBatcher { preprocessing: preprocessing.clone() };
    Views {
        input: (!examples.is_empty()).then(|| batcher.batch(examples.to_vec(), device).inputs),
        counts: vec![1; examples.len()],
    }
}

pub(super) fn card_text(preprocessing: &Preprocessing, items: usize) -> CardText {
    CardText {
        seen: format!("whole fields of {}x{}", preprocessing.width, preprocessing.height),
        varied: format!("{items} training items with flips and rotations"),
    }
}
