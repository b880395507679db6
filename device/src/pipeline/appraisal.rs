//! One picture by itself, without the frames around it: the gate first, then the judge. What is said here of a frame, `classify`, maps
//! and lines say alike.

use blastscope_shared::{
    Class, RgbPixels,
    classifier::{Classifier, Workspace},
    field::gate::{Gate, Quality, Rejection},
    judge::{Assessment, verdict::Verdict},
};

/// What is found in one picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Appraisal {
    /// What the gate measured.
    pub quality: Quality,
    /// Why the picture is not fit to be judged, where it is not.
    pub rejection: Option<Rejection>,
    /// What the network makes of it, also of a rejected one.
    pub assessment: Assessment,
}

impl Appraisal {
    /// Appraises `picture` with the gate and the judge that decide about live frames.
    pub fn of(picture: &RgbPixels, classifier: &Classifier, workspace: &mut Workspace) -> Self {
        let quality = Gate::inspect(picture);
        let rejection = Gate::default().judge(&quality).err();
        Self { quality, rejection, assessment: classifier.assess(picture, workspace) }
    }

    /// The class that is named, if any: neither the gate nor the judge objects.
    pub fn class(&self) -> Option<Class> {
        if self.rejection.is_some() { None } else { self.assessment.verdict.class() }
    }

    /// Why no class is named; `None` when one is.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config, drawn_field,
        frame::Frame,
        model::Loaded,
        pipeline::{Action, Pipeline, Settings},
        record::{Judgement, Said},
    };

    const TINY: &[u8] = include_bytes!("../../../tests/golden/tiny.bsm");

    /// A class, and why there is none.
    type Answer = (Option<Class>, Option<String>);

    /// What is said of one frame: by itself as maps and `classify` say it, by the pipeline of the frame and of its view, and by the
    /// record.
    fn said(settings: &config::Pipeline, shift: usize) -> (Appraisal, Vec<Answer>) {
        let classifier = settings.judged(Classifier::read(TINY).expect("the tiny model"));
        let picture = drawn_field::field(320, 240, shift);
        let appraisal = Appraisal::of(&picture, &classifier, &mut classifier.workspace());
        let single = Settings { settle: 1, same_view: -1.0, ..Settings::new(*classifier.judge()) };
        let mut pipeline = Pipeline::new(Loaded::new(&classifier), single);
        let frame = Frame { picture, sequence: 0, time: std::time::Duration::ZERO, name: None, original: None };
        let Action::Show(reading) = pipeline.step(&frame, frame.time).swap_remove(0) else { panic!("a reading") };
        let of_frame = reading.frame.as_ref().expect("the gate lets drawn fields pass");
        assert_eq!((of_frame, of_frame.probabilities()), (&appraisal.assessment, reading.probabilities));
        let Judgement { said: Said { class, reason, .. }, .. } = Judgement::of(&reading, "").expect("a picture");
        let alone = crate::pipeline::Statement::Verdict(of_frame.verdict);
        let said = vec![
            (appraisal.class(), appraisal.reason()),
            (alone.class(), alone.reason()),
            (reading.statement.class(), reading.statement.reason()),
            (class, reason),
        ];
        (appraisal, said)
    }

    #[test]
    fn with_stricter_settings_all_that_is_said_of_a_frame_agrees() {
        let strict =
            |min_probability, max_novelty| config::Pipeline { min_probability, max_novelty, ..Default::default() };
        let mut named = 0;
        for shift in 0..8 {
            let (_, usual) = said(&strict(None, None), shift);
            named += usize::from(usual[0].0.is_some());
            for (settings, reason) in
                [(strict(Some(1.0), None), "not sure enough"), (strict(None, Some(0.001)), "unlike the fields")]
            {
                let (appraisal, all) = said(&settings, shift);
                assert!(all.iter().all(|one| *one == all[0]), "{all:?}");
                assert_eq!(all[0].0, None);
                assert!(all[0].1.as_ref().is_some_and(|why| why.starts_with(reason)), "{all:?}");
                assert!(appraisal.sentence().starts_with(&format!("no verdict: {reason}")), "{}", appraisal.sentence());
            }
            assert!(usual.iter().all(|one| *one == usual[0]), "{usual:?}");
        }
        assert!(named > 0, "by the model's own thresholds some field gets a class");
    }
}
