//! The command `classify`: pictures in, one verdict each out. One picture is in memory at a time.

mod explain;
mod record;
mod table;

use std::{
    collections::HashSet,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use blastscope_shared::{
    classifier::Classifier,
    decode,
    gate::{Gate, Inspector},
};

pub use self::explain::Overlays;
pub(crate) use self::record::ByClass;
use self::{
    record::{Failure, Record},
    table::Table,
};
use crate::{
    cli::note,
    files, model,
    pipeline::{Assessor, shown},
};

/// How to classify.
#[derive(Debug)]
pub struct Options {
    /// JSON lines instead of a table.
    pub json: bool,
    /// Whether the gate may reject pictures.
    pub gate: bool,
    /// Where overlays go that show what spoke for the verdicts, if anywhere.
    pub overlays: Option<Overlays>,
}

/// Classifies every path, in the order given and folders in the order of their names, to `out`. Whether all went well.
///
/// # Errors
/// When `out` cannot be written.
pub fn run(paths: &[PathBuf], classifier: &Classifier, options: Options, mut out: impl Write) -> io::Result<bool> {
    let Options { json, gate, mut overlays } = options;
    let (mut loaded, mut inspector) = (model::Loaded::new(classifier), Inspector::new());
    let mut all_fine = true;
    // What the first picture of many says about all of them is said once.
    let mut told = HashSet::new();
    let mut look = |path: &Path, found: Result<(), String>| {
        let outcome = found.and_then(|()| examine(path, &mut loaded, &mut inspector, gate, overlays.as_mut()));
        let drawn = outcome.as_ref().map(|examined| examined.explanation.as_ref());
        for line in outcome.iter().flat_map(|examined| &examined.notes).filter(|line| told.insert((*line).clone())) {
            note(format_args!("{} {line}", path.display()));
        }
        if let Ok(Some(Err(error))) = drawn {
            note(format_args!("{} {error}", path.display()));
        }
        all_fine &= !matches!(drawn, Err(_) | Ok(Some(Err(_))));
        outcome
    };
    let work = expand(paths);
    if json {
        if let Some(caution) = model::caution(classifier) {
            note(caution);
        }
        for (path, found) in work {
            let file = path.display().to_string();
            match look(&path, found) {
                Ok(examined) => serde_json::to_writer(&mut out, &Record::new(&file, &examined, classifier.model_id())),
                Err(error) => serde_json::to_writer(&mut out, &Failure { file: &file, error: &error }),
            }?;
            writeln!(out)?;
        }
    } else {
        let mut table = Table::start(out, &work, classifier)?;
        for (path, found) in work {
            table.row(&path, &look(&path, found))?;
        }
        table.finish()?;
    }
    Ok(all_fine)
}

/// What was found in one picture.
pub(crate) struct Examined {
    quality: blastscope_shared::gate::Quality,
    rejection: Option<blastscope_shared::gate::Rejection>,
    assessment: blastscope_shared::classifier::Assessment,
    /// What the file says and was not applied to its pixels.
    notes: Vec<decode::Note>,
    /// Where it was asked for: the map, or why there is none.
    explanation: Option<Result<explain::Drawn, String>>,
}

/// A path to classify, or what is wrong with it.
type Work = Vec<(PathBuf, Result<(), String>)>;

fn expand(paths: &[PathBuf]) -> Work {
    let mut work = Work::new();
    for path in paths {
        if !fs::metadata(path).is_ok_and(|metadata| metadata.is_dir()) {
            work.push((path.clone(), Ok(())));
            continue;
        }
        match files::pictures_below(path) {
            Ok(found) if found.is_empty() => {
                work.push((path.clone(), Err(format!("holds no pictures ({})", files::EXTENSIONS.join(", ")))));
            }
            Ok(found) => work.extend(found.into_iter().map(|path| (path, Ok(())))),
            Err(error) => work.push((path.clone(), Err(files::reason(&error)))),
        }
    }
    work
}

fn examine(
    path: &Path,
    loaded: &mut model::Loaded<'_>,
    inspector: &mut Inspector,
    gate: bool,
    overlays: Option<&mut Overlays>,
) -> Result<Examined, String> {
    let bytes = files::read(path)?;
    let decoded = decode::decode_with_notes(&bytes).map_err(|error| error.to_string())?;
    let decode::Decoded { pixels: picture, notes } = decoded;
    drop(bytes);
    let quality = inspector.inspect(&picture);
    let rejection = if gate { Gate::default().judge(&quality).err() } else { None };
    let assessment = loaded.assess(shown(&picture, inspector, loaded.squashes_to()));
    let mut examined = Examined { quality, rejection, assessment, notes, explanation: None };
    if let Some(overlays) = overlays {
        examined.explanation = Some(overlays.draw(path, &picture, &examined, loaded));
    }
    Ok(examined)
}
