//! Moves the last layer towards a site's labelled fields, held by its shipped weights.
//!
//! The hidden activations do not change. The logits of a field with activations `h` become `z(h) + t (D h + d)`, where `t` is the
//! model's temperature. `D` and `d` minimize the mean cross-entropy of `logits / t` on the labelled fields (classes count equally,
//! fields by their weight) plus `pull / 2` times their squared size: starting point and anchor are the shipped weights (L2-SP; Li,
//! Grandvalet and Davoine, "Explicit Inductive Bias for Transfer Learning with Convolutional Networks", ICML 2018). With fewer
//! fields than activations the minimum lies in the span of the fields, so the search has one coefficient per field and class.
//! Classes without a field keep their logits.
//!
//! The same fields give the same bits on every processor: sums run in the order of the fields, and the exponential is `libm`'s,
//! because a C library's varies with the instructions it finds.

use alloc::{vec, vec::Vec};

use crate::{Class, field::appearance::Appearance, judge::novelty::NoveltyStatistics, sight::Seen};

const CLASSES: usize = Class::COUNT;
/// Steps of a fit; the loss settles to many digits long before.
const STEPS: usize = 400;

/// A labelled field: the last layer's inputs and outputs for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Labelled {
    /// Hidden activations, at least 0.
    pub hidden: Vec<f32>,
    /// Logits from the shipped last layer.
    pub logits: [f32; CLASSES],
    /// Its stain, light and detail.
    pub appearance: Appearance,
    /// The labelled class.
    pub class: Class,
    /// Weight of the field, above 0; 1 counts as one field.
    pub weight: f64,
}

impl Labelled {
    /// A field of `class` as the network sees it, with weight 1; `scale` is that of the last layer's input.
    #[must_use]
    pub fn new(seen: &Seen<'_>, scale: f32, class: Class) -> Self {
        let hidden = seen.hidden.iter().map(|&byte| f32::from(byte) * scale).collect();
        Self { hidden, logits: seen.logits, appearance: seen.appearance, class, weight: 1.0 }
    }

    /// The field's novelty by `statistics`, for activations in units of `scale`.
    #[must_use]
    pub fn novelty(&self, statistics: &NoveltyStatistics, scale: f32) -> f32 {
        let bytes: Vec<u8> = self.hidden.iter().map(|activation| (activation / scale).round() as u8).collect();
        statistics.score(&statistics.distances(&bytes, &self.appearance))
    }
}

/// The change to the last layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Shift {
    /// One row of weights per class.
    pub weights: [Vec<f32>; CLASSES],
    /// One bias per class.
    pub biases: [f32; CLASSES],
}

impl Shift {
    /// Fits the shift to `fields` of a model with this `temperature`. A larger `pull` (above 0) allows less movement. Without
    /// fields nothing moves.
    #[must_use]
    pub fn fit(fields: &[&Labelled], temperature: f32, pull: f64) -> Self {
        let width = fields.first().map_or(0, |field| field.hidden.len());
        let mut shift = Self { weights: core::array::from_fn(|_| vec![0.0; width]), biases: [0.0; CLASSES] };
        let scale = mean_square(fields);
        let has_length = scale > 0.0 && scale.is_finite();
        if !has_length {
            return shift;
        }
        let unit = f64::from(temperature);
        let coefficients = coefficients(fields, scale, unit, pull);
        for (field, row) in fields.iter().zip(&coefficients) {
            for (class, coefficient) in row.iter().enumerate() {
                shift.biases[class] += (unit * coefficient) as f32;
                for (weight, activation) in shift.weights[class].iter_mut().zip(&field.hidden) {
                    *weight += (unit * coefficient * f64::from(*activation) / scale) as f32;
                }
            }
        }
        shift
    }

    /// The logits of a field after the shift.
    #[must_use]
    pub fn apply(&self, field: &Labelled) -> [f32; CLASSES] {
        core::array::from_fn(|class| {
            let moved: f64 = self.weights[class]
                .iter()
                .zip(&field.hidden)
                .map(|(weight, activation)| f64::from(*weight) * f64::from(*activation))
                .sum();
            field.logits[class] + moved as f32 + self.biases[class]
        })
    }
}

