//! How a model treats pictures that it should not be sure about, such as smears of another laboratory or pictures that are not
//! smears: its novelty score, the quality gate and its probabilities.

use std::path::Path;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    Error,
    data::picture::{Listing, pictures_below, read_picture},
    measure::screening::{self, Finding},
    statistics::{
        bootstrap::{Bootstrap, Estimate, number_clusters},
        roc::{self, Case},
    },
    support::progress::Progress,
};
use blastscope_shared::{Classifier, Rate};

/// Probability above which a verdict counts as sure.
pub const SURE: f32 = 0.9;
/// Bars of the histograms.
const BARS: usize = 40;

/// How a model does on a folder of pictures unlike its training pictures, beside pictures like them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unfamiliar {
    /// The folder's name, without its path.
    pub folder: String,
    /// Number of readable pictures in it.
    pub pictures: usize,
    /// Number of unreadable files and folders in it; no rate counts them.
    #[serde(default)]
    pub unreadable: usize,
    /// Number of familiar pictures for comparison.
    pub familiar: usize,
    /// Pictures in which the network saw nothing: they have no novelty and get no class. Every rate counts them; the area does not.
    #[serde(default)]
    pub unseen: usize,
    /// Area under the ROC curve of the [novelty score](blastscope_shared::judge::novelty): the probability that a picture of the
    /// folder scores higher than a familiar one. At 0.5 the score cannot tell them apart. The interval is a bootstrap over overlap
    /// groups of the familiar pictures and over pictures of the folder. `None` when the network saw nothing in all pictures of one
    /// side.
    pub area: Option<Estimate>,
    /// Pictures whose novelty is beyond the model's threshold.
    pub flagged: Rate,
    /// Pictures that the quality gate rejects.
    pub stopped: Rate,
    /// Pictures that are called benign or malignant nevertheless, with a subtype or without.
    pub named: Rate,
    /// Pictures that are called benign or malignant with a probability above [`SURE`].
    pub sure: Rate,
    /// Of all pictures, those called benign with a probability above [`SURE`].
    pub sure_benign: Rate,
    /// Of all pictures, those called malignant with a probability above [`SURE`].
    pub sure_malignant: Rate,
    /// The novelty beyond which the model calls a picture unfamiliar.
    pub threshold: f32,
    /// The scores of both.
    pub histogram: Histogram,
}

/// How often which novelty occurs; bars of equal width on a logarithmic scale.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// Novelty at the lower end of the first bar.
    pub low: f64,
    /// Novelty at the upper end of the last bar.
    pub high: f64,
    /// Number of familiar pictures in each bar.
    pub familiar: Vec<usize>,
    /// Number of the folder's pictures in each bar.
    pub foreign: Vec<usize>,
}

/// The novelty of a familiar picture, and the overlap group it belongs to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Familiar {
    /// [`Assessment::novelty`](blastscope_shared::judge::Assessment::novelty).
    pub novelty: f32,
    /// [`LabelledImage::group`](crate::data::dataset::LabelledImage::group).
    pub group: u32,
}

impl Unfamiliar {
    /// Screens every picture below `folder` and compares it with `familiar` ones, which `classifier` screened before. Reports and
    /// counts unreadable pictures.
    ///
    /// # Errors
    /// When the folder holds no readable picture.
    pub fn measure(
        classifier: &Classifier,
        folder: &Path,
        familiar: &[Familiar],
        bootstrap: Bootstrap,
        progress: Progress,
    ) -> Result<Self, Error> {
        let Listing { pictures, mut unreadable } = pictures_below(folder, progress)?;
        let task = progress.start("unfamiliar pictures", pictures.len());
        let screened: Vec<Result<Finding, Error>> = pictures
            .par_iter()
            .map_init(
                || classifier.workspace(),
                |workspace, path| {
                    let finding = read_picture(path).map(|picture| screening::find(classifier, &picture, workspace));
                    task.advance(1);
                    finding
                },
            )
            .collect();
        drop(task);
        let (mut findings, mut first) = (Vec::new(), None);
        for finding in screened {
            match finding {
                Ok(finding) => findings.push(finding),
                Err(error) => {
                    progress.say(format_args!("warning: {error}; it is left out"));
                    unreadable += 1;
                    first.get_or_insert(error);
                }
            }
        }
        if let Some(error) = first.filter(|_| findings.is_empty()) {
            return Err(error);
        }
        // `pictures/.` and `..` have no name of their own.
        let named = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
        let name = named.file_name().map_or_else(|| folder.display().to_string(), |name| name.to_string_lossy().into());
        let measured = Self::new(name, familiar, &findings, classifier.thresholds().max_novelty, bootstrap);
        Ok(Self { unreadable, ..measured })
    }

