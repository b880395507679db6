//! Warnings about model and program: those at the start, and about a model installed since.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use tokio::{task::spawn_blocking, time::sleep};

use crate::{
    model::{
        data_dir::DataDir,
        installed::state::{Entry, State},
    },
    support::disk::System,
};

/// Poll interval for a newly installed model.
const PERIOD: Duration = Duration::from_secs(3);

/// Source of the running model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelSource {
    /// A named file.
    File(PathBuf),
    /// The slots of this data folder.
    Installed(DataDir),
}

/// Fingerprint of the source: equal values mean the same model.
#[derive(Clone, Debug, PartialEq)]
enum Look {
    File(Option<(u64, Option<SystemTime>)>),
    Installed(Option<Entry>),
}

impl ModelSource {
    fn look(&self) -> Option<Look> {
        match self {
            Self::File(path) => {
                Some(Look::File(fs::metadata(path).ok().map(|about| (about.len(), about.modified().ok()))))
            }
            // A half-written file is read again at the next poll.
            Self::Installed(dir) => {
                let state = State::read(&System, dir).ok()?;
                Some(Look::Installed(state.and_then(|state| state.entry(state.active).cloned())))
            }
        }
    }

    /// The warning for a source that looks like `now` and differed at the start.
    fn told(&self, now: &Look) -> String {
        let remedy = "the previous one still runs; restart blastscope between two slides";
        match (self, now) {
            (_, Look::Installed(Some(Entry { name, version, .. }))) => {
                format!("model {name} version {version} was installed since the start: {remedy}")
            }
            (Self::File(path), _) => format!("the model {} has changed since the start: {remedy}", path.display()),
            (Self::Installed(_), _) => format!("the installed models have changed since the start: {remedy}"),
        }
    }
}

/// The current warnings.
#[derive(Debug)]
pub(super) struct Notices {
    first: Vec<String>,
    source: Option<(ModelSource, Option<Look>)>,
    current: Mutex<Arc<Vec<String>>>,
}

impl Notices {
    /// Starts with the warnings of the start.
    pub(super) fn new(first: &[String], source: Option<ModelSource>) -> Self {
        let source = source.map(|source| (source.clone(), source.look()));
        Self { first: first.to_vec(), source, current: Mutex::new(Arc::new(first.to_vec())) }
    }

    pub(super) fn current(&self) -> Arc<Vec<String>> {
        Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn look(&self) {
        let Some((source, before)) = &self.source else { return };
        let Some(now) = source.look() else { return };
        let mut told = self.first.clone();
        if before.as_ref() != Some(&now) {
            told.push(source.told(&now));
        }
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(told);
    }
}

/// Polls the source every [`PERIOD`].
pub(super) async fn follow(notices: Arc<Notices>) {
    loop {
        sleep(PERIOD).await;
        let notices = Arc::clone(&notices);
        // A failed poll is repeated.
        let _ = spawn_blocking(move || notices.look()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::installed::Slot;

    #[test]
    fn a_file_that_changes_is_told_and_told_no_more_when_it_is_as_before() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("model.bsm");
        fs::write(&path, "one").expect("written");
        let modified = fs::metadata(&path).and_then(|about| about.modified()).expect("a time");
        let notices = Notices::new(&["unsigned".into()], Some(ModelSource::File(path.clone())));
        notices.look();
        assert_eq!(*notices.current(), ["unsigned"]);
        fs::write(&path, "another").expect("written");
        notices.look();
        let told = notices.current();
        assert!(told.len() == 2 && told[1].contains("has changed since the start"), "{told:?}");
        fs::write(&path, "one").expect("written");
        fs::File::options().write(true).open(&path).and_then(|file| file.set_modified(modified)).expect("set");
        notices.look();
        assert_eq!(notices.current().len(), 1);
    }

    #[test]
    fn a_model_that_was_installed_since_the_start_is_told_by_name_and_version() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = DataDir::new(folder.path());
        fs::create_dir_all(dir.models()).expect("made");
        let write = |version: u32| {
            let mut state = State::new(Slot::A);
            *state.entry_mut(Slot::A) = Some(Entry {
                model: format!("{version:064x}"),
                name: "allcnn".into(),
                version,
                signer: "laboratory".into(),
                installed: 1,
                self_test: None,
            });
            fs::write(dir.models().join("state.json"), state.to_bytes().expect("JSON")).expect("written");
        };
        write(3);
        let notices = Notices::new(&[], Some(ModelSource::Installed(dir.clone())));
        notices.look();
        assert!(notices.current().is_empty());
        write(4);
        notices.look();
        let told = notices.current();
        assert!(told[0].contains("allcnn version 4 was installed since the start"), "{told:?}");
        // A half-written file is not news.
        fs::write(dir.models().join("state.json"), "{").expect("written");
        notices.look();
        assert_eq!(notices.current(), told);
    }
}
