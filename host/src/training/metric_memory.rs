//! Burn's metrics of the current epoch, in memory.
//!
//! Burn writes them to files, from a thread that panics when the disk is full, and a second panic during the first aborts the
//! program. Only the means of the epoch just ended are read, and those are in the run's `epochs.csv`.

use std::collections::HashMap;

use burn::train::{
    logger::MetricLogger,
    metric::{
        MetricDefinition, MetricEntry, MetricId, NumericEntry,
        store::{EpochSummary, MetricsUpdate, Split},
    },
};

/// Keeps every value of the newest epoch.
#[derive(Default)]
pub struct MetricMemory {
    names: HashMap<MetricId, String>,
    epoch: usize,
    values: HashMap<(String, Split), Vec<NumericEntry>>,
}

impl MetricMemory {
    fn keep(&mut self, entry: &MetricEntry, split: &Split) {
        let Some(name) = self.names.get(&entry.metric_id) else { return };
        // Only finite numbers are of use here.
        if let Ok(value) = NumericEntry::deserialize(&entry.serialized_entry.serialized) {
            self.values.entry((name.clone(), split.clone())).or_default().push(value);
        }
    }
}

impl MetricLogger for MetricMemory {
    fn log(&mut self, update: MetricsUpdate, epoch: usize, split: &Split) {
        if self.epoch != epoch {
            self.values.clear();
            self.epoch = epoch;
        }
        let numeric = update.entries_numeric.iter().map(|numeric| &numeric.entry);
        update.entries.iter().chain(numeric).for_each(|entry| self.keep(entry, split));
    }

    fn read_numeric(&mut self, name: &str, epoch: usize, split: &Split) -> Result<Vec<NumericEntry>, String> {
        let values = self.values.get(&(name.to_owned(), split.clone())).filter(|_| epoch == self.epoch);
        Ok(values.cloned().unwrap_or_default())
    }

    fn log_metric_definition(&mut self, definition: MetricDefinition) {
        self.names.insert(definition.metric_id, definition.name.to_string());
    }

    fn log_epoch_summary(&mut self, _: EpochSummary) {}
}
