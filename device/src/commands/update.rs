//! The command `update`: its arguments and its output.

use std::{
    io::{self, Write as _},
    path::PathBuf,
};

use blastscope_files::Printable as _;
use clap::Args;
use serde::Serialize;

use super::{PARTLY, SUCCESS, UNUSABLE};
use crate::{
    model::{
        data_dir::DataDir,
        execution,
        installed::state::Entry,
        update::{self, Lock, Outcome, Report},
    },
    support::{disk::System, terminal::note, text::harmless},
};

/// Arguments of `update`.
#[derive(Debug, Args)]
pub(super) struct UpdateArgs {
    /// Signed model file, or a folder such as a memory stick, from which the newest model is installed.
    #[arg(value_name = "FILE|DIR", required_unless_present = "rollback", conflicts_with = "rollback")]
    source: Option<PathBuf>,
    /// Folder of the models and trusted keys [default: $BLASTSCOPE_DATA_DIR, else /var/lib/blastscope if it exists, else
    /// ~/.local/share/blastscope].
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Also trust this public key from now on, if it signed the model.
    #[arg(long, value_name = "FILE", conflicts_with = "rollback")]
    public_key: Option<PathBuf>,
    /// Go back to the previous model.
    #[arg(long)]
    rollback: bool,
    /// One JSON object instead of sentences.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Failure {
    outcome: &'static str,
    reason: String,
}

pub(super) fn update(args: &UpdateArgs) -> io::Result<u8> {
    let dir = DataDir::named_or_default(args.data_dir.as_deref());
    let execution = match execution::chosen(None, 1) {
        Ok(execution) => execution,
        Err(error) => {
            note(error);
            return Ok(UNUSABLE);
        }
    };
    let done = Lock::take(&dir).and_then(|_lock| match &args.source {
        Some(source) => update::install(&System, &dir, source, args.public_key.as_deref(), execution),
        None => update::rollback(&System, &dir, execution),
    });
    let mut out = io::stdout().lock();
    match done {
        Ok(report) if args.json => {
            serde_json::to_writer(&mut out, &report)?;
            writeln!(out)?;
            Ok(SUCCESS)
        }
        Ok(report) => say(&report, &mut out).map(|()| SUCCESS),
        Err(error) => {
            if args.json {
                serde_json::to_writer(&mut out, &Failure { outcome: "unchanged", reason: error.to_string() })?;
                writeln!(out)?;
            }
            note(harmless_lines(&error.to_string()));
            note("nothing was changed");
            Ok(PARTLY)
        }
    }
}

/// File names must not control the terminal; lists keep their line breaks.
fn harmless_lines(text: &str) -> String {
    text.lines().map(harmless).collect::<Vec<_>>().join("\n")
}

fn say(report: &Report, out: &mut impl io::Write) -> io::Result<()> {
    for warning in &report.warnings {
        note(harmless(warning));
    }
    for passed in &report.passed_over {
        writeln!(out, "skipped: {} {}", passed.file.printable(), harmless(&passed.reason))?;
    }
    match &report.outcome {
        Outcome::Installed { file, slot, entry, former } => {
            let Entry { model, name, version, signer, self_test, .. } = entry;
            let (file, name, signer) = (file.printable(), harmless(name), harmless(signer));
            writeln!(out, "installed {name} {model:.12}, version {version}, from {file} into slot {}", slot.name())?;
            writeln!(out, "signed by {signer}")?;
            if let Some(test) = self_test {
                writeln!(
                    out,
                    "self-test passed: {} and the scalar kernels agree on {} drawn fields bit for bit, {:.1} ms a field",
                    test.isa, test.fields, test.field_ms
                )?;
            }
            match former {
                Some(former) => {
                    writeln!(out, "version {former} is kept: `blastscope update --rollback` goes back to it")
                }
                None => writeln!(out, "there was no model here before"),
            }
        }
        Outcome::AlreadyRuns { version, model, .. } => {
            writeln!(out, "version {version}, {model:.12}, is installed already; nothing was changed")
        }
        Outcome::RolledBack { slot, model, version, former } => {
            writeln!(out, "version {version}, {model:.12}, runs again, from slot {}", slot.name())?;
            match former {
                Some(former) => {
                    writeln!(out, "version {former} is kept: `blastscope update --rollback` switches to it again")
                }
                None => Ok(()),
            }
        }
    }
}
