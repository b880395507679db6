//! A model built from its parts equals the one read from a file of them.

use blastscope_shared::{Artifact, Classifier, RgbPixels, artifact::ArtifactError, classifier::UNSAVED};

use crate::networks::files::honest;

#[test]
fn a_model_of_parts_says_what_a_file_of_them_says() {
    let file = honest();
    let (artifact, _) = Artifact::read(&file).expect("whole");
    let (read, new) = (Classifier::read(&file).expect("whole"), Classifier::new(artifact).expect("usable"));
    let picture = RgbPixels::new(64, 48, (0..64 * 48 * 3).map(|at| (at % 251) as u8).collect()).expect("as many bytes");
    let assess = |classifier: &Classifier| classifier.assess(&picture, &mut classifier.workspace());
    assert_eq!(assess(&read), assess(&new));
    assert_eq!((read.card(), read.provenance()), (new.card(), new.provenance()));
    assert_eq!((new.model_id(), new.model_version()), (UNSAVED, None));
    assert_ne!(read.model_id(), UNSAVED);
}

#[test]
fn rejects_parts_that_a_reader_would_refuse() {
    let file = honest();
    let (artifact, _) = Artifact::read(&file).expect("whole");
    let mut broken = artifact.clone();
    broken.thresholds.min_probability = f32::NAN;
    assert!(matches!(Classifier::new(broken), Err(ArtifactError::Invalid(_))));
    let mut headless = artifact;
    headless.jurors[0].layers.pop();
    assert!(matches!(Classifier::new(headless), Err(ArtifactError::Invalid(_))));
}
