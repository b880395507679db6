//! Exports corrected and confirmed fields as a folder that `blastscope-host train --data` reads.
//!
//! ```text
//! DIR/Benign/s1-f3-SPECIMEN.jpg    the stored bytes, unchanged, or .png; Early, Pre and Pro likewise
//! DIR/manifest.csv                 what each file is, what the model said, who said what it is
//! DIR/groups.csv                   one overlap group a specimen: no specimen is on both sides of a split
//! DIR/cells.csv                    cells that a person has labelled, of all fields that count: place in the picture, leaning, label, who
//! DIR/cells/s1-f4-SPECIMEN.jpg     pictures of fields with labelled cells that are in no class folder
//! DIR/left_out.csv                 answered fields without a class: malignant without a named subtype, not assessable
//! DIR/NOTICE.txt                   for research use only
//! ```
//! A field that is malignant without a named subtype belongs into no class folder: naming one would teach a subtype that nobody saw.

use std::{
    borrow::Cow,
    collections::{BTreeMap, btree_map::Entry},
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use blastscope_shared::Class;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{
    Field, Hash, Label, RecordError, RecordReader, Session, SessionCells, SessionId, spreadsheet::cell, verify,
};
use crate::RESEARCH_USE;
use blastscope_shared::ByClass;

/// Folder of the pictures that only show labelled cells.
const CELLS: &str = "cells";

/// What was exported and what was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrainingExport {
    /// The folder.
    pub folder: PathBuf,
    /// Pictures per class, in the order of [`Class::ALL`].
    #[serde(serialize_with = "by_class")]
    pub classes: [u64; Class::COUNT],
    /// Of these, the corrected ones; the others were confirmed.
    pub corrected: u64,
    /// Fields that nobody answered: left out.
    pub without_opinion: u64,
    /// Fields called not assessable: left out.
    pub not_assessable: u64,
    /// Fields called malignant, subtype not named: left out.
    pub subtype_not_named: u64,
    /// Fields excluded as taken by mistake: left out.
    pub excluded: u64,
    /// Labelled cells, in `cells.csv`.
    pub cells: u64,
    /// The log's head.
    pub head: Hash,
}

fn by_class<S: serde::Serializer>(classes: &[u64; Class::COUNT], serializer: S) -> Result<S::Ok, S::Error> {
    ByClass(*classes).serialize(serializer)
}

/// A line of `manifest.csv`.
#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    class: &'static str,
    session: SessionId,
    specimen: Cow<'a, str>,
    sequence: u64,
    model_said: &'a str,
    model_probability: Option<f32>,
    model_sha256: &'a str,
    opinion: &'static str,
    given_by: Cow<'a, str>,
    given_utc: &'a str,
    sha256: String,
}

/// A line of `left_out.csv`.
#[derive(Serialize)]
struct LeftOut<'a> {
    session: SessionId,
    specimen: Cow<'a, str>,
    sequence: u64,
    why: &'static str,
    model_said: &'a str,
    opinion: &'static str,
    given_by: Cow<'a, str>,
    given_utc: &'a str,
}

/// A line of `cells.csv`. Places and sizes are shares of the picture's width and height.
#[derive(Serialize)]
struct CellLine<'a> {
    /// The field's picture.
    file: &'a str,
    session: SessionId,
    specimen: Cow<'a, str>,
    sequence: u64,
    cell: u32,
    x: f32,
    y: f32,
    width: f32,
    height: f32,
    leaning: Option<f32>,
    label: &'static str,
    given_by: Cow<'a, str>,
    given_utc: &'a str,
}

/// A line of `groups.csv`.
#[derive(Serialize)]
struct Group<'a> {
    file: &'a str,
    sha256: String,
    overlap_group: u32,
    session: Cow<'a, str>,
}

