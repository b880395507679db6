//! The command `backup`.

use std::{
    io::{self, Write as _},
    path::PathBuf,
};

use blastscope_files::Printable as _;
use clap::Args;

use super::{SUCCESS, UNUSABLE, record, settings};
use crate::{
    RESEARCH_USE,
    record::{Backup, backup as copy},
};

#[derive(Debug, Args)]
pub(super) struct BackupArgs {
    /// Folder of the record [default: from the configuration].
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// File to write; it must not exist yet.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Configuration [default: /etc/blastscope.toml, if it exists].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// One JSON object instead of text.
    #[arg(long)]
    json: bool,
}

pub(super) fn backup(args: &BackupArgs) -> io::Result<u8> {
    let Some(config) = settings(args.config.as_deref()) else { return Ok(UNUSABLE) };
    let folder = args.data_dir.as_ref().unwrap_or(&config.data.dir);
    let written = match record::open(folder).and_then(|reader| copy(&reader, &args.out)) {
        Ok(written) => written,
        Err(error) => return Ok(record::refused(&error)),
    };
    if args.json {
        record::line(&written)?;
        return Ok(SUCCESS);
    }
    let Backup { file, bytes, sessions, fields, entries, head } = &written;
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{}: {sessions} sessions, {fields} fields, {:.1} MB, verified\n{entries} entries\nhead {head}",
        file.printable(),
        *bytes as f64 / 1e6
    )?;
    writeln!(out, "{RESEARCH_USE}")?;
    Ok(SUCCESS)
}
