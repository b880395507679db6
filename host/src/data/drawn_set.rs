//! A data set of drawn fields on disk: four folders of JPEG files and a marker that identifies them as drawn.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use blastscope_drawn::{draw_field, field_seed, memory};
use blastscope_shared::{Class, RgbPixels};
use image::{ExtendedColorType, codecs::jpeg::JpegEncoder};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::dataset::DRAWN_FILE;
use crate::{Error, support::atomic_file};

/// Least and greatest width and height of a drawn picture, pixels.
pub const SIZES: std::ops::RangeInclusive<usize> = 64..=4096;

/// Memory limit for drawing, bytes, if one picture fits in it.
const MEMORY: usize = 2 << 30;
const JPEG_QUALITY: u8 = 92;
const NOTE: &str =
    "Fields drawn by blastscope's generator; no photographs, no patients. Results on them are not evidence.";

/// Parameters of a drawn set; the content of its [`DRAWN_FILE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrawnSet {
    /// [`GENERATOR`](blastscope_drawn::GENERATOR) that drew it.
    pub generator: u32,
    /// Seed of the whole set.
    pub seed: u64,
    /// Width of each picture, pixels.
    pub width: usize,
    /// Height of each picture, pixels.
    pub height: usize,
    /// Pictures of each class.
    pub per_class: usize,
}

#[derive(Serialize)]
struct Marker<'a> {
    note: &'a str,
    #[serde(flatten)]
    set: &'a DrawnSet,
}

/// What a folder holds before a set is drawn into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Nothing; the folder may not even exist.
    Nothing,
    /// The same set, with this many of its pictures.
    Part(usize),
}

impl DrawnSet {
    /// The marker of a folder; `None` without one.
    ///
    /// # Errors
    /// When it cannot be read, or is not a marker of a drawn set.
    pub fn read(folder: &Path) -> Result<Option<Self>, Error> {
        let path = folder.join(DRAWN_FILE);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(failure) if matches!(failure.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(failure) => return Err(Error::io("read", &path)(failure)),
        };
        let set = serde_json::from_slice(&text).map_err(|failure| {
            Error::content(
                &path,
                format!("it does not describe a drawn set ({failure}); delete the folder and draw it anew"),
            )
        })?;
        Ok(Some(set))
    }

    /// Number of pictures, all classes together.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.per_class * Class::COUNT
    }

    /// Whether the set has no pictures.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.per_class == 0
    }

    /// Path of the `number`th picture of a class below the set's folder, counted from 1: `Benign/drawn-Benign-0001.jpg`.
    #[must_use]
    pub fn picture_path(class: Class, number: usize) -> PathBuf {
        PathBuf::from(class.name()).join(format!("drawn-{class}-{number:04}.jpg"))
    }

    /// The `number`th picture of a class, counted from 1.
    #[must_use]
    pub fn draw(&self, class: Class, number: usize) -> RgbPixels {
        draw_field(class, field_seed(self.seed, class, number), self.width, self.height)
    }

    /// What `folder` already holds of this set.
    ///
    /// # Errors
    /// When `folder` is a file, holds something else, or holds a set that was drawn with other parameters.
    pub fn existing(&self, folder: &Path) -> Result<Existing, Error> {
        match Self::read(folder)? {
            Some(other) if other == *self => {
                Ok(Existing::Part(self.pictures().filter(|(.., path)| folder.join(path).is_file()).count()))
            }
            Some(other) => Err(Error::content(
                folder,
                format!(
                    "it holds a drawn set with other parameters ({other}; asked for: {self}); give the same parameters to \
                     complete it, or another folder to --out"
                ),
            )),
            None => match fs::read_dir(folder).map(is_empty) {
                Ok(true) => Ok(Existing::Nothing),
                Ok(false) => Err(Error::content(
                    folder,
                    "it holds files that blastscope did not draw; give a new or an empty folder to --out",
                )),
                Err(failure) if failure.kind() == ErrorKind::NotFound => Ok(Existing::Nothing),
                Err(failure) if failure.kind() == ErrorKind::NotADirectory => {
                    Err(Error::content(folder, "it is a file; give a new or an empty folder to --out"))
                }
                Err(failure) => Err(Error::io("list", folder)(failure)),
            },
        }
    }

    /// Draws what is missing in `folder`, several fields at a time, and calls `on_picture` after each. Keeps existing pictures.
    /// Returns the number of pictures drawn.
    ///
    /// # Errors
    /// As [`Self::existing`], and when a file cannot be written. The pictures drawn by then stay, and the set can be completed
    /// later.
    pub fn write(&self, folder: &Path, on_picture: impl Fn() + Sync) -> Result<usize, Error> {
        self.existing(folder)?;
        fs::create_dir_all(folder).map_err(Error::io("create the folder", folder))?;
        // The marker comes first: from here on, the folder can be completed and is never mistaken for photographs.
        let marker = serde_json::to_vec_pretty(&Marker { note: NOTE, set: self })
            .map_err(|failure| Error::content(folder.join(DRAWN_FILE), format!("it cannot be written ({failure})")))?;
        atomic_file::write(&folder.join(DRAWN_FILE), &marker)?;
        for class in Class::ALL {
            let path = folder.join(class.name());
            fs::create_dir_all(&path).map_err(Error::io("create the folder", &path))?;
        }
        let missing: Vec<_> = self.pictures().filter(|(.., path)| !folder.join(path).is_file()).collect();
        let draw = |(class, number, path): &(Class, usize, PathBuf)| {
            let path = folder.join(path);
            let jpeg = encode(&self.draw(*class, *number), &path)?;
            atomic_file::write(&path, &jpeg)?;
            on_picture();
            Ok(())
        };
        missing.par_chunks(self.strand(missing.len())).try_for_each(|strand| strand.iter().try_for_each(draw))?;
        Ok(missing.len())
    }

    /// How many of the `missing` pictures each task draws in sequence, so that all threads together stay within [`MEMORY`].
    fn strand(&self, missing: usize) -> usize {
        let at_once = (MEMORY / memory(self.width, self.height)).max(1);
        if at_once >= rayon::current_num_threads() { 1 } else { missing.div_ceil(at_once).max(1) }
    }

    /// Class, number and path of every picture, the classes in turn.
    fn pictures(&self) -> impl Iterator<Item = (Class, usize, PathBuf)> {
        let per_class = self.per_class;
        (1..=per_class).flat_map(|number| Class::ALL.map(|class| (class, number, Self::picture_path(class, number))))
    }
}

impl std::fmt::Display for DrawnSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { generator, seed, width, height, per_class } = self;
        write!(f, "{per_class} per class, {width}x{height}, seed {seed}, generator {generator}")
    }
}

/// Whether it holds only hidden files, such as the temporary file of an interrupted marker.
fn is_empty(mut entries: fs::ReadDir) -> bool {
    entries.all(|entry| entry.is_ok_and(|entry| entry.file_name().as_encoded_bytes().starts_with(b".")))
}

fn encode(picture: &RgbPixels, path: &Path) -> Result<Vec<u8>, Error> {
    let mut jpeg = Vec::new();
    // Sizes above 65,535 do not occur: see `SIZES`.
    let (width, height) = (picture.width() as u32, picture.height() as u32);
    JpegEncoder::new_with_quality(&mut jpeg, JPEG_QUALITY)
        .encode(picture.bytes(), width, height, ExtendedColorType::Rgb8)
        .map_err(|failure| Error::content(path, format!("the picture cannot be encoded ({failure})")))?;
    Ok(jpeg)
}

#[cfg(test)]
mod tests;
