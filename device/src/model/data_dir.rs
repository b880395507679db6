//! The data directory of this machine: its models and trusted keys.
//!
//! ```text
//! DIR/models/a.bsm, b.bsm    two slots, one of them active
//! DIR/models/state.json      the active slot, and the content of both
//! DIR/trusted-keys/*.pub     keys whose models are accepted
//! ```

use std::{
    env,
    path::{Path, PathBuf},
};

/// Environment variable that names the folder.
pub const VARIABLE: &str = "BLASTSCOPE_DATA_DIR";
/// Place of a packaged installation.
const SYSTEM: &str = "/var/lib/blastscope";

/// The folder; it need not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataDir(PathBuf);

impl DataDir {
    /// The folder `path`.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The given folder, else the one in the environment, else the system's if it exists, else the user's.
    #[must_use]
    pub fn named_or_default(named: Option<&Path>) -> Self {
        let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let system = || Some(PathBuf::from(SYSTEM)).filter(|path| path.is_dir());
        let user = || {
            // The XDG Base Directory Specification says to ignore relative paths.
            let data = set("XDG_DATA_HOME").filter(|path| path.is_absolute());
            data.or_else(|| set("HOME").map(|home| home.join(".local/share"))).map(|data| data.join("blastscope"))
        };
        let chosen = named.map(Path::to_path_buf).or_else(|| set(VARIABLE)).or_else(system).or_else(user);
        Self(chosen.unwrap_or_else(|| PathBuf::from(SYSTEM)))
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Folder of the models.
    #[must_use]
    pub fn models(&self) -> PathBuf {
        self.0.join("models")
    }

    /// Folder of the keys whose models are accepted.
    #[must_use]
    pub fn trusted_keys(&self) -> PathBuf {
        self.0.join("trusted-keys")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_folder_comes_first() {
        let dir = DataDir::named_or_default(Some(Path::new("here")));
        assert_eq!((dir.path(), dir.models()), (Path::new("here"), PathBuf::from("here/models")));
        assert!(DataDir::named_or_default(None).path().ends_with("blastscope"));
    }
}
