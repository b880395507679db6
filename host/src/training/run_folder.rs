//! The folder of one training: `run.json` (configuration and provenance), `split.csv` (one line an item), `epochs.csv` (metrics),
//! `checkpoint/`, and at the end `chosen.bpk` and `last.bpk`.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use blastscope_files::Printable as _;
use blastscope_shared::{Sight, hex};
use serde::{Deserialize, Serialize};

use crate::{
    Error,
    data::{dataset::Dataset, split::Split},
    support::{
        atomic_file,
        folder_lock::{FolderLock, LOCK_FILE},
        progress::Progress,
    },
    training::{plan::TrainingPlan, schedule::Schedule},
};

/// The format of `run.json`, so that later versions can recognize it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    /// The second format, which holds the whole plan.
    #[serde(rename = "blastscope run 2")]
    Run2,
}

/// How a network was trained: everything needed to repeat or resume it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunConfig {
    /// Format of the file.
    pub format: Format,
    /// The plan; the path of its weights is absolute.
    pub plan: TrainingPlan,
    /// SHA-256 of the initial weights, hexadecimal; `None` for fresh ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights_sha256: Option<String>,
    /// The data set's folder at the time of training.
    pub data: PathBuf,
    /// The given table of overlap groups, if any.
    pub groups: Option<PathBuf>,
    /// SHA-256 over the data set's file names, classes and contents, hexadecimal.
    pub manifest_hash: String,
    /// SHA-256 over `split.csv`, hexadecimal.
    pub split_hash: String,
    /// Whether the data are drawn, not photographed.
    pub drawn: bool,
    /// What the network is shown.
    pub sight: Sight,
    /// Back end and machine.
    pub hardware: String,
    /// Version of this program.
    pub code_version: String,
}

/// One line of `epochs.csv`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// From 1.
    pub epoch: usize,
    /// Mean cross-entropy over the training items, in nats, while the weights were moving.
    pub train_loss: f64,
    /// Share of the training items that were classified correctly, 0..1, while the weights were moving.
    pub train_accuracy: f64,
    /// Mean cross-entropy over the validation part, in nats.
    pub validation_loss: f64,
    /// Share of the validation part that is classified correctly, 0..1.
    pub validation_accuracy: f64,
}

impl RunConfig {
    /// The epoch whose weights are taken. At a constant rate, that with the lowest validation loss, the earliest of equals. A
    /// one-cycle schedule settles only at its end, and earlier losses are noise: there it is the last epoch.
    #[must_use]
    pub fn chosen<'a>(&self, epochs: &'a [Epoch]) -> Option<&'a Epoch> {
        let mut usable = epochs.iter().filter(|epoch| epoch.validation_loss.is_finite());
        if self.plan.schedule == Schedule::OneCycle {
            usable.next_back()
        } else {
            usable.min_by(|a, b| a.validation_loss.total_cmp(&b.validation_loss))
        }
    }

    /// Whether these are all epochs of the training: as many as were asked for, or enough without a lower validation loss.
    #[must_use]
    pub fn is_finished(&self, epochs: &[Epoch]) -> bool {
        let Some(last) = epochs.last() else { return false };
        let losses = epochs.iter().filter(|epoch| epoch.validation_loss.is_finite());
        let best = losses.min_by(|a, b| a.validation_loss.total_cmp(&b.validation_loss)).map_or(0, |best| best.epoch);
        let patience = self.plan.patience;
        last.epoch >= self.plan.epochs || (patience > 0 && last.epoch >= best + patience)
    }

    /// # Errors
    /// When `data`, given for the run in `folder`, are not the images that it was trained on.
    pub(super) fn check_images(&self, data: &Dataset, folder: &Path) -> Result<(), Error> {
        let manifest_hash = hex(&data.manifest_hash());
        if self.manifest_hash == manifest_hash {
            return Ok(());
        }
        Err(Error::content(
            folder,
            format!(
                "was trained on other images ({:.12}) than are in {} ({manifest_hash:.12}); give the folder of its training with \
                 --data, or another --out",
                self.manifest_hash,
                data.root.printable(),
            ),
        ))
    }

    /// # Errors
    /// When `split` of `data` is not the one that the run in `folder` was trained on.
    pub(super) fn check_split(&self, split: &Split, data: &Dataset, folder: &Path) -> Result<(), Error> {
        if hex(&split.hash(data)?) == self.split_hash {
            return Ok(());
        }
        Err(Error::content(
            folder,
            "was trained on another split of the images: its held-out pictures, groups or sittings are not these; give the same \
             options and --groups again, or another --out",
        ))
    }
}

