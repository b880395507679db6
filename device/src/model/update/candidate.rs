//! Candidates for this machine's model: which files are admitted, and which is the newest.

use std::path::{Path, PathBuf};

use blastscope_files::Printable as _;
use blastscope_shared::{artifact, classifier::Classifier, engine::network::Execution};

use crate::{
    model::installed::keys::{self, TrustedKey},
    support::{
        disk::{Disk, System},
        files,
    },
};

/// A model file that is complete, usable and signed by a trusted key.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) path: PathBuf,
    pub(super) bytes: Vec<u8>,
    pub(super) name: String,
    pub(super) model: String,
    pub(super) version: u32,
    pub(super) signer: TrustedKey,
}

/// The minimum version of a candidate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Floor {
    /// The highest version that was installed and not rolled back; 0 if none was.
    pub(super) version: u32,
    /// Id of the model that was installed as this version.
    pub(super) model: Option<String>,
}

/// A rejected file and the reason, a clause that continues its name.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct PassedOver {
    /// The file.
    pub file: PathBuf,
    /// The reason.
    pub reason: String,
}

impl Candidate {
    /// Reads and checks a file; the versions are for [`Floor::admits`].
    pub(super) fn read(path: &Path, keys: &[TrustedKey]) -> Result<Self, String> {
        let bytes = System.read(path).map_err(|error| files::reason(&error))?;
        let signer = keys::signer_of(&bytes, keys).map_err(|error| error.to_string())?.clone();
        let classifier = Classifier::read_with(&bytes, Execution::default()).map_err(|error| error.to_string())?;
        let version = artifact::model_version(&bytes).map_err(|error| error.to_string())?;
        Ok(Self {
            path: path.to_path_buf(),
            name: classifier.card().name.clone(),
            model: classifier.model_id().to_owned(),
            version: version.ok_or("is not signed")?,
            signer,
            bytes,
        })
    }
}

impl Floor {
    /// Checks that a candidate is no older than the installed model.
    pub(super) fn admits(&self, candidate: &Candidate) -> Result<(), String> {
        let version = candidate.version;
        if version < self.version {
            return Err(format!(
                "is version {version}, older than the installed version {}; use a newer one, or go back to the previous model \
                 with `blastscope update --rollback`",
                self.version
            ));
        }
        let same = self.model.as_ref().is_none_or(|model| *model == candidate.model);
        if version == self.version && !same {
            return Err(format!(
                "has the same version ({version}) as the installed model, but is a different model; sign it again with a higher version"
            ));
        }
        Ok(())
    }
}

/// The newest model in `folder` that `floor` admits, and why the others are rejected.
pub(super) fn newest(
    folder: &Path,
    keys: &[TrustedKey],
    floor: &Floor,
) -> std::io::Result<(Option<Candidate>, Vec<PassedOver>)> {
    let mut best: Option<Candidate> = None;
    let mut others = Vec::new();
    for file in System.list(folder)? {
        let hidden = file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        let model = file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("bsm"));
        if hidden || !model {
            continue;
        }
        let read = Candidate::read(&file, keys).and_then(|candidate| floor.admits(&candidate).map(|()| candidate));
        let candidate = match read {
            Ok(candidate) => candidate,
            Err(reason) => {
                others.push(PassedOver { file, reason });
                continue;
            }
        };
        let (newer, older) = match best.take() {
            None => (candidate, None),
            Some(best) if best.version < candidate.version => (candidate, Some(best)),
            Some(best) => (best, Some(candidate)),
        };
        others.extend(older.map(|older| PassedOver { reason: beside(&older, &newer), file: older.path }));
        best = Some(newer);
    }
    others.sort_by(|one, other| one.file.cmp(&other.file));
    Ok((best, others))
}

/// Why `older` is rejected in favour of `newer`.
fn beside(older: &Candidate, newer: &Candidate) -> String {
    let (version, file) = (newer.version, newer.path.printable());
    match () {
        () if older.version < version => format!("is version {}, and {file} is version {version}", older.version),
        () if older.model == newer.model => format!("is the same model as {file}"),
        () => format!("has the same version ({version}) as {file}, but is a different model; name one of them"),
    }
}
