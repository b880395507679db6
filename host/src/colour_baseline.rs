//! What colour alone achieves: the number that every network has to be compared with.
//!
//! Six numbers a field, the mean and the standard deviation of red, green and blue outside of the masked corner, each brought to
//! mean 0 and deviation 1 over the training pictures; then the vote of the five nearest training pictures. A public set in which
//! every class was stained and photographed in sittings of its own is nearly solved by this, without a look at any cell.

use std::collections::HashSet;

use blastscope_shared::{Class, Preprocessing};
use rayon::prelude::*;

use crate::{
    Error,
    dataset::Dataset,
    evaluation::{Evaluation, Prediction, Subject},
    split::{Part, Split},
};

/// Number of training pictures that vote.
pub const NEIGHBOURS: usize = 5;

/// Mean of red, green, blue, then their standard deviations, in units of a byte (0..=255).
pub type ColourNumbers = [f64; 6];

/// The colour numbers of a preprocessed input (HWC, [`Preprocessing::input_len`] bytes), the masked rectangle left out.
///
/// # Panics
/// When `input` has another length.
#[must_use]
pub fn colour_numbers(input: &[u8], preprocessing: &Preprocessing) -> ColourNumbers {
    assert_eq!(input.len(), preprocessing.input_len(), "the network's input has width * height * 3 bytes");
    let (width, mask) = (usize::from(preprocessing.width), preprocessing.mask);
    let (rows, columns) = (mask.top.into()..mask.bottom.into(), mask.left.into()..mask.right.into());
    let (mut sums, mut squares, mut count) = ([0u64; 3], [0u64; 3], 0u64);
    for (y, row) in input.chunks_exact(width * 3).enumerate() {
        let is_masked_row = rows.contains(&y);
        for (x, pixel) in row.chunks_exact(3).enumerate() {
            if is_masked_row && columns.contains(&x) {
                continue;
            }
            count += 1;
            for channel in 0..3 {
                let value = u64::from(pixel[channel]);
                sums[channel] += value;
                squares[channel] += value * value;
            }
        }
    }
    let count = count.max(1) as f64;
    let mut numbers = [0.0; 6];
    for channel in 0..3 {
        let mean = sums[channel] as f64 / count;
        numbers[channel] = mean;
        numbers[channel + 3] = (squares[channel] as f64 / count - mean * mean).max(0.0).sqrt();
    }
    numbers
}

/// Training pictures as points in the standardized space of six numbers.
#[derive(Clone, Debug)]
pub struct ColourBaseline {
    mean: ColourNumbers,
    deviation: ColourNumbers,
    points: Vec<(ColourNumbers, Class)>,
}

impl ColourBaseline {
    /// Standardizes the training pictures. A number that is the same in all of them counts nothing.
    ///
    /// # Errors
    /// [`Error::Usage`] with fewer than [`NEIGHBOURS`] pictures.
    pub fn fit(pictures: &[(ColourNumbers, Class)]) -> Result<Self, Error> {
        let count = pictures.len();
        if count < NEIGHBOURS {
            return Err(Error::Usage(format!(
                "the colour baseline needs at least {NEIGHBOURS} different training pictures, and there are {count}"
            )));
        }
        let mean_of = |value: &dyn Fn(&ColourNumbers) -> f64| {
            pictures.iter().map(|(numbers, _)| value(numbers)).sum::<f64>() / count as f64
        };
        let mean: ColourNumbers = std::array::from_fn(|at| mean_of(&|numbers| numbers[at]));
        let deviation = std::array::from_fn(|at| mean_of(&|numbers| (numbers[at] - mean[at]).powi(2)).sqrt());
        let mut baseline = Self { mean, deviation, points: Vec::new() };
        baseline.points = pictures.iter().map(|(numbers, class)| (baseline.standardized(numbers), *class)).collect();
        Ok(baseline)
    }

    fn standardized(&self, numbers: &ColourNumbers) -> ColourNumbers {
        std::array::from_fn(|at| {
            let deviation = self.deviation[at];
            if deviation > 1e-9 { (numbers[at] - self.mean[at]) / deviation } else { 0.0 }
        })
    }

    /// The shares of the votes, in the order of [`Class::ALL`]. Of classes with as many votes, the one with the nearest picture
    /// wins: it gets a thousandth of a vote more.
    #[must_use]
    pub fn probabilities(&self, numbers: &ColourNumbers) -> [f32; Class::COUNT] {
        let place = self.standardized(numbers);
        let distance =
            |point: &ColourNumbers| -> f64 { point.iter().zip(&place).map(|(one, other)| (one - other).powi(2)).sum() };
        let mut nearest: Vec<(f64, Class)> =
            self.points.iter().map(|(point, class)| (distance(point), *class)).collect();
        nearest.sort_by(|one, other| one.0.total_cmp(&other.0));
        nearest.truncate(NEIGHBOURS);
        let mut votes = [0.0; Class::COUNT];
        for (_, class) in &nearest {
            votes[class.index()] += 1.0;
        }
        let most = votes.iter().copied().fold(0.0, f32::max);
        if let Some((_, winner)) = nearest.iter().find(|(_, class)| votes[class.index()] == most) {
            votes[winner.index()] += 0.001;
        }
        let sum: f32 = votes.iter().sum();
        votes.map(|vote| vote / sum)
    }
}

