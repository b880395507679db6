//! Picture files.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use blastscope_shared::{
    RgbPixels,
    decode::{Decoded, MAX_FILE_BYTES, decode_with_notes},
};

use crate::Error;

/// Reads a whole file of at most [`MAX_FILE_BYTES`] bytes.
///
/// # Errors
/// [`Error::Io`] when it cannot be read, [`Error::Content`] when it is larger or empty.
pub fn read_file(path: &Path) -> Result<Vec<u8>, Error> {
    let file = File::open(path).map_err(Error::io("read", path))?;
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

const EXTENSIONS: [&str; 6] = ["jpg", "jpeg", "png", "bmp", "tif", "tiff"];

/// Whether a file's name ends as a picture's does, in any case.
#[must_use]
pub fn is_picture_name(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, end)| EXTENSIONS.iter().any(|known| end.eq_ignore_ascii_case(known)))
}

/// Every picture file below `folder`, by its extension, in the order of the paths.
///
/// # Errors
/// [`Error::Io`] when a folder cannot be listed, [`Error::Content`] when there is no picture.
pub fn pictures_below(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).map_err(Error::io("list", &next))? {
            let path = entry.map_err(Error::io("list", &next))?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|name| is_picture_name(&name.to_string_lossy())) {
                found.push(path);
            }
        }
    }
    found.sort();
    if found.is_empty() {
        return Err(Error::content(folder, "holds no pictures (jpg, jpeg, png, bmp, tif, tiff)"));
    }
    Ok(found)
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
