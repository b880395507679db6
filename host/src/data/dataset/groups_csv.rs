//! `groups.csv`: which pictures overlap, as found out from the originals.
//!
//! A header line, then one line per picture. Columns are found by name: `file` (relative to the class folders' parent), `sha256`,
//! `overlap_group` (a number) and optionally `session`; others are ignored.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    path::{Path, PathBuf},
};

use blastscope_shared::hex;

use super::{LabelledImage, sha256_from_hex};
use crate::{
    Error,
    data::{picture::read_file, table_text},
};

/// The lines of a `groups.csv`, by file.
#[derive(Debug)]
pub struct Groups {
    path: PathBuf,
    lines: HashMap<String, Line>,
}

#[derive(Debug)]
struct Line {
    sha256: [u8; 32],
    group: u32,
    session: Option<String>,
}

/// How lines and pictures match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Pictures with a line.
    pub listed: usize,
    /// Pictures without a line; each got its own group.
    pub unlisted: usize,
    /// Lines without a picture.
    pub missing: usize,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} pictures listed", self.listed)?;
        if self.unlisted > 0 {
            write!(f, ", {} not listed (a new group each)", self.unlisted)?;
        }
        if self.missing > 0 {
            write!(f, ", {} listed but missing", self.missing)?;
        }
        Ok(())
    }
}

/// Reads a `groups.csv`. Refuses a pipe: nobody may ever write to it.
///
/// # Errors
/// A file that cannot be read, a missing column, or a line with a broken value or a file listed before, by line number.
pub fn read(path: &Path) -> Result<Groups, Error> {
    parse(&read_file(path)?, path)
}

/// The content of a `groups.csv`; `path` is what messages call it.
///
/// # Errors
/// As [`read`].
pub fn parse(bytes: &[u8], path: &Path) -> Result<Groups, Error> {
    let text = table_text::utf8(path, bytes)?;
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let broken = |error: csv::Error| Error::content(path, format!("is not a table of comma-separated values: {error}"));
    let headers = reader.headers().map_err(broken)?.clone();
    let [file_at, sha256_at, group_at] = table_text::columns(path, &headers, ["file", "sha256", "overlap_group"])?;
    let session_at = headers.iter().position(|header| header == "session");

    let mut lines = HashMap::new();
    for record in reader.records() {
        let record = record.map_err(broken)?;
        let number = record.position().map_or(0, csv::Position::line);
        let wrong = |what: String| Error::content(path, format!("line {number}: {what}"));
        let cell = |at: usize| record.get(at).unwrap_or_default();
        let sha256 = sha256_from_hex(cell(sha256_at))
            .ok_or_else(|| wrong(format!("sha256 is {:?}, not 64 hexadecimal digits", cell(sha256_at))))?;
        let group = cell(group_at).parse().map_err(|_| {
            wrong(format!("overlap_group is {:?}, not a number from 0 to {}", cell(group_at), u32::MAX))
        })?;
        let session = session_at.map(cell).filter(|session| !session.is_empty()).map(str::to_string);
        let file = cell(file_at).replace('\\', "/");
        if lines.insert(file.clone(), Line { sha256, group, session }).is_some() {
            return Err(wrong(format!("{file} was listed before")));
        }
    }
    Ok(Groups { path: path.to_path_buf(), lines })
}

impl Groups {
    /// Sets the group and the session of every listed picture; each of the others gets its own new group.
    ///
    /// # Errors
    /// A picture whose SHA-256 differs from the listed one, or a list without any of the pictures.
    pub fn apply(&self, images: &mut [LabelledImage]) -> Result<Counts, Error> {
        let mut next = self.lines.values().map(|line| line.group).max().unwrap_or(0);
        let mut met = HashSet::new();
        let mut unlisted = 0;
        for image in images.iter_mut() {
            let Some(line) = self.lines.get(&image.file) else {
                unlisted += 1;
                next = next.checked_add(1).ok_or_else(|| {
                    Error::content(&self.path, format!("uses overlap_group {}; use smaller numbers", u32::MAX))
                })?;
                image.group = next;
                continue;
            };
            if line.sha256 != image.sha256 {
                let (is, listed) = (hex(&image.sha256), hex(&line.sha256));
                return Err(Error::content(
                    &self.path,
                    format!(
                        "lists {} with SHA-256 {listed}, but the file has {is}; restore the file, or remove its line",
                        image.file
                    ),
                ));
            }
            met.insert(&image.file);
            image.group = line.group;
            image.session.clone_from(&line.session);
        }
        let counts = Counts { listed: met.len(), unlisted, missing: self.lines.len() - met.len() };
        if counts.listed == 0 {
            let example = images.first().map_or("none", |image| image.file.as_str());
            let reason = format!("lists none of the pictures; files must be written like {example}");
            return Err(Error::content(&self.path, reason));
        }
        Ok(counts)
    }
}
