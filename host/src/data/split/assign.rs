//! Assigns each picture to a part: 70/15/15 of every class, and of every sitting if sittings are known.

use std::collections::{BTreeMap, HashMap};

use blastscope_shared::Class;
use rand::{rngs::ChaCha8Rng, seq::SliceRandom};

use super::{Part, SplitKind, too_few};
use crate::{Error, data::dataset::Dataset};

/// The parts' shares, in the order of [`Part::ALL`].
const SHARES: [f64; 3] = [0.70, 0.15, 0.15];

/// The shares of training and validation part if the test part is given.
const SHARES_WITHOUT_TEST: [f64; 2] = [0.85, 0.15];

/// A part for each picture. The pictures `held_out`, if given, are the test part; pictures that share a unit with one of them are
/// left out (`None`).
pub(super) fn parts(
    dataset: &Dataset,
    kind: SplitKind,
    held_out: Option<&[bool]>,
    random: &mut ChaCha8Rng,
) -> Result<Vec<Option<Part>>, Error> {
    let shares: &[f64] = if held_out.is_some() { &SHARES_WITHOUT_TEST } else { &SHARES };
    let is_held_out = |image: usize| held_out.is_some_and(|held_out| held_out[image]);
    let mut parts: Vec<Option<Part>> =
        (0..dataset.images.len()).map(|image| is_held_out(image).then_some(Part::Test)).collect();
    let mut by_class: BTreeMap<Class, Vec<Unit>> = BTreeMap::new();
    for unit in units(dataset, kind).into_iter().filter(|unit| !unit.iter().any(|&image| is_held_out(image))) {
        by_class.entry(dataset.images[unit[0]].class).or_default().push(unit);
    }
    for class in Class::ALL {
        let units = by_class.remove(&class).unwrap_or_default();
        if units.len() < shares.len() {
            let what = if kind == SplitKind::Random { "different pictures" } else { "overlap groups" };
            return Err(too_few(dataset, class, units.len(), what, shares.len()));
        }
        for (part, units) in Part::ALL.into_iter().zip(divide(dataset, units, shares, random)) {
            for image in units.into_iter().flatten() {
                parts[image] = Some(part);
            }
        }
    }
    Ok(parts)
}

/// Pictures that must stay together; never empty.
type Unit = Vec<usize>;

/// The units in the order of their first picture. A group with several classes counts as its first picture's class.
fn units(dataset: &Dataset, kind: SplitKind) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    let mut by_group: HashMap<u32, usize> = HashMap::new();
    let mut by_hash: HashMap<[u8; 32], usize> = HashMap::new();
    for (at, image) in dataset.images.iter().enumerate() {
        // A scan puts files with identical bytes into one group.
        let unit = match kind {
            SplitKind::Grouped | SplitKind::HeldOut => *by_group.entry(image.group).or_insert(units.len()),
            _ => *by_hash.entry(image.sha256).or_insert(units.len()),
        };
        match units.get_mut(unit) {
            Some(unit) => unit.push(at),
            None => units.push(vec![at]),
        }
    }
    units
}

/// Divides the units of a class in random order. Each goes to the part that lacks most of its share, of the sitting first, and of
/// the class if the sitting leaves a choice. A unit that would overfill a small part goes to the training part.
fn divide(dataset: &Dataset, units: Vec<Unit>, shares: &[f64], random: &mut ChaCha8Rng) -> Vec<Vec<Unit>> {
    let session = |unit: &Unit| dataset.images[unit[0]].session.as_deref().unwrap_or_default();
    let mut strata: BTreeMap<&str, Vec<Unit>> = BTreeMap::new();
    for unit in units {
        strata.entry(session(&unit)).or_default().push(unit);
    }
    let mut divided: Vec<Vec<Unit>> = vec![Vec::new(); shares.len()];
    let mut filled = vec![0.0; shares.len()];
    let mut seen = 0.0;
    for (_, mut units) in strata {
        units.shuffle(random);
        let total: usize = units.iter().map(Vec::len).sum();
        let mut filled_here = vec![0.0; shares.len()];
        seen += total as f64;
        for unit in units {
            let size = unit.len() as f64;
            let lacks = |part: usize| shares[part] * total as f64 - filled_here[part];
            // Relative to the share, so that the parts fill at the same pace in any order.
            let pace = |part: usize| {
                let of_class = shares[part] * seen - filled[part];
                (lacks(part) + of_class) / shares[part]
            };
            let fits = |part: usize| part == 0 || lacks(part) * 2.0 >= size;
            let best = (0..shares.len())
                .filter(|&part| fits(part))
                .max_by(|&one, &other| pace(one).total_cmp(&pace(other)).then(other.cmp(&one)))
                .unwrap_or(0);
            filled_here[best] += size;
            filled[best] += size;
            divided[best].push(unit);
        }
    }
    fill_empty_parts(&mut divided);
    divided
}

/// Gives every part at least one unit: the smallest one of the part with the most units.
fn fill_empty_parts(divided: &mut [Vec<Unit>]) {
    while let Some(empty) = divided.iter().position(Vec::is_empty) {
        let Some(richest) =
            (0..divided.len()).max_by_key(|&part| divided[part].len()).filter(|&part| divided[part].len() > 1)
        else {
            return;
        };
        let smallest = (0..divided[richest].len()).min_by_key(|&at| divided[richest][at].len()).unwrap_or(0);
        let unit = divided[richest].swap_remove(smallest);
        divided[empty].push(unit);
    }
}
