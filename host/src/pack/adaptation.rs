//! [`blastscope_shared::adaptation`] on folders of labelled images.

use std::collections::BTreeMap;

use blastscope_shared::{
    Class, Classifier,
    adaptation::{
        self, AdaptationError, FOLDS, Fitted, Site,
        folds::{self, Fold},
        head::Labelled,
    },
    artifact::{Artifact, PICTURE_ID_LEN},
    classifier::Workspace,
};
use rand::seq::SliceRandom;
use rayon::prelude::*;

use crate::{
    Error,
    data::{
        dataset::{Dataset, LabelledImage},
        folds::{grouped_folds, random_folds},
    },
    support::{progress::Progress, random::stream},
};

/// Draws about `count` labelled fields from `images` (indices into the data set) as a clinic would label them: the classes in turn,
/// and whole overlap groups of each. Returns them and the rest, both sorted.
#[must_use]
pub fn draw(data: &Dataset, images: &[usize], count: usize, seed: u64) -> (Vec<usize>, Vec<usize>) {
    let mut groups: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    images.iter().for_each(|&image| groups.entry(data.images[image].group).or_default().push(image));
    let mut by_class: BTreeMap<Class, Vec<Vec<usize>>> = BTreeMap::new();
    for group in groups.into_values() {
        by_class.entry(data.images[group[0]].class).or_default().push(group);
    }
    by_class.values_mut().for_each(|groups| groups.shuffle(&mut stream(seed, 0)));
    let mut drawn = Vec::new();
    // The class with the fewest fields so far is next.
    let mut taken: BTreeMap<Class, usize> = by_class.keys().map(|&class| (class, 0)).collect();
    while drawn.len() < count {
        let next = taken.iter().filter(|(class, _)| !by_class[class].is_empty()).min_by_key(|(_, taken)| **taken);
        let Some((&class, _)) = next else { break };
        let Some(group) = by_class.get_mut(&class).and_then(Vec::pop) else { break };
        *taken.entry(class).or_default() += group.len();
        drawn.extend(group);
    }
    drawn.sort_unstable();
    let rest = images.iter().copied().filter(|image| drawn.binary_search(image).is_err()).collect();
    (drawn, rest)
}

/// Whether cross-validation can leave out whole overlap groups of labelled fields: each class comes from at least two.
#[must_use]
pub fn groups_suffice<'a>(images: impl IntoIterator<Item = &'a LabelledImage>) -> bool {
    let of: Vec<(Class, u32)> = images.into_iter().map(|image| (image.class, image.group)).collect();
    folds::groups_suffice(&of)
}

/// What cross-validation leaves out in turn: whole overlap groups, or single fields if [`groups_suffice`] says no. Without a
/// class's only group, nothing would teach that class.
pub(crate) fn folds_of(images: &[LabelledImage]) -> Vec<Fold> {
    let folds = if groups_suffice(images) { grouped_folds } else { random_folds };
    folds(images, FOLDS, 1).into_iter().map(|fold| Fold { train: fold.train, test: fold.test }).collect()
}

/// Adapts the model in `file` to the labelled fields `images` (indices into `data`). Returns the new model's bytes.
///
/// # Errors
/// [`Error::Content`] with the data's folder when there are fewer than [`adaptation::FEWEST`] fields with cells or only one class;
/// other errors when a picture cannot be read or the file is not a model.
pub fn adapt(file: &[u8], data: &Dataset, images: &[usize], progress: Progress) -> Result<(Vec<u8>, Fitted), Error> {
    let unusable = |error: AdaptationError| match error.is_of_the_model() {
        true => Error::Usage(error.to_string()),
        false => Error::content(&data.root, format!("does not suffice: {error}")),
    };
    let artifact = Artifact::read(file).map_err(|error| unusable(error.into()))?.0;
    let classifier = Classifier::read(file).map_err(|error| unusable(error.into()))?;
    let scales = adaptation::scales(&artifact).map_err(unusable)?;
    let seen = look(&classifier, data, images, &scales, progress)?;
    let subset: Vec<LabelledImage> = seen.iter().map(|(image, _)| data.images[*image].clone()).collect();
    let folds = folds_of(&subset);
    let fields = adaptation::by_juror(scales.len(), seen.into_iter().map(|(_, labelled)| labelled));
    let pictures: Vec<[u8; PICTURE_ID_LEN]> = images.iter().map(|&image| data.images[image].picture_id()).collect();
    let task = progress.start("moving the last layers", scales.len() * adaptation::PULLS.len());
    let site = Site { fields: &fields, folds: &folds, pictures: &pictures };
    let mut shown = 0;
    let mut advance = |done: usize, _| {
        task.advance(done - shown);
        shown = done;
    };
    adaptation::adapt(file, &site, &mut advance).map_err(unusable)
}

/// What each juror sees of the fields in which all see something.
pub(crate) fn look(
    classifier: &Classifier,
    data: &Dataset,
    images: &[usize],
    scales: &[f32],
    progress: Progress,
) -> Result<Vec<(usize, Vec<Labelled>)>, Error> {
    let task = progress.start("reading labelled fields", images.len());
    let one = |workspace: &mut Workspace, &image: &usize| -> Result<Option<(usize, Vec<Labelled>)>, Error> {
        let picture = crate::data::picture::read_picture(&data.path(&data.images[image]))?;
        let seen = adaptation::look(classifier, scales, &picture, data.images[image].class, workspace);
        task.advance(1);
        Ok(seen.map(|seen| (image, seen)))
    };
    let seen: Result<Vec<_>, Error> = images.par_iter().map_init(|| classifier.workspace(), one).collect();
    Ok(seen?.into_iter().flatten().collect())
}
