//! The command `model`: the installed models and the trusted keys.

use std::{
    io::{self, Write as _},
    path::PathBuf,
};

use blastscope_files::Printable as _;
use clap::Args;
use serde::Serialize;

use super::{PARTLY, SUCCESS};
use crate::{
    RESEARCH_USE,
    model::{
        data_dir::DataDir,
        execution,
        installed::{Installed, Slot, state::Entry},
    },
    support::{disk::System, text::harmless, timestamp},
};

/// Arguments of `model`.
#[derive(Debug, Args)]
pub(super) struct ModelArgs {
    /// Folder of the models and trusted keys [default: as `update`].
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// One JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

/// Output of `model`.
#[derive(Serialize)]
struct Shown {
    data_dir: PathBuf,
    /// The slot whose model runs.
    running: Option<Slot>,
    slots: Vec<ShownSlot>,
    trusted_keys: Vec<ShownKey>,
    warnings: Vec<String>,
    statement: &'static str,
}

#[derive(Serialize)]
struct ShownSlot {
    slot: Slot,
    file: PathBuf,
    /// Its entry in the journal of installations.
    recorded: Option<Entry>,
    #[serde(flatten)]
    now: Now,
}

/// Current content of a slot.
#[derive(Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
enum Now {
    Empty,
    Usable { model: String, name: String, version: u32, signer: String, as_recorded: bool },
    Unusable { reason: String },
}

#[derive(Serialize)]
struct ShownKey {
    name: String,
    id: String,
}

pub(super) fn model(args: &ModelArgs) -> io::Result<u8> {
    let dir = DataDir::named_or_default(args.data_dir.as_deref());
    let shown = shown(&dir);
    let mut out = io::stdout().lock();
    if args.json {
        serde_json::to_writer(&mut out, &shown)?;
        writeln!(out)?;
    } else {
        table(&shown, &mut out)?;
    }
    Ok(if shown.running.is_some() { SUCCESS } else { PARTLY })
}

fn shown(dir: &DataDir) -> Shown {
    let mut installed = Installed::look_closer(&System, dir);
    let execution = execution::chosen(None, 1).unwrap_or_default();
    let slots: Vec<ShownSlot> = Slot::ALL
        .into_iter()
        .map(|slot| {
            let recorded = installed.entry(slot).cloned();
            let now = match installed.open(slot, execution) {
                Ok(model) => Now::Usable {
                    as_recorded: recorded.as_ref().is_some_and(|entry| {
                        entry.model == model.classifier.model_id() && entry.version == model.version
                    }),
                    model: model.classifier.model_id().to_owned(),
                    name: model.classifier.card().name.clone(),
                    version: model.version,
                    signer: model.signer,
                },
                Err(_) if !installed.is_filled(slot) && recorded.is_none() => Now::Empty,
                Err(reason) => Now::Unusable { reason },
            };
            ShownSlot { slot, file: slot.path(dir), recorded, now }
        })
        .collect();
    let running = match installed.running(execution) {
        Ok(model) => Some(model.slot),
        Err(error) => {
            if slots.iter().any(|slot| !matches!(slot.now, Now::Empty)) {
                installed.warnings.push(error.to_string());
            }
            None
        }
    };
    let trusted_keys = installed.keys.iter().map(|key| ShownKey { name: key.name.clone(), id: key.key.id() }).collect();
    Shown {
        data_dir: dir.path().to_path_buf(),
        running,
        slots,
        trusted_keys,
        warnings: installed.warnings,
        statement: RESEARCH_USE,
    }
}

fn table(shown: &Shown, out: &mut impl io::Write) -> io::Result<()> {
    writeln!(out, "models in {}", shown.data_dir.printable())?;
    for slot in &shown.slots {
        let runs = if shown.running == Some(slot.slot) { "runs" } else { "    " };
        write!(out, "\nslot {}  {runs}  ", slot.slot.name())?;
        match &slot.now {
            Now::Empty => writeln!(out, "empty")?,
            Now::Unusable { reason } => writeln!(out, "unusable: it {}", harmless(reason))?,
            Now::Usable { model, name, version, signer, as_recorded } => {
                writeln!(out, "{} version {version}", harmless(name))?;
                writeln!(out, "              model      {model}")?;
                writeln!(out, "              signed by  {}", harmless(signer))?;
                let Some(entry) = slot.recorded.as_ref().filter(|_| *as_recorded) else {
                    writeln!(out, "              left by an interrupted update")?;
                    continue;
                };
                writeln!(out, "              installed  {}", timestamp::text(entry.installed))?;
                match &entry.self_test {
                    Some(test) => writeln!(
                        out,
                        "              self-test  {} and the scalar kernels agree on {} drawn fields, {:.1} ms a field",
                        test.isa, test.fields, test.field_ms
                    )?,
                    None => writeln!(out, "              self-test  not recorded")?,
                }
            }
        }
    }
    let keys: Vec<String> =
        shown.trusted_keys.iter().map(|key| format!("{} ({})", harmless(&key.name), key.id)).collect();
    writeln!(out, "\ntrusted keys  {}", if keys.is_empty() { "none".into() } else { keys.join(", ") })?;
    for warning in &shown.warnings {
        writeln!(out, "warning: {}", harmless(warning))?;
    }
    if shown.running.is_none() && shown.warnings.is_empty() {
        writeln!(out, "no model is installed here: blastscope update FILE")?;
    }
    writeln!(out, "{RESEARCH_USE}")
}