    /// Compares what was found.
    #[must_use]
    pub fn new(
        folder: String,
        familiar: &[Familiar],
        foreign: &[Finding],
        threshold: f32,
        bootstrap: Bootstrap,
    ) -> Self {
        let rate = |wanted: &dyn Fn(&Finding) -> bool| {
            Rate::new(foreign.iter().filter(|finding| wanted(finding)).count(), foreign.len())
        };
        // Whether it is called malignant, with a subtype or without.
        let named = |finding: &Finding| finding.assessment.verdict.is_malignant().filter(|_| !finding.rejected);
        let sure = |finding: &Finding| {
            let probability = finding.assessment.verdict.probability()?;
            named(finding).filter(|_| probability > SURE)
        };
        let novelties = |findings: &mut dyn Iterator<Item = f32>| findings.map(f64::from).collect::<Vec<f64>>();
        let seen = || foreign.iter().filter_map(|finding| finding.assessment.novelty());
        Self {
            folder,
            pictures: foreign.len(),
            unreadable: 0,
            familiar: familiar.len(),
            unseen: foreign.len() - seen().count(),
            area: area(familiar, foreign, bootstrap),
            flagged: rate(&|finding| finding.assessment.novelty().is_some_and(|novelty| novelty > threshold)),
            stopped: rate(&|finding| finding.rejected),
            named: rate(&|finding| named(finding).is_some()),
            sure: rate(&|finding| sure(finding).is_some()),
            sure_benign: rate(&|finding| sure(finding) == Some(false)),
            sure_malignant: rate(&|finding| sure(finding) == Some(true)),
            threshold,
            histogram: Histogram::new(
                &novelties(&mut familiar.iter().map(|field| field.novelty)),
                &novelties(&mut seen()),
                f64::from(threshold),
            ),
        }
    }

    /// Why there is no [`area`](Self::area), to show in its place.
    #[must_use]
    pub const fn not_measured(&self) -> &'static str {
        if self.unseen == self.pictures {
            "not measured: the network saw nothing in them"
        } else {
            "not measured: the network saw nothing in the familiar pictures"
        }
    }
}

/// The area under the receiver operating characteristic, over overlap groups of the familiar pictures; `None` when one side has no
/// novelty.
fn area(familiar: &[Familiar], foreign: &[Finding], bootstrap: Bootstrap) -> Option<Estimate> {
    let groups: Vec<u32> = familiar.iter().map(|field| field.group).collect();
    let (clusters, count) = number_clusters(&groups);
    let mut cases: Vec<Case> = familiar
        .iter()
        .zip(clusters)
        .map(|(field, cluster)| Case { score: field.novelty, cluster, positive: false })
        .collect();
    cases.extend(foreign.iter().enumerate().filter_map(|(at, finding)| {
        Some(Case { score: finding.assessment.novelty()?, cluster: count + at, positive: true })
    }));
    roc::sort(&mut cases);
    let [estimate] = bootstrap.estimates(&[count, foreign.len()], |times| [roc::area(&cases, times)]);
    estimate
}

