//! One picture by itself, without the frames around it: the gate first, then the judge. What is said here of a frame, `classify`, maps
//! and lines say alike.

use alloc::{
    borrow::ToOwned as _,
    format,
    string::{String, ToString as _},
};

use blastscope_shared::{
    Class, RgbPixels,
    classifier::{Classifier, Workspace},
    field::gate::{Gate, Quality, Rejection},
    judge::{Assessment, verdict::Verdict},
};

/// What is found in one picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Appraisal {
    /// What the gate measured.
    pub quality: Quality,
    /// Why the picture is not fit to be judged, where it is not.
    pub rejection: Option<Rejection>,
    /// What the network makes of it, also of a rejected one.
    pub assessment: Assessment,
}

impl Appraisal {
    /// Appraises `picture` with the gate and the judge that decide about live frames.
    #[must_use]
    pub fn of(picture: &RgbPixels, classifier: &Classifier, workspace: &mut Workspace) -> Self {
        let quality = Gate::inspect(picture);
        let rejection = Gate::default().judge(&quality).err();
        Self { quality, rejection, assessment: classifier.assess(picture, workspace) }
    }

    /// The class that is named, if any: neither the gate nor the judge objects.
    #[must_use]
    pub fn class(&self) -> Option<Class> {
        if self.rejection.is_some() { None } else { self.assessment.verdict.class() }
    }

    /// Why no class is named; `None` when one is.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        if let Some(rejection) = &self.rejection {
            return Some(rejection.to_string());
        }
        match self.assessment.verdict {
            Verdict::Abstain(abstention) => Some(abstention.to_string()),
            Verdict::Class { .. } => None,
        }
    }

    /// A line for people: the class with its probability in percent, or why none is named and which would be the most probable.
    #[must_use]
    pub fn sentence(&self) -> String {
        let likely = self.assessment.scores().map(|scores| {
            let (class, probability) = scores.most_probable();
            (class, probability * 100.0)
        });
        match (self.reason(), likely) {
            (None, Some((class, percent))) => format!("verdict {class}, probability {percent:.1} %"),
            (Some(reason), Some((class, percent))) => format!("no verdict: {reason} ({class} {percent:.1} %)"),
            (Some(reason), None) => format!("no verdict: {reason}"),
            (None, None) => "no verdict".to_owned(),
        }
    }
}
