//! The command `install-service`.

pub mod plan;

use std::{
    env, fs,
    io::{self, Write as _},
    path::PathBuf,
};

use blastscope_files::Printable as _;
use clap::Args;
use serde_json::json;

use super::{SUCCESS, UNUSABLE};
use crate::{
    RESEARCH_USE,
    commands::install_service::plan::{Plan, USER},
    support::terminal::note,
};

#[derive(Debug, Args)]
pub(super) struct InstallArgs {
    /// Root folder to install to, for disk images and tests.
    #[arg(long, value_name = "DIR", default_value = "/")]
    prefix: PathBuf,
    /// User of the service.
    #[arg(long, value_name = "NAME", default_value = USER)]
    user: String,
    /// Remove the files; configuration and record stay.
    #[arg(long)]
    uninstall: bool,
    /// One JSON object instead of text.
    #[arg(long)]
    json: bool,
}

/// Run after installing.
const NEXT: [&str; 4] = [
    "systemd-sysusers",
    "udevadm control --reload && udevadm trigger --subsystem-match=gpio",
    "systemctl daemon-reload && systemctl enable --now blastscope",
    "blastscope doctor",
];
/// To run before and after removing the files.
const AFTER: [&str; 2] = ["systemctl disable --now blastscope", "systemctl daemon-reload"];

pub(super) fn install(args: &InstallArgs) -> io::Result<u8> {
    let program = match env::current_exe().and_then(fs::canonicalize) {
        Ok(program) => program,
        Err(error) => {
            note(format_args!("the program's path is unknown ({error}); start it with its full path"));
            return Ok(UNUSABLE);
        }
    };
    let plan = Plan { root: args.prefix.clone(), program, user: args.user.clone() };
    let done = if args.uninstall { plan::uninstall(&plan) } else { plan::install(&plan) };
    let outcomes = match done {
        Ok(outcomes) => outcomes,
        Err(error) => {
            note(error);
            return Ok(UNUSABLE);
        }
    };
    let next: &[&str] = if args.uninstall { &AFTER } else { &NEXT };
    let remarks = if args.uninstall { Vec::new() } else { plan.remarks() };
    let mut out = io::stdout().lock();
    if args.json {
        writeln!(out, "{}", json!({ "files": outcomes, "next": next, "remarks": remarks, "notice": RESEARCH_USE }))?;
        return Ok(SUCCESS);
    }
    for outcome in &outcomes {
        writeln!(out, "{:<9}  {}", outcome.change.name(), outcome.path.printable())?;
    }
    for remark in remarks {
        writeln!(out, "note: {remark}")?;
    }
    writeln!(out, "\nNow run, as root:")?;
    for command in next {
        writeln!(out, "  {command}")?;
    }
    if args.uninstall {
        writeln!(
            out,
            "The record in /var/lib/blastscope and the user stay; delete them yourself if you do not need them."
        )?;
    }
    writeln!(out, "{RESEARCH_USE}")?;
    Ok(SUCCESS)
}
