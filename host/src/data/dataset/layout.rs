//! Where the class folders are, what they hold, and what lies beside them.

mod near_miss;

use std::{
    collections::BTreeMap,
    path::{Component, Path, PathBuf},
};

use blastscope_files::{Failure, Found as Walked, LeftOut, Printable as _, pictures_below, pictures_below_each, walk};
use blastscope_shared::Class;

use self::near_miss::class_meant_by;
use super::Unreadable;
use crate::Error;

const LAYOUTS: &str = "give folders named Benign, Early, Pre and Pro (or Benign, [Malignant] early Pre-B, [Malignant] \
                       Pre-B and [Malignant] Pro-B) with JPEG, PNG, BMP or TIFF pictures in them, either in the folder \
                       itself, in Original/ below it, or one level deeper; Segmented/ is never used";
/// Most folders that a remark names; all are counted.
const NAMED: usize = 5;

/// What was found.
#[derive(Debug)]
pub(super) struct Found {
    /// The class folders' parent.
    pub(super) root: PathBuf,
    /// The pictures relative to it, parts separated by `/`, with their classes, sorted.
    pub(super) files: Vec<(String, Class)>,
    /// Unreadable entries of class folders.
    pub(super) unreadable: Vec<Unreadable>,
    /// What was left out, and what was taken from deeper folders, in sentences.
    pub(super) remarks: Vec<String>,
}

/// Which classes must be present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needed {
    All,
    Some,
}

pub(super) fn find(root: &Path, needed: Needed) -> Result<Found, Error> {
    let Place { folders: ClassFolders { root, classes }, unlisted } = class_folders_parent(root)?;
    let remarks = unlisted.iter().map(|error| format!("not searched for class folders: {error}")).collect();
    let mut found = Found { root, files: Vec::new(), unreadable: Vec::new(), remarks };
    let paths: Vec<PathBuf> = classes.iter().map(|(name, _)| found.root.join(name)).collect();
    let walks = pictures_below_each(&paths.iter().map(PathBuf::as_path).collect::<Vec<_>>());
    let mut sorting = Sorting::default();
    for (((name, class), path), walk) in classes.iter().zip(&paths).zip(walks) {
        match walk {
            Ok(walked) => sorting.take(name, *class, walked, &mut found),
            Err(error) => found.fail(*class, Failure { path: path.clone(), error }),
        }
    }
    sorting.remark(&mut found);
    let strangers = strangers(&found.root, &classes)?;
    found.remarks.extend(strangers.iter().map(Stranger::sentence));
    let meant = |class: Class| -> String {
        let meant = strangers.iter().filter(|stranger| stranger.meant == Some(class));
        meant
            .map(|stranger| format!("; the folder {} is not understood, did you mean {class}?", stranger.name))
            .collect()
    };
    found.files.sort();
    found.unreadable.sort_by(|a, b| a.file.cmp(&b.file));
    if found.files.is_empty() && !found.unreadable.is_empty() {
        return Err(found.unreadable.remove(0).reason);
    }
    if found.files.is_empty() {
        return Err(Error::content(&found.root, format!("holds no pictures; {LAYOUTS}")));
    }
    let missing = |class: &Class| !found.files.iter().any(|(_, other)| other == class);
    if let Some(class) = Class::ALL.into_iter().filter(|_| needed == Needed::All).find(missing) {
        if let Some(at) = found.unreadable.iter().position(|unreadable| unreadable.class == class) {
            return Err(found.unreadable.remove(at).reason);
        }
        let reason = format!("holds no pictures of class {class}{}; {LAYOUTS}", meant(class));
        return Err(Error::content(&found.root, reason));
    }
    Ok(found)
}

impl Found {
    fn fail(&mut self, class: Class, failure: Failure) {
        let file = relative(&self.root, &failure.path).unwrap_or_else(|| failure.path.printable().to_string());
        self.unreadable.push(Unreadable { file, class, reason: Error::io("read", &failure.path)(failure.error) });
    }
}

/// Pictures of class folders, by where they lie.
#[derive(Default)]
struct Sorting {
    /// Subfolders of class folders whose pictures were taken.
    deeper: BTreeMap<String, usize>,
    /// Subfolders of class folders whose pictures were not taken.
    refused: BTreeMap<String, usize>,
    left_out: LeftOut,
}

