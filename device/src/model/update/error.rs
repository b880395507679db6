//! Why a model is not installed.

use std::{io, path::PathBuf};

use blastscope_files::Printable as _;

use super::{PassedOver, self_test::SelfTestError};
use crate::model::installed::Slot;

/// Why nothing was changed; the model that ran still runs.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// Somebody else is at it.
    #[error("another update of {} is under way; wait until it has ended", dir.printable())]
    Busy {
        /// The data directory.
        dir: PathBuf,
    },
    /// No key is trusted.
    #[error(
        "no public key is trusted here, so that no model can be: copy its maker's .pub file to {}, or name it with --public-key FILE{}",
        folder.printable(), passed_over.iter().map(|sentence| format!("\n  {sentence}")).collect::<String>()
    )]
    NoKeys {
        /// Where keys lie.
        folder: PathBuf,
        /// What is wrong with the files that lie there.
        passed_over: Vec<String>,
    },
    /// A key that was named is none.
    #[error("the key {} {reason}", path.printable())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file is not taken.
    #[error("{} {reason}", path.printable())]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// No file in a folder is taken.
    #[error("{}", nothing(folder, others))]
    NothingIn {
        /// The folder.
        folder: PathBuf,
        /// The models in it.
        others: Vec<PassedOver>,
    },
    /// The model does not do on this machine what it should.
    #[error("{} {source}", path.printable())]
    SelfTest {
        /// The file.
        path: PathBuf,
        /// How.
        source: SelfTestError,
    },
    /// The file system refuses.
    #[error("{} cannot be {action} ({source}); {}", path.printable(), remedy(source))]
    Disk {
        /// What was tried: `written`, `read`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The disk gives something else than was written to it.
    #[error("{} reads back otherwise than it was written; the disk or card is failing, replace it", path.printable())]
    ReadBack {
        /// The file.
        path: PathBuf,
    },
    /// There is no model to go back to.
    #[error("there is no model to go back to: {reason}")]
    NoFormer {
        /// Why.
        reason: String,
    },
    /// The model to go back to cannot be used.
    #[error("the model before, in slot {}, cannot be used: it {reason}", slot.name())]
    FormerUnusable {
        /// Where it lies.
        slot: Slot,
        /// Why.
        reason: String,
    },
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "the disk is full: delete what is not needed, two models and 1 MB must fit, and try again"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "run this as the user that the folder belongs to, such as with sudo, or name another with --data-dir"
        }
        _ => "look at the disk, and name another folder with --data-dir if it is not to be mended",
    }
}

fn nothing(folder: &std::path::Path, others: &[PassedOver]) -> String {
    let begin = format!("{} holds no model that can be installed", folder.printable());
    if others.is_empty() {
        return format!("{begin}: there is no file that ends in .bsm");
    }
    let others: Vec<String> =
        others.iter().map(|PassedOver { file, reason }| format!("\n  {} {reason}", file.printable())).collect();
    format!("{begin}:{}", others.concat())
}
