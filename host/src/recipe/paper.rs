//! The recipe of Anand et al. (Sci Rep 15:29147, 2025): whole fields in colour, turned and mirrored.

use std::sync::Arc;

use rand::seq::SliceRandom as _;

use super::{
    Defaults,
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
    arch: "allcnn",
    optimizer: "adam",
    epochs: "30",
    batch_size: "32",
    learning_rate: "0.001",
    schedule: "constant",
    batch_statistics: "anew",
    dropout: "0.5",
};

/// Random stream that mixes the items before they are cut into shares.
const SHARES: u64 = 1 << 40;

pub(super) fn loaders(course: &Course<'_>, data: &Dataset, split: &Split) -> Result<Loaders, Error> {
    let Course { sight, epochs, batch_size, seed, start, devices, .. } = *course;
    let (share, device) = (share_of(batch_size, devices.len())?, &devices[0]);
    let autodiff = &device.clone().autodiff();
    let inputs: Vec<Arc<[u8]>> =
        data.load_inputs(&sight.framing, Progress::Shown)?.into_iter().map(Arc::from).collect();
    let examples = |part| -> Vec<Example> {
        let shared = |item: &Item| Example::of(data, inputs[item.image].clone(), item);
        split.items(part).map(shared).collect()
    };
    let (mut train, validation) = (examples(Part::Train), examples(Part::Validation));
    let batcher = ExampleBatcher { sight: *sight };
    // A new order in every epoch, and after a resumption.
    let shuffle = seed.wrapping_add(start.unwrap_or(0) as u64);
    // All classes in equal measure: the items are sorted by class.
    let spread = train.len().div_ceil(MEASURED_BATCHES * batch_size).max(1);
    let some: Vec<Example> = train.iter().step_by(spread).cloned().collect();
    if devices.len() > 1 {
        // Each device gets a stretch of the items, which must hold all classes, too.
        train.shuffle(&mut random::stream(seed, SHARES));
    }
    Ok(Loaders {
        statistics: loader(some, &batcher, batch_size, Some(seed), autodiff),
        steps: steps(train.len(), share, devices.len()) * epochs,
        train: loader(train, &batcher, share, Some(shuffle), autodiff),
        validation: loader(validation, &batcher, batch_size, None, device),
    })
}

/// How training varied what the network is shown, for the card.
pub(super) fn varied(items: usize) -> String {
    format!("{items} training items with flips and rotations")
}
