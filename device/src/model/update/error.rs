//! Why a model is not installed.

use std::{io, path::PathBuf};

use blastscope_files::Printable as _;

use super::{PassedOver, self_test::SelfTestError};
use crate::model::installed::Slot;

/// Why nothing was changed; the current model still runs.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// Another update is running.
    #[error("another update of {} is running; wait until it ends", dir.printable())]
    Busy {
        /// The data directory.
        dir: PathBuf,
    },
    /// No key is trusted.
    #[error(
        "no public key is trusted here, so no model can be installed: copy the maker's .pub file to {}, or give it with --public-key FILE{}",
        folder.printable(), passed_over.iter().map(|sentence| format!("\n  {sentence}")).collect::<String>()
    )]
    NoKeys {
        /// Folder of the keys.
        folder: PathBuf,
        /// What is wrong with the files in it.
        passed_over: Vec<String>,
    },
    /// A given key file is not a valid key.
    #[error("the key {} {reason}", path.printable())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file is rejected.
    #[error("{} {reason}", path.printable())]
    Refused {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// All files in a folder are rejected.
    #[error("{}", nothing(folder, others))]
    NothingIn {
        /// The folder.
        folder: PathBuf,
        /// The models in it.
        others: Vec<PassedOver>,
    },
    /// The model fails the self-test on this machine.
    #[error("{} {source}", path.printable())]
    SelfTest {
        /// The file.
        path: PathBuf,
        /// The failure.
        source: SelfTestError,
    },
    /// The file system refuses.
    #[error("{} cannot be {action} ({source}); {}", path.printable(), remedy(source))]
    Disk {
        /// The failed operation: `written`, `read`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The disk returned other bytes than were written.
    #[error("{} reads back differently than it was written; the disk or card is failing, replace it", path.printable())]
    ReadBack {
        /// The file.
        path: PathBuf,
    },
    /// There is no model to go back to.
    #[error("there is no model to go back to: {reason}")]
    NoFormer {
        /// The reason.
        reason: String,
    },
    /// The previous model is unusable.
    #[error("the previous model, in slot {}, is unusable: it {reason}", slot.name())]
    FormerUnusable {
        /// Its slot.
        slot: Slot,
        /// The reason.
        reason: String,
    },
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "the disk is full: delete files that you do not need until there is room for two models and 1 MB, and try again"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "run this as the owner of the folder, for example with sudo, or give another folder with --data-dir"
        }
        _ => "check the disk; if it cannot be repaired, give another folder with --data-dir",
    }
}

fn nothing(folder: &std::path::Path, others: &[PassedOver]) -> String {
    let begin = format!("{} holds no model that can be installed", folder.printable());
    if others.is_empty() {
        return format!("{begin}: it has no .bsm file");
    }
    let others: Vec<String> =
        others.iter().map(|PassedOver { file, reason }| format!("\n  {} {reason}", file.printable())).collect();
    format!("{begin}:{}", others.concat())
}
