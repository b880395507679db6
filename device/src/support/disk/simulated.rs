//! A disk in memory that loses power, or is full, at a step of the test's choice; and what a machine may find on it afterwards.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use super::{Disk, Steps};

/// What happens at the step that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// That step fails for want of room; the program goes on.
    Full,
    /// That step fails, as on a bad sector; the program goes on.
    Broken,
    /// The power goes: that step and all after it never happen.
    PowerCut,
}

/// What of the steps that were not synced is found after the power has gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// All.
    Everything,
    /// Only what was synced.
    SyncedOnly,
    /// The names as they were last, with only the content that was synced.
    NamesWithoutContent,
    /// The content as it was last, under the names that were synced.
    ContentWithoutNames,
    /// Only what was synced, and the name that was given last: names need not reach the disk in their order.
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
    /// Which name was given last.
    newest: Option<PathBuf>,
    steps: usize,
    fails: Option<(usize, Failure)>,
}

/// The disk. Folders are there when something is in them.
#[derive(Clone, Default)]
pub(crate) struct Simulated(RefCell<Inside>);

impl Simulated {
    /// The same disk, which fails at step `step`, counted from 0 from now on.
    pub(crate) fn failing(&self, step: usize, failure: Failure) -> Self {
        let mut inside = self.0.borrow().clone();
        (inside.steps, inside.fails) = (0, Some((step, failure)));
        Self(RefCell::new(inside))
    }

    /// Steps that changed something, or tried to.
    pub(crate) fn steps(&self) -> usize {
        self.0.borrow().steps
    }

    /// What is found on it when the machine starts again.
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

    /// Puts a file there, synced.
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

    /// One step; `half` of it is done where it fails.
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
        // A file that is there is written in place, and lost when this is cut off.
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
