//! Errors of the host: one sentence each, with the path or the value, and the remedy.

use std::path::{Path, PathBuf};

use blastscope_files::Printable as _;

/// Any failure of a host command.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read, written or listed.
    #[error("cannot {action} {}: {source}", path.printable())]
    Io {
        /// The attempted action: `read`, `write`, `create the folder`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A picture could not be decoded.
    #[error("{}: {source}", path.printable())]
    Picture {
        /// The picture's file.
        path: PathBuf,
        /// Why.
        source: blastscope_shared::field::decode::DecodeError,
    },
    /// A file or folder holds the wrong content.
    #[error("{}: {reason}", path.printable())]
    Content {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong, and the remedy.
        reason: String,
    },
    /// An option's value, or a combination of options, makes no sense.
    #[error("{0}")]
    Usage(String),
    /// Results or progress could not be written to standard output.
    #[error("the output could not be written ({0})")]
    Output(std::io::Error),
    /// The user asked to stop; the work on disk can be resumed.
    #[error("stopped: {0}")]
    Interrupted(String),
}

impl Error {
    /// An [`Error::Io`], for `map_err`: `.map_err(Error::io("read", path))`.
    pub fn io(action: &'static str, path: impl AsRef<Path>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.as_ref().to_path_buf();
        move |source| Self::Io { action, path, source }
    }

    /// An [`Error::Content`].
    pub fn content(path: impl AsRef<Path>, reason: impl Into<String>) -> Self {
        Self::Content { path: path.as_ref().to_path_buf(), reason: reason.into() }
    }
}
