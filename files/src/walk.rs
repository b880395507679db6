//! Finds the pictures below a folder.
//!
//! Every command follows the same rules:
//! - Only regular files count, by their extension ([`PICTURE_EXTENSIONS`]). Pipes, sockets and devices are never opened.
//! - Every folder is entered once and every file counted once, however many links lead there. A link to a folder above is not
//!   followed. Real folders come before links, so a link never takes a picture away from the folder that holds it.
//! - An entry that cannot be read is one [`Failure`]; the walk continues.
//! - Entries left out are counted and listed by reason ([`LeftOut`]).
//! - Results are sorted by path, whatever the file system's order.

mod left_out;

use std::{
    collections::{HashMap, HashSet, VecDeque, hash_map::Entry},
    ffi::OsStr,
    fs::{self, DirEntry, Metadata},
    io,
    path::{Path, PathBuf},
};

pub use left_out::{Left, LeftOut};

/// File name extensions that count as pictures, in lower case: JPEG, PNG, TIFF and BMP.
pub const PICTURE_EXTENSIONS: [&str; 8] = ["jpg", "jpeg", "jpe", "jfif", "png", "tif", "tiff", "bmp"];

/// Extensions of unsupported picture formats, in lower case.
const UNREAD_EXTENSIONS: [&str; 22] = [
    "webp", "heic", "heif", "avif", "gif", "jp2", "j2k", "jpx", "jxl", "dng", "cr2", "cr3", "nef", "arw", "raf", "svs",
    "ndpi", "czi", "lif", "vsi", "scn", "nd2",
];

/// Files and folders that systems and archivers leave behind, in lower case.
const OF_THE_SYSTEM: [&str; 8] = [
    "thumbs.db",
    "ehthumbs.db",
    "desktop.ini",
    "__macosx",
    "@eadir",
    "$recycle.bin",
    "system volume information",
    "lost+found",
];

/// An entry that could not be read.
#[derive(Debug)]
pub struct Failure {
    /// The file or folder.
    pub path: PathBuf,
    /// The system's reason.
    pub error: io::Error,
}

/// The result of a walk.
#[derive(Debug, Default)]
pub struct Found {
    /// The pictures, sorted by path.
    pub pictures: Vec<PathBuf>,
    /// Entries that could not be read, sorted by path.
    pub failures: Vec<Failure>,
    /// Entries passed over, and why.
    pub left_out: LeftOut,
}

/// Whether a file has a picture's extension, in upper or lower case.
#[must_use]
pub fn is_picture_name(path: &Path) -> bool {
    has_extension(path, &PICTURE_EXTENSIONS)
}

/// Why an entry is passed over by name alone: it is hidden, or a system's or archiver's leftover.
#[must_use]
pub fn passed_over_by_name(name: &OsStr) -> Option<Left> {
    // Checked before hidden files, because it is the more precise reason.
    if OF_THE_SYSTEM.iter().any(|known| name.eq_ignore_ascii_case(known)) {
        return Some(Left::OfTheSystem);
    }
    name.as_encoded_bytes().starts_with(b".").then_some(Left::Hidden)
}

/// The paths directly in `folder`, sorted, without entries [passed over by name](passed_over_by_name).
///
/// # Errors
/// `folder` or one of its entries cannot be listed.
pub fn listed(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if passed_over_by_name(&entry.file_name()).is_none() {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// The pictures below `folder`, at any depth.
///
/// # Errors
/// `folder` itself cannot be listed.
pub fn pictures_below(folder: &Path) -> io::Result<Found> {
    pictures_below_each(&[folder]).pop().unwrap_or_else(|| Ok(Found::default()))
}

/// The pictures below each of `folders`, none of which lies in another. A picture counts where it really lies, even if links lead
/// to it; one outside all folders counts in the first that links to it.
///
/// A folder's error means that the folder itself cannot be listed.
#[must_use]
pub fn pictures_below_each(folders: &[&Path]) -> Vec<io::Result<Found>> {
    let mut walk = Walk::default();
    let mut roots: Vec<io::Result<Found>> = folders.iter().map(|folder| walk.enter_root(folder)).collect();
    for (at, folder) in folders.iter().enumerate() {
        if let Ok(found) = &mut roots[at]
            && let Err(error) = walk.below(at, folder.to_path_buf(), found)
        {
            roots[at] = Err(error);
        }
    }
    while let Some((at, link)) = walk.links.pop_front() {
        if let Ok(found) = &mut roots[at] {
            walk.follow(at, link, found);
        }
    }
    for found in roots.iter_mut().flatten() {
        found.pictures.sort();
        found.failures.sort_by(|a, b| a.path.cmp(&b.path));
        found.left_out.sort();
    }
    roots
}

/// Identity of a file or folder, whatever path leads to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Identity {
    /// Device and inode.
    #[cfg(unix)]
    Inode(u64, u64),
    /// Without an inode: the path with links resolved.
    Path(PathBuf),
}

impl Identity {
    fn of(path: &Path, metadata: &Metadata) -> io::Result<Self> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            // Some network file systems have no inodes and report 0 for all.
            if metadata.ino() != 0 {
                return Ok(Self::Inode(metadata.dev(), metadata.ino()));
            }
        }
        let _ = metadata;
        fs::canonicalize(path).map(Self::Path)
    }
}

