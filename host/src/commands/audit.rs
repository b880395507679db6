//! `audit`: checks what a score on a data set is worth, before any training.

use std::path::PathBuf;

use blastscope_files::Printable as _;
use clap::Args;

use crate::{
    Error,
    measure::audit,
    support::{folder_lock::FolderLock, output, progress::Progress},
};

/// Check what a score on a data set is worth: duplicates, burned-in marks, what colour alone achieves, sittings that hold one
/// class.
///
/// Lists files that cannot be read and continues. For research use only. Not for use in diagnostic procedures.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  blastscope-host audit --data all_pbs
  blastscope-host audit --data all_pbs --groups groups.csv --out audits/all_pbs
  blastscope-host audit --data other_clinic --json | jq .verdict")]
pub struct Audit {
    /// Folder of labelled images.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Table of overlap groups and sittings; by default groups.csv beside the class folders, if it exists.
    #[arg(long, value_name = "FILE")]
    groups: Option<PathBuf>,
    /// Also write audit.html and audit.json to this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print JSON instead of a summary.
    #[arg(long)]
    json: bool,
}

impl Audit {
    /// Runs the command.
    ///
    /// # Errors
    /// The command failed; one sentence says why. Unreadable files are not a failure.
    pub fn run(&self) -> Result<(), Error> {
        let _lock = self.out.as_deref().map(FolderLock::take).transpose()?;
        let audit = audit::Audit::of(&self.data, self.groups.as_deref(), Progress::Shown)?;
        if let Some(folder) = &self.out {
            audit.write(folder)?;
            output::note(format_args!("written: {} and audit.json beside it", folder.join("audit.html").printable()));
        }
        if self.json {
            output::json(audit.json()?)?;
        } else {
            output::text(audit.summary())?;
        }
        Ok(())
    }
}
