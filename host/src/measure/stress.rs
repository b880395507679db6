//! How a model's verdicts change on degraded pictures: every picture in every [`Degradation`] and [`Severity`], judged as the
//! device judges it, quality gate included.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    Error,
    data::{
        dataset::{Dataset, LabelledImage},
        picture::read_picture,
    },
    measure::{
        degradation::{Degradation, Severity},
        evaluation::{Evaluation, Subject},
        prediction::Prediction,
        screening::{self, Finding},
        unfamiliar::SURE,
    },
    support::{notice::RESEARCH_USE_ONLY, progress::Progress},
};
use blastscope_shared::{Classifier, Rate};

mod table;

/// The scores of a model on degraded pictures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stress {
    /// What was measured, in one line.
    pub subject: String,
    /// [`RESEARCH_USE_ONLY`].
    pub notice: String,
    /// Whether the fields were drawn by the program.
    pub drawn: bool,
    /// The scores on undegraded pictures.
    pub clean: Level,
    /// The scores by degradation.
    pub kinds: Vec<Kind>,
    /// Mean accuracy over all degradations and severities, 0..=1.
    pub mean_accuracy: f64,
}

/// The scores under one degradation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kind {
    /// The degradation.
    pub degradation: Degradation,
    /// The scores by severity, the mildest first.
    pub levels: Vec<Level>,
    /// Mean accuracy over the severities, 0..=1.
    pub mean_accuracy: f64,
}

/// The scores at one severity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Level {
    /// How strong; `None` for undegraded pictures.
    pub severity: Option<Severity>,
    /// The setting in numbers ([`Degradation::setting`]).
    pub setting: String,
    /// Fields whose most probable class is true, whether an answer is given or not.
    pub accuracy: Rate,
    /// Malignant fields classified as malignant, whether an answer is given or not.
    pub sensitivity: Rate,
    /// Benign fields classified as benign, whether an answer is given or not.
    pub specificity: Rate,
    /// Fields that the quality gate rejects.
    pub stopped: Rate,
    /// Fields that pass the gate but get no class.
    pub abstained: Rate,
    /// Fields that get a class.
    pub answered: Rate,
    /// Of these, those answered correctly.
    pub answered_accuracy: Rate,
    /// Of all fields, those that get a wrong answer: benign or malignant, or a named subtype, is not the true one. This is the number
    /// that hurts people.
    pub spoken_and_wrong: Rate,
    /// Of all fields, those that are called benign but are malignant, or the other way round.
    pub wrong_side: Rate,
    /// Of all fields, those that get a wrong answer with a probability above [`SURE`].
    pub sure_and_wrong: Rate,
    /// Fields in which nothing was seen; never right, and counted as stopped or abstained.
    #[serde(default)]
    pub unseen: usize,
    /// The expected calibration error, 0..=1 ([`Reliability`](crate::measure::evaluation::Reliability)).
    pub calibration_error: f64,
}

impl Level {
    fn new(
        severity: Option<Severity>,
        setting: String,
        predictions: &[Prediction],
        stopped: usize,
    ) -> Result<Self, Error> {
        let evaluation = Evaluation::new(&Subject::default(), predictions)?;
        let count = predictions.len();
        let answered = || predictions.iter().filter(|prediction| prediction.withheld().is_none());
        let wrong = |prediction: &&Prediction| prediction.answer_is_right() == Some(false);
        let wrong_side = |prediction: &&Prediction| prediction.answer_is_on_the_wrong_side() == Some(true);
        let sure = |prediction: &&Prediction| prediction.confidence().is_some_and(|confidence| confidence > SURE);
        let answers = answered().count();
        Ok(Self {
            severity,
            setting,
            accuracy: evaluation.accuracy,
            sensitivity: evaluation.sensitivity,
            specificity: evaluation.specificity,
            stopped: Rate::new(stopped, count),
            abstained: Rate::new(count - stopped - answers, count),
            answered: Rate::new(answers, count),
            answered_accuracy: Rate::new(answers - answered().filter(wrong).count(), answers),
            spoken_and_wrong: Rate::new(answered().filter(wrong).count(), count),
            wrong_side: Rate::new(answered().filter(wrong_side).count(), count),
            sure_and_wrong: Rate::new(answered().filter(wrong).filter(sure).count(), count),
            unseen: evaluation.unseen.iter().sum(),
            calibration_error: evaluation.calibration.expected_error,
        })
    }
}

