//! Float and int8 side by side.

use serde_json::json;

use super::{Model, run_int8};
use crate::{
    Error,
    data::{
        dataset::Dataset,
        split::{Item, Part, Split},
    },
    measure::{
        colour_baseline,
        evaluation::{Evaluation, Subject},
        paired::Paired,
        prediction::Prediction,
        screening::{self, Finding},
        unfamiliar::Familiar,
    },
    recipe::batches,
    statistics::bootstrap::Bootstrap,
    support::progress::Progress,
    training::float_network::FloatNetwork,
};
use blastscope_shared::{
    Class, Classifier, Rate,
    judge::{Assessment, Scores},
};

/// Float and int8 on the same fields.
pub struct Comparison {
    /// The float network, with the model's calibration and thresholds.
    pub float: Evaluation,
    /// The int8 network.
    pub int8: Evaluation,
    /// Six colour numbers.
    pub baseline: Evaluation,
    /// Their differences, int8 minus float, with intervals.
    pub paired: Paired,
    /// The int8 network's logits for each field; `None` where it saw nothing.
    pub int8_logits: Vec<Option<[f32; Class::COUNT]>>,
    /// Novelty of the fields to the int8 network, without those in which it saw nothing.
    pub familiar: Vec<Familiar>,
    /// Fields for which float and int8 name the same class, or both saw nothing.
    pub agreement: Rate,
    /// Largest difference between a float and an int8 logit.
    pub largest_difference: f32,
}

impl Comparison {
    /// Measures both on `items` of `split`.
    ///
    /// # Errors
    /// When the back end fails or there are no items.
    pub fn measure(
        model: &Model<'_>,
        float: &FloatNetwork,
        data: &Dataset,
        inputs: &[Vec<u8>],
        split: &Split,
        items: &[Item],
    ) -> Result<Self, Error> {
        let classifier = model.classifier()?;
        let assessments = run_int8(&classifier, data, inputs, items, "int8 network");
        let prediction = |item: &Item, assessment: Assessment| {
            screening::prediction(&data.images[item.image], &Finding { assessment, rejected: false })
        };
        let int8: Vec<Prediction> =
            items.iter().zip(&assessments).map(|(item, assessment)| prediction(item, *assessment)).collect();
        let examples = batches::examples(data, inputs, items);
        let float_logits = float.logits(&examples, Progress::Shown)?;
        // Both get the same calibration and thresholds, and the novelty of the int8 network (the float network has none), so that
        // only the arithmetic differs.
        let float: Vec<Prediction> = items
            .iter()
            .zip(&float_logits)
            .zip(&assessments)
            .map(|((item, logits), int8)| {
                let sight = logits.and_then(|logits| {
                    int8.sight.and_then(|int8| {
                        Scores::new(logits, model.point.calibration.probabilities(&logits), int8.novelty())
                    })
                });
                prediction(item, classifier.judge().assess(sight))
            })
            .collect();
        let groups: Vec<u32> = items.iter().map(|item| data.images[item.image].group).collect();
        let paired = Paired::new(["float", "int8"], [&float, &int8], &groups, Bootstrap::default())?;
        let agreeing = float.iter().zip(&int8).filter(|(float, int8)| float.class() == int8.class()).count();
        let both =
            float_logits.iter().zip(&assessments).filter_map(|(float, int8)| float.observed().zip(int8.logits()));
        let differences =
            both.flat_map(|(float, int8)| float.into_iter().zip(int8).map(|(float, int8)| (float - int8).abs()));
        let subject = |name: &str| Subject {
            name: format!("{name}, test part of the {} split with seed {}", split.kind, split.seed),
            drawn: data.drawn,
            warning: split.kind.warning().map(str::to_owned),
        };
        Ok(Self {
            agreement: Rate::new(agreeing, items.len()),
            largest_difference: differences.fold(0.0, f32::max),
            float: Evaluation::new(&subject("float"), &float)?,
            int8: Evaluation::new(&subject("int8"), &int8)?,
            baseline: colour_baseline::evaluate(data, inputs, &model.config.sight.framing, split, Part::Test)?,
            paired,
            int8_logits: assessments.iter().map(Assessment::logits).collect(),
            familiar: assessments
                .iter()
                .zip(&groups)
                .filter_map(|(assessment, &group)| Some(Familiar { novelty: assessment.novelty()?, group }))
                .collect(),
        })
    }

    /// The comparison for a terminal.
    #[must_use]
    pub fn table(&self) -> String {
        let mut out = self.int8.table();
        let row = |name: &str, evaluation: &Evaluation| {
            format!(
                "\n{name:<10} accuracy {} {}   sensitivity {}   specificity {}   macro F1 {:.4}",
                evaluation.accuracy.percent(),
                evaluation.accuracy.interval(),
                evaluation.sensitivity.percent(),
                evaluation.specificity.percent(),
                evaluation.macro_average.f1
            )
        };
        out += &row("float", &self.float);
        out += &row("int8", &self.int8);
        out += &row("6 colours", &self.baseline);
        out += &format!(
            "\nfloat and int8 name the same class for {} of the fields; their logits differ by at most {:.3}\n\n{}",
            self.agreement.percent(),
            self.largest_difference,
            self.paired.table()
        );
        out
    }

    /// The comparison for programs.
    #[must_use]
    pub fn json(&self, classifier: &Classifier) -> serde_json::Value {
        json!({
            "model": classifier.model_id(),
            "float": self.float,
            "int8": self.int8,
            "colour_baseline": self.baseline,
            "paired": self.paired,
            "agreement": self.agreement,
            "largest_logit_difference": self.largest_difference,
        })
    }
}
