//! Where the class folders are.

use std::path::{Path, PathBuf};

use blastscope_shared::Class;

use crate::{Error, picture::is_picture_name};

const LAYOUTS: &str = "understood are folders named Benign, Early, Pre and Pro (or Benign, [Malignant] early Pre-B, [Malignant] \
                       Pre-B and [Malignant] Pro-B) with jpg, png, bmp or tif pictures directly in them, which lie in the \
                       folder itself, in Original/ below it, or one level deeper; Segmented/ is never taken";

/// The class folders' parent, and the pictures relative to it with their classes, sorted.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) root: PathBuf,
    pub(super) files: Vec<(String, Class)>,
}

/// Which classes must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needed {
    All,
    Some,
}

pub(super) fn find(root: &Path, needed: Needed) -> Result<Found, Error> {
    let folders = class_folders_parent(root)?;
    let mut files = Vec::new();
    for (name, class) in &folders.classes {
        for (file, path) in entries(&folders.root.join(name))? {
            if is_picture_name(&file) && path.is_file() {
                files.push((format!("{name}/{file}"), *class));
            }
        }
    }
    if files.is_empty() {
        return Err(Error::content(&folders.root, format!("holds no pictures; {LAYOUTS}")));
    }
    for class in Class::ALL.into_iter().filter(|_| needed == Needed::All) {
        if !files.iter().any(|&(_, other)| other == class) {
            return Err(Error::content(&folders.root, format!("holds no pictures of class {class}; {LAYOUTS}")));
        }
    }
    files.sort();
    Ok(Found { root: folders.root, files })
}

struct ClassFolders {
    root: PathBuf,
    classes: Vec<(String, Class)>,
}

fn class_folders_parent(root: &Path) -> Result<ClassFolders, Error> {
    if let Some(found) = here_or_in_original(root)? {
        return Ok(found);
    }
    let mut deeper = Vec::new();
    for (name, path) in entries(root)? {
        if path.is_dir() && !is_segmented(&name) {
            deeper.extend(here_or_in_original(&path)?);
        }
    }
    match deeper.len() {
        0 => Err(Error::content(root, format!("holds no class folders; {LAYOUTS}"))),
        1 => Ok(deeper.remove(0)),
        _ => {
            let names: Vec<_> = deeper.iter().map(|found| found.root.display().to_string()).collect();
            Err(Error::content(root, format!("holds several data sets, name one of them: {}", names.join(", "))))
        }
    }
}

fn here_or_in_original(folder: &Path) -> Result<Option<ClassFolders>, Error> {
    let mut candidates = vec![folder.to_path_buf()];
    let below = entries(folder)?;
    candidates
        .extend(below.into_iter().filter(|(name, _)| name.eq_ignore_ascii_case("original")).map(|(_, path)| path));
    for root in candidates {
        if !root.is_dir() {
            continue;
        }
        let mut classes = Vec::new();
        for (name, path) in entries(&root)? {
            if let Some(class) = Class::from_folder_name(&name)
                && path.is_dir()
            {
                classes.push((name, class));
            }
        }
        if !classes.is_empty() {
            return Ok(Some(ClassFolders { root, classes }));
        }
    }
    Ok(None)
}

/// What is in the folder and not hidden, sorted by name.
fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, Error> {
    let listing = std::fs::read_dir(folder).map_err(Error::io("list the folder", folder))?;
    let mut entries = Vec::new();
    for entry in listing {
        let entry = entry.map_err(Error::io("list the folder", folder))?;
        match entry.file_name().into_string() {
            Ok(name) if name.starts_with('.') => {}
            Ok(name) => entries.push((name, entry.path())),
            Err(name) if is_picture_name(&name.to_string_lossy()) => {
                return Err(Error::content(entry.path(), "has a name that is not UTF-8; rename it"));
            }
            Err(_) => {}
        }
    }
    entries.sort();
    Ok(entries)
}

fn is_segmented(name: &str) -> bool {
    name.to_ascii_lowercase().contains("segmented")
}