impl Sorting {
    /// Takes the pictures of a class folder and its subfolders, except subfolders whose names say something else.
    fn take(&mut self, folder: &str, class: Class, walked: Walked, found: &mut Found) {
        for failure in walked.failures {
            found.fail(class, failure);
        }
        self.left_out.extend(walked.left_out);
        for path in walked.pictures {
            let Some(file) = relative(&found.root, &path) else {
                let reason = Error::content(&path, "has a name that is not UTF-8; rename it");
                found.unreadable.push(Unreadable { file: path.printable().to_string(), class, reason });
                continue;
            };
            let Some((parent, _)) = file.rsplit_once('/').filter(|(parent, _)| *parent != folder) else {
                found.files.push((file, class));
                continue;
            };
            let is_other =
                |name: &str| is_segmented(name) || Class::from_folder_name(name).is_some_and(|other| other != class);
            let is_refused = parent.split('/').skip(1).any(is_other);
            let folders = if is_refused { &mut self.refused } else { &mut self.deeper };
            *folders.entry(parent.to_owned()).or_default() += 1;
            if !is_refused {
                found.files.push((file, class));
            }
        }
    }

    fn remark(self, found: &mut Found) {
        if !self.deeper.is_empty() {
            found.remarks.push(format!("pictures were also taken from {}", counted(&self.deeper)));
        }
        if !self.refused.is_empty() {
            let names = counted(&self.refused);
            found
                .remarks
                .push(format!("left out, because the folder's name says something else than its class: {names}"));
        }
        if !self.left_out.is_empty() {
            found.remarks.push(format!("left out of the class folders: {}", self.left_out.below(&found.root)));
        }
    }
}

/// `Benign/a (12 pictures), Pre/b (1 picture)`.
fn counted(folders: &BTreeMap<String, usize>) -> String {
    let named = folders.iter().take(NAMED).map(|(name, &count)| format!("{} ({})", name.printable(), pictures(count)));
    let mut text = named.collect::<Vec<_>>().join(", ");
    if folders.len() > NAMED {
        text.push_str(&format!(" and {} more folders", folders.len() - NAMED));
    }
    text
}

fn pictures(count: usize) -> String {
    if count == 1 { "1 picture".into() } else { format!("{count} pictures") }
}

/// A folder with pictures beside the class folders that is not used, or loose pictures there.
struct Stranger {
    name: String,
    pictures: usize,
    meant: Option<Class>,
    is_folder: bool,
}

impl Stranger {
    fn sentence(&self) -> String {
        let Self { name, meant, is_folder, .. } = self;
        let count = pictures(self.pictures);
        match meant {
            _ if !is_folder => format!("left out: {count} beside the class folders, such as {name}"),
            Some(class) => format!(
                "left out: the folder {name} ({count}), which is not a class; did you mean {class}? Then rename it"
            ),
            None if is_segmented(name) => {
                format!("left out: the folder {name} ({count}); segmented pictures are never taken")
            }
            None => format!("left out: the folder {name} ({count}), which is not a class"),
        }
    }
}

/// Pictures and folders with pictures beside the class folders.
fn strangers(root: &Path, classes: &[(String, Class)]) -> Result<Vec<Stranger>, Error> {
    let (mut strangers, mut beside) = (Vec::new(), Vec::new());
    for path in walk::listed(root).map_err(Error::io("list the folder", root))? {
        let name = path.file_name().unwrap_or_default().printable().to_string();
        if classes.iter().any(|(class, _)| *class == name) {
            continue;
        }
        if !path.is_dir() {
            beside.extend(walk::is_picture_name(&path).then_some(name));
            continue;
        }
        // A link back to the data set holds nothing new.
        if let (Ok(own), Ok(other)) = (root.canonicalize(), path.canonicalize())
            && own.starts_with(other)
        {
            continue;
        }
        // A folder that cannot be listed is no reason to stop: it would not be used anyway.
        let pictures = pictures_below(&path).map_or(0, |walked| walked.pictures.len());
        let meant = class_meant_by(&name);
        if pictures > 0 || meant.is_some() {
            strangers.push(Stranger { name, pictures, meant, is_folder: true });
        }
    }
    if let Some(first) = beside.first() {
        strangers.push(Stranger { name: first.clone(), pictures: beside.len(), meant: None, is_folder: false });
    }
    Ok(strangers)
}

