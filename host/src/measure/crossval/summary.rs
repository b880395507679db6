//! Results over all folds.

use serde::{Deserialize, Serialize};

use super::{Answer, FoldOutcome};
use crate::statistics::{
    bootstrap::{Bootstrap, Estimate},
    roc::{self, Case},
};
use blastscope_shared::Rate;

/// A fold's rates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    /// The fold.
    pub name: String,
    /// Whether its fields are all benign (`false`), all malignant (`true`), or both.
    pub malignant: Option<bool>,
    /// Fields about which the network is right: benign or malignant. Fields in which it saw nothing are counted, and never right.
    pub network: Rate,
    /// Fields in which it saw nothing.
    pub unseen: usize,
    /// Fields about which six colour numbers are right.
    pub colour: Rate,
}

/// Accuracy when only the surest fields are answered.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trade {
    /// Share of the fields that are answered, 0..=1; each fold counts the same. Never more than the share in which something was
    /// seen.
    pub coverage: f64,
    /// Mean over the two sides of the share of correct answers, 0..=1; each fold counts the same. `None` when one side has no
    /// answers.
    pub balanced: Option<f64>,
}

/// All folds together. Means count each fold the same, however many fields it has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Fold by fold.
    pub folds: Vec<Rates>,
    /// Mean share of right answers over the benign folds (specificity).
    pub benign: Option<Estimate>,
    /// Mean share of right answers over the malignant folds (sensitivity).
    pub malignant: Option<Estimate>,
    /// Mean of the two.
    pub balanced: Option<Estimate>,
    /// The same of the six colour numbers: benign, malignant, balanced.
    pub colour: [Option<Estimate>; 3],
    /// Balanced rate of the network minus that of the colours, from the same resamples.
    pub gain: Option<Estimate>,
    /// Area under the ROC curve over all fields in which something was seen: the chance that a malignant field gets a higher
    /// probability of being malignant than a benign one.
    pub area: Option<Estimate>,
    /// From all fields to the surest tenth.
    pub trade: Vec<Trade>,
}

impl Summary {
    /// Summarizes; intervals come from `bootstrap`, which draws whole overlap groups within each fold.
    #[must_use]
    pub fn new(outcomes: &[FoldOutcome], bootstrap: Bootstrap) -> Self {
        let folds = outcomes.iter().map(rates).collect();
        let clusters: Vec<Vec<Vec<&Answer>>> = outcomes.iter().map(by_group).collect();
        let strata: Vec<usize> = clusters.iter().map(Vec::len).collect();
        let cases = cases(&clusters);
        let [benign, malignant, balanced, benign_colour, malignant_colour, balanced_colour, gain, area] = bootstrap
            .estimates(&strata, |times| {
                let network = sides(&clusters, times, Answer::is_right);
                let colour = sides(&clusters, times, Answer::colour_is_right);
                let mean = |[benign, malignant]: [Option<f64>; 2]| Some(f64::midpoint(benign?, malignant?));
                let gain = mean(network).zip(mean(colour)).map(|(network, colour)| network - colour);
                let area = roc::area(&cases, times);
                [network[0], network[1], mean(network), colour[0], colour[1], mean(colour), gain, area]
            });
        Self {
            folds,
            benign,
            malignant,
            balanced,
            colour: [benign_colour, malignant_colour, balanced_colour],
            gain,
            area,
            trade: (1..=10).rev().map(|tenths| trade(outcomes, f64::from(tenths) / 10.0)).collect(),
        }
    }
}

fn rates(outcome: &FoldOutcome) -> Rates {
    let of = outcome.answers.len();
    let count = |is_right: fn(&Answer) -> bool| outcome.answers.iter().filter(|answer| is_right(answer)).count();
    let malignant = outcome.answers.iter().filter(|answer| answer.truth.is_malignant()).count();
    Rates {
        name: outcome.name.clone(),
        malignant: match malignant {
            0 => Some(false),
            _ if malignant == of => Some(true),
            _ => None,
        },
        network: Rate::new(count(Answer::is_right), of),
        unseen: outcome.answers.iter().filter(|answer| answer.malignant().is_none()).count(),
        colour: Rate::new(count(Answer::colour_is_right), of),
    }
}

