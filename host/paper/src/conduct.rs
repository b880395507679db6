//! Trains what is missing of a plan, one run folder each, and measures it.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use blastscope_files::Printable as _;

use super::{
    outcome::{Outcome, Pace},
    plan::Planned,
};
use blastscope_host::{
    Error,
    data::{
        dataset::Dataset,
        split::{Item, Part, Split, SplitKind},
    },
    measure::{
        colour_baseline,
        evaluation::{Evaluation, Subject},
    },
    pack::float_predictions::float_predictions,
    support::{
        output,
        progress::{Progress, span},
        signal,
    },
    training::{
        self,
        begin::Source,
        checkpoints,
        float_network::FloatNetwork,
        machine::Machine,
        network::Network,
        plain_renderer::Queue,
        run_folder::{RunConfig, RunFolder},
    },
};

/// What all trainings of a plan share.
pub struct Conductor<'a> {
    /// The folder of the run folders.
    pub out: &'a Path,
    /// The data.
    pub data: &'a Dataset,
    /// Where the data came from.
    pub source: Source<'a>,
    /// What computes.
    pub machine: Machine,
}

impl Conductor<'_> {
    fn folder(&self, planned: &Planned) -> PathBuf {
        self.out.join(planned.name())
    }

    /// The outcomes that are there, in the order of the plan; `None` where a training is not finished.
    ///
    /// # Errors
    /// When a folder holds a training with other settings or of other data.
    pub fn outcomes(&self, plan: &[Planned]) -> Result<Vec<Option<Outcome>>, Error> {
        plan.iter()
            .map(|planned| {
                let folder = self.folder(planned);
                if planned.training.reopen(&folder, self.data)?.is_none() {
                    return Ok(None);
                }
                let outcome = Outcome::read(&folder)?;
                Ok(outcome.map(|outcome| Outcome { studies: planned.studies.clone(), ..outcome }))
            })
            .collect()
    }

    /// Trains and measures all of `plan` that is not finished. After each training `written` gets what is there.
    ///
    /// # Errors
    /// Whatever stops a training; [`Error::Interrupted`] when the user does. What is finished by then stays.
    pub fn conduct(
        &self,
        plan: &[Planned],
        mut written: impl FnMut(&[Option<Outcome>]) -> Result<(), Error>,
    ) -> Result<Vec<Option<Outcome>>, Error> {
        // From here on the first Ctrl-C waits for a point from which everything can go on.
        signal::on_interrupt(|| ());
        let mut outcomes = self.outcomes(plan)?;
        let finished = outcomes.iter().flatten().count();
        if finished > 0 {
            output::progress(format_args!("{finished} of {} trainings are finished already", plan.len()));
        }
        for (at, planned) in plan.iter().enumerate() {
            if outcomes[at].is_some() {
                continue;
            }
            if signal::interrupted() {
                return Err(Error::Interrupted(self.again()));
            }
            let pace = Pace::new(outcomes.iter().flatten());
            let missing = plan.iter().zip(&outcomes).skip(at + 1).filter(|(_, outcome)| outcome.is_none());
            let later: f64 = missing.map(|(planned, _)| pace.of(planned)).sum();
            let own = pace.of(planned);
            let place = format!("run {} of {}, {}", at + 1, plan.len(), planned.name());
            if pace.is_known() {
                output::progress(format_args!(
                    "{place}: about {} left in all",
                    span(Duration::from_secs_f64((own + later).clamp(0.0, 1e9)))
                ));
            } else {
                output::progress(&place);
            }
            let queue = Queue { place, later: later / own.max(1e-9) };
            outcomes[at] = Some(self.perform(planned, queue)?);
            written(&outcomes)?;
        }
        Ok(outcomes)
    }

    fn again(&self) -> String {
        format!("finished trainings stay in {}; give the same command again to go on", self.out.printable())
    }

    /// One training, from the start or where it stopped, then its measurement.
    fn perform(&self, planned: &Planned, queue: Queue) -> Result<Outcome, Error> {
        let folder = self.folder(planned);
        let (run, config, split) = match planned.training.reopen(&folder, self.data)? {
            Some((run, config)) => {
                let run = run.locked()?;
                let split = Split::read(&run.split(), self.data)?;
                (run, config, split)
            }
            None => planned.training.begin(&folder, self.data, &self.source, &self.machine)?,
        };
        let before = checkpoints::last_complete(&run)?.unwrap_or(0);
        let start = Instant::now();
        training::train_in_queue(&run, &config, self.data, &split, self.machine.devices(), Some(queue)).map_err(
            |error| match error {
                Error::Interrupted(_) => Error::Interrupted(self.again()),
                error => error,
            },
        )?;
        let trained = config.plan.epochs.saturating_sub(before);
        let seconds_per_epoch = (trained > 0).then(|| start.elapsed().as_secs_f64() / trained as f64);
        let outcome = self.measure(planned, &run, &config, &split, seconds_per_epoch)?;
        outcome.write(&folder)?;
        output::progress(format_args!(
            "{}: {} on the test part, six colour numbers {}",
            outcome.name,
            outcome.test.accuracy.percent(),
            outcome.baseline.accuracy.percent()
        ));
        Ok(outcome)
    }

    fn measure(
        &self,
        planned: &Planned,
        run: &RunFolder,
        config: &RunConfig,
        split: &Split,
        seconds_per_epoch: Option<f64>,
    ) -> Result<Outcome, Error> {
        let epochs = run.epochs()?;
        let last = epochs.last().map_or(0, |epoch| epoch.epoch);
        let (measured_epoch, weights) = match split.kind {
            SplitKind::Paper => (last, "last.bpk"),
            _ => (config.chosen(&epochs).map_or(last, |epoch| epoch.epoch), "chosen.bpk"),
        };
        let device = self.machine.main_device();
        let network = FloatNetwork::load(config, &run.root().join(weights), device)?;
        let inputs = self.data.load_inputs(&config.preprocessing, Progress::Shown)?;
        let items: Vec<Item> = split.items(Part::Test).copied().collect();
        let predictions = float_predictions(&network, self.data, &inputs, &items, Progress::Shown)?;
        let subject = Subject {
            name: format!("{}, epoch {measured_epoch}, test part of the {} split", planned.name(), split.kind),
            drawn: self.data.drawn,
            warning: split.warning(),
        };
        let baseline = |part| colour_baseline::evaluate(self.data, &inputs, &config.preprocessing, split, part);
        let side = usize::from(config.preprocessing.width);
        Ok(Outcome {
            name: planned.name(),
            studies: planned.studies.clone(),
            plan: config.plan.clone(),
            parameters: Network::new(config.plan.arch, side, config.plan.dropout, device).trainable(),
            items: [split.items(Part::Train).count(), items.len()],
            epochs,
            measured_epoch,
            test: Evaluation::new(&subject, &predictions)?,
            baseline: baseline(Part::Test)?,
            baseline_validation: baseline(Part::Validation)?.accuracy,
            seconds_per_epoch,
            hardware: config.hardware.clone(),
            code_version: config.code_version.clone(),
            manifest_hash: config.manifest_hash.clone(),
        })
    }
}