/// Writes the folder `folder`, which must be missing or empty, completely or not at all: of one session, or of all.
///
/// # Errors
/// [`RecordError::Changed`] if the record fails verification, [`RecordError::NothingToExport`] without an answered field or a
/// labelled cell, a folder that is not empty, errors of reading and writing.
pub fn export_for_training(
    reader: &RecordReader,
    session: Option<SessionId>,
    folder: &Path,
) -> Result<TrainingExport, RecordError> {
    let sessions = reader.chosen(session)?;
    refuse_full(folder)?;
    let head = verify::intact(reader)?.head;
    let failed = |error: io::Error| RecordError::io(folder, "written", &error);
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let temporary = tempfile::Builder::new().prefix(".export-").tempdir_in(parent).map_err(failed)?;
    let mut export = TrainingExport {
        folder: folder.to_path_buf(),
        classes: [0; Class::COUNT],
        corrected: 0,
        without_opinion: 0,
        not_assessable: 0,
        subtype_not_named: 0,
        excluded: 0,
        cells: 0,
        head,
    };
    let mut tables = Tables::new();
    for class in Class::ALL {
        fs::create_dir(temporary.path().join(class.name())).map_err(failed)?;
    }
    let mut files = BTreeMap::new();
    reader.each_field(&sessions, |session, field| {
        let Some(class) = export.take(field) else {
            return tables.leave_out(session, field).map_err(|error| failed(error.into()));
        };
        let kept = reader.picture(session.id, field.sequence)?;
        let ending = kept.format.extension();
        let file = format!("{class}/s{}-f{}-{}.{ending}", session.id, field.sequence, session.specimen);
        put(&temporary.path().join(&file), &kept.bytes).map_err(failed)?;
        let sha256 = Hash(Sha256::digest(&kept.bytes).into()).to_string();
        tables.add(session, field, class, &file, &sha256).map_err(|error| failed(error.into()))?;
        files.insert((session.id.number(), field.sequence), file);
        Ok(())
    })?;
    for session in &sessions {
        let mut cells = reader.cells(session.id)?;
        cells.fields.retain(|field| field.cells.iter().any(|cell| cell.label.is_some()));
        for field in &cells.fields {
            if let Entry::Vacant(place) = files.entry((session.id.number(), field.field)) {
                let kept = reader.picture(session.id, field.field)?;
                let ending = kept.format.extension();
                let file = format!("{CELLS}/s{}-f{}-{}.{ending}", session.id, field.field, session.specimen);
                fs::create_dir_all(temporary.path().join(CELLS)).map_err(failed)?;
                put(&temporary.path().join(&file), &kept.bytes).map_err(failed)?;
                place.insert(file);
            }
        }
        export.cells += tables.add_cells(session, &cells, &files).map_err(|error| failed(error.into()))?;
    }
    if temporary.path().join(CELLS).exists() {
        sync(&temporary.path().join(CELLS)).map_err(failed)?;
    }
    if export.classes == [0; Class::COUNT] && export.cells == 0 {
        let TrainingExport { without_opinion, not_assessable, subtype_not_named, .. } = export;
        return Err(RecordError::NothingToExport { without_opinion, not_assessable, subtype_not_named });
    }
    tables.finish(temporary.path()).map_err(failed)?;
    put(&temporary.path().join("NOTICE.txt"), format!("{RESEARCH_USE}\n").as_bytes()).map_err(failed)?;
    for class in Class::ALL {
        sync(&temporary.path().join(class.name())).map_err(failed)?;
    }
    sync(temporary.path()).map_err(failed)?;
    fs::rename(temporary.path(), folder).map_err(failed)?;
    // It was renamed: there is nothing to remove.
    let _ = temporary.keep();
    sync(parent).map_err(failed)?;
    Ok(export)
}

impl TrainingExport {
    /// Counts a field; returns its class if it is exported.
    fn take(&mut self, field: &Field) -> Option<Class> {
        if field.exclusion().is_some() {
            self.excluded += 1;
            return None;
        }
        let Some(opinion) = field.opinion() else {
            self.without_opinion += 1;
            return None;
        };
        let Some(class) = opinion.class() else {
            match opinion.label {
                Some(Label::Malignant) => self.subtype_not_named += 1,
                _ => self.not_assessable += 1,
            }
            return None;
        };
        self.classes[class.index()] += 1;
        self.corrected += u64::from(!opinion.confirms());
        Some(class)
    }
}

