//! Several trainings, one after the other or some at once, each in its run folder. Finished ones are kept, interrupted ones resume.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use blastscope_files::Printable as _;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    begin::Source,
    checkpoints,
    machine::Machine,
    plain_renderer::Outlook,
    plan::TrainingPlan,
    run_folder::{RunConfig, RunFolder},
    train_in_queue,
};
use crate::{
    Error,
    data::{dataset::Dataset, split::Split},
    support::{atomic_file, output, signal},
};

/// Shared by all trainings of a queue.
pub struct Queue<'a> {
    /// Folder that holds the run folders.
    pub out: &'a Path,
    /// The data.
    pub data: &'a Dataset,
    /// Origin of the data.
    pub source: Source<'a>,
    /// The hardware.
    pub machine: Machine,
    /// What messages call a training: `fold`.
    pub noun: &'static str,
    /// Outcome file in each run folder: `fold.json`.
    pub file: &'static str,
}

/// One training of a queue.
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Name of its run folder.
    pub folder: String,
    /// How to train it.
    pub plan: TrainingPlan,
    /// Pictures held out as its test part; without, the plan's split is drawn.
    pub held_out: Option<Vec<usize>>,
}

impl Entry {
    fn split(&self, data: &Dataset) -> Result<Split, Error> {
        let TrainingPlan { split, split_seed, per_class, .. } = self.plan;
        match &self.held_out {
            Some(test) => Split::hold_out(data, test, split, split_seed, per_class),
            None => Split::draw(data, split, split_seed, per_class),
        }
    }
}

/// A finished training.
pub struct Trained {
    /// Its folder.
    pub run: RunFolder,
    /// How it was trained.
    pub config: RunConfig,
    /// Its split.
    pub split: Split,
    /// Mean duration of an epoch in seconds, if any was trained now.
    pub seconds_per_epoch: Option<f64>,
}

