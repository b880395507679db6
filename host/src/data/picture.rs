//! Picture files.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use blastscope_files::{Printable as _, open_regular, walk::PICTURE_EXTENSIONS};
use blastscope_shared::{
    RgbPixels,
    field::decode::{Decoded, MAX_FILE_BYTES, decode_with_notes},
};

use crate::{Error, support::progress::Progress};

/// Reads a whole file of at most [`MAX_FILE_BYTES`] bytes.
///
/// # Errors
/// [`Error::Io`] when it cannot be read, [`Error::Content`] when it is larger or empty.
pub fn read_file(path: &Path) -> Result<Vec<u8>, Error> {
    let file = open_regular(path).map_err(Error::io("read", path))?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(Error::io("read", path))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        let limit = MAX_FILE_BYTES >> 20;
        return Err(Error::content(path, format!("is larger than {limit} MiB, so it is not a picture of a field")));
    }
    if bytes.is_empty() {
        return Err(Error::content(path, "is an empty file; copy it again from its source, or delete it"));
    }
    Ok(bytes)
}

/// Reads and decodes a JPEG, PNG, BMP or TIFF picture.
///
/// # Errors
/// As [`read_file`], and [`Error::Picture`] when the file is not a whole picture of a usable size.
pub fn read_picture(path: &Path) -> Result<RgbPixels, Error> {
    decode_picture(path, &read_file(path)?).map(|decoded| decoded.pixels)
}

/// The pictures below a folder.
#[derive(Debug)]
pub struct Listing {
    /// Their files, in the order of the paths.
    pub pictures: Vec<PathBuf>,
    /// Number of entries that could not be read.
    pub unreadable: usize,
}

/// Every picture file below `folder`. Reports on the way what is left out and what cannot be read.
///
/// # Errors
/// [`Error::Io`] when `folder` cannot be listed, [`Error::Content`] when there is no picture.
pub fn pictures_below(folder: &Path, progress: Progress) -> Result<Listing, Error> {
    let found = blastscope_files::pictures_below(folder).map_err(Error::io("list the folder", folder))?;
    let unreadable = found.failures.len();
    for failure in found.failures {
        progress.say(format_args!("warning: {}; it is left out", Error::io("read", failure.path)(failure.error)));
    }
    let left_out = found.left_out.below(folder);
    if found.pictures.is_empty() {
        let known = PICTURE_EXTENSIONS.join(", ");
        let besides = if found.left_out.is_empty() { String::new() } else { format!("; left out {left_out}") };
        return Err(Error::content(folder, format!("holds no pictures that can be read ({known}){besides}")));
    }
    if !found.left_out.is_empty() {
        progress.say(format_args!("{}: left out {left_out}", folder.printable()));
    }
    Ok(Listing { pictures: found.pictures, unreadable })
}

/// Decodes the bytes that were read from `path`.
///
/// # Errors
/// [`Error::Picture`] when they are not a whole picture of a usable size.
pub fn decode_picture(path: &Path, bytes: &[u8]) -> Result<Decoded, Error> {
    decode_with_notes(bytes).map_err(|source| Error::Picture { path: path.to_path_buf(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_read_and_a_text_is_refused_by_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let good = folder.path().join("good.png");
        image::RgbImage::from_pixel(64, 80, image::Rgb([1, 2, 3])).save(&good).expect("saved");
        let pixels = read_picture(&good).expect("decoded");
        assert_eq!((pixels.width(), pixels.height()), (64, 80));
        assert_eq!(pixels.get(63, 79), Some([1, 2, 3]));
        let text = folder.path().join("text.jpg");
        std::fs::write(&text, "not a picture").expect("written");
        for (path, word) in [(text, "text.jpg"), (folder.path().join("absent.jpg"), "absent.jpg")] {
            let error = read_picture(&path).expect_err("not a picture");
            assert!(error.to_string().contains(word), "{error}");
        }
        let empty = folder.path().join("empty.png");
        std::fs::write(&empty, "").expect("written");
        assert!(read_picture(&empty).expect_err("empty").to_string().contains("empty file"));
    }
}
