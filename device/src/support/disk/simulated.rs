//! A simulated disk in memory that loses power or is full at a chosen step, and the states that a machine may find afterwards.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use super::{Disk, Steps};

/// How the chosen step fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The step fails because the disk is full; the program continues.
    Full,
    /// The step fails, as on a bad sector; the program continues.
    Broken,
    /// The power fails: this step and all later ones never happen.
    PowerCut,
}

/// Which unsynced steps survive the loss of power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// All.
    Everything,
    /// Synced steps only.
    SyncedOnly,
    /// The latest names, with synced content only.
    NamesWithoutContent,
    /// The latest content, under synced names only.
    ContentWithoutNames,
    /// Synced steps and the last rename: renames may reach the disk out of order.
    NewestName,
}

impl Found {
    pub(crate) const ALL: [Self; 5] =
        [Self::Everything, Self::SyncedOnly, Self::NamesWithoutContent, Self::ContentWithoutNames, Self::NewestName];
}

#[derive(Clone, Default)]
struct Content {
    last: Vec<u8>,
    synced: Vec<u8>,
}

type Names = BTreeMap<PathBuf, usize>;

#[derive(Clone, Default)]
struct Inside {
    contents: Vec<Content>,
    last: Names,
    synced: Names,
    /// The last name given.
    newest: Option<PathBuf>,
    steps: usize,
    fails: Option<(usize, Failure)>,
}

/// The disk. A folder exists if it holds something.
#[derive(Clone, Default)]
pub(crate) struct Simulated(RefCell<Inside>);

impl Simulated {
    /// The same disk, set to fail at step `step`, counted from 0 from now on.
    pub(crate) fn failing(&self, step: usize, failure: Failure) -> Self {
        let mut inside = self.0.borrow().clone();
        (inside.steps, inside.fails) = (0, Some((step, failure)));
        Self(RefCell::new(inside))
    }

    /// Number of steps that changed something, or tried to.
    pub(crate) fn steps(&self) -> usize {
        self.0.borrow().steps
    }

    /// The disk as found when the machine starts again.
    pub(crate) fn after_power_cut(&self, found: Found) -> Self {
        let inside = self.0.borrow();
        let mut names = match found {
            Found::Everything | Found::NamesWithoutContent => inside.last.clone(),
            Found::SyncedOnly | Found::ContentWithoutNames | Found::NewestName => inside.synced.clone(),
        };
        if let (Found::NewestName, Some(path)) = (found, &inside.newest) {
            names.extend(inside.last.get(path).map(|at| (path.clone(), *at)));
        }
        let again = Self::default();
        for (path, at) in &names {
            let Content { last, synced } = &inside.contents[*at];
            let content = match found {
                Found::Everything | Found::ContentWithoutNames => last,
                Found::SyncedOnly | Found::NamesWithoutContent | Found::NewestName => synced,
            };
            again.put(path, content);
        }
        again
    }

    /// Adds a synced file.
    pub(crate) fn put(&self, path: &Path, bytes: &[u8]) {
        let mut inside = self.0.borrow_mut();
        inside.contents.push(Content { last: bytes.to_vec(), synced: bytes.to_vec() });
        let at = inside.contents.len() - 1;
        inside.last.insert(path.to_path_buf(), at);
        inside.synced.insert(path.to_path_buf(), at);
    }

    /// All files.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        self.0.borrow().last.keys().cloned().collect()
    }

    /// Performs one step; if it fails, only `half` is done.
    fn step(
        &self,
        half: impl FnOnce(&mut Inside),
        whole: impl FnOnce(&mut Inside) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut inside = self.0.borrow_mut();
        let step = inside.steps;
        inside.steps += 1;
        match inside.fails {
            Some((at, failure)) if step == at => {
                half(&mut inside);
                Err(match failure {
                    Failure::Full => io::ErrorKind::StorageFull.into(),
                    Failure::Broken | Failure::PowerCut => io::Error::other("input/output error"),
                })
            }
            Some((at, Failure::PowerCut)) if step > at => Err(io::Error::other("no power")),
            _ => whole(&mut inside),
        }
    }
}

fn nothing(_: &mut Inside) {}

impl Disk for Simulated {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let inside = self.0.borrow();
        let at = inside.last.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(inside.contents[*at].last.clone())
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        Ok(self.files().into_iter().filter(|path| path.parent() == Some(folder)).collect())
    }

    fn make_folder(&self, _: &Path) -> io::Result<()> {
        self.step(nothing, |_| Ok(()))
    }
}

impl Steps for Simulated {
    fn write_synced(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        // An existing file is written in place, and lost if the write is cut off.
        let put = |inside: &mut Inside, bytes: &[u8]| {
            let Inside { contents, last, .. } = inside;
            let at = *last.entry(path.to_path_buf()).or_insert_with(|| {
                contents.push(Content::default());
                contents.len() - 1
            });
            contents[at].last = bytes.to_vec();
        };
        self.step(nothing, |inside| {
            put(inside, &[]);
            Ok(())
        })?;
        self.step(
            |inside| put(inside, &bytes[..bytes.len() / 2]),
            |inside| {
                put(inside, bytes);
                Ok(())
            },
        )?;
        self.step(nothing, |inside| {
            let at = inside.last[path];
            let content = &mut inside.contents[at];
            content.synced = content.last.clone();
            Ok(())
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step(nothing, |inside| {
            let at = inside.last.remove(from).ok_or(io::ErrorKind::NotFound)?;
            inside.last.insert(to.to_path_buf(), at);
            inside.newest = Some(to.to_path_buf());
            Ok(())
        })
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.step(nothing, |inside| {
            let within = |path: &Path| path.parent() == Some(folder);
            inside.synced.retain(|path, _| !within(path));
            let last = inside.last.iter().filter(|(path, _)| within(path)).map(|(path, at)| (path.clone(), *at));
            inside.synced.extend(last.collect::<Vec<_>>());
            Ok(())
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.step(nothing, |inside| inside.last.remove(path).map(|_| ()).ok_or(io::ErrorKind::NotFound.into()))
    }
}