impl Queue<'_> {
    /// The outcome of each training, in order; `None` if it is not finished.
    ///
    /// # Errors
    /// When a folder holds a training with another plan or other data, or cannot be read.
    pub fn outcomes<T: DeserializeOwned>(&self, entries: &[Entry]) -> Result<Vec<Option<T>>, Error> {
        entries.iter().map(|entry| self.outcome(entry)).collect()
    }

    fn outcome<T: DeserializeOwned>(&self, entry: &Entry) -> Result<Option<T>, Error> {
        let folder = self.folder(entry);
        let path = folder.join(self.file);
        if self.reopen(entry)?.is_none() || !path.is_file() {
            return Ok(None);
        }
        read(&path).map(Some)
    }

    fn folder(&self, entry: &Entry) -> PathBuf {
        self.out.join(&entry.folder)
    }

    fn again(&self) -> String {
        format!("finished {}s stay in {}; run the same command again to continue", self.noun, self.out.printable())
    }

    /// Trains and measures what is not finished, `jobs` trainings at a time. `outlook` gives the duration of the trainings after
    /// the given one, in units of that one, and a remark to show; `measure` turns each finished training into its outcome;
    /// `written` gets all outcomes so far after each.
    ///
    /// # Errors
    /// Whatever stops a training; [`Error::Interrupted`] when the user does. What is finished by then is kept.
    pub fn conduct<T: Serialize + DeserializeOwned>(
        &self,
        entries: &[Entry],
        jobs: usize,
        outlook: impl Fn(usize, &[Option<T>]) -> (f64, Option<String>),
        mut measure: impl FnMut(usize, &Trained) -> Result<T, Error>,
        mut written: impl FnMut(&[Option<T>]) -> Result<(), Error>,
    ) -> Result<Vec<Option<T>>, Error> {
        // From here on, the first Ctrl-C waits for a point that can be resumed.
        signal::on_interrupt(|| ());
        let mut outcomes = self.outcomes(entries)?;
        let finished = outcomes.iter().flatten().count();
        if finished > 0 {
            output::progress(format_args!("{finished} of {} {}s are finished already", entries.len(), self.noun));
        }
        if jobs > 1 {
            let open = entries.iter().zip(&outcomes).filter(|(_, outcome)| outcome.is_none());
            self.train_in_parallel(&open.map(|(entry, _)| entry).collect::<Vec<_>>(), jobs)?;
        }
        for (at, entry) in entries.iter().enumerate() {
            if outcomes[at].is_some() {
                continue;
            }
            if signal::interrupted() {
                return Err(Error::Interrupted(self.again()));
            }
            let place = format!("{} {} of {}, {}", self.noun, at + 1, entries.len(), entry.name);
            let (later, remark) = outlook(at, &outcomes);
            output::progress(remark.map_or_else(|| place.clone(), |remark| format!("{place}: {remark}")));
            let trained = self.train(entry, Outlook { place, later })?;
            let outcome = measure(at, &trained)?;
            let path = trained.run.root().join(self.file);
            let json = serde_json::to_vec_pretty(&outcome).map_err(|error| Error::content(&path, error.to_string()))?;
            atomic_file::write(&path, &json)?;
            outcomes[at] = Some(outcome);
            written(&outcomes)?;
        }
        Ok(outcomes)
    }

    /// Reopens an entry's run, if one was begun.
    fn reopen(&self, entry: &Entry) -> Result<Option<(RunFolder, RunConfig, Split)>, Error> {
        let folder = self.folder(entry);
        let Some((run, config)) = entry.plan.reopen(&folder, self.data)? else { return Ok(None) };
        let split = entry.split(self.data)?;
        config.check_split(&split, self.data, &folder)?;
        Ok(Some((run, config, split)))
    }

    /// Begins or reopens an entry's run, for writing.
    fn open(&self, entry: &Entry) -> Result<(RunFolder, RunConfig, Split), Error> {
        if let Some((run, config, split)) = self.reopen(entry)? {
            return Ok((run.locked()?, config, split));
        }
        let split = entry.split(self.data)?;
        let folder = self.folder(entry);
        let (run, config) = entry.plan.begin_with(&split, &folder, self.data, &self.source, &self.machine)?;
        Ok((run, config, split))
    }

    /// One training, from the start or from where it stopped.
    fn train(&self, entry: &Entry, outlook: Outlook) -> Result<Trained, Error> {
        let (run, config, split) = self.open(entry)?;
        let before = checkpoints::last_complete(&run)?.unwrap_or(0);
        let start = Instant::now();
        train_in_queue(&run, &config, self.data, &split, self.machine.devices(), Some(outlook)).map_err(|error| {
            match error {
                Error::Interrupted(_) => Error::Interrupted(self.again()),
                error => error,
            }
        })?;
        let trained = run.epochs()?.iter().filter(|epoch| epoch.epoch > before).count();
        let seconds_per_epoch = (trained > 0).then(|| start.elapsed().as_secs_f64() / trained as f64);
        Ok(Trained { run, config, split, seconds_per_epoch })
    }

    /// Trains in separate processes: the same program, resuming the runs begun here.
    fn train_in_parallel(&self, entries: &[&Entry], jobs: usize) -> Result<(), Error> {
        let program = std::env::current_exe().map_err(Error::io("find", Path::new("this program")))?;
        let mut waiting = entries.iter();
        let mut running: Vec<Running> = Vec::new();
        loop {
            if signal::interrupted() {
                // What is running ends with this; its checkpoints stay.
                return Err(Error::Interrupted(self.again()));
            }
            while running.len() < jobs {
                let Some(entry) = waiting.next() else { break };
                // From here on, the other process owns the folder.
                let root = self.open(entry)?.0.root().to_path_buf();
                let log = root.join("train.log");
                let file = std::fs::File::options().create(true).append(true).open(&log);
                let file = file.map_err(Error::io("write", &log))?;
                let errors = file.try_clone().map_err(Error::io("write", &log))?;
                let child = Command::new(&program)
                    .args(["train", "--resume"])
                    .args(self.machine.arguments())
                    .arg("--data")
                    .arg(self.source.root)
                    .arg("--out")
                    .arg(&root)
                    .stdin(Stdio::null())
                    .stdout(file)
                    .stderr(errors)
                    .spawn()
                    .map_err(Error::io("start", &program))?;
                output::progress(format_args!("{}: training, see {}", entry.name, log.printable()));
                running.push(Running { name: entry.name.clone(), log, child });
            }
            if running.is_empty() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(200));
            let mut at = 0;
            while let Some(training) = running.get_mut(at) {
                match training.child.try_wait().map_err(Error::io("wait for", &program))? {
                    None => at += 1,
                    Some(status) => {
                        let ended = running.swap_remove(at);
                        let (name, log) = (&ended.name, &ended.log);
                        if status.success() {
                            output::progress(format_args!("{name}: trained"));
                        } else if !signal::interrupted() {
                            return Err(Error::content(
                                log,
                                format!("the training of {name} ended with {status}; the log says why"),
                            ));
                        }
                    }
                }
            }
        }
    }
}

/// A training in a process of its own. It ends with this value, so that no training goes on when the queue fails; its checkpoints
/// stay, and the same command resumes from them.
struct Running {
    name: String,
    log: PathBuf,
    child: Child,
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let text = std::fs::read(path).map_err(Error::io("read", path))?;
    serde_json::from_slice(&text).map_err(|error| {
        Error::content(path, format!("is not an outcome of this version ({error}); delete it to measure the run again"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn no_training_outlives_a_queue_that_fails() {
        let child = Command::new("sleep").arg("600").spawn().expect("started");
        let process = PathBuf::from(format!("/proc/{}", child.id()));
        let running = vec![Running { name: "fold".into(), log: PathBuf::new(), child }];
        assert!(process.exists());
        drop(running);
        assert!(!process.exists(), "it trains on");
    }

    #[test]
    fn a_damaged_outcome_is_refused_with_the_remedy() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("outcome.json");
        std::fs::write(&path, "{").expect("written");
        let error = read::<Vec<u8>>(&path).expect_err("refused").to_string();
        assert!(error.contains("outcome.json") && error.contains("delete it"), "{error}");
    }
}
