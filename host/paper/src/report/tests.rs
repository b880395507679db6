use std::path::PathBuf;

use super::*;
use crate::plan::Planned;
use blastscope_host::{
    data::dataset::LabelledImage,
    measure::{evaluation, prediction::Prediction},
    training::{plan::TrainingPlan, run_folder::Epoch},
};
use blastscope_shared::{Class, Observation, Rate};

fn design() -> Design {
    Design {
        common: TrainingPlan { epochs: 12, ..TrainingPlan::default() },
        sizes: vec![1000, 1500],
        weights: vec![(blastscope_host::training::architecture::Architecture::Resnet50, PathBuf::from("imagenet.pth"))],
    }
}

fn data() -> Dataset {
    let image = |class: Class| LabelledImage {
        file: format!("{class}/1.png"),
        class,
        sha256: [class.index() as u8; 32],
        group: class.index() as u32,
        session: None,
    };
    Dataset { root: "data".into(), images: Class::ALL.map(image).into(), drawn: false }
}

/// An evaluation with `right` of 40 fields right.
fn evaluation(right: usize) -> Evaluation {
    let predictions: Vec<Prediction> = (0..40)
        .map(|at| {
            let truth = Class::ALL[at % 4];
            let class = if at < right { truth } else { Class::ALL[(at + 1) % 4] };
            let mut probabilities = [0.0; 4];
            probabilities[class.index()] = 1.0;
            Prediction {
                file: format!("{at}.png"),
                truth,
                probabilities: Observation::Observed(probabilities),
                abstained: None,
                without_subtype: false,
            }
        })
        .collect();
    Evaluation::new(&evaluation::Subject::default(), &predictions).expect("scored")
}

fn outcome(planned: &Planned, right: usize) -> Outcome {
    let training = &planned.training;
    let epoch = |epoch: usize| Epoch {
        epoch,
        train_loss: 1.0 / epoch as f64,
        train_accuracy: 0.5,
        validation_loss: 2.0 / epoch as f64,
        validation_accuracy: 0.625,
    };
    Outcome {
        name: planned.name(),
        studies: planned.studies.clone(),
        plan: training.clone(),
        weights_sha256: None,
        parameters: 8_400_000,
        items: [planned.items(), 40],
        epochs: (1..=training.epochs).map(epoch).collect(),
        measured_epoch: training.epochs,
        test: evaluation(right),
        baseline: evaluation(30),
        baseline_validation: Rate::new(7, 8),
        seconds_per_epoch: Some(12.0),
        hardware: "flex".into(),
        code_version: "0".into(),
        manifest_hash: "00".into(),
    }
}

#[test]
fn the_whole_report_has_every_study_beside_the_papers_numbers_and_the_baseline() {
    let (design, data) = (design(), data());
    let plan = design.plan();
    let outcomes: Vec<Outcome> = plan.iter().enumerate().map(|(at, planned)| outcome(planned, 20 + at)).collect();
    let finished: Vec<&Outcome> = outcomes.iter().collect();
    let report = compose(&Experiment { data: &data, design: &design, planned: plan.len() }, &finished);
    let text = report.markdown("REPORT").text;
    for expected in
        ["| 96 % |", "| 95 % |", "| 91 % |", "| 93 % |", "| 93.8 % |", "this split leaks", "six colour", "8 / 13 / 16"]
    {
        let found = match expected {
            "8 / 13 / 16" => ["| 8 |", "| 13 |", "| 16 |"].iter().all(|depth| text.contains(depth)),
            _ => text.contains(expected),
        };
        assert!(found, "{expected} is missing in:\n{text}");
    }
    for epoch in ["| 5 | 50.0 %", "| 10 | 50.0 %", "| 12 | 50.0 %"] {
        assert!(text.contains(epoch), "{epoch}");
    }
    assert!(
        !text.contains("| 6 | 50.0 %") && !text.contains("not trained") && !text.contains("trainings are finished")
    );
    // The baseline is in every table of scores: 30 of 40.
    let tables = text.lines().filter(|line| line.starts_with("| ---")).count();
    let with_baseline = text.matches("six colours").count();
    assert!(tables >= 11 && with_baseline >= tables, "{with_baseline} of {tables}");
    let html = report.html();
    assert_eq!(html.matches("<svg").count(), report.markdown("REPORT").files.len());
}

#[test]
fn what_was_not_trained_is_said_and_a_network_below_the_baseline_stands_out() {
    let (design, data) = (design(), Dataset { drawn: true, ..data() });
    let plan = design.plan();
    let only = outcome(&plan[0], 20);
    let report = compose(&Experiment { data: &data, design: &design, planned: plan.len() }, &[&only]);
    let text = report.markdown("REPORT").text;
    assert!(text.contains("1 of") && text.contains("not trained") && text.contains("Drawn fields"), "{text}");
    assert!(text.contains("**75.0 %**"), "the baseline's 75 % above the network's 50 % is an alarm:\n{text}");
    let empty = compose(&Experiment { data: &data, design: &design, planned: plan.len() }, &[]);
    assert!(empty.html().contains("0 of"));
}

#[test]
fn an_outcome_survives_its_file() {
    let written = outcome(&design().plan()[0], 25);
    let json = serde_json::to_vec_pretty(&written).expect("written");
    let read: Outcome = serde_json::from_slice(&json).expect("read");
    assert_eq!((read.name, read.test, read.items), (written.name, written.test, written.items));
}
