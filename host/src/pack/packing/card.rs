//! The model card, written from what was measured.

use super::comparison::Comparison;
use crate::{
    data::{
        dataset::Dataset,
        split::{Part, Split, SplitKind},
    },
    support::text::value_name,
    training::run_folder::RunConfig,
};
use blastscope_shared::{
    Class, Rate,
    artifact::{ModelCard, STATEMENT},
};

/// Origin of the weights.
#[derive(Clone, Copy, Debug)]
pub struct Lineage {
    /// Epochs of the training.
    pub epochs: usize,
    /// The epoch whose weights were taken, from 1.
    pub chosen: usize,
    /// Fine-tuning steps for int8; 0 for weights rounded without fine-tuning.
    pub fine_tuned: usize,
}

/// Writes the card of a measured model.
#[must_use]
pub fn card(
    name: &str,
    config: &RunConfig,
    data: &Dataset,
    split: &Split,
    lineage: Lineage,
    comparison: &Comparison,
) -> ModelCard {
    let Lineage { epochs, chosen, fine_tuned } = lineage;
    let count = |part| {
        let mut images: Vec<usize> = split.items(part).map(|item| item.image).collect();
        images.sort_unstable();
        images.dedup();
        images.len()
    };
    let part = format!("test part, {} split", split.kind);
    let measurement = |what: &str, rate: &Rate| rate.measurement(what, &part);
    let (float, int8, baseline) = (&comparison.float, &comparison.int8, &comparison.baseline);
    let mut results = vec![
        measurement("accuracy, int8 (this file)", &int8.accuracy),
        measurement("accuracy, float", &float.accuracy),
        measurement("accuracy, six colour numbers and 5-NN", &baseline.accuracy),
        measurement("float and int8 name the same class", &comparison.agreement),
        measurement("sensitivity, malignant against benign, int8", &int8.sensitivity),
        measurement("specificity, malignant against benign, int8", &int8.specificity),
        measurement("sensitivity, six colour numbers", &baseline.sensitivity),
        measurement("specificity, six colour numbers", &baseline.specificity),
    ];
    for score in &int8.classes {
        results.push(measurement(&format!("recall of {}, int8", score.class), &score.recall));
    }
    if let Some(selective) = &int8.selective {
        results.push(measurement("coverage: verdicts spoken, int8", &selective.coverage));
        results.push(measurement("accuracy of spoken verdicts, int8", &selective.accuracy));
    }
    let kind = if data.drawn { "drawn by the program" } else { "photographed" };
    let leak = split.kind.warning().map(|warning| format!(" {warning}")).unwrap_or_default();
    let limits = if data.drawn {
        "Trained on drawn fields. Its verdicts on real smears mean nothing.".to_owned()
    } else {
        format!(
            "A split by overlap group keeps the same part of a slide on one side, but not the same sitting at the microscope or \
             the same patient: where every sitting shows one class, as in the public ALL set, a network can tell sittings apart \
             by stain and light, which the six colour numbers among the results show. These numbers do not tell how it does on another \
             microscope. Benign means hematogones of suspected patients; healthy smears are unknown to it. It judges fields, \
             not patients.{leak}"
        )
    };
    let seen = config.sight.description();
    let varied = config.plan.recipe.varied(split.items(Part::Train).count(), config.plan.per_class);
    let quantized = match fine_tuned {
        0 => "Quantized after training to int8.".to_owned(),
        steps => format!("Quantized to int8 and fine-tuned for {steps} steps to say what the float network says."),
    };
    ModelCard {
        name: name.into(),
        statement: STATEMENT.into(),
        drawn: data.drawn,
        intended_use: "Research on screening blood-smear fields (100x, oil immersion) for B-cell acute lymphoblastic leukaemia \
                       in four classes: Benign (hematogones), Early pre-B, Pre-B and Pro-B ALL. Never as the basis of a \
                       diagnosis or a treatment."
            .into(),
        data: format!(
            "{} fields, {kind}: {}. Split {} with seed {}: {} fields to train, {} to validate, {} to test.{leak}",
            data.images.len(),
            Class::ALL.map(|class| format!("{class} {}", data.count(class))).join(", "),
            split.kind,
            split.seed,
            count(Part::Train),
            if split.kind == SplitKind::Paper { 0 } else { count(Part::Validation) },
            count(Part::Test),
        ),
        training: format!(
            "{} on {} (Anand et al., Sci Rep 15:29147, 2025), {}, learning rate {} ({}), batch {}, {epochs} epochs, the weights \
             of epoch {chosen}; {}, dropout {}; {}. {quantized}",
            config.plan.arch.name(),
            seen,
            value_name(&config.plan.optimizer),
            config.plan.learning_rate,
            value_name(&config.plan.schedule),
            config.plan.batch_size,
            varied,
            config.plan.dropout,
            config.hardware,
        ),
        results,
        limits,
    }
}
