//! One picture alone, without the frames around it: the gate first, then the judge. `classify`, maps and lines all use this
//! appraisal, so they agree.

use alloc::{
    borrow::ToOwned as _,
    format,
    string::{String, ToString as _},
};

use blastscope_shared::{
    Class, RgbPixels,
    classifier::{Classifier, Workspace},
    field::gate::{Gate, Quality, Rejection},
    judge::Assessment,
};

/// Appraisal of one picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Appraisal {
    /// The gate's measurements.
    pub quality: Quality,
    /// Why the gate rejects the picture, if it does.
    pub rejection: Option<Rejection>,
    /// The network's assessment, present even for a rejected picture.
    pub assessment: Assessment,
}

impl Appraisal {
    /// Appraises `picture` with the same gate and judge as live frames.
    #[must_use]
    pub fn of(picture: &RgbPixels, classifier: &Classifier, workspace: &mut Workspace) -> Self {
        let quality = Gate::inspect(picture);
        let rejection = Gate::default().judge(&quality).err();
        Self { quality, rejection, assessment: classifier.assess(picture, workspace) }
    }

    /// Name of the [verdict](blastscope_shared::Verdict::name); `abstain` if the gate rejects the picture.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        if self.rejection.is_some() { "abstain" } else { self.assessment.verdict.name() }
    }

    /// Whether the picture is called malignant; `None` if the gate or the judge objects.
    #[must_use]
    pub const fn is_malignant(&self) -> Option<bool> {
        if self.rejection.is_some() { None } else { self.assessment.verdict.is_malignant() }
    }

    /// The named class, if neither the gate nor the judge objects.
    #[must_use]
    pub fn class(&self) -> Option<Class> {
        if self.rejection.is_some() { None } else { self.assessment.verdict.class() }
    }

    /// Why no class is named; `None` if one is.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        if let Some(rejection) = &self.rejection {
            return Some(rejection.to_string());
        }
        self.assessment.verdict.reason()
    }

    /// A line for people: the class with its probability in percent, or why none is named, with the most probable one.
    #[must_use]
    pub fn sentence(&self) -> String {
        let scores = self.assessment.scores();
        let likely = scores.map(|scores| {
            let (class, probability) = scores.most_probable();
            (class, percent(probability))
        });
        let malignancy = scores.map(|scores| percent(scores.malignancy()));
        match (self.is_malignant(), self.reason(), likely, malignancy) {
            (Some(true), Some(reason), _, Some(share)) => {
                format!("verdict malignant, probability {share}, {reason}")
            }
            (Some(true), None, Some((class, _)), Some(share)) => {
                format!("verdict malignant, {class}, probability {share}")
            }
            (_, None, Some((class, share)), _) => format!("verdict {class}, probability {share}"),
            (_, Some(reason), Some((class, share)), _) => format!("no verdict: {reason} ({class} {share})"),
            (_, Some(reason), None, _) => format!("no verdict: {reason}"),
            (_, None, None, _) => "no verdict".to_owned(),
        }
    }
}

/// A probability in whole percent, as everywhere: `97 %`. A network's probability is never 0 or 1: `> 99 %`, `< 1 %`.
#[must_use]
pub fn percent(probability: f32) -> String {
    match probability {
        high if high >= 0.995 => "> 99 %".to_owned(),
        low if low < 0.005 => "< 1 %".to_owned(),
        share => format!("{:.0} %", share * 100.0),
    }
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn probabilities_are_whole_percents_and_never_certain() {
        let written = [0.0, 0.004, 0.006, 0.5, 0.994, 0.996, 1.0].map(percent);
        assert_eq!(written, ["< 1 %", "< 1 %", "1 %", "50 %", "99 %", "> 99 %", "> 99 %"]);
    }
}
