//! Training progress as plain lines, for logs and pipes: one every few seconds, and one when an epoch ends.

use std::time::{Duration, Instant};

use burn::train::{
    LearnerSummary,
    logger::{EvaluationProgressLogger, TrainingProgressLogger},
    metric::{MetricDefinition, MetricId, NumericEntry},
    renderer::{EvaluationName, MetricState, MetricsRenderer, MetricsRendererEvaluation, MetricsRendererTraining},
};

use crate::support::{output, progress::span};

const INTERVAL: Duration = Duration::from_secs(15);

/// What a training knows about the rest of its queue.
#[derive(Clone, Debug)]
pub struct Outlook {
    /// Its place: `training 3 of 20, resnet50`.
    pub place: String,
    /// Duration of the later trainings, in units of this one; `0.0` for the last.
    pub later: f64,
}

/// Prints lines such as `epoch 2/30, training 320/2400, 3.4 pictures/s, 10 min left; Loss 0.412, Accuracy 85.1`.
pub struct PlainRenderer {
    outlook: Option<Outlook>,
    start: Instant,
    start_epoch: usize,
    epochs: usize,
    epoch: usize,
    part: String,
    total: usize,
    done: usize,
    part_start: Instant,
    last_line: Instant,
    names: Vec<(MetricId, String)>,
    values: Vec<(String, f64)>,
}

impl PlainRenderer {
    /// A renderer for a single training, or for one of a queue.
    #[must_use]
    pub fn new(outlook: Option<Outlook>) -> Self {
        let now = Instant::now();
        Self {
            outlook,
            start: now,
            start_epoch: 1,
            epochs: 0,
            epoch: 1,
            part: String::new(),
            total: 0,
            done: 0,
            part_start: now,
            last_line: now,
            names: Vec::new(),
            values: Vec::new(),
        }
    }

    /// The prefix of a queue's lines; empty without a queue.
    fn place(&self) -> String {
        let Some(outlook) = &self.outlook else { return String::new() };
        // Validation is part of every epoch too, but a short one.
        let part = if self.part == "training" { self.done as f64 / self.total.max(1) as f64 } else { 1.0 };
        let done = (self.epoch - self.start_epoch.min(self.epoch)) as f64 + part;
        let epochs = (self.epochs + 1 - self.start_epoch.min(self.epochs)) as f64;
        let epoch = self.start.elapsed().as_secs_f64() / done.max(1e-3);
        let left = epoch * ((epochs - done).max(0.0) + outlook.later * self.epochs as f64);
        format!("{} (all: {} left), ", outlook.place, span(Duration::from_secs_f64(left.min(1e9))))
    }

    fn line(&mut self) {
        self.last_line = Instant::now();
        let elapsed = self.part_start.elapsed().as_secs_f64().max(1e-3);
        let rate = self.done as f64 / elapsed;
        let left = (self.total.saturating_sub(self.done)) as f64 / rate.max(1e-9);
        let left = if left >= 90.0 { format!("{:.0} min", left / 60.0) } else { format!("{left:.0} s") };
        let values: Vec<String> = self.values.iter().map(|(name, value)| format!("{name} {value:.4}")).collect();
        output::progress(format_args!(
            "{}epoch {}/{}, {} {}/{}, {rate:.1} pictures/s, {left} left; {}",
            self.place(),
            self.epoch,
            self.epochs,
            self.part,
            self.done,
            self.total,
            values.join(", ")
        ));
    }

    fn remember(&mut self, state: MetricState) {
        let MetricState::Numeric(entry, Some(value)) = state else { return };
        let Some((_, name)) = self.names.iter().find(|(id, _)| *id == entry.metric_id) else { return };
        // The last value is that of one batch; use the mean so far, which the entry carries as text "epoch X - batch Y".
        let value = entry
            .serialized_entry
            .formatted
            .strip_prefix("epoch ")
            .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
            .unwrap_or(match value {
                NumericEntry::Value(value) | NumericEntry::Final(value) => value,
                NumericEntry::Aggregated { aggregated_value, .. } => aggregated_value,
            });
        match self.values.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = value,
            None => self.values.push((name.clone(), value)),
        }
    }
}

impl MetricsRendererTraining for PlainRenderer {
    fn update_train(&mut self, state: MetricState) {
        self.remember(state);
    }

    fn update_valid(&mut self, state: MetricState) {
        self.remember(state);
    }

    fn on_train_end(&mut self, _: Option<LearnerSummary>) -> Result<(), Box<dyn core::error::Error>> {
        Ok(())
    }
}

impl TrainingProgressLogger for PlainRenderer {
    fn start(&mut self, epochs: usize, starting_epoch: usize, _: Option<usize>, _: Option<&str>) {
        self.epochs = epochs;
        self.epoch = starting_epoch.max(1);
        self.start_epoch = self.epoch;
        self.start = Instant::now();
    }

    fn start_split(&mut self, part: &str, total_items: usize) {
        self.part = if part.eq_ignore_ascii_case("train") { "training".into() } else { "validation".into() };
        self.total = total_items;
        self.done = 0;
        self.values.clear();
        self.part_start = Instant::now();
        self.last_line = Instant::now();
    }

    fn update_split(&mut self, items_processed: usize) {
        self.done = items_processed;
        if self.last_line.elapsed() >= INTERVAL {
            self.line();
        }
    }

    fn end_split(&mut self) {
        self.line();
    }

    fn update_epoch(&mut self, epoch: usize) {
        self.epoch = epoch + 1;
    }

    fn end(&mut self) {}

    fn log_event_training(&mut self, _: String) {}
}

impl EvaluationProgressLogger for PlainRenderer {
    fn start_global_progress(&mut self, _: usize) {}
    fn start_test(&mut self, _: &str, _: usize) {}
    fn update_test_progress(&mut self, _: usize) {}
    fn end_test(&mut self) {}
    fn end_global_progress(&mut self) {}
    fn log_event_evaluation(&mut self, _: String) {}
}

impl MetricsRendererEvaluation for PlainRenderer {
    fn update_test(&mut self, _: EvaluationName, _: MetricState) {}
}

impl MetricsRenderer for PlainRenderer {
    fn manual_close(&mut self) {}

    fn register_metric(&mut self, definition: MetricDefinition) {
        self.names.push((definition.metric_id, definition.name.to_string()));
    }
}