fn by_group(outcome: &FoldOutcome) -> Vec<Vec<&Answer>> {
    let mut groups = std::collections::BTreeMap::<u32, Vec<&Answer>>::new();
    for answer in &outcome.answers {
        groups.entry(answer.group).or_default().push(answer);
    }
    groups.into_values().collect()
}

/// Every answer about a field in which something was seen, with its cluster, sorted by the probability of malignant.
fn cases(clusters: &[Vec<Vec<&Answer>>]) -> Vec<Case> {
    let answers = clusters.iter().flatten().enumerate();
    let mut cases: Vec<Case> = answers
        .flat_map(|(cluster, answers)| {
            answers.iter().filter_map(move |answer| {
                Some(Case { score: answer.malignant()?, cluster, positive: answer.truth.is_malignant() })
            })
        })
        .collect();
    roc::sort(&mut cases);
    cases
}

/// Mean over the folds of the share of right answers about benign, and about malignant fields.
fn sides(clusters: &[Vec<Vec<&Answer>>], times: &[u32], is_right: fn(&Answer) -> bool) -> [Option<f64>; 2] {
    let mut means = [(0.0, 0u32); 2];
    let mut times = times.iter();
    for fold in clusters {
        let mut counts = [(0u32, 0u32); 2];
        for (cluster, &times) in fold.iter().zip(times.by_ref()) {
            for answer in cluster {
                let (right, of) = &mut counts[usize::from(answer.truth.is_malignant())];
                *of += times;
                *right += times * u32::from(is_right(answer));
            }
        }
        for ((sum, folds), (right, of)) in means.iter_mut().zip(counts) {
            if of > 0 {
                *sum += f64::from(right) / f64::from(of);
                *folds += 1;
            }
        }
    }
    means.map(|(sum, folds)| (folds > 0).then(|| sum / f64::from(folds)))
}

/// The answers when `coverage` of all fields are answered, or as many as possible: one threshold on the network's confidence for
/// all folds.
fn trade(outcomes: &[FoldOutcome], coverage: f64) -> Trade {
    let sureness = |answer: &Answer| answer.malignant().map(|malignant| (malignant - 0.5).abs());
    // Each fold weighs the same, so each of its fields weighs one over its size.
    let mut weighted: Vec<(f32, f64)> = outcomes
        .iter()
        .flat_map(|outcome| {
            let weight = 1.0 / outcome.answers.len() as f64;
            outcome.answers.iter().filter_map(move |answer| Some((sureness(answer)?, weight)))
        })
        .collect();
    weighted.sort_by(|one, other| other.0.total_cmp(&one.0));
    let folds = outcomes.iter().filter(|outcome| !outcome.answers.is_empty()).count() as f64;
    let answerable: f64 = weighted.iter().map(|(_, weight)| weight).sum();
    let wanted = (coverage * folds).min(answerable);
    let mut sum = 0.0;
    let threshold = weighted
        .iter()
        .find(|(_, weight)| {
            sum += weight;
            sum >= wanted - 1e-9
        })
        .map_or(0.0, |(sureness, _)| *sureness);
    let mut means = [(0.0, 0u32); 2];
    for outcome in outcomes {
        for (malignant, (sum, folds)) in [false, true].into_iter().zip(&mut means) {
            let answered = outcome.answers.iter().filter(|answer| {
                answer.truth.is_malignant() == malignant
                    && sureness(answer).is_some_and(|sureness| sureness >= threshold)
            });
            let (right, of) =
                answered.fold((0u32, 0u32), |(right, of), answer| (right + u32::from(answer.is_right()), of + 1));
            if of > 0 {
                *sum += f64::from(right) / f64::from(of);
                *folds += 1;
            }
        }
    }
    let [benign, malignant] = means.map(|(sum, folds)| (folds > 0).then(|| sum / f64::from(folds)));
    let coverage = if folds > 0.0 { wanted / folds } else { coverage };
    Trade { coverage, balanced: benign.zip(malignant).map(|(benign, malignant)| f64::midpoint(benign, malignant)) }
}

#[cfg(test)]
mod tests {
    use blastscope_shared::{Class, Observation, sight::Blank};

    use super::*;

