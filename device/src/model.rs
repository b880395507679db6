//! Finding and loading the model.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use blastscope_shared::{
    Class, Explanation, RgbPixels,
    artifact::ArtifactError,
    classifier::{Assessment, Classifier, Workspace},
    explanation::Unexplained,
    network::Execution,
};

use crate::{files, pipeline::Assessor, text};

/// Environment variable that names the model file.
pub const VARIABLE: &str = "BLASTSCOPE_MODEL";
/// Where a model lies, relative to a folder.
const RELATIVE: &str = "models/allcnn.bsm";
/// Where a package puts it.
const INSTALLED: &str = "/usr/share/blastscope/models/allcnn.bsm";
/// Largest model file, in bytes.
const MAX_BYTES: u64 = 256 << 20;

/// Why there is no model.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// None was named and none lies where one would be looked for.
    #[error(
        "there is no model: looked for {}; name one with --model FILE or in {VARIABLE}",
        places.iter().map(|place| place.display().to_string()).collect::<Vec<_>>().join(", ")
    )]
    Nowhere {
        /// Where it was looked for.
        places: Vec<PathBuf>,
    },
    /// The file cannot be read.
    #[error("the model {} {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The file is not a model that can be used.
    #[error("the model {} {source}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: ArtifactError,
    },
}

/// The model file that `named` or the environment names, else the first that lies below the working directory, beside
/// the executable or where packages put it. A file that is named need not be there.
///
/// # Errors
/// [`ModelError::Nowhere`] when none is named and none is found.
pub fn find(named: Option<&Path>) -> Result<PathBuf, ModelError> {
    if let Some(path) = named.map(Path::to_path_buf).or_else(|| env::var_os(VARIABLE).map(PathBuf::from)) {
        return Ok(path);
    }
    let places = places();
    match places.iter().find(|place| place.is_file()) {
        Some(place) => Ok(place.clone()),
        None => Err(ModelError::Nowhere { places }),
    }
}

/// Loads the model file that [`find`] gives for `named`.
///
/// # Errors
/// [`ModelError`], a sentence that names the file or the places.
pub fn load(named: Option<&Path>, execution: Execution) -> Result<Classifier, ModelError> {
    open(&find(named)?, execution)
}

/// Loads the model file `path`.
///
/// # Errors
/// [`ModelError::Unreadable`] or [`ModelError::Invalid`], a sentence that names the file.
pub fn open(path: &Path, execution: Execution) -> Result<Classifier, ModelError> {
    let bytes = read(path).map_err(|reason| ModelError::Unreadable { path: path.to_path_buf(), reason })?;
    let invalid = |source| ModelError::Invalid { path: path.to_path_buf(), source };
    Classifier::read_with(&bytes, execution).map_err(invalid)
}

fn places() -> Vec<PathBuf> {
    let beside_executable = env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join(RELATIVE)));
    [Some(PathBuf::from(RELATIVE)), beside_executable, Some(PathBuf::from(INSTALLED))].into_iter().flatten().collect()
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let metadata = fs::metadata(path).map_err(|error| files::reason(&error))?;
    if !metadata.is_file() {
        return Err("is not a file".into());
    }
    if metadata.len() > MAX_BYTES {
        return Err(format!("is larger than {} MB, which no model is", MAX_BYTES >> 20));
    }
    fs::read(path).map_err(|error: io::Error| files::reason(&error))
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
    fn assess(&mut self, picture: &RgbPixels) -> Assessment {
        self.classifier.assess(picture, &mut self.workspace)
    }

    fn squashes_to(&self) -> Option<(usize, usize)> {
        let preprocessing = self.classifier.preprocessing();
        Some((preprocessing.width.into(), preprocessing.height.into()))
    }
}

/// A line that tells models apart: name and the first digits of the identity.
#[must_use]
pub fn title(classifier: &Classifier) -> String {
    let id = classifier.model_id();
    // A model is a file from elsewhere: its name must not steer the terminal.
    let name: String = text::harmless(&classifier.card().name).chars().take(40).collect();
    format!("{name} {}", id.get(..12).unwrap_or(id))
}

/// What must be said about a model that has never seen a real smear.
#[must_use]
pub fn caution(classifier: &Classifier) -> Option<&'static str> {
    classifier.card().drawn.then_some("model trained on drawn fields")
}
