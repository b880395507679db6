//! The folder that holds what belongs to this machine: its models and the keys that it trusts.
//!
//! ```text
//! DIR/models/a.bsm, b.bsm    two slots, one of which runs
//! DIR/models/state.json      which one, and what is in them
//! DIR/trusted-keys/*.pub     whose models are taken
//! ```

use std::{
    env,
    path::{Path, PathBuf},
};

/// Environment variable that names the folder.
pub const VARIABLE: &str = "BLASTSCOPE_DATA_DIR";
/// Where a package puts it.
const SYSTEM: &str = "/var/lib/blastscope";

/// The folder; it need not be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataDir(PathBuf);

impl DataDir {
    /// The folder `path`.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The folder that is named, else that of the environment, else the system's where there is one, else the user's.
    #[must_use]
    pub fn named_or_default(named: Option<&Path>) -> Self {
        let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let system = || Some(PathBuf::from(SYSTEM)).filter(|path| path.is_dir());
        let user = || {
            // Relative paths are to be ignored, says the XDG Base Directory Specification.
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

    /// Where the models lie.
    #[must_use]
    pub fn models(&self) -> PathBuf {
        self.0.join("models")
    }

    /// Where the keys lie whose models are taken.
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
