//! The command `classify`: one verdict per picture. Only one picture is in memory at a time.

mod explain;
mod record;
mod sources;
mod table;

use std::{
    collections::HashSet,
    io::{self, Write},
    path::PathBuf,
};

use blastscope_core::pipeline::{Appraisal, Assessor as _, shown};
use blastscope_files::Printable as _;
use blastscope_shared::{
    classifier::Classifier,
    field::{
        decode,
        gate::{Gate, Inspector},
    },
};

pub use self::explain::Overlays;
use self::{
    record::{Failure, Record},
    sources::{Item, Source},
    table::Table,
};
use crate::{model, support::terminal::note};

/// Options of `classify`.
#[derive(Debug)]
pub struct Options {
    /// JSON lines instead of a table.
    pub json: bool,
    /// Whether the gate may reject pictures.
    pub gate: bool,
    /// Folder for the overlays, if wanted.
    pub overlays: Option<Overlays>,
}

/// Classifies every path in the given order, pictures of a folder sorted by name, and writes to `out`; `-` is standard input.
/// True if all succeeded.
///
/// # Errors
/// When `out` cannot be written.
pub fn run(paths: &[PathBuf], classifier: &Classifier, options: Options, mut out: impl Write) -> io::Result<bool> {
    let Options { json, gate, mut overlays } = options;
    let (mut loaded, mut inspector) = (model::Loaded::new(classifier), Inspector::new());
    let mut all_fine = true;
    // A note that holds for many pictures is printed once, with the first.
    let mut told = HashSet::new();
    let mut look = |item: &Item| {
        let source = item.source.as_ref().map_err(Clone::clone);
        let outcome = source.and_then(|source| examine(source, &mut loaded, &mut inspector, gate, overlays.as_mut()));
        let drawn = outcome.as_ref().map(|examined| examined.explanation.as_ref());
        for line in outcome.iter().flat_map(|examined| &examined.notes).filter(|line| told.insert((*line).clone())) {
            note(format_args!("{} {line}", item.name.printable()));
        }
        if let Ok(Some(Err(error))) = drawn {
            note(format_args!("{} {error}", item.name.printable()));
        }
        all_fine &= !matches!(drawn, Err(_) | Ok(Some(Err(_))));
        outcome
    };
    let work = sources::find(paths, note);
    if json {
        if let Some(caution) = model::caution(classifier) {
            note(caution);
        }
        for item in work {
            let file = item.name.to_string_lossy();
            match look(&item) {
                Ok(examined) => serde_json::to_writer(&mut out, &Record::new(&file, &examined, classifier.model_id())),
                Err(error) => serde_json::to_writer(&mut out, &Failure { file: &file, error: &error }),
            }?;
            writeln!(out)?;
        }
        out.flush()?;
    } else {
        let mut table = Table::start(out, &work, classifier)?;
        for item in work {
            table.row(&item, &look(&item))?;
        }
        table.finish()?;
    }
    Ok(all_fine)
}

/// Result for one picture.
pub(crate) struct Examined {
    appraisal: Appraisal,
    /// Properties of the file that were not applied to the pixels.
    notes: Vec<decode::Note>,
    /// The map if requested, or why it failed. The inner `None`: the network saw nothing, so there is no class to explain.
    explanation: Option<Result<Option<explain::Drawn>, String>>,
}

fn examine(
    source: &Source,
    loaded: &mut model::Loaded<&Classifier>,
    inspector: &mut Inspector,
    gate: bool,
    overlays: Option<&mut Overlays>,
) -> Result<Examined, String> {
    let bytes = source.read()?;
    let decoded = decode::decode_with_notes(&bytes).map_err(|error| error.to_string())?;
    let decode::Decoded { pixels: picture, notes } = decoded;
    let identity = overlays.as_ref().map(|_| source.identity(&bytes));
    drop(bytes);
    let quality = inspector.inspect(&picture);
    let rejection = if gate { Gate::default().judge(&quality).err() } else { None };
    let sight = loaded.look(shown(&picture, inspector, loaded.squashes_to()));
    let assessment = loaded.classifier().judge().assess(sight);
    let mut examined = Examined { appraisal: Appraisal { quality, rejection, assessment }, notes, explanation: None };
    if let (Some(overlays), Some(identity)) = (overlays, identity) {
        examined.explanation = Some(overlays.draw(&identity, &picture, &examined, loaded));
    }
    Ok(examined)
}