struct Tables {
    manifest: csv::Writer<Vec<u8>>,
    groups: csv::Writer<Vec<u8>>,
    left_out: csv::Writer<Vec<u8>>,
    cells: csv::Writer<Vec<u8>>,
    specimens: BTreeMap<String, u32>,
}

impl Tables {
    fn new() -> Self {
        let table = || csv::Writer::from_writer(Vec::new());
        Self { manifest: table(), groups: table(), left_out: table(), cells: table(), specimens: BTreeMap::new() }
    }

    fn add(&mut self, session: &Session, field: &Field, class: Class, file: &str, sha256: &str) -> csv::Result<()> {
        let Some(opinion) = field.opinion() else { return Ok(()) };
        let said = &field.judgement.said;
        self.manifest.serialize(Line {
            file,
            class: class.name(),
            session: session.id,
            specimen: cell(&session.specimen),
            sequence: field.sequence,
            model_said: said.class.map_or(said.kind.name(), Class::name),
            model_probability: said.probability,
            model_sha256: &field.judgement.model_sha256,
            opinion: opinion.kind.name(),
            given_by: cell(&opinion.given_by),
            given_utc: &opinion.given_utc,
            sha256: sha256.into(),
        })?;
        let next = self.specimens.len() as u32 + 1;
        let overlap_group = *self.specimens.entry(session.specimen.clone()).or_insert(next);
        let session = format!("{}-s{}", session.specimen, session.id);
        self.groups.serialize(Group { file, sha256: sha256.into(), overlap_group, session: cell(&session) })
    }

    /// Lists the labelled cells of a session; returns their number.
    fn add_cells(
        &mut self,
        session: &Session,
        cells: &SessionCells,
        files: &BTreeMap<(i64, u64), String>,
    ) -> csv::Result<u64> {
        let mut added = 0;
        for field in &cells.fields {
            let file = files.get(&(session.id.number(), field.field)).map_or("", String::as_str);
            for stored in &field.cells {
                let (Some(label), Some(by), Some(when)) = (stored.label, &stored.labelled_by, &stored.labelled_utc)
                else {
                    continue;
                };
                added += 1;
                self.cells.serialize(CellLine {
                    file,
                    session: session.id,
                    specimen: cell(&session.specimen),
                    sequence: field.field,
                    cell: stored.cell,
                    x: stored.seen.x,
                    y: stored.seen.y,
                    width: field.width,
                    height: field.height,
                    leaning: stored.seen.leaning,
                    label: label.name(),
                    given_by: cell(by),
                    given_utc: when,
                })?;
            }
        }
        Ok(added)
    }

    /// Lists an answered field without a class.
    fn leave_out(&mut self, session: &Session, field: &Field) -> csv::Result<()> {
        let Some(opinion) = field.opinion() else { return Ok(()) };
        let said = &field.judgement.said;
        self.left_out.serialize(LeftOut {
            session: session.id,
            specimen: cell(&session.specimen),
            sequence: field.sequence,
            why: match opinion.label {
                Some(Label::Malignant) => "malignant, subtype not named",
                _ => Label::NotAssessable.name(),
            },
            model_said: said.class.map_or(said.kind.name(), Class::name),
            opinion: opinion.kind.name(),
            given_by: cell(&opinion.given_by),
            given_utc: &opinion.given_utc,
        })
    }

    fn finish(self, folder: &Path) -> io::Result<()> {
        for (name, table) in [
            ("manifest.csv", self.manifest),
            ("groups.csv", self.groups),
            ("left_out.csv", self.left_out),
            ("cells.csv", self.cells),
        ] {
            let bytes = table.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
            put(&folder.join(name), &bytes)?;
        }
        Ok(())
    }
}

/// An error if the folder is not empty.
fn refuse_full(folder: &Path) -> Result<(), RecordError> {
    let taken = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(RecordError::io(folder, "read", &error)),
    };
    if taken {
        let path = folder.to_path_buf();
        return Err(RecordError::Taken { path });
    }
    Ok(())
}

fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Syncs a folder, so that the names in it survive a loss of power. Windows cannot open folders.
fn sync(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