    fn outcome(name: &str, truth: Class, malignant: &[f32], colour: f32) -> FoldOutcome {
        let answers = malignant.iter().enumerate().map(|(at, &malignant)| Answer {
            file: format!("{name}/{at}"),
            group: at as u32 / 2,
            truth,
            probabilities: Observation::Observed([1.0 - malignant, malignant, 0.0, 0.0]),
            colour,
        });
        FoldOutcome {
            name: name.into(),
            epoch: 1,
            calibration: blastscope_shared::judge::calibration::Calibration::NONE,
            validation_unseen: 0,
            answers: answers.collect(),
        }
    }

    #[test]
    fn folds_count_the_same_whatever_their_size() {
        let outcomes = [
            outcome("a", Class::Benign, &[0.1, 0.2, 0.9, 0.8], 0.8),
            outcome("b", Class::Benign, &[0.1; 40], 0.0),
            outcome("c", Class::Early, &[0.9, 0.7, 0.6, 0.3], 1.0),
        ];
        let summary = Summary::new(&outcomes, Bootstrap { resamples: 200, seed: 1 });
        assert_eq!(summary.benign.expect("benign folds").value, 0.75);
        assert_eq!(summary.malignant.expect("a malignant fold").value, 0.75);
        assert_eq!(summary.balanced.expect("both").value, 0.75);
        assert_eq!(summary.colour.map(|rate| rate.expect("both").value), [0.5, 1.0, 0.75]);
        assert_eq!(summary.gain.expect("both").value, 0.0);
        let Estimate { low, high, .. } = summary.balanced.expect("both");
        assert!(low < 0.75 && high > 0.75, "{low} {high}");
        assert_eq!(summary.folds[0].malignant, Some(false));
        // Of 176 pairs, six are not in order and one is a tie.
        let area = summary.area.expect("both").value;
        assert!((area - 169.5 / 176.0).abs() < 1e-12, "{area}");
    }

    #[test]
    fn a_field_with_nothing_to_see_is_never_right_and_never_answered() {
        let mut outcomes = [
            outcome("a", Class::Benign, &[0.1, 0.2, 0.3, 0.9], 0.0),
            outcome("c", Class::Pre, &[0.9, 0.8, 0.7, 0.2], 1.0),
        ];
        let counts = |summary: &Summary| -> Vec<(usize, usize, usize)> {
            summary.folds.iter().map(|fold| (fold.network.hits, fold.network.of, fold.unseen)).collect()
        };
        let seen = Summary::new(&outcomes, Bootstrap { resamples: 10, seed: 1 });
        for outcome in &mut outcomes {
            for (at, blank) in [(0, Blank::NoCells), (3, Blank::NotFinite)] {
                outcome.answers[at].probabilities = Observation::Nothing(blank);
                assert_eq!((outcome.answers[at].malignant(), outcome.answers[at].is_right()), (None, false));
            }
        }
        let summary = Summary::new(&outcomes, Bootstrap { resamples: 10, seed: 1 });
        assert_eq!(counts(&seen), [(3, 4, 0), (3, 4, 0)]);
        assert_eq!(counts(&summary), [(2, 4, 2), (2, 4, 2)]);
        assert_eq!(summary.balanced.expect("both sides").value, 0.5);
        // The remaining fields are all in order.
        assert_eq!((seen.area.expect("both").value, summary.area.expect("both").value), (11.0 / 16.0, 1.0));
        // Half of the fields can be answered, and those are right.
        assert_eq!(summary.trade[0], Trade { coverage: 0.5, balanced: Some(1.0) });
        assert_eq!(summary.trade[5], Trade { coverage: 0.5, balanced: Some(1.0) });
        // Each reason is written as such.
        let json = serde_json::to_string(&outcomes[0]).expect("written");
        assert!(json.contains("\"no cells\"") && json.contains("\"not a number\""), "{json}");
        assert_eq!(serde_json::from_str::<FoldOutcome>(&json).expect("read"), outcomes[0]);
    }

    #[test]
    fn fewer_and_surer_answers_are_better_ones() {
        let outcomes = [
            outcome("a", Class::Benign, &[0.05, 0.1, 0.55, 0.6], 0.0),
            outcome("c", Class::Pro, &[0.95, 0.9, 0.45, 0.6], 1.0),
        ];
        let summary = Summary::new(&outcomes, Bootstrap { resamples: 10, seed: 1 });
        assert_eq!(summary.trade[0], Trade { coverage: 1.0, balanced: Some((0.5 + 0.75) / 2.0) });
        assert_eq!(summary.trade[5], Trade { coverage: 0.5, balanced: Some(1.0) });
    }
}
