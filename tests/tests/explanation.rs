//! The maps of the shipped model on real fields: like those in float, unlike those of another head.

use std::{fs, path::Path};

use blastscope_host::{explanation::Subject, picture, progress::Progress, training::backend::Backend};
use blastscope_shared::artifact::Artifact;

/// Every so many pictures of the set are explained.
const STRIDE: usize = 120;

#[test]
fn real_fields_maps_are_those_of_the_float_network_and_of_this_head() {
    let Some(data) = blastscope_tests::real_data("real_fields_maps_are_those_of_the_float_network_and_of_this_head")
    else {
        return;
    };
    let model =
        fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/allcnn-paper.bsm")).expect("the shipped model");
    let (artifact, _) = Artifact::read(&model).expect("the shipped model is whole");
    let pictures = picture::pictures_below(&data.join("all_pbs"), Progress::Silent).expect("pictures").pictures;
    let pictures: Vec<_> = pictures.into_iter().step_by(STRIDE).collect();
    assert!(pictures.len() >= 20, "{} pictures", pictures.len());
    let device = Backend::Flex.open().expect("the CPU");
    let agreement =
        Subject { artifact: &artifact, float: None }.measure(&pictures, &device, 5, Progress::Silent).expect("maps");
    eprint!("{}", agreement.table());
    let (float, shuffled) = (agreement.float().expect("maps"), agreement.shuffled().expect("maps"));
    assert!((float.least >= 0.9, float.flat) == (true, 0), "{float:?}");
    // Some heads agree by chance: what the last convolution sees of a field is much the same for all of them.
    assert!(shuffled.median < 0.8, "{shuffled:?}");
}