impl Histogram {
    /// Bars over all scores and the threshold. Scores that are 0 count as the least score above it.
    fn new(familiar: &[f64], foreign: &[f64], threshold: f64) -> Self {
        let usable = |score: &f64| score.is_finite() && *score > 0.0;
        let all = || familiar.iter().chain(foreign).copied().chain([threshold]).filter(usable);
        let low = all().fold(f64::INFINITY, f64::min).min(1.0) * 0.98;
        let high = all().fold(low, f64::max).max(low * 1.1) * 1.02;
        let width = (high / low).ln() / BARS as f64;
        let count = |scores: &[f64]| {
            let mut bars = vec![0; BARS];
            for score in scores {
                let at = (score.max(low) / low).ln() / width;
                bars[(at as usize).min(BARS - 1)] += 1;
            }
            bars
        };
        Self { low, high, familiar: count(familiar), foreign: count(foreign) }
    }
}

#[cfg(test)]
mod tests {
    use blastscope_shared::{
        Class, Judge, Observation,
        judge::{Scores, Thresholds},
        sight::Blank,
    };

    use super::*;

    const JUDGE: Judge = Judge::new(Thresholds { min_probability: 0.6, min_subtype: 0.5, max_novelty: 2.0 });

    fn finding(novelty: f32, class: Class, probability: f32, rejected: bool) -> Finding {
        let mut probabilities = [(1.0 - probability) / 3.0; 4];
        probabilities[class.index()] = probability;
        Finding { assessment: JUDGE.assess(Scores::new([0.0; 4], probabilities, novelty)), rejected }
    }

    fn familiar(novelties: &[f32]) -> Vec<Familiar> {
        novelties.iter().zip(0..).map(|(&novelty, group)| Familiar { novelty, group }).collect()
    }

    fn nothing(blank: Blank) -> Finding {
        Finding { assessment: JUDGE.assess(Observation::Nothing(blank)), rejected: false }
    }

    fn area_of(unfamiliar: &Unfamiliar) -> Estimate {
        unfamiliar.area.expect("both sides have novelty")
    }

    fn compare(familiar: &[Familiar], foreign: &[Finding]) -> Unfamiliar {
        let bootstrap = Bootstrap { resamples: 2000, seed: 1 };
        Unfamiliar::new("other".into(), familiar, foreign, 2.0, bootstrap)
    }

    #[test]
    fn the_area_by_hand_and_the_shares() {
        let foreign = [
            finding(0.9, Class::Benign, 0.95, false),
            finding(3.0, Class::Benign, 0.95, false),
            finding(1.0, Class::Pre, 0.99, false),
            finding(1.5, Class::Pre, 0.99, true),
            finding(1.2, Class::Pro, 0.65, false),
        ];
        let unfamiliar = compare(&familiar(&[0.8, 1.0, 1.1, 4.0]), &foreign);
        // Pairs won: 0.9 beats 1; 3.0 beats 3; 1.0 beats 1 and ties 1; 1.5 and 1.2 beat 3 each.
        let area = area_of(&unfamiliar);
        assert!((area.value - (1.0 + 3.0 + 1.5 + 3.0 + 3.0) / 20.0).abs() < 1e-12);
        assert!(area.low < area.value && area.value < area.high);
        let hits = [
            unfamiliar.flagged,
            unfamiliar.stopped,
            unfamiliar.named,
            unfamiliar.sure,
            unfamiliar.sure_benign,
            unfamiliar.sure_malignant,
        ];
        assert_eq!(hits.map(|rate| rate.hits), [1, 1, 3, 2, 1, 1]);
        assert_eq!(unfamiliar.histogram.foreign.iter().sum::<usize>(), 5);
        assert_eq!(unfamiliar.histogram.familiar.iter().sum::<usize>(), 4);
    }

    #[test]
    fn told_apart_is_one_and_groups_widen_the_interval() {
        let foreign: Vec<Finding> = (0..30).map(|at| finding(5.0 + at as f32, Class::Pre, 0.9, false)).collect();
        let apart = area_of(&compare(&familiar(&[0.5, 0.6, 0.7]), &foreign));
        assert_eq!((apart.value, apart.low, apart.high), (1.0, 1.0, 1.0));

        let mixed: Vec<f32> = (0..120).map(|at| 4.0 + (at / 4) as f32 * 1.07).collect();
        let alone = area_of(&compare(&familiar(&mixed), &foreign));
        let grouped: Vec<Familiar> =
            mixed.iter().zip(0..).map(|(&novelty, at)| Familiar { novelty, group: at / 4 }).collect();
        let grouped = area_of(&compare(&grouped, &foreign));
        assert_eq!(alone.value, grouped.value);
        assert!(grouped.high - grouped.low > 1.1 * (alone.high - alone.low), "{alone:?} {grouped:?}");
    }

