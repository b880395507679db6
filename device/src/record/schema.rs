//! Layout of the database, and migration of older files.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::error::{RecordError, sqlite};

/// `BSCR`: marks the file's header as ours.
pub(super) const APPLICATION_ID: i64 = 0x4253_4352;
/// Versions before the first supported one: files of programs that were never released.
const UNRELEASED: i64 = 3;
/// Steps from each version to the next; the first starts from an empty file, which has version 0.
const MIGRATIONS: [&str; 1] = [include_str!("schema.sql")];
/// Every table with log entries, and the log itself, each with its key.
pub(super) const TABLES: [(&str, &str); 12] = [
    ("sessions", "id"),
    ("session_ends", "id"),
    ("continuations", "id"),
    ("fields", "id"),
    ("opinions", "id"),
    ("cell_labels", "id"),
    ("sign_offs", "id"),
    ("reopenings", "id"),
    ("hand_overs", "id"),
    ("specimen_corrections", "id"),
    ("salvages", "id"),
    ("log", "entry"),
];

/// The version that this program writes.
pub(super) const fn version() -> i64 {
    UNRELEASED + MIGRATIONS.len() as i64
}

/// The triggers that forbid changing or removing a row, also by `INSERT OR REPLACE`.
fn append_only() -> String {
    let mut sql = String::new();
    for (table, key) in TABLES {
        let rule = |name: &str, when: &str, condition: &str| {
            format!(
                "CREATE TRIGGER {table}_{name} BEFORE {when} ON {table}{condition} \
                 BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END;\n"
            )
        };
        sql += &rule("never_updated", "UPDATE", "");
        sql += &rule("never_deleted", "DELETE", "");
        sql +=
            &rule("never_replaced", "INSERT", &format!(" WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})"));
    }
    sql
}

/// What the file's header says about itself.
pub(super) fn identity(connection: &Connection) -> rusqlite::Result<(i64, i64, i64)> {
    let number = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    Ok((
        number("PRAGMA application_id")?,
        number("PRAGMA user_version")?,
        number("SELECT count(*) FROM sqlite_schema")?,
    ))
}

/// Checks that this program understands the file as a record; returns its version, 0 for an empty file.
pub(super) fn recognize(connection: &Connection, path: &Path) -> Result<i64, RecordError> {
    let (application, found, objects) = identity(connection).map_err(sqlite(path, "read"))?;
    if application == 0 && found == 0 && objects == 0 {
        return Ok(0);
    }
    if application != APPLICATION_ID {
        return Err(RecordError::NotOurs {
            path: path.to_path_buf(),
            reason: format!("its application id is {application:#x}"),
        });
    }
    if found > version() {
        return Err(RecordError::Newer { path: path.to_path_buf(), found, known: version() });
    }
    if found <= UNRELEASED {
        return Err(RecordError::Older { path: path.to_path_buf(), found, known: version() });
    }
    read_names(connection).map_err(sqlite(path, "read"))?;
    Ok(found)
}

/// Reads the name of every column as text: the library panics on a column name that damage has made invalid UTF-8.
fn read_names(connection: &Connection) -> rusqlite::Result<()> {
    let sql = "SELECT columns.name FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns \
               WHERE tables.type = 'table'";
    let mut statement = connection.prepare(sql)?;
    statement.query_map([], |row| row.get::<_, String>(0))?.try_for_each(|name| name.map(drop))
}

/// Migrates the file to [`version`], completely or not at all.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), RecordError> {
    migrate_by(connection, path, &MIGRATIONS)
}

fn migrate_by(connection: &mut Connection, path: &Path, migrations: &[&str]) -> Result<(), RecordError> {
    let newest = UNRELEASED + migrations.len() as i64;
    if recognize(connection, path)? == newest {
        return Ok(());
    }
    let failed = sqlite(path, "written");
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&failed)?;
    // Another program may have migrated it meanwhile.
    let from = usize::try_from((recognize(&transaction, path)? - UNRELEASED).max(0)).unwrap_or(migrations.len());
    for (index, sql) in migrations.iter().enumerate().skip(from) {
        transaction.execute_batch(sql).map_err(&failed)?;
        if index == 0 {
            transaction.execute_batch(&append_only()).map_err(&failed)?;
        }
        transaction.pragma_update(None, "user_version", UNRELEASED + index as i64 + 1).map_err(&failed)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(&failed)?;
    transaction.commit().map_err(&failed)
}

/// Tables, indices and triggers with their definitions, sorted.
pub(super) fn objects(connection: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let mut statement =
        connection.prepare("SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_schema ORDER BY 1")?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// [`objects`] as this program creates them.
pub(super) fn expected_objects() -> Result<Vec<(String, String)>, RecordError> {
    let path = Path::new("a database in memory");
    let mut fresh = Connection::open_in_memory().map_err(sqlite(path, "opened"))?;
    migrate(&mut fresh, path)?;
    objects(&fresh).map_err(sqlite(path, "read"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_file_is_brought_up_whole_or_not_at_all() {
        let path = Path::new("record.db");
        let mut connection = Connection::open_in_memory().expect("a database");
        migrate(&mut connection, path).expect("version 1");
        let broken = [MIGRATIONS[0], "CREATE TABLE extra (id INTEGER) STRICT; CREATE TABLE log (id INTEGER);"];
        assert!(matches!(migrate_by(&mut connection, path, &broken), Err(RecordError::Damaged { .. })));
        assert_eq!(objects(&connection).expect("read"), expected_objects().expect("read"));
        let fine = [MIGRATIONS[0], "CREATE TABLE extra (id INTEGER) STRICT;"];
        migrate_by(&mut connection, path, &fine).expect("version 2");
        assert_eq!(identity(&connection).expect("read").1, version() + 1);
        assert_eq!(
            recognize(&connection, path),
            Err(RecordError::Newer { path: path.into(), found: version() + 1, known: version() })
        );
        connection.pragma_update(None, "user_version", UNRELEASED).expect("set");
        let error = recognize(&connection, path).expect_err("never released");
        assert!(error.to_string().contains(&format!("record version {UNRELEASED}")), "{error}");
    }

    #[test]
    fn rows_cannot_be_changed_removed_or_replaced() {
        let mut connection = Connection::open_in_memory().expect("a database");
        migrate(&mut connection, Path::new("record.db")).expect("version 1");
        connection.execute("INSERT INTO log VALUES (1, '', '', 1, x'', x'', x'')", []).expect("added");
        for sql in [
            "UPDATE log SET event = 'other'",
            "DELETE FROM log",
            "INSERT OR REPLACE INTO log VALUES (1, 'other', '', 1, x'', x'', x'')",
        ] {
            let error = connection.execute(sql, []).expect_err(sql);
            assert!(error.to_string().contains("rows of log are never changed"), "{error}");
        }
    }
}
