//! Salvages a damaged record: sets it aside, takes over what verifies, and starts a new record. Nothing is deleted.
//!
//! ```text
//! record.db, -wal --hard links--> set-aside-TIME/ --what verifies--> record.db.salvaged.new --verified, renamed--> record.db.salvaged
//!                                                                                                  record.db <--renamed--'
//! ```
//! Once `record.db.salvaged` exists, the next program that opens the record finishes an interrupted salvage; before that, nothing
//! has changed. The entries before the first that fails verification keep their hashes, so heads noted for them stay valid. Then
//! comes an entry about the salvage, and after it the later rows that verify, each with a new entry.

mod plan;

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, params, params_from_iter, types::Value};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use self::plan::Plan;
use super::{
    Hash, RecordError, RecordReader, Salvage,
    connection::{self, beside, make_folder, put_in_place, sync_folders},
    error::sqlite,
    lock::Lock,
    log::{self, Event},
    path_in, schema, verify,
};
use crate::support::{clock::Clock, timestamp::rfc3339};

/// Most lost rows that are named.
const NAMED: usize = 20;

/// Result of a salvage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Salvaged {
    /// The new record.
    pub path: PathBuf,
    /// Folder with the damaged record.
    pub set_aside: PathBuf,
    /// The new record's row about it.
    pub salvage: Salvage,
    /// Rows taken over, by the entries about them.
    pub taken_over: u64,
    /// The first rows that were lost, and why.
    pub lost: Vec<String>,
    /// Head of the new log.
    pub head: Hash,
}

/// Salvages the record in `folder`.
///
/// # Errors
/// [`RecordError::Sound`] for an intact record; [`RecordError::Held`] while a program writes to it; files of other programs and
/// versions; errors of reading and writing. On an error the record is unchanged.
pub fn salvage(folder: &Path) -> Result<Salvaged, RecordError> {
    let path = path_in(folder);
    if !path.exists() {
        return Err(RecordError::Missing { path });
    }
    let _lock = Lock::take(folder)?;
    finish(folder)?;
    let reason = damage(&path)?;
    let (now, clock) = Clock::new(None).now();
    let aside = set_aside(&path, &rfc3339(now))?;
    let original = aside.join(path.file_name().unwrap_or_default());
    let made = (|| {
        let plan = Plan::of(&original);
        let salvage = Salvage {
            salvaged_utc: rfc3339(now),
            clock,
            original_sha256: sha256(&original).map_err(|error| RecordError::io(&original, "read", &error))?,
            set_aside: aside.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            original_entries: plan.entries,
            kept_entries: plan.kept.unsigned_abs(),
            rows_lost: 0,
            reason: reason.chars().take(500).collect(),
        };
        let new = beside(&path, ".salvaged.new");
        let written = write(&new, &original, &plan, salvage)?;
        let found = verify::verify_open(&RecordReader::open(&new)?, &[])?;
        if let Some(first) = found.findings.first() {
            return Err(RecordError::Damaged { path: new, reason: first.to_string() });
        }
        put_in_place(&new, &beside(&path, ".salvaged"))?;
        Ok((written, found.head))
    })();
    let (Written { salvage, taken_over, lost }, head) = match made {
        Ok(made) => made,
        Err(error) => {
            // Only hard links: the originals are still in place.
            let _ = fs::remove_dir_all(&aside);
            return Err(error);
        }
    };
    finish(folder)?;
    Ok(Salvaged { path, set_aside: aside, salvage, taken_over, lost, head })
}

/// Puts the salvaged record in place if a salvage was interrupted before that. The caller holds the lock.
pub(super) fn finish(folder: &Path) -> Result<(), RecordError> {
    let path = path_in(folder);
    let salvaged = beside(&path, ".salvaged");
    if !salvaged.exists() {
        return Ok(());
    }
    // They belong to the damaged file and have hard links beside it.
    for left in ["-wal", "-shm"].map(|ending| beside(&path, ending)) {
        match fs::remove_file(&left) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(RecordError::io(&left, "removed", &error));
            }
            _ => {}
        }
    }
    put_in_place(&salvaged, &path)
}

/// What is wrong with the record, as a sentence.
fn damage(path: &Path) -> Result<String, RecordError> {
    let unreadable = |reason: String| Ok(reason);
    match RecordReader::open(path).and_then(|reader| verify::verify_open(&reader, &[])) {
        Ok(found) => match found.findings.first() {
            Some(first) => Ok(first.to_string()),
            None => Err(RecordError::Sound { path: path.to_path_buf() }),
        },
        Err(RecordError::Damaged { reason, .. }) => unreadable(reason),
        Err(RecordError::NotOurs { reason, .. }) if !is_of_others(path) => unreadable(reason),
        Err(error) => Err(error),
    }
}

