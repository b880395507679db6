//! The cells of a data set's fields, and which of them each training step gets.

use std::collections::BTreeMap;

use blastscope_shared::{Class, Framing, sight::cells::CellView};
use rand::{Rng as _, RngExt as _, seq::SliceRandom as _};
use rayon::prelude::*;

use crate::{
    Error,
    data::{
        augmentation::{CROP, Variation, middle},
        dataset::Dataset,
    },
    support::{progress::Progress, random::stream},
};

/// A cell of a field.
#[derive(Clone, Debug, PartialEq)]
pub struct CellPicture {
    /// Optical densities, HWC, [`CROP`] * [`CROP`] * 3 bytes.
    pub crop: Vec<u8>,
    /// Its field's class. That is not the cell's label: not every cell of a malignant field is a blast.
    pub class: Class,
    /// Index of its field in the data set.
    pub image: usize,
}

/// The cells of the fields `images`, whose inputs are in `inputs` (by index into the data set), field by field.
///
/// # Errors
/// [`Error::Content`] when no field has any.
pub fn cells_of(
    data: &Dataset,
    inputs: &[Vec<u8>],
    framing: &Framing,
    images: &[usize],
    progress: Progress,
) -> Result<Vec<CellPicture>, Error> {
    let task = progress.start("finding cells", images.len());
    let cells: Vec<CellPicture> = images
        .par_iter()
        .map_init(CellView::new, |view, &image| {
            view.look(framing, &inputs[image]);
            task.advance(1);
            let class = data.images[image].class;
            view.cells()
                .iter()
                .map(|&cell| {
                    let mut crop = vec![0; CROP * CROP * 3];
                    view.crop_in_colour(cell, CROP, &mut crop);
                    CellPicture { crop, class, image }
                })
                .collect::<Vec<_>>()
        })
        .flatten_iter()
        .collect();
    if cells.is_empty() {
        return Err(Error::content(
            &data.root,
            "shows no nucleated cell in any of its fields; the robust recipe needs smears, train with --recipe paper",
        ));
    }
    Ok(cells)
}

/// A cell as the network is shown it.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane {
    /// [`PLANE`](crate::data::augmentation::PLANE) densities, 0..=1.
    pub values: Vec<f32>,
    /// Its field's class.
    pub class: Class,
}

impl CellPicture {
    /// The cell without variation.
    #[must_use]
    pub fn plain(&self) -> Plane {
        Plane { values: middle(&self.crop, CROP), class: self.class }
    }
}

/// Cells of one field as the network is shown them.
#[derive(Clone, Debug, PartialEq)]
pub struct Bag {
    /// [`CELLS_OF_A_FIELD`] cells.
    pub planes: Vec<Vec<f32>>,
    /// The field's class.
    pub class: Class,
}

/// Cells that a training step sees of a field. Of a field with fewer, some are seen twice, varied differently.
pub const CELLS_OF_A_FIELD: usize = 8;

/// Draws fields so that their frequency reveals neither class nor sitting: half of the draws are benign, half malignant; within each
/// half every class is equally frequent, within each class every sitting, and within each sitting every field. Of a field it draws
/// some cells.
pub struct CellSampler {
    cells: Vec<CellPicture>,
    /// Positions in `cells`: of the benign and the malignant side, by class, by sitting and by field.
    sides: [Vec<Vec<Vec<Vec<u32>>>>; 2],
    variation: Variation,
    seed: u64,
}

/// Positions of cells, by sitting and by field.
type Sittings<'a> = BTreeMap<Option<&'a str>, BTreeMap<usize, Vec<u32>>>;

