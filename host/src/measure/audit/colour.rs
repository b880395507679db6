//! What colour alone gives away.

use serde::Serialize;

use crate::{
    Error,
    data::{
        dataset::Dataset,
        folds::{Fold, distinct, grouped_folds, leave_one_sitting_out, random_folds},
    },
    measure::colour_baseline::{self, ColourFeatures, ColourSet, Method, Question},
    statistics::answer::answer,
    statistics::neighbours::NEIGHBOURS,
    support::progress::Progress,
};
use blastscope_shared::{Class, Rate};

/// Number of folds, and the seed for drawing them.
pub const FOLDS: usize = 5;
const SEED: u64 = 1;

/// Accuracies of classifiers that see colours but no cell.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Colour {
    /// Share of the largest class among the different pictures, 0..=1: the accuracy of always guessing it.
    pub chance: f64,
    /// Accuracy of four classes over 5 folds; empty with too few pictures.
    pub folds: Vec<FoldScore>,
    /// Benign or malignant, on left-out sittings; empty when no sitting can be left out.
    pub sittings: Vec<SittingScore>,
    /// Sittings that cannot be left out, because they alone show a class.
    pub impossible: Vec<ImpossibleSitting>,
}

/// One classifier on one kind of folds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FoldScore {
    /// How many colour numbers: 3, 6 or 11.
    pub numbers: usize,
    /// `nearest-neighbours` or `logistic-regression`.
    pub method: &'static str,
    /// Whether overlap groups stayed together.
    pub grouped: bool,
    /// Pictures classified correctly, byte-identical ones counted once.
    pub accuracy: Rate,
}

/// One left-out sitting.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SittingScore {
    /// The sitting.
    pub sitting: String,
    /// Its classes.
    pub classes: Vec<Class>,
    /// Fields classified correctly as benign or malignant, by the vote of neighbours with 3, 6 and 11 numbers.
    pub neighbours: [Rate; 3],
    /// The same by logistic regression.
    pub regression: [Rate; 3],
}

/// A sitting that cannot be left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImpossibleSitting {
    /// The sitting.
    pub sitting: String,
    /// The class that it alone shows.
    pub class: Class,
    /// Its pictures.
    pub pictures: usize,
}

const fn name(method: Method) -> &'static str {
    match method {
        Method::NearestNeighbours => "nearest-neighbours",
        Method::LogisticRegression => "logistic-regression",
    }
}

impl Colour {
    /// Scores every classifier; `features` are those of `dataset`.
    ///
    /// # Errors
    /// [`Error::Usage`] when the numbers belong to another data set.
    pub fn of(dataset: &Dataset, features: &ColourFeatures, progress: Progress) -> Result<Self, Error> {
        let pictures = distinct(&dataset.images);
        let of_class = |class| pictures.iter().filter(|&&at| dataset.images[at].class == class).count();
        let largest = Class::ALL.into_iter().map(of_class).max().unwrap_or(0);
        let methods = [Method::NearestNeighbours, Method::LogisticRegression];
        let usable = |folds: &[Fold]| folds.len() > 1 && folds.iter().all(|fold| fold.train.len() >= NEIGHBOURS);

        let kinds =
            [(false, random_folds(&dataset.images, FOLDS, SEED)), (true, grouped_folds(&dataset.images, FOLDS, SEED))];
        let sitting_folds = leave_one_sitting_out(&dataset.images);
        let task = progress.start("classifying by colour", 12 + sitting_folds.folds.len());
        let mut folds = Vec::new();
        for method in methods {
            for set in ColourSet::ALL {
                for (grouped, kind) in &kinds {
                    if usable(kind) {
                        let rates =
                            kind.iter().map(|fold| right(dataset, features, set, method, Question::Class, fold));
                        let accuracy = pooled(rates)?;
                        folds.push(FoldScore {
                            numbers: set.count(),
                            method: name(method),
                            grouped: *grouped,
                            accuracy,
                        });
                    }
                    task.advance(1);
                }
            }
        }
        let mut sittings = Vec::new();
        for fold in &sitting_folds.folds {
            task.advance(1);
            if fold.train.len() < NEIGHBOURS {
                continue;
            }
            let score = |method: Method| -> Result<[Rate; 3], Error> {
                let mut rates = [Rate::new(0, 0); 3];
                for (rate, set) in rates.iter_mut().zip(ColourSet::ALL) {
                    *rate = right(dataset, features, set, method, Question::Malignant, fold)?;
                }
                Ok(rates)
            };
            let is_shown = |class: &Class| fold.test.iter().any(|&at| dataset.images[at].class == *class);
            sittings.push(SittingScore {
                sitting: fold.name.clone(),
                classes: Class::ALL.into_iter().filter(is_shown).collect(),
                neighbours: score(methods[0])?,
                regression: score(methods[1])?,
            });
        }
        let impossible = sitting_folds
            .impossible
            .into_iter()
            .map(|left| ImpossibleSitting { sitting: left.session, class: left.class, pictures: left.pictures })
            .collect();
        Ok(Self { chance: largest as f64 / pictures.len().max(1) as f64, folds, sittings, impossible })
    }

    /// One of [`Self::folds`].
    #[must_use]
    pub fn score(&self, set: ColourSet, method: Method, grouped: bool) -> Option<&FoldScore> {
        let wanted = |score: &&FoldScore| {
            score.numbers == set.count() && score.method == name(method) && score.grouped == grouped
        };
        self.folds.iter().find(wanted)
    }

    /// The best classifier on folds of whole overlap groups.
    #[must_use]
    pub fn best(&self) -> Option<&FoldScore> {
        let grouped = self.folds.iter().filter(|score| score.grouped);
        grouped.max_by(|one, other| one.accuracy.value.unwrap_or(0.0).total_cmp(&other.accuracy.value.unwrap_or(0.0)))
    }
}

fn right(
    dataset: &Dataset,
    features: &ColourFeatures,
    set: ColourSet,
    method: Method,
    question: Question,
    fold: &Fold,
) -> Result<Rate, Error> {
    let shares = colour_baseline::predict(dataset, features, set, method, question, fold)?;
    let truth = |image: usize| question.label(dataset.images[image].class);
    let hits = fold.test.iter().zip(&shares).filter(|(image, shares)| answer(shares) == truth(**image));
    Ok(Rate::new(hits.count(), fold.test.len()))
}

fn pooled(rates: impl Iterator<Item = Result<Rate, Error>>) -> Result<Rate, Error> {
    let (mut hits, mut of) = (0, 0);
    for rate in rates {
        let rate = rate?;
        hits += rate.hits;
        of += rate.of;
    }
    Ok(Rate::new(hits, of))
}
