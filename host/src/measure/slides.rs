//! What the verdict on a slide is worth: pseudo-slides of consecutive fields of a sitting, which show an unknown slide as well as the
//! data allow. Fields of one overlap group follow each other, so a pseudo-slide is no easier than a slide.

mod pooling;
mod sittings_file;

use blastscope_shared::{
    Rate,
    judge::slide::{SlideField, SlidePooling},
};
use serde::{Deserialize, Serialize};

pub use self::{
    pooling::{Measured, measure},
    sittings_file::read_pooling,
};

/// Fields of a pseudo-slide.
pub const SIZES: [usize; 5] = [1, 3, 5, 10, 20];

/// The fields of one sitting, all benign or all malignant.
#[derive(Clone, Debug, PartialEq)]
pub struct Sitting {
    /// Its name.
    pub name: String,
    /// Whether its fields are malignant.
    pub malignant: bool,
    /// What is said of its fields, in the order of the data set.
    pub fields: Vec<SlideField>,
}

/// Pseudo-slides of one size.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct OfSize {
    /// Fields of each, with those that have no verdict.
    pub fields: usize,
    /// Called benign or malignant, and rightly so.
    pub right: Rate,
    /// Called benign or malignant, and wrongly so.
    pub wrong: Rate,
    /// Not called anything.
    pub not_enough: Rate,
    /// On the right side of a probability of 0.5, however sure. A pseudo-slide without a field that has a verdict is not.
    pub leaning: Rate,
}

/// The pseudo-slides of one sitting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OfSitting {
    /// The sitting.
    pub name: String,
    /// Whether its fields are malignant.
    pub malignant: bool,
    /// Number of its fields.
    pub fields: usize,
    /// Fields that have a verdict.
    pub spoken: usize,
    /// By the size of the pseudo-slides, in the order of [`SIZES`].
    pub sizes: Vec<OfSize>,
}

/// The pseudo-slides of all sittings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slides {
    /// Sitting by sitting.
    pub sittings: Vec<OfSitting>,
    /// All together, each pseudo-slide counting the same. The intervals take pseudo-slides for independent, which those of one sitting
    /// are not.
    pub total: Vec<OfSize>,
}

impl Slides {
    /// Makes pseudo-slides of `sittings` and judges them by `pooling`, which gets the sitting's place and the size. A rest that does
    /// not fill a pseudo-slide is left out.
    #[must_use]
    pub fn new(sittings: &[Sitting], pooling: impl Fn(usize, usize) -> SlidePooling) -> Self {
        let mut total = SIZES.map(|_| Counts::default());
        let sittings = sittings
            .iter()
            .enumerate()
            .map(|(at, sitting)| {
                let sizes = SIZES.iter().zip(&mut total).map(|(&size, total)| {
                    let counts = Counts::of(sitting, size, &pooling(at, size));
                    total.add(&counts);
                    counts.rates(size)
                });
                OfSitting {
                    name: sitting.name.clone(),
                    malignant: sitting.malignant,
                    fields: sitting.fields.len(),
                    spoken: sitting.fields.iter().filter(|field| field.spoken.is_some()).count(),
                    sizes: sizes.collect(),
                }
            })
            .collect();
        Self { sittings, total: SIZES.iter().zip(&total).map(|(&size, counts)| counts.rates(size)).collect() }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    of: usize,
    right: usize,
    wrong: usize,
    leaning: usize,
}

impl Counts {
    fn of(sitting: &Sitting, size: usize, pooling: &SlidePooling) -> Self {
        let mut counts = Self::default();
        for fields in sitting.fields.chunks_exact(size) {
            let slide = pooling.assess(fields);
            let said = slide.verdict.is_malignant();
            counts.of += 1;
            counts.right += usize::from(said == Some(sitting.malignant));
            counts.wrong += usize::from(said == Some(!sitting.malignant));
            counts.leaning +=
                usize::from(slide.malignancy.is_some_and(|malignancy| (malignancy >= 0.5) == sitting.malignant));
        }
        counts
    }

    const fn add(&mut self, other: &Self) {
        self.of += other.of;
        self.right += other.right;
        self.wrong += other.wrong;
        self.leaning += other.leaning;
    }

    fn rates(&self, fields: usize) -> OfSize {
        let Self { of, right, wrong, leaning } = *self;
        OfSize {
            fields,
            right: Rate::new(right, of),
            wrong: Rate::new(wrong, of),
            not_enough: Rate::new(of - right - wrong, of),
            leaning: Rate::new(leaning, of),
        }
    }
}

#[cfg(test)]
mod tests {
    use blastscope_shared::judge::slide::Spoken;

    use super::*;

    fn sitting(malignant: bool, margins: &[Option<f32>]) -> Sitting {
        let field = |margin: &Option<f32>| SlideField {
            spoken: margin.map(|margin| Spoken { margin, subtype: None }),
            cells: None,
        };
        Sitting { name: "a".into(), malignant, fields: margins.iter().map(field).collect() }
    }

    #[test]
    fn pseudo_slides_are_consecutive_and_counted_by_hand() {
        let mut margins = vec![Some(-6.0); 23];
        margins[0] = Some(6.0);
        margins[1] = None;
        let benign = sitting(false, &margins);
        let malignant = sitting(true, &[Some(6.0); 10]);
        let pooling = SlidePooling { fewest_fields: 3, ..SlidePooling::UNMEASURED };
        let slides = Slides::new(&[benign, malignant], |_, _| pooling);
        let of = |at: usize| slides.sittings[0].sizes[at];
        let hits = |of: OfSize| [of.right.hits, of.wrong.hits, of.not_enough.hits, of.leaning.hits, of.right.of];
        assert_eq!(hits(of(0)), [0, 0, 23, 21, 23], "no single field decides");
        assert_eq!(hits(of(1)), [6, 0, 1, 6, 7], "the first three are one for, one against, one silent");
        assert_eq!(hits(of(2)), [3, 0, 1, 4, 4]);
        assert_eq!(hits(of(3)), [2, 0, 0, 2, 2]);
        assert_eq!(hits(of(4)), [1, 0, 0, 1, 1], "the rest of three is left out");
        assert_eq!(slides.sittings[0].spoken, 22);
        assert_eq!(slides.sittings[1].sizes[4].right.of, 0);
        assert_eq!(hits(slides.total[3]), [3, 0, 0, 3, 3]);
    }

    #[test]
    fn a_sitting_that_the_network_takes_for_the_other_side_is_wrong() {
        let taken_for_benign = sitting(true, &[Some(-6.0); 20]);
        let slides = Slides::new(&[taken_for_benign], |_, _| SlidePooling::UNMEASURED);
        let ten = slides.total[3];
        assert_eq!((ten.wrong.hits, ten.wrong.of, ten.leaning.hits), (2, 2, 0));
    }
}
