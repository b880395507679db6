//! The steps of an update and of a rollback. After a failure or a loss of power at any step, a model still runs.

use std::{
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use blastscope_files::Printable as _;
use blastscope_files::atomic_file::{self, TEMPORARY};
use blastscope_shared::engine::network::Execution;

use super::{
    Outcome, PassedOver, Report, UpdateError,
    candidate::{self, Candidate, Floor},
    failed,
    self_test::{self, SelfTestError},
};
use crate::{
    model::{
        data_dir::DataDir,
        installed::{
            Installed, SelfTest, Slot, SlotModel,
            keys::{EXTENSION, TrustedKey},
            state::{self, Entry, State},
        },
    },
    support::disk::{Disk, System},
};

/// Installs the model file `source`, or the newest model in the folder `source`, in `dir`, after a test on `execution`. If
/// `public_key` signed it, that key is trusted from now on. The caller holds the [`super::Lock`].
///
/// # Errors
/// [`UpdateError`]; the current model still runs.
pub fn install(
    disk: &dyn Disk,
    dir: &DataDir,
    source: &Path,
    public_key: Option<&Path>,
    execution: Execution,
) -> Result<Report, UpdateError> {
    install_tested(disk, dir, source, public_key, execution, |bytes| self_test::run(bytes, execution))
}

/// [`install`] with the caller's self-test.
pub(super) fn install_tested(
    disk: &dyn Disk,
    dir: &DataDir,
    source: &Path,
    public_key: Option<&Path>,
    execution: Execution,
    test: impl FnOnce(&[u8]) -> Result<SelfTest, SelfTestError>,
) -> Result<Report, UpdateError> {
    let mut installed = Installed::look_closer(disk, dir);
    let named = public_key.map(named_key).transpose()?;
    let keys: Vec<TrustedKey> = installed.keys.iter().chain(&named).cloned().collect();
    if keys.is_empty() {
        return Err(UpdateError::NoKeys { folder: dir.trusted_keys(), passed_over: installed.warnings });
    }
    // If no model is usable, any version may replace it.
    let running = installed.running(execution).ok();
    let (candidate, passed_over) = choose(source, &keys, &floor(running.as_ref(), installed.state.as_ref()))?;
    let mut warnings = std::mem::take(&mut installed.warnings);
    let mut state = found_again(installed.state.take(), running.as_ref());
    if let Some(running) = running.as_ref().filter(|running| is_same(running, &candidate)) {
        if state.1 || state.0.active != running.slot {
            state.0.active = running.slot;
            switch(disk, dir, &state.0, &mut warnings)?;
        }
        let Candidate { path: file, model, version, .. } = candidate;
        return Ok(Report { outcome: Outcome::AlreadyRuns { file, model, version }, passed_over, warnings });
    }
    let self_test =
        test(&candidate.bytes).map_err(|source| UpdateError::SelfTest { path: candidate.path.clone(), source })?;
    let entry = Entry {
        model: candidate.model.clone(),
        name: candidate.name.clone(),
        version: candidate.version,
        signer: candidate.signer.title(),
        installed: now(),
        self_test: Some(self_test),
    };
    sweep(disk, dir);
    if let Some(key) = named.filter(|key| key.key == candidate.signer.key) {
        trust(disk, dir, &installed.keys, &key)?;
    }
    let slot = running.as_ref().map_or(Slot::A, |running| running.slot.other());
    put(disk, dir, slot, &candidate)?;
    let mut state = state.0;
    state.active = slot;
    *state.entry_mut(slot) = Some(entry.clone());
    switch(disk, dir, &state, &mut warnings)?;
    let former = running.map(|running| running.version);
    Ok(Report { outcome: Outcome::Installed { file: candidate.path, slot, entry, former }, passed_over, warnings })
}

/// Goes back to the model in the other slot. The caller holds the [`super::Lock`].
///
/// # Errors
/// [`UpdateError`] if there is none or it is unusable; the current model still runs.
pub fn rollback(disk: &dyn Disk, dir: &DataDir, execution: Execution) -> Result<Report, UpdateError> {
    let mut installed = Installed::look_closer(disk, dir);
    let Some(mut state) = installed.state.clone() else {
        let reason = format!("nothing was installed in {} with `blastscope update`", dir.path().printable());
        return Err(UpdateError::NoFormer { reason });
    };
    let slot = state.active.other();
    let Some(entry) = state.entry(slot) else {
        let reason = format!("only one model was installed in {}", dir.path().printable());
        return Err(UpdateError::NoFormer { reason });
    };
    let unusable = |reason| UpdateError::FormerUnusable { slot, reason };
    let model = installed.open(slot, execution).map_err(unusable)?;
    if entry.model != model.classifier.model_id() || entry.version != model.version {
        let reason = "was overwritten by an interrupted update; repeat that update".into();
        return Err(unusable(reason));
    }
    let former = installed.running(execution).ok().filter(|running| running.slot != slot);
    let former = former.map(|running| running.version);
    state.active = slot;
    switch(disk, dir, &state, &mut installed.warnings)?;
    let outcome =
        Outcome::RolledBack { slot, model: model.classifier.model_id().to_owned(), version: model.version, former };
    Ok(Report { outcome, passed_over: Vec::new(), warnings: installed.warnings })
}

fn named_key(path: &Path) -> Result<TrustedKey, UpdateError> {
    TrustedKey::read(&System, path).map_err(|reason| UpdateError::Key { path: path.to_path_buf(), reason })
}

/// The minimum version of a candidate: the higher of the running model's and the recorded active model's, even if that one is
/// unusable.
fn floor(running: Option<&SlotModel>, state: Option<&State>) -> Floor {
    let runs = running.map(|model| (model.version, model.classifier.model_id().to_owned()));
    let should = state.and_then(|state| state.entry(state.active)).map(|entry| (entry.version, entry.model.clone()));
    match runs.into_iter().chain(should).max_by_key(|(version, _)| *version) {
        Some((version, model)) => Floor { version, model: Some(model) },
        None => Floor::default(),
    }
}

fn choose(source: &Path, keys: &[TrustedKey], floor: &Floor) -> Result<(Candidate, Vec<PassedOver>), UpdateError> {
    if !source.is_dir() {
        let read = Candidate::read(source, keys).and_then(|candidate| floor.admits(&candidate).map(|()| candidate));
        let refused = |reason| UpdateError::Refused { path: source.to_path_buf(), reason };
        return Ok((read.map_err(refused)?, Vec::new()));
    }
    match candidate::newest(source, keys, floor).map_err(failed("read", source))? {
        (Some(candidate), others) => Ok((candidate, others)),
        (None, others) => Err(UpdateError::NothingIn { folder: source.to_path_buf(), others }),
    }
}

fn is_same(running: &SlotModel, candidate: &Candidate) -> bool {
    running.version == candidate.version && running.classifier.model_id() == candidate.model
}

/// The recorded state, and whether it had to be rebuilt from the running model.
fn found_again(state: Option<State>, running: Option<&SlotModel>) -> (State, bool) {
    if let Some(state) = state {
        return (state, false);
    }
    let mut state = State::new(running.map_or(Slot::A, |running| running.slot));
    if let Some(running) = running {
        *state.entry_mut(running.slot) = Some(Entry {
            model: running.classifier.model_id().to_owned(),
            name: running.classifier.card().name.clone(),
            version: running.version,
            signer: running.signer.clone(),
            installed: now(),
            self_test: None,
        });
    }
    (state, true)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Removes files of interrupted updates: nobody else writes here while the lock is held.
fn sweep(disk: &dyn Disk, dir: &DataDir) {
    for folder in [dir.models(), dir.trusted_keys()] {
        for path in disk.list(&folder).unwrap_or_default() {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with('.') && name.ends_with(TEMPORARY) {
                // A leftover only takes disk space.
                let _ = disk.remove(&path);
            }
        }
    }
}

/// Copies a key to the trusted keys.
fn trust(disk: &dyn Disk, dir: &DataDir, trusted: &[TrustedKey], key: &TrustedKey) -> Result<(), UpdateError> {
    if trusted.iter().any(|known| known.key == key.key) {
        return Ok(());
    }
    let folder = dir.trusted_keys();
    disk.make_folder(&folder).map_err(failed("created", &folder))?;
    disk.sync_folder(dir.path()).map_err(failed("synced", dir.path()))?;
    let path = folder.join(format!("{}-{:.8}.{EXTENSION}", key.name, key.key.id()));
    let text = key.key.to_text(&format!("blastscope public key {}", key.name));
    atomic_file::write_on(disk, &path, text.as_bytes()).map_err(failed("written", &path))
}

/// Writes a candidate to a slot and reads it back to check.
fn put(disk: &dyn Disk, dir: &DataDir, slot: Slot, candidate: &Candidate) -> Result<(), UpdateError> {
    let (folder, path) = (dir.models(), slot.path(dir));
    disk.make_folder(&folder).map_err(failed("created", &folder))?;
    disk.sync_folder(dir.path()).map_err(failed("synced", dir.path()))?;
    atomic_file::write_on(disk, &path, &candidate.bytes).map_err(failed("written", &path))?;
    // The bytes were checked when read: equal bytes are the same model.
    if disk.read_back(&path).map_err(failed("read", &path))? == candidate.bytes {
        Ok(())
    } else {
        Err(UpdateError::ReadBack { path })
    }
}

/// Records the new active slot. If the disk fails only after that, the switch has happened: then this is a warning.
fn switch(disk: &dyn Disk, dir: &DataDir, state: &State, warnings: &mut Vec<String>) -> Result<(), UpdateError> {
    let path = state::path(dir);
    let bytes = state.to_bytes().map_err(failed("written", &path))?;
    let Err(error) = atomic_file::write_on(disk, &path, &bytes) else { return Ok(()) };
    if State::read(disk, dir).is_ok_and(|now| now.as_ref() == Some(state)) {
        let path = path.printable();
        warnings.push(format!(
            "the disk did not confirm {path} ({error}): after a loss of power the previous model may run"
        ));
        return Ok(());
    }
    Err(failed("written", &path)(error))
}