/// The mean squared length of the activations, the unit in which a `pull` means the same for every network.
fn mean_square(fields: &[&Labelled]) -> f64 {
    let squares: f64 = fields.iter().map(|field| field.weight * dot(&field.hidden, &field.hidden)).sum();
    let weight: f64 = fields.iter().map(|field| field.weight).sum();
    if weight > 0.0 { squares / weight } else { 0.0 }
}

fn dot(one: &[f32], other: &[f32]) -> f64 {
    one.iter().zip(other).map(|(one, other)| f64::from(*one) * f64::from(*other)).sum()
}

/// Accelerated gradient descent (Nesterov, 1983) in the span of the fields.
fn coefficients(fields: &[&Labelled], scale: f64, temperature: f64, pull: f64) -> Vec<[f64; CLASSES]> {
    let count = fields.len();
    let kernel: Vec<f64> = fields
        .iter()
        .flat_map(|one| fields.iter().map(move |other| dot(&one.hidden, &other.hidden) / scale + 1.0))
        .collect();
    let mut of_class = [0.0; CLASSES];
    fields.iter().for_each(|field| of_class[field.class.index()] += field.weight);
    let present = of_class.map(|weight| weight > 0.0);
    let classes = present.iter().filter(|&&present| present).count() as f64;
    let weight = |field: &Labelled| field.weight / (classes * of_class[field.class.index()]);
    // The cross-entropy's curvature is at most 1/2, and the kernel's largest eigenvalue at most its trace.
    let steepest = fields.iter().enumerate().map(|(at, field)| kernel[at * count + at] * weight(field)).sum::<f64>();
    let step = 1.0 / (0.5 * steepest + pull);
    let (mut now, mut before) = (vec![[0.0; CLASSES]; count], vec![[0.0; CLASSES]; count]);
    for round in 0..STEPS {
        let momentum = round as f64 / (round as f64 + 3.0);
        let ahead: Vec<[f64; CLASSES]> = now
            .iter()
            .zip(&before)
            .map(|(now, before)| core::array::from_fn(|class| now[class] + momentum * (now[class] - before[class])))
            .collect();
        let next = fields
            .iter()
            .enumerate()
            .map(|(at, field)| {
                let mut logits = field.logits.map(|logit| f64::from(logit) / temperature);
                for (other, row) in ahead.iter().enumerate() {
                    let near = kernel[at * count + other];
                    logits.iter_mut().zip(row).for_each(|(logit, coefficient)| *logit += near * coefficient);
                }
                let shares = softmax_over(&logits, &present);
                core::array::from_fn(|class| {
                    let truth = f64::from(u8::from(field.class.index() == class));
                    let slope = if present[class] { (shares[class] - truth) * weight(field) } else { 0.0 };
                    ahead[at][class] - step * (slope + pull * ahead[at][class])
                })
            })
            .collect();
        before = core::mem::replace(&mut now, next);
    }
    now
}

