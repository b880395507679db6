//! The labelled pictures: their files, their classes, and which of them belong together.
//!
//! Pictures of overlapping parts of a slide, and copies of one file, share a group; an honest split never puts one group on both
//! sides. Groups come from a `groups.csv` in the data set's folder ([`groups_csv`]). The program itself finds copies and near
//! copies ([`duplicates`]), but fewer than half of the overlaps.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
};

use blastscope_shared::{Class, Framing, artifact::PICTURE_ID_LEN};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::{Error, data::picture, support::progress::Progress};

pub mod duplicates;
pub mod groups_csv;
mod layout;
pub mod public_set;
mod survey;
mod unreadable;

pub use survey::Survey;
pub use unreadable::Unreadable;

/// Name of the file beside the class folders that lists which pictures overlap.
pub const GROUPS_FILE: &str = "groups.csv";
/// Name of the file beside the class folders that marks the pictures as drawn by this program.
pub const DRAWN_FILE: &str = "drawn.json";

/// A folder of labelled pictures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// The folder that holds the class folders.
    pub root: PathBuf,
    /// The pictures, sorted by file.
    pub images: Vec<LabelledImage>,
    /// Whether the program drew the pictures itself; then nothing measured on them says anything about blood.
    pub drawn: bool,
}

/// One labelled picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelledImage {
    /// Path relative to [`Dataset::root`], parts separated by `/`; unique.
    pub file: String,
    /// Its class, by its folder.
    pub class: Class,
    /// SHA-256 of the file's bytes.
    pub sha256: [u8; 32],
    /// Overlap group: pictures with the same number show the same or an overlapping part of a slide.
    pub group: u32,
    /// The sitting at the microscope, if known. A sitting is not a patient.
    pub session: Option<String>,
}

impl LabelledImage {
    /// The id of the picture in a model's [provenance](blastscope_shared::artifact::Pictures).
    #[must_use]
    pub fn picture_id(&self) -> [u8; PICTURE_ID_LEN] {
        std::array::from_fn(|at| self.sha256[at])
    }
}

impl Dataset {
    /// Finds and hashes the pictures in or below `root`, and their groups.
    ///
    /// The class folders ([`Class::from_folder_name`]) may lie in `root`, in `root/Original`, or one level deeper; `Segmented` is
    /// never used. Groups come from the file `groups`, else from `groups.csv` beside the class folders or in `root`. With or
    /// without such a list, files with identical bytes and the near copies found by [`duplicates::find`] end up in one group.
    ///
    /// # Errors
    /// A folder without the four classes, a picture that cannot be read or decoded, or a `groups` file that does not fit.
    pub fn scan(root: &Path, groups: Option<&Path>, progress: Progress) -> Result<Self, Error> {
        Self::survey(root, groups, progress, |_, _| ())?.whole()
    }

    /// As [`Self::scan`], of a folder that may lack classes, such as a clinic's corrected fields.
    ///
    /// # Errors
    /// As [`Self::scan`], and when there is no picture.
    pub fn scan_some(root: &Path, groups: Option<&Path>, progress: Progress) -> Result<Self, Error> {
        Self::survey_of(root, groups, layout::Needed::Some, progress, |_, _| ())?.whole()
    }

    /// Path of the picture.
    #[must_use]
    pub fn path(&self, image: &LabelledImage) -> PathBuf {
        self.root.join(&image.file)
    }

    /// Number of pictures of `class`.
    #[must_use]
    pub fn count(&self, class: Class) -> usize {
        self.images.iter().filter(|image| image.class == class).count()
    }

    /// Number of overlap groups.
    #[must_use]
    pub fn group_count(&self) -> usize {
        let mut groups: Vec<u32> = self.images.iter().map(|image| image.group).collect();
        groups.sort_unstable();
        groups.dedup();
        groups.len()
    }

    /// SHA-256 over every picture's file, class and SHA-256 in the order of the files: identifies what a network was trained on.
    #[must_use]
    pub fn manifest_hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"blastscope manifest");
        for image in &self.images {
            hash.update((image.file.len() as u64).to_le_bytes());
            hash.update(&image.file);
            hash.update([image.class.index() as u8]);
            hash.update(image.sha256);
        }
        hash.finalize().into()
    }

    /// Decodes and preprocesses every picture, in the order of [`Self::images`]: HWC bytes,
    /// [`Framing::input_len`] each (147 KiB a picture at 224x224).
    ///
    /// # Errors
    /// The first picture that cannot be read or decoded.
    pub fn load_inputs(&self, framing: &Framing, progress: Progress) -> Result<Vec<Vec<u8>>, Error> {
        let task = progress.start("reading pictures", self.images.len());
        self.images
            .par_iter()
            .map(|image| {
                let input = framing.apply(&picture::read_picture(&self.path(image))?);
                task.advance(1);
                Ok(input)
            })
            .collect()
    }
}

/// Merges the groups of files with identical bytes and of near-identical pictures (those with the same number in `near`), and with
/// them everything that shared a group with either.
fn join(images: &mut [LabelledImage], near: &[u32]) {
    let mut joined = duplicates::Union::new(images.len());
    let mut by_hash: HashMap<[u8; 32], usize> = HashMap::new();
    let mut by_near: HashMap<u32, usize> = HashMap::new();
    let mut by_group: HashMap<u32, usize> = HashMap::new();
    for (at, (image, &near)) in images.iter().zip(near).enumerate() {
        joined.join(at, *by_hash.entry(image.sha256).or_insert(at));
        joined.join(at, *by_near.entry(near).or_insert(at));
        joined.join(at, *by_group.entry(image.group).or_insert(at));
    }
    let mut numbers: BTreeMap<usize, u32> = BTreeMap::new();
    for (at, image) in images.iter().enumerate() {
        let number = numbers.entry(joined.root(at)).or_insert(image.group);
        *number = image.group.min(*number);
    }
    for (at, image) in images.iter_mut().enumerate() {
        image.group = numbers[&joined.root(at)];
    }
}

/// The bytes of a SHA-256 in hexadecimal, of either case.
#[must_use]
pub fn sha256_from_hex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests;