/// Whether a file is an intact database of another program.
pub(super) fn is_of_others(path: &Path) -> bool {
    let objects = connection::unchecked(path).ok().and_then(|connection| schema::objects(&connection).ok());
    objects.is_some_and(|objects| !objects.is_empty() && !objects.iter().any(|(name, _)| name == "table log"))
}

/// Hard-links the damaged files into a new folder, or copies them if that fails.
fn set_aside(path: &Path, now: &str) -> Result<PathBuf, RecordError> {
    let time: String = now.chars().filter(char::is_ascii_alphanumeric).collect();
    let aside = path.with_file_name(format!("set-aside-{time}"));
    if aside.exists() {
        return Err(RecordError::Exists { path: aside });
    }
    make_folder(&aside)?;
    let put = || -> Result<(), RecordError> {
        for file in [path.to_path_buf(), beside(path, "-wal")] {
            let target = aside.join(file.file_name().unwrap_or_default());
            match fs::hard_link(&file, &target) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(_) => {
                    fs::copy(&file, &target)
                        .and_then(|_| File::options().write(true).open(&target)?.sync_all())
                        .map_err(|error| RecordError::io(&target, "written", &error))?;
                }
            }
        }
        sync_folders(&aside.join("record.db"))
    };
    if let Err(error) = put() {
        let _ = fs::remove_dir_all(&aside);
        return Err(error);
    }
    Ok(aside)
}

fn sha256(file: &Path) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut file = File::open(file)?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match io::Read::read(&mut file, &mut buffer)? {
            0 => return Ok(Hash(hasher.finalize().into()).to_string()),
            count => hasher.update(&buffer[..count]),
        }
    }
}

struct Written {
    salvage: Salvage,
    taken_over: u64,
    lost: Vec<String>,
}

/// Writes the new record into the file `new`.
fn write(new: &Path, original: &Path, plan: &Plan, mut salvage: Salvage) -> Result<Written, RecordError> {
    let failed = sqlite(new, "written");
    let mut target = connection::fresh(new)?;
    let transaction = target.transaction().map_err(&failed)?;
    let source = plan::open(original);
    let mut lost = plan.lost.clone();
    let (mut taken_over, mut again) = (0, Vec::new());
    for &(entry, event, row) in &plan.good {
        let copied = match &source {
            Some(source) => copied(source, &transaction, event, row),
            None => Err("the file cannot be read".into()),
        };
        match copied {
            Ok(()) if entry <= plan.kept => copy_entry(source.as_ref(), &transaction, entry).map_err(&failed)?,
            Ok(()) => again.push((event, row)),
            // A field without its session, or an opinion without its field.
            Err(reason) => {
                lost.push(format!("entry {entry}, {}, row {row}: {reason}", event.table()));
                continue;
            }
        }
        taken_over += 1;
    }
    salvage.rows_lost = plan.entries.saturating_sub(taken_over);
    transaction
        .execute(
            "INSERT INTO salvages (salvaged_utc, clock, original_sha256, set_aside, original_entries, kept_entries, rows_lost, \
             reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                salvage.salvaged_utc,
                salvage.clock.name(),
                salvage.original_sha256,
                salvage.set_aside,
                salvage.original_entries as i64,
                salvage.kept_entries as i64,
                salvage.rows_lost as i64,
                salvage.reason
            ],
        )
        .map_err(&failed)?;
    let row = transaction.last_insert_rowid();
    for (event, row) in [(Event::RecordSalvaged, row)].into_iter().chain(again) {
        log::append(&transaction, event, row, salvage.salvaged_utc.clone()).map_err(&failed)?;
    }
    transaction.commit().map_err(&failed)?;
    target.close().map_err(|(_, error)| failed(error))?;
    lost.truncate(NAMED);
    Ok(Written { salvage, taken_over, lost })
}

/// Copies a row unchanged; the row it belongs to must exist.
fn copied(source: &Connection, target: &Connection, event: Event, id: i64) -> Result<(), String> {
    let table = event.table();
    let copy = || -> rusqlite::Result<()> {
        let mut statement = source.prepare(&format!("SELECT * FROM {table} WHERE id = ?1"))?;
        let columns = statement.column_count();
        let values: Vec<Value> = statement.query_row([id], |row| (0..columns).map(|index| row.get(index)).collect())?;
        let places = vec!["?"; columns].join(", ");
        target.execute(&format!("INSERT INTO {table} VALUES ({places})"), params_from_iter(values))?;
        Ok(())
    };
    copy().map_err(|error| error.to_string())
}

/// Copies an entry of the log unchanged.
fn copy_entry(source: Option<&Connection>, target: &Connection, entry: i64) -> rusqlite::Result<()> {
    let Some(source) = source else { return Ok(()) };
    let sql = "SELECT entry, written_utc, event, row_id, digests, previous, hash FROM log WHERE entry = ?1";
    let values: Vec<Value> = source.query_row(sql, [entry], |row| (0..7).map(|index| row.get(index)).collect())?;
    target.execute("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?)", params_from_iter(values))?;
    Ok(())
}
