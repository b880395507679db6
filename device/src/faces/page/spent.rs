//! Revoked cookies and used links: they stay invalid after a restart.

use std::{
    fs,
    path::{Path, PathBuf},
};

use blastscope_files::atomic_file;

use super::seal::Sealed;

/// Name of the file beside the token.
const FILE: &str = "page-spent";
/// How many are remembered.
const MOST: usize = 512;

/// Revoked cookies and used links.
#[derive(Debug, Default)]
pub(super) struct Spent {
    /// File that keeps them; without one they are lost when the program ends.
    path: Option<PathBuf>,
    /// Oldest first.
    known: Vec<Sealed>,
}

impl Spent {
    /// Reads those stored beside the token; skips unreadable lines.
    pub(super) fn beside(token_file: Option<&Path>) -> Self {
        let path = token_file.map(|token| token.with_file_name(FILE));
        let text = path.as_ref().and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
        let known = text.lines().filter_map(|line| {
            let (issued, nonce) = line.split_once(' ')?;
            Some(Sealed { issued: issued.parse().ok()?, nonce: nonce.to_owned() })
        });
        let known = known.collect();
        Self { path, known }
    }

    pub(super) fn contains(&self, sealed: &Sealed) -> bool {
        self.known.contains(sealed)
    }

    /// Adds one, and drops those that have expired by `is_over`.
    pub(super) fn add(&mut self, sealed: Sealed, is_over: impl Fn(&Sealed) -> bool) {
        if self.contains(&sealed) {
            return;
        }
        self.known.retain(|known| !is_over(known));
        if self.known.len() >= MOST {
            self.known.remove(0);
        }
        self.known.push(sealed);
        let Some(path) = &self.path else { return };
        let line = |known: &Sealed| format!("{} {}\n", known.issued, known.nonce);
        let text: String = self.known.iter().map(line).collect();
        if let Err(error) = atomic_file::write_for_owner(path, text.as_bytes()) {
            tracing::warn!(target: "page", "{} cannot be written ({error}): log-outs hold only until the next start", path.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_outlives_the_program_and_is_bounded() {
        let folder = tempfile::tempdir().expect("a folder");
        let token = folder.path().join("page-token");
        let sealed = |issued: u64| Sealed { issued, nonce: format!("{issued:016x}") };
        let mut spent = Spent::beside(Some(&token));
        for issued in 0..(MOST as u64 + 10) {
            spent.add(sealed(issued), |_| false);
        }
        let again = Spent::beside(Some(&token));
        assert!(again.contains(&sealed(MOST as u64)) && !again.contains(&sealed(3)) && again.known.len() == MOST);
        let mut again = again;
        again.add(sealed(9999), |known| known.issued < 100);
        assert!(!again.contains(&sealed(50)) && again.contains(&sealed(9999)) && again.contains(&sealed(200)));
        let mut nowhere = Spent::beside(None);
        nowhere.add(sealed(1), |_| false);
        assert!(nowhere.contains(&sealed(1)));
    }
}
