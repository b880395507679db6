//! Finding and loading the model.

pub mod data_dir;
pub mod execution;
pub mod installed;
mod loaded;
pub mod update;

use std::{
    env,
    path::{Path, PathBuf},
};

use blastscope_files::Printable as _;
use blastscope_shared::{artifact::ArtifactError, classifier::Classifier, engine::network::Execution};

pub use self::loaded::Loaded;
use self::{
    data_dir::DataDir,
    installed::{Installed, NoneUsable, keys},
};
use crate::support::{
    disk::{Disk as _, System},
    files, text,
};

/// Environment variable that names the model file.
pub const VARIABLE: &str = "BLASTSCOPE_MODEL";
/// Path of the model, relative to a folder.
const RELATIVE: &str = "models/blastscope.bsm";
/// Path of the packaged model.
const INSTALLED: &str = "/usr/share/blastscope/models/blastscope.bsm";

/// Why no model could be loaded.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// No model was given and none was found.
    #[error(
        "there is no model: looked for {}; give one with --model FILE or in {VARIABLE}",
        places.iter().map(|place| place.printable().to_string()).collect::<Vec<_>>().join(", ")
    )]
    Nowhere {
        /// The places searched.
        places: Vec<PathBuf>,
    },
    /// The file cannot be read.
    #[error("the model {} {reason}", path.printable())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The file is not a usable model.
    #[error("the model {} {source}{}", path.printable(), remedy(source))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: ArtifactError,
    },
    /// Models are installed, but none is usable.
    #[error(transparent)]
    Installed(#[from] NoneUsable),
}

/// What to do about a file that says nothing of it itself.
const fn remedy(error: &ArtifactError) -> &'static str {
    match error {
        ArtifactError::NotAModel | ArtifactError::UnknownFormat { .. } | ArtifactError::Undecodable => {
            "; give a .bsm file with --model, or copy it again from its source"
        }
        _ => "",
    }
}

/// A model that was found.
pub struct Found {
    /// The model.
    pub classifier: Classifier,
    /// Its file.
    pub path: PathBuf,
    /// Warnings, in sentences: not the intended model, or an unknown signer.
    pub warnings: Vec<String>,
    /// Its data directory, if it is an installed model.
    pub installed_in: Option<DataDir>,
}

/// Loads the model: the file `named`; else the model installed in the folder `data_dir`; else the file in the environment
/// variable; else the model installed in the [data directory](DataDir::named_or_default) of this machine; else the first
/// file found below the working directory, beside the executable or in the package's place.
///
/// # Errors
/// [`ModelError`], a sentence that names the file or the places.
pub fn load(named: Option<&Path>, data_dir: Option<&Path>, execution: Execution) -> Result<Found, ModelError> {
    if let Some(path) = named {
        return load_file(path, data_dir, execution);
    }
    if let Some(found) = data_dir.and_then(|dir| load_installed(&DataDir::new(dir), execution)) {
        return found;
    }
    if let Some(path) = env::var_os(VARIABLE).map(PathBuf::from) {
        return load_file(&path, data_dir, execution);
    }
    if let Some(found) = load_installed(&DataDir::named_or_default(None), execution) {
        return found;
    }
    let places = places();
    match places.iter().find(|place| place.is_file()) {
        Some(place) => load_file(place, data_dir, execution),
        None => Err(ModelError::Nowhere { places }),
    }
}

/// The model installed in `dir`; `None` if none ever was.
fn load_installed(dir: &DataDir, execution: Execution) -> Option<Result<Found, ModelError>> {
    let mut installed = Installed::look(&System, dir)?;
    Some(match installed.running(execution) {
        Ok(model) => {
            let (path, warnings) = (model.slot.path(dir), installed.warnings);
            Ok(Found { classifier: model.classifier, path, warnings, installed_in: Some(dir.clone()) })
        }
        Err(error) => Err(error.into()),
    })
}

/// A given file runs whoever made it, for research; warns if it is signed with an unknown key.
fn load_file(path: &Path, data_dir: Option<&Path>, execution: Execution) -> Result<Found, ModelError> {
    let bytes = bytes_of(path)?;
    let classifier = read(path, &bytes, execution)?;
    let mut warnings = Vec::new();
    if classifier.model_version().is_some() {
        let folder = DataDir::named_or_default(data_dir).trusted_keys();
        let (keys, _) = keys::trusted(&System, &folder).unwrap_or_default();
        if let Err(error) = keys::signer_of(&bytes, &keys) {
            warnings.push(format!("the model {} {error} ({})", path.printable(), folder.printable()));
        }
    }
    Ok(Found { classifier, path: path.to_path_buf(), warnings, installed_in: None })
}

/// Loads the model file `path`.
///
/// # Errors
/// [`ModelError::Unreadable`] or [`ModelError::Invalid`], a sentence that names the file.
pub fn open(path: &Path, execution: Execution) -> Result<Classifier, ModelError> {
    read(path, &bytes_of(path)?, execution)
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, ModelError> {
    System
        .read(path)
        .map_err(|error| ModelError::Unreadable { path: path.to_path_buf(), reason: files::reason(&error) })
}

fn read(path: &Path, bytes: &[u8], execution: Execution) -> Result<Classifier, ModelError> {
    let invalid = |source| ModelError::Invalid { path: path.to_path_buf(), source };
    Classifier::read_with(bytes, execution).map_err(invalid)
}

fn places() -> Vec<PathBuf> {
    let beside_executable = env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join(RELATIVE)));
    [Some(PathBuf::from(RELATIVE)), beside_executable, Some(PathBuf::from(INSTALLED))].into_iter().flatten().collect()
}

/// Identifies a model in one line: name, first digits of the identity, and the version if signed.
#[must_use]
pub fn title(classifier: &Classifier) -> String {
    let id = classifier.model_id();
    // A model is a foreign file: its name must not control the terminal.
    let name: String = text::harmless(&classifier.card().name).chars().take(40).collect();
    let version = classifier.model_version().map(|version| format!(" version {version}")).unwrap_or_default();
    format!("{name} {}{version}", id.get(..12).unwrap_or(id))
}

/// Caution for a model trained on drawn fields only, or without a signature.
#[must_use]
pub fn caution(classifier: &Classifier) -> Option<&'static str> {
    match (classifier.card().drawn, classifier.model_version()) {
        (true, None) => Some("model trained on drawn fields; unsigned"),
        (true, Some(_)) => Some("model trained on drawn fields"),
        (false, None) => Some("unsigned model"),
        (false, Some(_)) => None,
    }
}