/// Why a text is no configuration of this program, and what to do about it.
fn unusable(text: &str, error: &serde_json::Error) -> String {
    let value = serde_json::from_str::<serde_json::Value>(text);
    match value {
        Ok(value)
            if value.is_object() && value.get("format").is_none_or(|format| Format::deserialize(format).is_err()) =>
        {
            let format = match value.get("format") {
                Some(serde_json::Value::String(format)) => format!("says \"format\": \"{format}\""),
                _ => "names no format".to_owned(),
            };
            format!(
                "{format}: another version of this program wrote it; finish the run with that version, or train again into another --out"
            )
        }
        Ok(value) if value.is_object() => {
            format!("lacks something that this version needs ({error}); train again into another --out")
        }
        _ => format!("is not a run configuration ({error}); copy the folder again, or train again into another --out"),
    }
}

/// A run's folder.
#[derive(Clone, Debug)]
pub struct RunFolder {
    root: PathBuf,
    /// Held while the folder is written to.
    _lock: Option<Arc<FolderLock>>,
}

impl RunFolder {
    /// Starts a run in a folder that does not exist, is empty, or holds the remains of an interrupted start. The configuration is
    /// written last: a folder that has one can be resumed. Nothing else can write to the folder until all copies of this are
    /// dropped.
    ///
    /// # Errors
    /// When the folder already holds something, cannot be created, or is being written to.
    pub fn create(root: &Path) -> Result<Self, Error> {
        if root.is_file() {
            return Err(Error::content(root, "is a file; choose another --out"));
        }
        let run = Self { root: root.to_path_buf(), _lock: None }.locked()?;
        let foreign = |entry: &std::fs::DirEntry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let own = matches!(&*name, "split.csv" | "checkpoint" | LOCK_FILE)
                || blastscope_files::atomic_file::is_temporary(&name);
            !own
        };
        let occupied = std::fs::read_dir(root).is_ok_and(|entries| entries.flatten().any(|entry| foreign(&entry)));
        if run.config_path().exists() {
            return Err(Error::content(root, "already holds a run; continue it with --resume or choose another --out"));
        }
        if occupied {
            return Err(Error::content(root, "is not empty; choose another --out"));
        }
        std::fs::create_dir_all(run.checkpoints()).map_err(Error::io("create the folder", root))?;
        Ok(run)
    }

    /// Opens an existing run for reading; see [`Self::locked`].
    ///
    /// # Errors
    /// When the folder holds no run.
    pub fn open(root: &Path) -> Result<Self, Error> {
        let run = Self { root: root.to_path_buf(), _lock: None };
        if !run.config_path().is_file() {
            return Err(Error::content(
                root,
                "holds no run (no run.json); give the folder of train --out, or start the training without --resume",
            ));
        }
        Ok(run)
    }

    /// The same run, opened for writing: nothing else can write to it until all copies of this are dropped.
    ///
    /// # Errors
    /// When it is being written to.
    pub fn locked(self) -> Result<Self, Error> {
        Ok(Self { _lock: Some(Arc::new(FolderLock::take(&self.root)?)), ..self })
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn config_path(&self) -> PathBuf {
        self.root.join("run.json")
    }

    /// `split.csv`.
    #[must_use]
    pub fn split(&self) -> PathBuf {
        self.root.join("split.csv")
    }

    /// The folder of checkpoints.
    #[must_use]
    pub fn checkpoints(&self) -> PathBuf {
        self.root.join("checkpoint")
    }

    /// Reads `run.json`.
    ///
    /// # Errors
    /// When it cannot be read or is not a configuration.
    pub fn config(&self) -> Result<RunConfig, Error> {
        let path = self.config_path();
        let text = std::fs::read_to_string(&path).map_err(Error::io("read", &path))?;
        serde_json::from_str(&text).map_err(|error| Error::content(&path, unusable(&text, &error)))
    }

    /// Writes `run.json`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_config(&self, config: &RunConfig) -> Result<(), Error> {
        let path = self.config_path();
        let text = serde_json::to_string_pretty(config).map_err(|error| Error::content(&path, error.to_string()))?;
        atomic_file::write(&path, text.as_bytes())
    }

    /// Reads `epochs.csv`; no lines if it does not exist yet.
    ///
    /// # Errors
    /// When it cannot be read or parsed.
    pub fn epochs(&self) -> Result<Vec<Epoch>, Error> {
        let path = self.root.join("epochs.csv");
        if !path.exists() {
            return Ok(Vec::new());
        }
        let mut reader = csv::Reader::from_path(&path).map_err(|error| Error::content(&path, error.to_string()))?;
        reader.deserialize().collect::<Result<_, _>>().map_err(|error| Error::content(&path, error.to_string()))
    }

    /// Writes `epochs.csv`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_epochs(&self, epochs: &[Epoch]) -> Result<(), Error> {
        let path = self.root.join("epochs.csv");
        let mut writer = csv::Writer::from_writer(Vec::new());
        for epoch in epochs {
            writer.serialize(epoch).map_err(|error| Error::content(&path, error.to_string()))?;
        }
        let bytes = writer.into_inner().map_err(|error| Error::content(&path, error.to_string()))?;
        atomic_file::write(&path, &bytes)
    }

    /// The run's data set and split, from the folder of its training or another folder with the same files.
    ///
    /// # Errors
    /// When the files are not those that the run was trained on.
    pub fn data(&self, root: Option<&Path>, progress: Progress) -> Result<(Dataset, Split), Error> {
        let config = self.config()?;
        let root = root.unwrap_or(&config.data);
        let data = Dataset::scan(root, config.groups.as_deref(), progress)?;
        config.check_images(&data, &self.root)?;
        let split = Split::read(&self.split(), &data)?;
        config.check_split(&split, &data, &self.root)?;
        Ok((data, split))
    }

    /// The epochs with weights in the checkpoint folder, in no particular order.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn checkpointed_epochs(&self) -> Result<Vec<usize>, Error> {
        let folder = self.checkpoints();
        let entries = std::fs::read_dir(&folder).map_err(Error::io("list", &folder))?;
        Ok(entries
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.strip_prefix("model-")?.strip_suffix(".bpk")?.parse().ok())
            .collect())
    }

    /// The weights to take so far and their epoch: of the remaining checkpoints, the [chosen](RunConfig::chosen) one.
    ///
    /// # Errors
    /// When no epoch has been completed.
    pub fn chosen_weights(&self) -> Result<(usize, PathBuf), Error> {
        let there = self.checkpointed_epochs()?;
        let mut epochs = self.epochs()?;
        epochs.retain(|epoch| there.contains(&epoch.epoch));
        let config = self.config()?;
        let chosen = config
            .chosen(&epochs)
            .ok_or_else(|| Error::content(&self.root, "has no completed epoch yet; run train --resume first"))?;
        Ok((chosen.epoch, self.checkpoints().join(format!("model-{}.bpk", chosen.epoch))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(epoch: usize, validation_loss: f64) -> Epoch {
        Epoch { epoch, train_loss: 0.5, train_accuracy: 0.75, validation_loss, validation_accuracy: 0.875 }
    }

    fn config() -> RunConfig {
        RunConfig {
            format: Format::Run2,
            plan: TrainingPlan { epochs: 5, image_size: 64, per_class: 10, ..TrainingPlan::default() },
            weights_sha256: None,
            data: "drawn".into(),
            groups: None,
            manifest_hash: String::new(),
            split_hash: String::new(),
            drawn: true,
            sight: Sight::whole_field(64),
            hardware: "a test".into(),
            code_version: "0".into(),
        }
    }

    #[test]
    fn epochs_survive_the_file() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let run = RunFolder::create(&folder.path().join("run")).expect("a fresh folder");
        assert_eq!(run.epochs().expect("none yet"), []);
        let epochs = [epoch(1, 0.9), epoch(2, f64::NAN), epoch(3, 0.25), epoch(4, 0.25)];
        run.write_epochs(&epochs).expect("written");
        let read = run.epochs().expect("read");
        assert_eq!(read.len(), 4);
        assert_eq!(read[2], epochs[2]);
    }

    #[test]
    fn the_best_epoch_is_chosen_at_a_constant_rate_and_the_last_of_a_cycle() {
        let mut config = config();
        let epochs = [epoch(1, 0.9), epoch(2, f64::NAN), epoch(3, 0.25), epoch(4, 0.25), epoch(5, 0.5)];
        config.plan.schedule = Schedule::Constant;
        assert_eq!(config.chosen(&epochs).map(|epoch| epoch.epoch), Some(3));
        config.plan.schedule = Schedule::OneCycle;
        assert_eq!(config.chosen(&epochs).map(|epoch| epoch.epoch), Some(5));
        assert_eq!(config.chosen(&epochs[1..2]), None);
    }

    #[test]
    fn a_training_that_stopped_early_is_finished_however_often_it_is_resumed() {
        let mut config = config();
        let epochs = [epoch(1, 0.9), epoch(2, 0.4), epoch(3, 0.6), epoch(4, f64::NAN), epoch(5, 0.5)];
        for (patience, finished_after) in [(0, 5), (1, 3), (2, 4), (3, 5), (4, 5)] {
            config.plan.patience = patience;
            let first = (0..=5).find(|&count| config.is_finished(&epochs[..count]));
            assert_eq!(first, Some(finished_after), "patience {patience}");
        }
        // Without any loss to compare, the epochs before the first count.
        config.plan.patience = 2;
        assert!(config.is_finished(&[epoch(1, f64::NAN), epoch(2, f64::NAN)]));
    }

    #[test]
    fn a_folder_in_use_is_refused_with_the_remedy() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("thesis.txt"), "precious").expect("written");
        let error = RunFolder::create(folder.path()).expect_err("refused").to_string();
        assert!(error.contains("not empty"), "{error}");
        let begun = folder.path().join("begun");
        std::fs::create_dir_all(begun.join("checkpoint")).expect("made");
        std::fs::write(begun.join("split.csv"), "part,class").expect("written");
        // What a writer leaves that is killed before its file has its name.
        let leave = |path: &Path| -> std::io::Result<()> {
            struct Killed;
            impl blastscope_files::atomic_file::Steps for Killed {
                fn write_synced(&self, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
                    std::fs::write(path, &bytes[..bytes.len() / 2])
                }
                fn rename(&self, _: &Path, _: &Path) -> std::io::Result<()> {
                    Err(std::io::ErrorKind::Interrupted.into())
                }
                fn sync_folder(&self, _: &Path) -> std::io::Result<()> {
                    Ok(())
                }
                fn remove(&self, _: &Path) -> std::io::Result<()> {
                    Ok(())
                }
            }
            blastscope_files::atomic_file::write_on(&Killed, path, b"{}")
        };
        leave(&begun.join("run.json")).expect_err("killed");
        assert_eq!(std::fs::read_dir(&begun).expect("listed").count(), 3);
        RunFolder::create(&begun).expect("a start that was cut off can be made again");
        let error = RunFolder::open(folder.path()).expect_err("refused").to_string();
        assert!(error.contains("no run.json"), "{error}");
    }

    #[test]
    fn a_configuration_of_another_version_is_refused_with_the_remedy() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let run = RunFolder::create(folder.path()).expect("fresh");
        for (text, expected) in [
            // As earlier builds wrote it.
            (r#"{"arch": "allcnn", "optimizer": "adam"}"#, "names no format"),
            (r#"{"format": "blastscope run 3"}"#, "\"blastscope run 3\""),
            (r#"{"format": "blastscope run 2"}"#, "lacks something"),
            ("{", "is not a run configuration"),
        ] {
            std::fs::write(run.config_path(), text).expect("written");
            let error = run.config().expect_err("refused").to_string();
            assert!(error.contains("run.json") && error.contains(expected) && error.contains("--out"), "{error}");
        }
        run.write_config(&config()).expect("written");
        run.config().expect("its own");
    }

    #[test]
    fn a_run_is_written_to_by_one_training_at_a_time() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().join("run");
        let run = RunFolder::create(&root).expect("a fresh folder");
        let copy = run.clone();
        drop(run);
        let error = RunFolder::create(&root).expect_err("in use").to_string();
        assert!(error.contains("being written to") && error.contains("process"), "{error}");
        copy.write_config(&config()).expect("written");
        let reader = RunFolder::open(&root).expect("can be read meanwhile");
        assert!(reader.clone().locked().is_err());
        drop(copy);
        reader.locked().expect("free");
    }
}