/// Number of hard links of a file, as far as the system reports it.
fn names_of(metadata: &Metadata) -> u64 {
    #[cfg(unix)]
    return std::os::unix::fs::MetadataExt::nlink(metadata);
    #[cfg(not(unix))]
    {
        let _ = metadata;
        1
    }
}

#[derive(Default)]
struct Walk {
    /// Folders entered or queued, and those above the roots.
    folders: HashSet<Identity>,
    /// Counted pictures, with the root that they lie below.
    files: HashMap<Identity, usize>,
    /// Links, with the root that they lie below; followed after all real folders.
    links: VecDeque<(usize, PathBuf)>,
}

impl Walk {
    /// Registers a root and all folders above it: links to them are not followed.
    fn enter_root(&mut self, folder: &Path) -> io::Result<Found> {
        let canonical = fs::canonicalize(folder)?;
        for above in canonical.ancestors() {
            // A folder above that may not be read cannot be entered through a link either.
            if let Ok(identity) = fs::metadata(above).and_then(|metadata| Identity::of(above, &metadata)) {
                self.folders.insert(identity);
            }
        }
        Ok(Found::default())
    }

    /// Walks `folder` and the real folders below it. The only error is a `folder` that cannot be listed.
    fn below(&mut self, root: usize, folder: PathBuf, found: &mut Found) -> io::Result<()> {
        let mut folders = vec![folder];
        let mut is_first = true;
        while let Some(folder) = folders.pop() {
            match entries(&folder, found) {
                Ok(entries) => {
                    for entry in entries {
                        if let Err(error) = self.look(root, &entry, found, &mut folders) {
                            found.failures.push(Failure { path: entry.path(), error });
                        }
                    }
                }
                Err(error) if is_first => return Err(error),
                Err(error) => found.failures.push(Failure { path: folder, error }),
            }
            is_first = false;
        }
        Ok(())
    }

    /// Handles one entry.
    fn look(&mut self, root: usize, entry: &DirEntry, found: &mut Found, folders: &mut Vec<PathBuf>) -> io::Result<()> {
        let path = entry.path();
        if let Some(reason) = passed_over_by_name(&entry.file_name()) {
            found.left_out.add(reason, path);
            return Ok(());
        }
        let kind = entry.file_type()?;
        if kind.is_symlink() {
            self.links.push_back((root, path));
        } else if kind.is_dir() {
            if self.folders.insert(Identity::of(&path, &entry.metadata()?)?) {
                folders.push(path);
            } else {
                found.left_out.add(Left::SeenElsewhere, path);
            }
        } else if !kind.is_file() {
            found.left_out.add(Left::NotRegular, path);
        } else if is_picture_name(&path) {
            let metadata = entry.metadata()?;
            let before = self.files.insert(Identity::of(&path, &metadata)?, root);
            // A second name below another root is kept: the two may say different things about the picture.
            if before == Some(root) && names_of(&metadata) > 1 {
                found.left_out.add(Left::SeenElsewhere, path);
            } else {
                found.pictures.push(path);
            }
        } else {
            found.left_out.add(other_file(&path), path);
        }
        Ok(())
    }

    /// Handles one link.
    fn follow(&mut self, root: usize, path: PathBuf, found: &mut Found) {
        let target = fs::metadata(&path).and_then(|metadata| Ok((Identity::of(&path, &metadata)?, metadata)));
        let (identity, metadata) = match target {
            Ok(target) => target,
            // A broken link to something that is not a picture is no loss.
            Err(_) if path.extension().is_some() && !is_picture_name(&path) => {
                return found.left_out.add(other_file(&path), path);
            }
            Err(error) => return found.failures.push(Failure { path, error }),
        };
        if metadata.is_dir() {
            if !self.folders.insert(identity) {
                found.left_out.add(Left::SeenElsewhere, path);
            } else if let Err(error) = self.below(root, path.clone(), found) {
                found.failures.push(Failure { path, error });
            }
        } else if !metadata.is_file() {
            found.left_out.add(Left::NotRegular, path);
        } else if !is_picture_name(&path) {
            found.left_out.add(other_file(&path), path);
        } else if let Entry::Vacant(place) = self.files.entry(identity) {
            place.insert(root);
            found.pictures.push(path);
        } else {
            found.left_out.add(Left::SeenElsewhere, path);
        }
    }
}

/// The entries of a folder, by name. An entry that the system cannot name counts as a failure of the folder; the others remain.
fn entries(folder: &Path, found: &mut Found) -> io::Result<Vec<DirEntry>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder)? {
        match entry {
            Ok(entry) => entries.push(entry),
            Err(error) => found.failures.push(Failure { path: folder.to_path_buf(), error }),
        }
    }
    entries.sort_by_key(DirEntry::file_name);
    Ok(entries)
}

/// Why a file without a supported picture extension is left out.
fn other_file(path: &Path) -> Left {
    if has_extension(path, &UNREAD_EXTENSIONS) { Left::UnreadFormat } else { Left::NoPicture }
}

fn has_extension(path: &Path, known: &[&str]) -> bool {
    path.extension().is_some_and(|extension| known.iter().any(|known| extension.eq_ignore_ascii_case(known)))
}

#[cfg(test)]
pub(crate) mod tests;
