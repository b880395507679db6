//! Finding and loading the model.

use std::{
    env,
    path::{Path, PathBuf},
};

use blastscope_files::Printable as _;
use blastscope_shared::{
    Class, Explanation, RgbPixels,
    artifact::ArtifactError,
    classifier::{Classifier, Workspace},
    engine::network::Execution,
    judge::Scores,
    layers::explanation::Unexplained,
    sight::Observation,
};

use crate::{
    data_dir::DataDir,
    disk::{Disk as _, System},
    files,
    installed::{Installed, NoneUsable, keys},
    pipeline::Assessor,
    text,
};

/// Environment variable that names the model file.
pub const VARIABLE: &str = "BLASTSCOPE_MODEL";
/// Where a model lies, relative to a folder.
const RELATIVE: &str = "models/allcnn.bsm";
/// Where a package puts it.
const INSTALLED: &str = "/usr/share/blastscope/models/allcnn.bsm";

/// Why there is no model.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// None was named and none lies where one would be looked for.
    #[error(
        "there is no model: looked for {}; name one with --model FILE or in {VARIABLE}",
        places.iter().map(|place| place.printable().to_string()).collect::<Vec<_>>().join(", ")
    )]
    Nowhere {
        /// Where it was looked for.
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
    /// The file is not a model that can be used.
    #[error("the model {} {source}", path.printable())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: ArtifactError,
    },
    /// Models are installed, and none can be used.
    #[error(transparent)]
    Installed(#[from] NoneUsable),
}

/// A model that was found.
pub struct Found {
    /// The model.
    pub classifier: Classifier,
    /// Its file.
    pub path: PathBuf,
    /// What is to be said about it, in sentences: another runs than should, or who signed it is not known.
    pub warnings: Vec<String>,
    /// The folder whose slots it is from, where it is an installed one.
    pub installed_in: Option<DataDir>,
}

/// Loads the model: the file `named`; else the one that is installed in the folder `data_dir`; else the file that the environment
/// names; else the one that is installed in the [data directory](DataDir::named_or_default) of this machine; else the first
/// file that lies below the working directory, beside the executable or where packages put it.
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

/// The model that is installed in `dir`; `None` when none ever was.
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

/// A file that is named runs whoever made it, for research; of a signed one it is said when no key is known that signed it.
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

/// A classifier with the buffers of one thread.
pub struct Loaded<'a> {
    classifier: &'a Classifier,
    workspace: Workspace,
}

impl<'a> Loaded<'a> {
    /// Allocates the buffers.
    #[must_use]
    pub fn new(classifier: &'a Classifier) -> Self {
        Self { classifier, workspace: classifier.workspace() }
    }

    /// The classifier.
    #[must_use]
    pub const fn classifier(&self) -> &'a Classifier {
        self.classifier
    }

    /// Where in the picture that was assessed last lies what speaks for `class`.
    ///
    /// # Errors
    /// As [`Classifier::explain`].
    pub fn explain(&mut self, class: Class) -> Result<Explanation, Unexplained> {
        self.classifier.explain(&mut self.workspace, class)
    }
}

impl Assessor for Loaded<'_> {
    fn look(&mut self, picture: &RgbPixels) -> Observation<Scores> {
        self.classifier.look(picture, &mut self.workspace)
    }

    fn squashes_to(&self) -> Option<(usize, usize)> {
        let framing = self.classifier.framing();
        Some((framing.width.into(), framing.height.into()))
    }
}

/// A line that tells models apart: name, the first digits of the identity, and the version of a signed model.
#[must_use]
pub fn title(classifier: &Classifier) -> String {
    let id = classifier.model_id();
    // A model is a file from elsewhere: its name must not steer the terminal.
    let name: String = text::harmless(&classifier.card().name).chars().take(40).collect();
    let version = classifier.model_version().map(|version| format!(" version {version}")).unwrap_or_default();
    format!("{name} {}{version}", id.get(..12).unwrap_or(id))
}

/// What must be said about a model that has never seen a real smear, or that nobody answers for.
#[must_use]
pub fn caution(classifier: &Classifier) -> Option<&'static str> {
    match (classifier.card().drawn, classifier.model_version()) {
        (true, None) => Some("model trained on drawn fields; unsigned"),
        (true, Some(_)) => Some("model trained on drawn fields"),
        (false, None) => Some("unsigned model"),
        (false, Some(_)) => None,
    }
}
