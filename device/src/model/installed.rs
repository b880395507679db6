//! The installed models: two slots, one of them active. The other holds the previous model, or nothing.
//!
//! A model runs only if a trusted key signed it; every start checks that. If the active slot is unusable, the other
//! one runs, with a warning: after any failure, one of them runs.

pub mod keys;
pub mod state;

use std::path::PathBuf;

use blastscope_files::Printable as _;
use blastscope_shared::{artifact, classifier::Classifier, engine::network::Execution};
use serde::{Deserialize, Serialize};

pub use self::state::SelfTest;
use self::{
    keys::TrustedKey,
    state::{Entry, State},
};
use crate::{
    model::data_dir::DataDir,
    support::{disk::Disk, files},
};

/// One of the two places for a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Slot {
    /// `a.bsm`
    A,
    /// `b.bsm`
    B,
}

impl Slot {
    /// Both slots.
    pub const ALL: [Self; 2] = [Self::A, Self::B];

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    /// `a` or `b`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
        }
    }

    /// The slot's file.
    #[must_use]
    pub fn path(self, dir: &DataDir) -> PathBuf {
        dir.models().join(format!("{}.bsm", self.name()))
    }
}

/// A model from a slot: complete, usable, signed by a trusted key.
pub struct SlotModel {
    /// Its slot.
    pub slot: Slot,
    /// The model.
    pub classifier: Classifier,
    /// Its version.
    pub version: u32,
    /// Name and id of the key that signed it.
    pub signer: String,
}

/// Why no installed model is usable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no model installed in {} is usable: {}; install one with `blastscope update FILE`, or give one with --model FILE",
    dir.printable(), reasons.join("; ")
)]
pub struct NoneUsable {
    dir: PathBuf,
    reasons: Vec<String>,
}

/// The content of a data directory.
pub struct Installed<'a> {
    disk: &'a dyn Disk,
    dir: &'a DataDir,
    /// The trusted keys.
    pub keys: Vec<TrustedKey>,
    /// The recorded state; `None` if missing or damaged.
    pub state: Option<State>,
    /// Warnings, in sentences.
    pub warnings: Vec<String>,
}

impl<'a> Installed<'a> {
    /// Reads `dir`; `None` if no model was ever installed there.
    #[must_use]
    pub fn look(disk: &'a dyn Disk, dir: &'a DataDir) -> Option<Self> {
        let installed = Self::look_closer(disk, dir);
        (installed.state.is_some() || !installed.filled().is_empty()).then_some(installed)
    }

    /// Reads `dir`, whether or not a model was installed there.
    #[must_use]
    pub fn look_closer(disk: &'a dyn Disk, dir: &'a DataDir) -> Self {
        let folder = dir.trusted_keys();
        let (keys, mut warnings) = keys::trusted(disk, &folder)
            .unwrap_or_else(|error| (Vec::new(), vec![format!("{} {}", folder.printable(), files::reason(&error))]));
        let state = State::read(disk, dir);
        let written_down = state::path(dir);
        let mut installed = Self { disk, dir, keys, state: None, warnings: Vec::new() };
        match state {
            Ok(None) if !installed.filled().is_empty() => warnings.push(format!(
                "{} is missing: the newest model in {} runs",
                written_down.printable(),
                dir.models().printable()
            )),
            Ok(state) => installed.state = state,
            Err(reason) => {
                let models = dir.models();
                warnings.push(format!(
                    "{} {reason}: the newest model in {} runs",
                    written_down.printable(),
                    models.printable()
                ));
            }
        }
        installed.warnings = warnings;
        installed
    }

    /// Slots with a file.
    fn filled(&self) -> Vec<Slot> {
        let files = self.disk.list(&self.dir.models()).unwrap_or_default();
        Slot::ALL.into_iter().filter(|slot| files.contains(&slot.path(self.dir))).collect()
    }

    /// The model last installed in `slot`, if known.
    #[must_use]
    pub fn entry(&self, slot: Slot) -> Option<&Entry> {
        self.state.as_ref()?.entry(slot)
    }

    /// Whether `slot` has a file.
    #[must_use]
    pub fn is_filled(&self, slot: Slot) -> bool {
        self.filled().contains(&slot)
    }

    /// The model in `slot`.
    ///
    /// # Errors
    /// A clause that continues the file's name.
    pub fn open(&self, slot: Slot, execution: Execution) -> Result<SlotModel, String> {
        let bytes = self.disk.read(&slot.path(self.dir)).map_err(|error| files::reason(&error))?;
        let signer = keys::signer_of(&bytes, &self.keys).map_err(|error| error.to_string())?.title();
        let classifier = Classifier::read_with(&bytes, execution).map_err(|error| error.to_string())?;
        let version = classifier.model_version().unwrap_or_default();
        Ok(SlotModel { slot, classifier, version, signer })
    }

    /// The model to run: from the active slot, else, with a warning, from the other.
    ///
    /// # Errors
    /// [`NoneUsable`] if neither is usable.
    pub fn running(&mut self, execution: Execution) -> Result<SlotModel, NoneUsable> {
        let mut reasons = Vec::new();
        for slot in self.order() {
            let opened = self.open(slot, execution).and_then(|model| match &self.state {
                Some(state) if state.active == slot => as_recorded(model, state.entry(slot)),
                _ => Ok(model),
            });
            match opened {
                Ok(model) => {
                    if let [reason] = reasons.as_slice() {
                        self.warnings.push(format!(
                            "{reason}; the previous model runs instead, version {}; install the newer one again with \
                             `blastscope update FILE`",
                            model.version
                        ));
                    }
                    return Ok(model);
                }
                Err(reason) => reasons.push(format!("{} {reason}", slot.path(self.dir).printable())),
            }
        }
        Err(NoneUsable { dir: self.dir.path().to_path_buf(), reasons })
    }

    /// The order in which the slots are tried.
    fn order(&self) -> Vec<Slot> {
        if let Some(state) = &self.state {
            return vec![state.active, state.active.other()];
        }
        let version = |slot: &Slot| {
            let bytes = self.disk.read(&slot.path(self.dir)).unwrap_or_default();
            artifact::model_version(&bytes).ok().flatten()
        };
        let mut slots = self.filled();
        slots.sort_by_key(|slot| std::cmp::Reverse(version(slot)));
        slots
    }
}

/// `model`, if it is the one that was installed there.
fn as_recorded(model: SlotModel, entry: Option<&Entry>) -> Result<SlotModel, String> {
    match entry {
        Some(entry) if entry.model != model.classifier.model_id() || entry.version != model.version => {
            Err("does not hold the model that was installed".into())
        }
        _ => Ok(model),
    }
}