/// Softmax over the classes that are `present`.
fn softmax_over(logits: &[f64; CLASSES], present: &[bool; CLASSES]) -> [f64; CLASSES] {
    let highest = logits.iter().zip(present).filter(|(_, present)| **present).map(|(logit, _)| *logit);
    let highest = highest.fold(f64::NEG_INFINITY, libm::fmaximum);
    let mut shares: [f64; CLASSES] =
        core::array::from_fn(|class| if present[class] { libm::exp(logits[class] - highest) } else { 0.0 });
    let sum: f64 = shares.iter().sum();
    shares.iter_mut().for_each(|share| *share /= sum);
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::{
        detail::{Detail, SIZES},
        stain::Hue,
    };

    /// Mean cross-entropy in nats over the classes that occur, which count equally.
    fn loss(logits: &[[f32; CLASSES]], fields: &[&Labelled]) -> f64 {
        let mut of_class = [0usize; CLASSES];
        fields.iter().for_each(|field| of_class[field.class.index()] += 1);
        let present = of_class.map(|count| count > 0);
        let classes = present.iter().filter(|&&present| present).count().max(1) as f64;
        logits
            .iter()
            .zip(fields)
            .map(|(logits, field)| {
                let share = softmax_over(&logits.map(f64::from), &present)[field.class.index()];
                -share.max(1e-12).ln() / (classes * of_class[field.class.index()] as f64)
            })
            .sum()
    }

    /// Benign and Early fields of a site: their first activation separates them, but the shipped head gets it wrong.
    fn site(count: usize) -> Vec<Labelled> {
        (0..count)
            .map(|at| {
                let malignant = at % 2 == 1;
                let class = if malignant { Class::Early } else { Class::Benign };
                let noise = (at * 37 % 11) as f32 / 11.0;
                let hidden = vec![if malignant { 2.0 } else { 0.5 }, noise, 1.0];
                Labelled {
                    hidden,
                    logits: [1.0 + noise, 0.5, -1.0, -2.0],
                    class,
                    appearance: Appearance {
                        hue: Hue([1.0; 4]),
                        palette: None,
                        detail: Detail([0.0; SIZES]),
                        grain: 0.0,
                    },
                    weight: 1.0,
                }
            })
            .collect()
    }

    #[test]
    fn labelled_fields_move_the_head_and_fields_of_other_classes_keep_their_logits() {
        let fields = site(40);
        let seen: Vec<&Labelled> = fields.iter().collect();
        let shift = Shift::fit(&seen, 1.0, 0.01);
        let before: Vec<_> = fields.iter().map(|field| field.logits).collect();
        let after: Vec<_> = fields.iter().map(|field| shift.apply(field)).collect();
        assert!(loss(&after, &seen) < 0.5 * loss(&before, &seen));
        for (field, logits) in fields.iter().zip(&after) {
            assert_eq!(logits[0] > logits[1], field.class == Class::Benign, "{logits:?}");
            assert_eq!(logits[2..], field.logits[2..]);
        }
    }

    #[test]
    fn a_strong_pull_holds_the_head() {
        let fields = site(40);
        let seen: Vec<&Labelled> = fields.iter().collect();
        let size = |pull| {
            let shift = Shift::fit(&seen, 1.0, pull);
            shift.weights.iter().flatten().map(|weight| weight * weight).sum::<f32>()
        };
        assert!(size(0.01) > 10.0 * size(1.0));
        assert!(size(1e6) < 1e-9);
    }

    #[test]
    fn the_fit_has_no_slope_left() {
        let fields = site(12);
        let seen: Vec<&Labelled> = fields.iter().collect();
        let (pull, scale) = (0.1, mean_square(&seen));
        let objective = |shift: &Shift| {
            let logits: Vec<_> = fields.iter().map(|field| shift.apply(field)).collect();
            let squares = |row: &Vec<f32>| row.iter().map(|weight| f64::from(weight * weight)).sum::<f64>() * scale;
            let size = shift.weights.iter().map(squares).sum::<f64>()
                + shift.biases.iter().map(|bias| f64::from(bias * bias)).sum::<f64>();
            loss(&logits, &seen) + 0.5 * pull * size
        };
        let shift = Shift::fit(&seen, 1.0, pull);
        let lowest = objective(&shift);
        for class in 0..2 {
            for at in 0..3 {
                for by in [-0.02, 0.02] {
                    let mut moved = shift.clone();
                    moved.weights[class][at] += by;
                    assert!(objective(&moved) > lowest, "class {class} weight {at} by {by}");
                }
            }
        }
    }

    #[test]
    fn a_field_of_weight_three_counts_as_three() {
        let fields = site(8);
        let mut heavy: Vec<Labelled> = fields.clone();
        heavy[3].weight = 3.0;
        let thrice: Vec<&Labelled> = fields.iter().chain([&fields[3], &fields[3]]).collect();
        let (one, other) = (Shift::fit(&heavy.iter().collect::<Vec<_>>(), 1.0, 0.5), Shift::fit(&thrice, 1.0, 0.5));
        for field in &fields {
            for (a, b) in one.apply(field).iter().zip(other.apply(field)) {
                assert!((a - b).abs() < 1e-3, "{a} instead of {b}");
            }
        }
    }

    #[test]
    fn nothing_moves_without_fields() {
        let shift = Shift::fit(&[], 1.0, 1.0);
        assert_eq!(shift.biases, [0.0; CLASSES]);
        assert!(shift.weights.iter().all(Vec::is_empty));
    }
}
