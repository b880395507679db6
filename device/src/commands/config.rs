//! The command `config`, and how other commands find their settings.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use blastscope_files::Printable as _;
use clap::Args;
use serde_json::json;

use super::{SUCCESS, UNUSABLE};
use crate::{
    config::{Config, DEFAULT_TEXT},
    support::terminal::note,
};

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("task").required(true).args(["print_default", "check"])))]
pub(super) struct ConfigArgs {
    /// Print a commented file with all keys and their defaults.
    #[arg(long)]
    print_default: bool,
    /// Check this file.
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
    /// One JSON object with all settings and their SHA-256 instead of text.
    #[arg(long, requires = "check")]
    json: bool,
}

pub(super) fn config(args: &ConfigArgs) -> io::Result<u8> {
    let mut out = io::stdout().lock();
    let Some(file) = &args.check else {
        out.write_all(DEFAULT_TEXT.as_bytes())?;
        return Ok(SUCCESS);
    };
    let config = match Config::read(file) {
        Ok(config) => config,
        Err(error) => {
            note(error);
            return Ok(UNUSABLE);
        }
    };
    if args.json {
        writeln!(out, "{}", json!({ "file": file, "sha256": config.sha256(), "settings": config }))?;
    } else {
        writeln!(out, "{} is valid\nsettings SHA-256 {}", file.printable(), config.sha256())?;
    }
    Ok(SUCCESS)
}

/// Settings from the file `named`, or from the usual one, or the defaults. `None` after reporting an error.
pub(super) fn settings(named: Option<&Path>) -> Option<Config> {
    Config::find(named).map_err(note).ok()
}
