//! Marks that were burned into the pictures: scale bars, dates, logos, dust on the sensor.
//!
//! Two independent tests of the unmasked pictures, squashed to 224x224, at their corners and along their borders:
//!
//! 1. **What a place gives away.** Each picture gets the class of the most similar picture of another overlap group in that place,
//!    pixel by pixel. The middle of the picture is the reference: what a place gives away beyond it is not the field's colour.
//! 2. **What stands still.** Cells lie anywhere, so the difference of two neighbouring pixels is 0 in the mean over a class. Where
//!    the mean differs from 0 by more than six standard errors, something stands in the same place in many pictures.
//!
//! Byte-identical pictures count once.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::{
    data::{dataset::Dataset, folds::distinct},
    support::progress::Progress,
};
use blastscope_shared::{Class, Framing, Rate, field::framing::Rectangle};

mod patches;
mod sums;

pub use patches::Patches;
pub use sums::{LEAST_PICTURES, Sums};

/// Side of the squashed pictures, in pixels.
pub const GRID: usize = 224;
/// Most pictures compared; from more, this many are taken, spread evenly over the list.
pub const MOST_COMPARED: usize = 1500;
/// Share of a place's pixels that must stand still in a class before the place counts as marked.
pub const LEAST_SHARE: f64 = 0.005;

/// A place in the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its name.
    pub name: &'static str,
    /// Columns and rows of the 224x224 grid.
    pub area: Rectangle,
}

const fn place(name: &'static str, [left, top, right, bottom]: [u16; 4]) -> Place {
    Place { name, area: Rectangle { left, top, right, bottom } }
}

/// The corners, each as large as the mask; the borders between them; and the middle as reference.
pub const PLACES: [Place; 9] = [
    place("upper left corner", [0, 0, 54, 28]),
    place("upper right corner", [170, 0, 224, 28]),
    place("lower left corner", [0, 196, 54, 224]),
    place("lower right corner", [170, 196, 224, 224]),
    place("upper border", [54, 0, 170, 14]),
    place("lower border", [54, 210, 170, 224]),
    place("left border", [0, 28, 14, 196]),
    place("right border", [210, 28, 224, 196]),
    place("middle", [85, 98, 139, 126]),
];
/// Position of the middle in [`PLACES`].
pub const MIDDLE: usize = 8;

/// The squash alone, without a mask.
#[must_use]
pub fn unmasked() -> Framing {
    let nothing = Rectangle { left: 0, top: 0, right: 0, bottom: 0 };
    Framing { mask: nothing, ..Framing::square(GRID as u16) }
}

/// What corners and borders give away.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Marks {
    /// Share of the largest class among the compared pictures, 0..=1: the accuracy of always guessing it.
    pub chance: f64,
    /// Pictures compared.
    pub compared: usize,
    /// What each place gives away; the middle is last.
    pub places: Vec<PlaceMarks>,
    /// Pixels of the whole picture that stand still in some class.
    pub still: usize,
    /// Of these, pixels that the mask of [`Framing::square`] covers.
    pub still_masked: usize,
}

/// What a place gives away.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlaceMarks {
    /// Its name.
    pub name: &'static str,
    /// Columns and rows of the 224x224 grid.
    pub area: Rectangle,
    /// Pictures with the class of the most similar other picture in this place.
    pub nearest: Rate,
    /// Share of the place's pixels that stand still, by class in the order of [`Class::ALL`]; `None` for a class of fewer than
    /// [`LEAST_PICTURES`] pictures.
    pub still: [Option<f64>; Class::COUNT],
    /// Whether at least [`LEAST_SHARE`] of the pixels stand still in some class.
    pub marked: bool,
    /// Whether the place gives away more than the middle: the intervals do not touch.
    pub beyond_middle: bool,
    /// Share of the place that the mask of [`Framing::square`] covers, 0..=1.
    pub masked: f64,
}

impl PlaceMarks {
    /// A mark that tells the classes apart.
    #[must_use]
    pub const fn leaks(&self) -> bool {
        self.marked && self.beyond_middle
    }
}

impl Marks {
    /// Compares the pictures; `patches` are in the order of [`Dataset::images`], `sums` in that of [`Class::ALL`].
    #[must_use]
    pub fn of(
        dataset: &Dataset,
        patches: &[Patches],
        sums: &[Sums; Class::COUNT],
        mask: Rectangle,
        progress: Progress,
    ) -> Self {
        let all = distinct(&dataset.images);
        let compared: Vec<usize> = if all.len() > MOST_COMPARED {
            (0..MOST_COMPARED).map(|at| all[at * all.len() / MOST_COMPARED]).collect()
        } else {
            all
        };
        let of_class = |class: Class| compared.iter().filter(|&&at| dataset.images[at].class == class).count();
        let largest = Class::ALL.into_iter().map(of_class).max().unwrap_or(0);
        let still: [Option<BTreeSet<(u16, u16)>>; Class::COUNT] = std::array::from_fn(|class| sums[class].still());
        let task = progress.start("looking for marks", PLACES.len());
        let mut places: Vec<PlaceMarks> = PLACES
            .iter()
            .enumerate()
            .map(|(at, place)| {
                let nearest = patches::nearest_is_right(dataset, patches, &compared, at);
                task.advance(1);
                let pixels =
                    f64::from(place.area.right - place.area.left) * f64::from(place.area.bottom - place.area.top);
                let shares: [Option<f64>; Class::COUNT] = std::array::from_fn(|class| {
                    let here = |still: &BTreeSet<_>| still.iter().filter(|pixel| holds(place.area, **pixel)).count();
                    still[class].as_ref().map(|still| here(still) as f64 / pixels)
                });
                PlaceMarks {
                    name: place.name,
                    area: place.area,
                    nearest,
                    still: shares,
                    marked: at != MIDDLE && shares.iter().flatten().any(|share| *share >= LEAST_SHARE),
                    beyond_middle: false,
                    masked: overlap(place.area, mask) / pixels,
                }
            })
            .collect();
        let middle = places[MIDDLE].nearest;
        for place in &mut places[..MIDDLE] {
            place.beyond_middle = place.nearest.low > middle.high;
        }
        let anywhere: BTreeSet<(u16, u16)> = still.into_iter().flatten().flatten().collect();
        Self {
            chance: largest as f64 / compared.len().max(1) as f64,
            compared: compared.len(),
            places,
            still_masked: anywhere.iter().filter(|pixel| holds(mask, **pixel)).count(),
            still: anywhere.len(),
        }
    }

    /// The places with marks.
    pub fn marked(&self) -> impl Iterator<Item = &PlaceMarks> {
        self.places.iter().filter(|place| place.marked)
    }

    /// The reference for the other places.
    #[must_use]
    pub fn middle(&self) -> &PlaceMarks {
        &self.places[MIDDLE]
    }
}

/// Whether the pixel (column, row) lies in the area.
const fn holds(area: Rectangle, (x, y): (u16, u16)) -> bool {
    x >= area.left && x < area.right && y >= area.top && y < area.bottom
}

/// Pixels that two areas share.
fn overlap(one: Rectangle, other: Rectangle) -> f64 {
    let length = |from: [u16; 2], to: [u16; 2]| f64::from(to[0].min(to[1]).saturating_sub(from[0].max(from[1])));
    length([one.left, other.left], [one.right, other.right]) * length([one.top, other.top], [one.bottom, other.bottom])
}