/// Where the class folders are, and which folders could not be searched for them.
struct Place {
    folders: ClassFolders,
    unlisted: Vec<Error>,
}

#[derive(Debug)]
struct ClassFolders {
    root: PathBuf,
    classes: Vec<(String, Class)>,
}

fn class_folders_parent(root: &Path) -> Result<Place, Error> {
    // A failure shows again below, when the folders in `root` are listed.
    if let Ok(Some(folders)) = here_or_in_original(root) {
        return Ok(Place { folders, unlisted: Vec::new() });
    }
    let below = folders(root)?;
    let searched = below.iter().filter(|(name, _)| !is_segmented(name)).map(|(_, path)| here_or_in_original(path));
    only_one(root, &below, searched)
}

/// The only place in `searched`, the results for the folders `below` the `root`. A folder that cannot be listed counts as one
/// without class folders, unless no other folder has any: then it is the reason.
fn only_one(
    root: &Path,
    below: &[(String, PathBuf)],
    searched: impl Iterator<Item = Result<Option<ClassFolders>, Error>>,
) -> Result<Place, Error> {
    let (mut deeper, mut unlisted) = (Vec::new(), Vec::new());
    for answer in searched {
        match answer {
            Ok(found) => deeper.extend(found),
            Err(error) => unlisted.push(error),
        }
    }
    match deeper.len() {
        0 if !unlisted.is_empty() => Err(unlisted.remove(0)),
        0 => {
            let meant = below.iter().filter_map(|(name, _)| Some((name, class_meant_by(name)?)));
            let meant: String = meant
                .map(|(name, class)| format!("; {} is not understood, did you mean {class}?", name.printable()))
                .collect();
            Err(Error::content(root, format!("holds no class folders{meant}; {LAYOUTS}")))
        }
        1 => Ok(Place { folders: deeper.remove(0), unlisted }),
        _ => {
            let names: Vec<_> = deeper.iter().map(|found| found.root.printable().to_string()).collect();
            Err(Error::content(root, format!("holds several data sets, name one of them: {}", names.join(", "))))
        }
    }
}

/// # Errors
/// When no class folders are found, and a folder that could hold them cannot be listed.
fn here_or_in_original(folder: &Path) -> Result<Option<ClassFolders>, Error> {
    let below = folders(folder)?;
    let classes = class_folders(&below);
    if !classes.is_empty() {
        return Ok(Some(ClassFolders { root: folder.to_path_buf(), classes }));
    }
    let mut unlisted = None;
    for (_, root) in below.into_iter().filter(|(name, _)| name.eq_ignore_ascii_case("original")) {
        match folders(&root).map(|below| class_folders(&below)) {
            Ok(classes) if !classes.is_empty() => return Ok(Some(ClassFolders { root, classes })),
            Ok(_) => {}
            Err(error) => unlisted = unlisted.or(Some(error)),
        }
    }
    unlisted.map_or(Ok(None), Err)
}

fn class_folders(folders: &[(String, PathBuf)]) -> Vec<(String, Class)> {
    folders.iter().filter_map(|(name, _)| Some((name.clone(), Class::from_folder_name(name)?))).collect()
}

/// The folders in a folder whose names are UTF-8, links followed.
fn folders(folder: &Path) -> Result<Vec<(String, PathBuf)>, Error> {
    let listed = walk::listed(folder).map_err(Error::io("list the folder", folder))?;
    Ok(listed
        .into_iter()
        .filter(|path| path.is_dir())
        .filter_map(|path| Some((path.file_name()?.to_str()?.to_owned(), path)))
        .collect())
}

/// `path` below `root`, parts separated by `/`; `None` if a part is not UTF-8.
fn relative(root: &Path, path: &Path) -> Option<String> {
    let parts = path.strip_prefix(root).ok()?.components();
    let names = parts.map(|part| match part {
        Component::Normal(name) => name.to_str(),
        _ => None,
    });
    Some(names.collect::<Option<Vec<_>>>()?.join("/"))
}

fn is_segmented(name: &str) -> bool {
    name.to_ascii_lowercase().contains("segmented")
}

#[cfg(test)]
mod tests;
