//! Learning-rate schedules over a whole training.

use burn::{
    lr_scheduler::{LrScheduler, LrSchedulerRecord},
    optim::LearningRate,
};
use serde::{Deserialize, Serialize};

/// Course of the learning rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// The same from the first step to the last, as in the paper.
    Constant,
    /// Up from 1/25 over the first 30 % of all steps, then down to 1/10000 along a cosine (Smith and Topin, "Super-Convergence",
    /// 2019): gets the most out of few epochs.
    OneCycle,
}

/// A schedule in progress.
#[derive(Clone, Debug)]
pub struct ScheduledRate {
    schedule: Schedule,
    peak: LearningRate,
    total_steps: usize,
    step: usize,
}

impl ScheduledRate {
    /// A schedule of `total_steps` steps (batches of all epochs) whose highest rate is `peak`.
    #[must_use]
    pub fn new(schedule: Schedule, peak: LearningRate, total_steps: usize) -> Self {
        Self { schedule, peak, total_steps: total_steps.max(1), step: 0 }
    }

    fn rate(&self, step: usize) -> LearningRate {
        match self.schedule {
            Schedule::Constant => self.peak,
            Schedule::OneCycle => {
                let progress = (step as f64 / self.total_steps as f64).min(1.0);
                let (low, end, rise) = (self.peak / 25.0, self.peak / 1e4, 0.3);
                if progress < rise {
                    low + (self.peak - low) * progress / rise
                } else {
                    let descent = (progress - rise) / (1.0 - rise);
                    end + (self.peak - end) * 0.5 * (1.0 + (std::f64::consts::PI * descent).cos())
                }
            }
        }
    }
}

impl LrScheduler for ScheduledRate {
    fn step(&mut self) -> LearningRate {
        let rate = self.rate(self.step);
        self.step += 1;
        rate
    }

    fn to_record(&self) -> LrSchedulerRecord {
        LrSchedulerRecord::new().with_scalar("step", self.step as u64)
    }

    fn load_record(&mut self, record: LrSchedulerRecord) {
        if let Some(step) = record.scalar::<u64>("step") {
            self.step = step as usize;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_cycle_rises_to_its_peak_and_ends_near_zero() {
        let mut schedule = ScheduledRate::new(Schedule::OneCycle, 1e-3, 100);
        let rates: Vec<f64> = (0..=100).map(|_| schedule.step()).collect();
        assert!((rates[0] - 4e-5).abs() < 1e-12);
        assert!((rates[30] - 1e-3).abs() < 1e-12);
        assert!((rates[100] - 1e-7).abs() < 1e-12);
        assert!(rates[..=30].is_sorted() && rates[30..].iter().rev().is_sorted());
    }

    #[test]
    fn a_record_continues_where_it_stopped() {
        let mut whole = ScheduledRate::new(Schedule::OneCycle, 1e-3, 10);
        for _ in 0..4 {
            whole.step();
        }
        let mut resumed = ScheduledRate::new(Schedule::OneCycle, 1e-3, 10);
        resumed.load_record(whole.to_record());
        assert_eq!(whole.step(), resumed.step());
    }
}