/// Fits the baseline on a split's training pictures, byte-identical ones once, and scores it on the items of `part`.
///
/// `inputs` are [`Dataset::load_inputs`]' of the same `dataset` and `preprocessing`. Symmetries do not change the six numbers.
///
/// # Errors
/// [`Error::Usage`] when the inputs or the split are not of the data set, or the split has no items to fit or score.
pub fn evaluate(
    dataset: &Dataset,
    inputs: &[Vec<u8>],
    preprocessing: &Preprocessing,
    split: &Split,
    part: Part,
) -> Result<Evaluation, Error> {
    let is_foreign = |input: &Vec<u8>| input.len() != preprocessing.input_len();
    if inputs.len() != dataset.images.len()
        || inputs.iter().any(is_foreign)
        || split.items.iter().any(|item| item.image >= inputs.len())
    {
        return Err(Error::Usage("the inputs or the split belong to another data set".to_string()));
    }
    let numbers: Vec<ColourNumbers> = inputs.par_iter().map(|input| colour_numbers(input, preprocessing)).collect();
    let mut met = HashSet::new();
    let training: Vec<(ColourNumbers, Class)> = split
        .items(Part::Train)
        .filter(|item| met.insert(dataset.images[item.image].sha256))
        .map(|item| (numbers[item.image], dataset.images[item.image].class))
        .collect();
    let baseline = ColourBaseline::fit(&training)?;
    let items: Vec<_> = split.items(part).collect();
    let predictions: Vec<Prediction> = items
        .par_iter()
        .map(|item| {
            let image = &dataset.images[item.image];
            let probabilities = baseline.probabilities(&numbers[item.image]);
            Prediction { file: image.file.clone(), truth: image.class, probabilities, abstained: None }
        })
        .collect();
    let subject = Subject {
        name: format!(
            "Colour baseline ({NEIGHBOURS} nearest neighbours by six colour numbers), {part} part of the {} split with seed {}",
            split.kind, split.seed
        ),
        drawn: dataset.drawn,
        warning: split.warning(),
    };
    Evaluation::new(&subject, &predictions)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{drawn_folder, progress::Progress, split::SplitKind};

    #[test]
    fn the_masked_corner_does_not_count() {
        let preprocessing = Preprocessing::square(32);
        let mut input = Vec::new();
        for at in 0..32 * 32 {
            input.extend([if at % 2 == 0 { 10 } else { 30 }, 77, 200]);
        }
        let open = colour_numbers(&input, &preprocessing);
        assert_eq!(open, [20.0, 77.0, 200.0, 10.0, 0.0, 0.0]);
        preprocessing.mask(&mut input);
        assert_eq!(colour_numbers(&input, &preprocessing), open);
    }

    fn grey(value: f64) -> ColourNumbers {
        [value, value, value, 1.0, 1.0, 1.0]
    }

    #[test]
    fn the_nearest_vote_and_break_ties() {
        let training = [
            (grey(0.0), Class::Benign),
            (grey(1.0), Class::Benign),
            (grey(10.0), Class::Pre),
            (grey(11.0), Class::Pre),
            (grey(5.9), Class::Pro),
            (grey(90.0), Class::Early),
        ];
        let baseline = ColourBaseline::fit(&training).expect("fitted");
        let probabilities = baseline.probabilities(&grey(6.0));
        assert!((probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert!(probabilities[Class::Pre.index()] > probabilities[Class::Benign.index()], "{probabilities:?}");
        let probabilities = baseline.probabilities(&grey(4.0));
        assert!(probabilities[Class::Benign.index()] > probabilities[Class::Pre.index()], "{probabilities:?}");
        assert!(ColourBaseline::fit(&training[..4]).is_err());
    }

    #[test]
    fn drawn_colours_are_told_apart_and_the_drawing_is_said() {
        let folder = tempfile::tempdir().expect("a folder");
        for (class, tint) in Class::ALL.into_iter().zip([20, 90, 160, 230]) {
            let class_folder = folder.path().join(class.name());
            std::fs::create_dir_all(&class_folder).expect("a folder");
            for number in 0..12 {
                let field = image::RgbImage::from_pixel(64, 64, image::Rgb([tint + number, tint, 255 - tint]));
                field.save(class_folder.join(format!("{number}.png"))).expect("saved");
            }
        }
        std::fs::write(folder.path().join(crate::dataset::DRAWN_FILE), "{}").expect("written");
        let dataset = Dataset::scan(folder.path(), None, Progress::Silent).expect("scanned");
        let preprocessing = Preprocessing::square(32);
        let inputs = dataset.load_inputs(&preprocessing, Progress::Silent).expect("loaded");
        let split = Split::draw(&dataset, SplitKind::Random, 1, 12).expect("drawn");
        let evaluation = evaluate(&dataset, &inputs, &preprocessing, &split, Part::Test).expect("evaluated");
        assert_eq!(evaluation.accuracy.value, Some(1.0), "{}", evaluation.table());
        assert!(evaluation.drawn && evaluation.warning.is_some());
        assert!(evaluate(&dataset, &inputs[1..], &preprocessing, &split, Part::Test).is_err());
    }

    #[test]
    fn colour_nearly_solves_the_real_set() {
        let Some(root) = drawn_folder::real_data("colour_nearly_solves_the_real_set") else { return };
        let dataset = Dataset::scan(&root, None, Progress::Silent).expect("scanned");
        let preprocessing = Preprocessing::square(224);
        let inputs = dataset.load_inputs(&preprocessing, Progress::Silent).expect("loaded");
        for kind in [SplitKind::Grouped, SplitKind::Random, SplitKind::Paper] {
            let split = Split::draw(&dataset, kind, 1, 1000).expect("drawn");
            for part in [Part::Validation, Part::Test] {
                let evaluation = evaluate(&dataset, &inputs, &preprocessing, &split, part).expect("evaluated");
                println!("{}\n", evaluation.table());
                assert!(evaluation.accuracy.value > Some(0.9));
            }
        }
    }
}
