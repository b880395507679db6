//! The maps of a shipped model: like those in float, unlike those of another head. Its weights are what they are, so that the outcome hangs
//! on no training.

use std::{
    fs,
    path::{Path, PathBuf},
};

use blastscope_drawn::GENERATOR;
use blastscope_host::{
    data::{drawn_set::DrawnSet, picture},
    pack::explanation::{Agreement, Subject},
    support::progress::Progress,
    training::backend::Backend,
};
use blastscope_shared::artifact::Artifact;

fn agreement(pictures: &[PathBuf]) -> Agreement {
    let model =
        fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/allcnn-paper.bsm")).expect("the shipped model");
    let (artifact, _) = Artifact::read(&model).expect("the shipped model is whole");
    let device = Backend::Flex.open().expect("the CPU");
    let subject = Subject { artifact: &artifact, float: None };
    let agreement = subject.measure(pictures, &device, 5, Progress::Silent).expect("maps");
    eprint!("{}", agreement.table());
    agreement
}

/// Every so many pictures of the set are explained.
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
    // Some heads agree by chance: what the last convolution sees of a field is much the same for all of them.
    assert!(shuffled.median < 0.8, "{shuffled:?}");
}