    #[test]
    fn an_empty_side_leaves_the_area_out() {
        let foreign = [finding(1.0, Class::Pre, 0.9, false)];
        let alone = compare(&[], &foreign);
        assert_eq!((alone.area, alone.pictures, alone.familiar, alone.named.hits), (None, 1, 0, 1));
        assert!(alone.not_measured().contains("the familiar pictures"), "{}", alone.not_measured());
        assert_eq!(compare(&familiar(&[1.0]), &[]).area, None);
    }

    #[test]
    fn nothing_seen_is_neither_novel_nor_named() {
        let seen = [finding(3.0, Class::Benign, 0.95, false), finding(0.9, Class::Pre, 0.95, false)];
        let with =
            compare(&familiar(&[0.8, 1.0]), &[seen[0], nothing(Blank::NoCells), seen[1], nothing(Blank::NotFinite)]);
        let without = compare(&familiar(&[0.8, 1.0]), &seen);
        assert_eq!((with.pictures, with.unseen, without.unseen), (4, 2, 0));
        assert_eq!((area_of(&with).value, with.histogram), (area_of(&without).value, without.histogram));
        let hits = |found: [Rate; 3]| found.map(|rate| (rate.hits, rate.of));
        assert_eq!(hits([with.flagged, with.named, with.sure]), [(1, 4), (1, 4), (1, 4)]);
    }

    #[test]
    fn a_folder_in_which_nothing_was_seen_keeps_its_other_numbers() {
        let stopped = Finding { rejected: true, ..nothing(Blank::NoCells) };
        let blank = compare(&familiar(&[0.8, 1.0]), &[nothing(Blank::NoCells), stopped]);
        assert_eq!((blank.area, blank.pictures, blank.unseen, blank.familiar), (None, 2, 2, 2));
        let rates = [blank.flagged, blank.stopped, blank.named, blank.sure, blank.sure_benign, blank.sure_malignant];
        assert_eq!(rates.map(|rate| (rate.hits, rate.of)), [(0, 2), (1, 2), (0, 2), (0, 2), (0, 2), (0, 2)]);
        assert_eq!(blank.histogram.foreign.iter().sum::<usize>(), 0);
        assert_eq!(blank.histogram.familiar.iter().sum::<usize>(), 2);
        let json = serde_json::to_value(&blank).expect("written");
        assert!(json["area"].is_null(), "{json}");
        assert_eq!(serde_json::from_value::<Unfamiliar>(json).expect("read"), blank);
    }

    #[test]
    fn what_is_called_malignant_without_a_subtype_is_named() {
        let without = |rejected| Finding {
            assessment: JUDGE.assess(Scores::new([0.0; 4], [0.01, 0.40, 0.35, 0.24], 1.0)),
            rejected,
        };
        assert_eq!(without(false).assessment.verdict.class(), None, "no subtype is named");
        let found = compare(&familiar(&[1.0]), &[without(false), without(true), finding(1.0, Class::Pro, 0.4, false)]);
        assert_eq!(
            [found.named, found.sure, found.sure_malignant, found.sure_benign].map(|rate| rate.hits),
            [2, 1, 1, 0]
        );
    }

    #[test]
    fn a_score_of_zero_has_a_bar() {
        let histogram = Histogram::new(&[0.0, 1.0], &[2.0], 1.5);
        assert_eq!((histogram.familiar.iter().sum::<usize>(), histogram.familiar[0]), (2, 1));
        assert!(histogram.low > 0.0 && histogram.high > 2.0);
    }
}