impl Stress {
    /// Measures `classifier` on the pictures at `images` (indices into the data set) under every one of `degradations`.
    ///
    /// # Errors
    /// When there are no pictures or one cannot be read.
    pub fn measure(
        subject: &str,
        classifier: &Classifier,
        data: &Dataset,
        images: &[usize],
        degradations: &[Degradation],
        progress: Progress,
    ) -> Result<Self, Error> {
        let states: Vec<(Degradation, Severity)> = degradations
            .iter()
            .flat_map(|&degradation| Severity::ALL.map(|severity| (degradation, severity)))
            .collect();
        let task = progress.start("classifying degraded pictures", images.len() * (states.len() + 1));
        let findings: Vec<Vec<Finding>> = images
            .par_iter()
            .map_init(
                || classifier.workspace(),
                |workspace, &image| {
                    let image = &data.images[image];
                    let picture = read_picture(&data.path(image))?;
                    let mut findings = vec![screening::find(classifier, &picture, workspace)];
                    task.advance(1);
                    for (degradation, severity) in &states {
                        let degraded = degradation.apply(&picture, *severity, noise_seed(image));
                        findings.push(screening::find(classifier, &degraded, workspace));
                        task.advance(1);
                    }
                    Ok(findings)
                },
            )
            .collect::<Result<_, Error>>()?;
        drop(task);

        let level = |state: usize, severity: Option<Severity>, setting: String| {
            let column =
                || images.iter().zip(&findings).map(|(&image, findings)| (&data.images[image], &findings[state]));
            let predictions: Vec<Prediction> =
                column().map(|(image, finding)| screening::prediction(image, finding)).collect();
            let stopped = column().filter(|(_, finding)| finding.rejected).count();
            Level::new(severity, setting, &predictions, stopped)
        };
        let clean = level(0, None, "as they are".into())?;
        let kinds = degradations
            .iter()
            .enumerate()
            .map(|(at, &degradation)| {
                let levels = Severity::ALL
                    .into_iter()
                    .enumerate()
                    .map(|(number, severity)| {
                        let state = 1 + at * Severity::ALL.len() + number;
                        level(state, Some(severity), degradation.setting(severity))
                    })
                    .collect::<Result<Vec<Level>, Error>>()?;
                let mean_accuracy = mean(levels.iter().filter_map(|level| level.accuracy.value));
                Ok(Kind { degradation, levels, mean_accuracy })
            })
            .collect::<Result<Vec<Kind>, Error>>()?;
        Ok(Self {
            subject: subject.to_owned(),
            notice: RESEARCH_USE_ONLY.to_owned(),
            drawn: data.drawn,
            clean,
            mean_accuracy: mean(kinds.iter().map(|kind| kind.mean_accuracy)),
            kinds,
        })
    }

    /// A table for a terminal, at most 100 columns wide.
    #[must_use]
    pub fn table(&self) -> String {
        table::table(self)
    }

    /// The worst severity in a sentence: where the model says something wrong most often.
    #[must_use]
    pub fn verdict(&self) -> String {
        let levels = self.kinds.iter().flat_map(|kind| kind.levels.iter().map(move |level| (kind.degradation, level)));
        let share = |level: &Level| level.spoken_and_wrong.value.unwrap_or(0.0);
        let worst = levels.max_by(|(_, one), (_, other)| share(one).total_cmp(&share(other)));
        let mean = self.mean_accuracy * 100.0;
        let clean = self.clean.accuracy.percent();
        match worst {
            Some((degradation, level)) if level.spoken_and_wrong.hits > 0 => format!(
                "Mean accuracy {mean:.1} % over all severities, {clean} on the pictures as they are. It says something wrong most often under {degradation} at {}: {} of {} fields.",
                level.setting, level.spoken_and_wrong.hits, level.spoken_and_wrong.of
            ),
            _ => format!(
                "Mean accuracy {mean:.1} % over all severities, {clean} on the pictures as they are. It said nothing wrong."
            ),
        }
    }
}

/// A seed for the picture, the same wherever its file lies.
fn noise_seed(image: &LabelledImage) -> u64 {
    image.sha256.first_chunk().copied().map_or(0, u64::from_le_bytes)
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0usize), |(sum, count), value| (sum + value, count + 1));
    sum / count.max(1) as f64
}

#[cfg(test)]
mod tests;
