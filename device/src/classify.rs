//! The command `classify`: pictures in, one verdict each out. One picture is in memory at a time.

mod record;
mod table;

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use blastscope_shared::{
    classifier::Classifier,
    decode,
    gate::{Gate, Inspector},
};

pub(crate) use self::{record::ByClass, table::class_colour};
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
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// JSON lines instead of a table.
    pub json: bool,
    /// Whether the gate may reject pictures.
    pub gate: bool,
}

/// Classifies every path, in the order given and folders in the order of their names, to `out`. Whether all went well.
///
/// # Errors
/// When `out` cannot be written.
pub fn run(paths: &[PathBuf], classifier: &Classifier, options: Options, mut out: impl Write) -> io::Result<bool> {
    let (mut assessor, mut inspector) = (model::Loaded::new(classifier), Inspector::new());
    let mut all_fine = true;
    let work = expand(paths);
    if options.json {
        if let Some(caution) = model::caution(classifier) {
            note(caution);
        }
        for (path, found) in work {
            let file = path.display().to_string();
            let outcome = found.and_then(|()| examine(&path, &mut assessor, &mut inspector, options.gate));
            all_fine &= outcome.is_ok();
            match outcome {
                Ok(examined) => serde_json::to_writer(&mut out, &Record::new(&file, &examined, classifier.model_id())),
                Err(error) => serde_json::to_writer(&mut out, &Failure { file: &file, error: &error }),
            }?;
            writeln!(out)?;
        }
    } else {
        let mut table = Table::start(out, &work, classifier)?;
        for (path, found) in work {
            let outcome = found.and_then(|()| examine(&path, &mut assessor, &mut inspector, options.gate));
            all_fine &= outcome.is_ok();
            table.row(&path, &outcome)?;
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
    assessor: &mut impl Assessor,
    inspector: &mut Inspector,
    gate: bool,
) -> Result<Examined, String> {
    let bytes = files::read(path)?;
    let picture = decode::decode(&bytes).map_err(|error| error.to_string())?;
    drop(bytes);
    let quality = inspector.inspect(&picture);
    let rejection = if gate { Gate::default().judge(&quality).err() } else { None };
    let shown = shown(&picture, inspector, assessor.squashes_to());
    Ok(Examined { quality, rejection, assessment: assessor.assess(shown) })
}
