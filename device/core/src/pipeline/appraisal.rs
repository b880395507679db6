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
        let likely = self.assessment.scores().map(|scores| {
            let (class, probability) = scores.most_probable();
            (class, probability * 100.0)
        });
        let malignancy = self.assessment.scores().map(|scores| scores.malignancy() * 100.0);
        match (self.is_malignant(), self.reason(), likely, malignancy) {
            (Some(true), Some(reason), _, Some(percent)) => {
                format!("verdict malignant, probability {percent:.1} %, {reason}")
            }
            (Some(true), None, Some((class, _)), Some(percent)) => {
                format!("verdict malignant, {class}, probability {percent:.1} %")
            }
            (_, None, Some((class, percent)), _) => format!("verdict {class}, probability {percent:.1} %"),
            (_, Some(reason), Some((class, percent)), _) => format!("no verdict: {reason} ({class} {percent:.1} %)"),
            (_, Some(reason), None, _) => format!("no verdict: {reason}"),
            (_, None, None, _) => "no verdict".to_owned(),
        }
    }
}
