//! The command `record salvage`.

use std::{
    io::{self, Write as _},
    path::PathBuf,
};

use blastscope_files::Printable as _;
use clap::{Args, Subcommand};

use super::{SUCCESS, UNUSABLE, record, settings};
use crate::{
    RESEARCH_USE,
    record::{Salvaged, salvage},
};

#[derive(Debug, Subcommand)]
pub(super) enum RecordCommand {
    /// Set a damaged record aside and start a new one with everything that verifies.
    #[command(after_help = "Examples:\n  sudo systemctl stop blastscope\n  \
        blastscope record salvage --data-dir /var/lib/blastscope\n  \
        blastscope record salvage --data-dir data --json\n\n\
        The damaged file is neither changed nor deleted: it moves to a folder set-aside-TIME \
        beside the record. Log entries before the damage keep their hashes, so head hashes on earlier reports stay valid. \
        A new entry describes the salvage, followed by everything else that verifies. A session that lost signed fields or \
        answers needs another sign-off.\n\n\
        Exit status: 0 salvaged, 2 wrong usage, no record, an undamaged one, or one that a program writes to.")]
    Salvage(SalvageArgs),
}

#[derive(Debug, Args)]
pub(super) struct SalvageArgs {
    /// Folder of the record [default: from the configuration].
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Configuration [default: /etc/blastscope.toml, if it exists].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// One JSON object instead of text.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: &RecordCommand) -> io::Result<u8> {
    let RecordCommand::Salvage(args) = command;
    let Some(config) = settings(args.config.as_deref()) else { return Ok(UNUSABLE) };
    let salvaged = match salvage(args.data_dir.as_ref().unwrap_or(&config.data.dir)) {
        Ok(salvaged) => salvaged,
        Err(error) => {
            record::refused(&error);
            return Ok(UNUSABLE);
        }
    };
    if args.json {
        record::line(&salvaged)?;
        return Ok(SUCCESS);
    }
    let Salvaged { path, set_aside, salvage, taken_over, lost, head } = &salvaged;
    let mut out = io::stdout().lock();
    writeln!(out, "the damaged record was set aside in {}: {}", set_aside.printable(), salvage.reason.printable())?;
    writeln!(
        out,
        "{} is a new record with {taken_over} of {} rows; the first {} entries keep their hashes",
        path.printable(),
        salvage.original_entries,
        salvage.kept_entries
    )?;
    for lost in lost {
        writeln!(out, "  lost: {}", lost.to_string().printable())?;
    }
    if salvage.rows_lost > lost.len() as u64 {
        writeln!(out, "  and more")?;
    }
    writeln!(out, "head {head}\n{RESEARCH_USE}")?;
    Ok(SUCCESS)
}