impl CellSampler {
    /// A sampler over `cells` of `data`.
    ///
    /// # Errors
    /// [`Error::Content`] when benign or malignant cells are missing.
    pub fn new(data: &Dataset, cells: Vec<CellPicture>, variation: Variation, seed: u64) -> Result<Self, Error> {
        let mut sides: [BTreeMap<Class, Sittings<'_>>; 2] = Default::default();
        for (at, cell) in cells.iter().enumerate() {
            let session = data.images[cell.image].session.as_deref();
            let side = &mut sides[usize::from(cell.class.is_malignant())];
            let sitting = side.entry(cell.class).or_default().entry(session).or_default();
            sitting.entry(cell.image).or_default().push(at as u32);
        }
        let fields = |sitting: BTreeMap<usize, Vec<u32>>| sitting.into_values().collect::<Vec<_>>();
        let sittings = |class: Sittings<'_>| class.into_values().map(fields).collect::<Vec<_>>();
        let sides = sides.map(|side| side.into_values().map(sittings).collect::<Vec<_>>());
        if sides.iter().any(Vec::is_empty) {
            return Err(Error::content(&data.root, "has no cells of benign or none of malignant fields to train on"));
        }
        Ok(Self { cells, sides, variation, seed })
    }

    /// The `number`th draw, the same for the same seed.
    #[must_use]
    pub fn draw(&self, number: u64) -> Bag {
        let mut random = stream(self.seed, number);
        let side = &self.sides[(number % 2) as usize];
        let class = &side[random.random_range(..side.len())];
        let sitting = &class[random.random_range(..class.len())];
        let field = &sitting[random.random_range(..sitting.len())];
        let mut order = field.clone();
        order.shuffle(&mut random);
        let cells = order.iter().cycle().take(CELLS_OF_A_FIELD);
        let planes = cells.map(|&at| self.variation.vary(&self.cells[at as usize].crop, random.next_u64())).collect();
        Bag { planes, class: self.cells[field[0] as usize].class }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::dataset::LabelledImage;

    fn data() -> Dataset {
        let image = |class: Class, session: &str| LabelledImage {
            file: format!("{class}/{session}.png"),
            class,
            sha256: [0; 32],
            group: 0,
            session: Some(session.to_owned()),
        };
        let images = vec![
            image(Class::Benign, "a"),
            image(Class::Benign, "b"),
            image(Class::Early, "c"),
            image(Class::Pro, "d"),
            image(Class::Pro, "e"),
        ];
        Dataset { root: "drawn".into(), images, drawn: true }
    }

    fn cell(image: usize, class: Class) -> CellPicture {
        CellPicture { crop: vec![40 * image as u8 + 20; CROP * CROP * 3], class, image }
    }

    #[test]
    fn sides_classes_and_sittings_come_equally_often_whatever_their_size() {
        let data = data();
        let mut cells = Vec::new();
        for (image, count) in [(0, 300), (1, 3), (2, 50), (3, 1), (4, 1000)] {
            cells.extend((0..count).map(|_| cell(image, data.images[image].class)));
        }
        let still = Variation {
            gain: 0.0,
            leak: 0.0,
            offset: 0.0,
            gamma: 0.0,
            noise: 0.0,
            sharpened: 0.0,
            ..Variation::ROBUST
        };
        let sampler = CellSampler::new(&data, cells, still, 5).expect("both sides");
        let mut counts = [0; 5];
        for number in 0..6000 {
            let bag = sampler.draw(number);
            let image = ((bag.planes[0][0] * 255.0).round() as usize - 20) / 40;
            assert_eq!((data.images[image].class, bag.planes.len()), (bag.class, CELLS_OF_A_FIELD));
            let of_the_field = |plane: &Vec<f32>| (plane[0] - bag.planes[0][0]).abs() < 1e-6;
            assert!(bag.planes.iter().all(of_the_field), "all cells are of one field");
            counts[image] += 1;
        }
        for (image, expected) in [1500, 1500, 1500, 750, 750].into_iter().enumerate() {
            assert!(usize::abs_diff(counts[image], expected) < 150, "{counts:?}");
        }
        assert_eq!(sampler.draw(17), sampler.draw(17));
    }

    #[test]
    fn one_side_alone_is_refused() {
        let data = data();
        let cells = vec![cell(2, Class::Early), cell(3, Class::Pro)];
        assert!(CellSampler::new(&data, cells, Variation::ROBUST, 1).is_err());
    }
}
