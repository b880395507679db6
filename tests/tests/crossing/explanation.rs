//! The maps of a shipped model: like those in float, unlike those of another head. Its weights are fixed, so no training affects
//! the outcome.

mod agreement;
mod dequantized;
pub(crate) mod float;
mod rank_correlation;

use std::{
    fs,
    path::{Path, PathBuf},
};

use blastscope_drawn::GENERATOR;
use blastscope_host::{
    data::{drawn_set::DrawnSet, picture},
    pack::quantization::FloatLayer,
    support::progress::Progress,
    training::backend::Backend,
};
use blastscope_shared::{
    Class,
    artifact::Artifact,
    layers::{Shape, quantization::FloatFilters},
};
use burn::prelude::Device;

use self::{
    agreement::{Agreement, Subject},
    float::{FloatExplainer, FloatExplanation},
};

fn agreement(pictures: &[PathBuf]) -> Agreement {
    let model = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/paper.bsm")).expect("the shipped model");
    let (artifact, _) = Artifact::read(&model).expect("the shipped model is whole");
    let device = Backend::Flex.open().expect("the CPU");
    let subject = Subject { artifact: &artifact };
    let agreement = subject.measure(pictures, &device, 5, Progress::Silent).expect("maps");
    eprint!("{}", agreement.table());
    agreement
}

/// One picture in this many is explained.
const STRIDE: usize = 120;

#[test]
fn drawn_fields_maps_are_those_of_the_float_network_and_of_this_head() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let set = DrawnSet { generator: GENERATOR, seed: 3, width: 224, height: 224, per_class: 3 };
    set.write(folder.path(), || ()).expect("drawn");
    let pictures = picture::pictures_below(folder.path(), Progress::Silent).expect("pictures").pictures;
    assert_eq!(pictures.len(), 12);
    let agreement = agreement(&pictures);
    let (float, shuffled) = (agreement.float().expect("maps"), agreement.shuffled().expect("maps"));
    assert!(float.least >= 0.9 && float.flat == 0, "{float:?}");
    assert!(shuffled.median < 0.8, "{shuffled:?}");
}

#[test]
fn real_fields_maps_are_those_of_the_float_network_and_of_this_head() {
    let Some(data) = blastscope_tests::real_data("real_fields_maps_are_those_of_the_float_network_and_of_this_head")
    else {
        return;
    };
    let pictures = picture::pictures_below(&data.join("all_pbs"), Progress::Silent).expect("pictures").pictures;
    let pictures: Vec<_> = pictures.into_iter().step_by(STRIDE).collect();
    assert!(pictures.len() >= 20, "{} pictures", pictures.len());
    let agreement = agreement(&pictures);
    let (float, shuffled) = (agreement.float().expect("maps"), agreement.shuffled().expect("maps"));
    assert!((float.least >= 0.9, float.flat) == (true, 0), "{float:?}");
    // Some heads agree by chance: the last convolution's view of a field is much the same for all of them.
    assert!(shuffled.median < 0.8, "{shuffled:?}");
}

/// Red at the upper left, green at the lower right. The first hidden unit sees red, the second green where it exceeds red.
#[test]
fn a_map_is_what_one_computes_by_hand() {
    let mut identity = vec![0.0; 2 * 27];
    identity[4 * 3] = 1.0;
    identity[27 + 4 * 3 + 1] = 1.0;
    let hidden = [[1.0, 0.0].repeat(4), [-1.0, 2.0].repeat(4)].concat();
    let layers = [
        FloatLayer::Convolution(FloatFilters { weights: identity, biases: vec![0.0; 2] }),
        FloatLayer::MaxPool,
        FloatLayer::Dense(FloatFilters { weights: hidden, biases: vec![0.0; 2] }),
        FloatLayer::Dense(FloatFilters {
            weights: vec![2.0, 0.0, 0.0, 4.0, 2.0, -4.0, -1.0, -1.0],
            biases: vec![0.0, 0.0, 0.0, 0.5],
        }),
    ];
    let shape = Shape { height: 4, width: 4, channels: 3 };
    let explainer = FloatExplainer::new(&layers, shape, &Device::flex()).expect("a network");
    let mut input = vec![0; 48];
    input[0] = 255;
    input[(3 * 4 + 3) * 3 + 1] = 255;
    let explain = |class| explainer.explain(&input, class).expect("a map");
    // Hidden: 1 and 2 - 1 = 1.
    let benign = explain(Class::Benign);
    assert_eq!(benign.logits, [2.0, 4.0, -2.0, -1.5]);
    // Gradients by position: red 2, in each of 4 of the 16 positions: mean 0.5.
    let at = |map: &FloatExplanation, x: usize, y: usize| map.map[y * 4 + x];
    assert_eq!((at(&benign, 0, 0), at(&benign, 3, 3)), (0.5, 0.0));
    let early = explain(Class::Early);
    assert_eq!((at(&early, 0, 0), at(&early, 3, 3)), (0.0, 2.0));
    let pre = explain(Class::Pre);
    assert_eq!((at(&pre, 0, 0), at(&pre, 3, 3)), (1.5, 0.0));
}
