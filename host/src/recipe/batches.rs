//! From a split's items to batches on the device that trains.

use std::{collections::HashMap, sync::Arc};

use blastscope_shared::{Class, Framing, Sight};
use burn::{
    data::{
        dataloader::{DataLoader, DataLoaderBuilder, batcher::Batcher},
        dataset::{Dataset, DatasetError},
    },
    prelude::*,
    tensor::TensorData,
};
use rayon::prelude::*;

use crate::data::{dataset, split::Item, symmetry::Symmetry};

/// A picture of the data set as the network sees it, before augmentation.
#[derive(Clone, Debug)]
pub struct Example {
    /// Masked pixels, HWC, `side * side * 3` bytes.
    pub input: Arc<[u8]>,
    /// The symmetry to apply before use.
    pub symmetry: Symmetry,
    /// The label.
    pub class: Class,
}

impl Example {
    /// The example of a split's item, with its picture's input.
    #[must_use]
    pub fn of(data: &dataset::Dataset, input: Arc<[u8]>, item: &Item) -> Self {
        Self { input, symmetry: item.symmetry, class: data.images[item.image].class }
    }

    /// The pixels after the symmetry, masked again. A field that is not square is not turned.
    #[must_use]
    pub fn masked_input(&self, framing: &Framing) -> Vec<u8> {
        let mut input = match framing.width == framing.height {
            true => self.symmetry.apply(&self.input, framing.width.into()),
            false => self.input.to_vec(),
        };
        framing.mask(&mut input);
        input
    }
}

/// Fields on a device, each as one view or several.
#[derive(Clone, Debug)]
pub struct Batch {
    /// `[fields * views, 3, side, side]`, 0..1; the views of a field follow each other.
    pub inputs: Tensor<4>,
    /// `[fields]`, class indices.
    pub targets: Tensor<1, Int>,
    /// Views of each field, at least 1.
    pub views: usize,
    /// What the training minimizes.
    pub objective: Objective,
}

/// What a training minimizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objective {
    /// The cross-entropy over the four classes.
    Classes,
    /// First benign against malignant, then the subtype of the malignant: see
    /// [`objective`](crate::training::objective).
    MalignantFirst,
}

/// Views of fields as `[views, 3, height, width]`, 0..1; `None` without views. Each is HWC bytes of the sight's shape.
fn input_of(views: &[Vec<u8>], sight: &Sight, device: &Device) -> Option<Tensor<4>> {
    let shape = sight.shape();
    let (channels, plane) = (shape.channels, shape.height * shape.width);
    let mut pixels = vec![0.0f32; views.len() * channels * plane];
    for (view, planes) in views.iter().zip(pixels.chunks_exact_mut(channels * plane)) {
        for (at, pixel) in view.chunks_exact(channels).enumerate() {
            for (channel, &value) in pixel.iter().enumerate() {
                planes[channel * plane + at] = f32::from(value) / 255.0;
            }
        }
    }
    let sizes = [views.len(), channels, shape.height, shape.width];
    (!views.is_empty()).then(|| Tensor::from_data(TensorData::new(pixels, sizes), device))
}

/// What a network is shown of several examples, one after the other.
pub(crate) struct Views {
    /// `[views, 3, height, width]`, 0..1; `None` if nothing is seen of any example.
    pub input: Option<Tensor<4>>,
    /// Number of views of each example.
    pub counts: Vec<usize>,
}

impl Views {
    /// What `sight` shows of `examples`.
    pub(crate) fn of(examples: &[Example], sight: &Sight, device: &Device) -> Self {
        let of_example = |example: &Example| sight.views(&example.masked_input(&sight.framing));
        let views: Vec<Vec<Vec<u8>>> = examples.par_iter().map(of_example).collect();
        Self { counts: views.iter().map(Vec::len).collect(), input: input_of(&views.concat(), sight, device) }
    }
}

/// Assembles batches of whole examples, each with one view.
#[derive(Clone, Debug)]
pub struct ExampleBatcher {
    /// What the network is shown.
    pub sight: Sight,
}

impl Batcher<Example, Batch> for ExampleBatcher {
    fn batch(&self, examples: Vec<Example>, device: &Device) -> Batch {
        let targets: Vec<i32> = examples.iter().map(|example| example.class.index() as i32).collect();
        let views: Vec<Vec<u8>> =
            examples.iter().flat_map(|example| self.sight.views(&example.masked_input(&self.sight.framing))).collect();
        assert_eq!(views.len(), targets.len(), "a field is one view to a network that is trained on fields");
        Batch {
            inputs: input_of(&views, &self.sight, device).expect("a loader hands out no empty batch"),
            targets: Tensor::from_data(TensorData::new(targets, [views.len()]), device),
            views: 1,
            objective: Objective::Classes,
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

/// The examples of a split's items; `inputs` are those of [`load_inputs`](dataset::Dataset::load_inputs).
#[must_use]
pub fn examples(data: &dataset::Dataset, inputs: &[Vec<u8>], items: &[Item]) -> Vec<Example> {
    // Each symmetry of a picture has an example; all share its pixels.
    let mut pixels: HashMap<usize, Arc<[u8]>> = HashMap::new();
    let mut of_picture =
        |image: usize| Arc::clone(pixels.entry(image).or_insert_with(|| Arc::from(inputs[image].as_slice())));
    items.iter().map(|item| Example::of(data, of_picture(item.image), item)).collect()
}
