//! A scan that lists unreadable pictures and continues, and inspects every other picture while it is in memory.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Mutex, PoisonError},
};

use blastscope_files::Printable as _;
use blastscope_shared::{RgbPixels, field::decode::Note};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::{
    DRAWN_FILE, Dataset, GROUPS_FILE, LabelledImage, Unreadable, duplicates, groups_csv, join,
    layout::{self, Needed},
};
use crate::{Error, data::picture, support::progress::Progress};

/// Most unreadable files that an error names.
const NAMED: usize = 10;

/// A data set, and the findings on the way.
#[derive(Debug)]
pub struct Survey<T> {
    /// The readable pictures.
    pub dataset: Dataset,
    /// Their fingerprints, in the same order.
    pub fingerprints: Vec<duplicates::Fingerprint>,
    /// What `inspect` returned for them, in the same order.
    pub findings: Vec<T>,
    /// Files that look like pictures or lie in a class folder, and cannot be read.
    pub unreadable: Vec<Unreadable>,
    /// What was left out, and what was taken from deeper folders, in sentences.
    pub remarks: Vec<String>,
    /// Whether a list gave the overlap groups.
    pub is_listed: bool,
}

/// Notes in files that were not applied to their pixels: how many files have each, and the first of them.
type Noted = Mutex<BTreeMap<String, (usize, String)>>;

fn take_note(noted: &Noted, file: &str, notes: &[Note]) {
    let mut noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
    for note in notes {
        let (count, first) = noted.entry(note.to_string()).or_insert_with(|| (0, file.to_owned()));
        *count += 1;
        if file < first.as_str() {
            file.clone_into(first);
        }
    }
}

impl<T> Survey<T> {
    /// The data set, if every picture could be read.
    pub(super) fn whole(self) -> Result<Dataset, Error> {
        let mut unreadable = self.unreadable;
        match unreadable.len() {
            0 => Ok(self.dataset),
            1 => Err(unreadable.remove(0).reason),
            count => {
                let named = unreadable.iter().take(NAMED).map(|failed| format!("\n  {}", failed.reason));
                let mut reason = format!("holds {count} files that cannot be read:{}", named.collect::<String>());
                if count > NAMED {
                    reason.push_str("\n  ...");
                }
                reason.push_str("\nrepair or remove them; `blastscope-host audit` lists all");
                Err(Error::content(&self.dataset.root, reason))
            }
        }
    }
}

impl Dataset {
    /// As [`Self::scan`], but continues past unreadable files, and calls `inspect` with each picture, whose group and sitting are
    /// not yet known, several pictures at a time and in any order.
    ///
    /// # Errors
    /// A folder without the four classes, no readable picture at all, or a `groups` file that does not fit.
    pub fn survey<T: Send>(
        root: &Path,
        groups: Option<&Path>,
        progress: Progress,
        inspect: impl Fn(&LabelledImage, &RgbPixels) -> T + Sync,
    ) -> Result<Survey<T>, Error> {
        Self::survey_of(root, groups, Needed::All, progress, inspect)
    }

    /// As [`Self::survey`], for all classes or some.
    pub(super) fn survey_of<T: Send>(
        root: &Path,
        groups: Option<&Path>,
        needed: Needed,
        progress: Progress,
        inspect: impl Fn(&LabelledImage, &RgbPixels) -> T + Sync,
    ) -> Result<Survey<T>, Error> {
        let found = layout::find(root, needed)?;
        for remark in &found.remarks {
            progress.say(format_args!("{}: {remark}", found.root.printable()));
        }
        let groups = match groups {
            Some(path) => Some(path.to_path_buf()),
            None => [&found.root, root].into_iter().map(|folder| folder.join(GROUPS_FILE)).find(|path| path.is_file()),
        };
        let drawn = [&found.root, root].into_iter().any(|folder| folder.join(DRAWN_FILE).is_file());

        let task = progress.start("hashing and comparing pictures", found.files.len());
        let noted = Noted::default();
        let read: Vec<Result<(LabelledImage, duplicates::Fingerprint, T), Unreadable>> = found
            .files
            .into_par_iter()
            .map(|(file, class)| {
                let path = found.root.join(&file);
                let pixels = picture::read_file(&path).and_then(|bytes| {
                    let decoded = picture::decode_picture(&path, &bytes)?;
                    take_note(&noted, &file, &decoded.notes);
                    Ok((Sha256::digest(&bytes).into(), decoded.pixels))
                });
                task.advance(1);
                match pixels {
                    Ok((sha256, pixels)) => {
                        let image = LabelledImage { file, class, sha256, group: 0, session: None };
                        let finding = inspect(&image, &pixels);
                        Ok((image, duplicates::Fingerprint::of(&pixels), finding))
                    }
                    Err(reason) => Err(Unreadable { file, class, reason }),
                }
            })
            .collect();
        drop(task);
        for (note, (count, first)) in noted.into_inner().unwrap_or_else(PoisonError::into_inner) {
            let others = if count > 1 { format!(" (and {} more)", count - 1) } else { String::new() };
            progress.say(format_args!("{}{others} {note}", first.printable()));
        }
        let (mut images, mut fingerprints, mut findings, mut unreadable) = (vec![], vec![], vec![], found.unreadable);
        for looked in read {
            match looked {
                Ok((image, fingerprint, finding)) => {
                    images.push(image);
                    fingerprints.push(fingerprint);
                    findings.push(finding);
                }
                Err(failed) => unreadable.push(failed),
            }
        }
        unreadable.sort_by(|a, b| a.file.cmp(&b.file));
        if images.is_empty() && !unreadable.is_empty() {
            return Err(unreadable.remove(0).reason);
        }
        let near = duplicates::find(&fingerprints);
        for (own, image) in images.iter_mut().enumerate() {
            image.group = own as u32;
        }
        let is_listed = groups.is_some();
        let counts = groups.as_deref().map(|path| groups_csv::read(path)?.apply(&mut images)).transpose()?;
        let mut dataset = Self { root: found.root, images, drawn };
        let listed = dataset.group_count();
        join(&mut dataset.images, &near);
        let now = dataset.group_count();
        match (groups, counts) {
            (Some(path), Some(counts)) => {
                progress.say(format_args!("overlap groups from {}: {counts}", path.printable()));
                if listed > now {
                    progress.say(format_args!(
                        "{} of {listed} groups were merged with others, because they share identical or near-identical pictures",
                        listed - now
                    ));
                }
            }
            _ => progress.say(format_args!(
                "no {GROUPS_FILE}: identical and near-identical pictures share a group, {now} groups of {} pictures; more than \
                 half of the fields that overlap by a shift of the slide go undiscovered",
                dataset.images.len()
            )),
        }
        Ok(Survey { dataset, fingerprints, findings, unreadable, remarks: found.remarks, is_listed })
    }
}
