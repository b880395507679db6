//! Installs the files that start the instrument with the machine. Runs no program; the caller prints what to run next.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use blastscope_files::Printable as _;
use blastscope_files::atomic_file;
use serde::Serialize;

use crate::{
    config::{self, Config},
    support::files,
};

const UNIT: &str = include_str!("../../../assets/service/blastscope.service");
const AVAHI: &str = include_str!("../../../assets/service/avahi.service");
const SYSUSERS: &str = include_str!("../../../assets/service/sysusers.conf");
const GPIO_RULES: &str = include_str!("../../../assets/service/gpio.rules");

/// Program path in the packed files.
const PACKED_PROGRAM: &str = "/usr/bin/blastscope";
/// The configuration, below the root.
const CONFIGURATION: &str = "etc/blastscope.toml";
/// The unit of the Debian package.
const PACKED_UNIT: &str = "usr/lib/systemd/system/blastscope.service";
/// Text that marks a file as installed by this program.
const MARK: &str = "Installed by blastscope";

/// Default user of the service.
pub const USER: &str = "blastscope";

/// Why the installation failed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// A file cannot be written or removed.
    #[error("{} cannot be {action} ({reason})", path.printable())]
    File {
        /// The file.
        path: PathBuf,
        /// `written`, `read` or `removed`.
        action: &'static str,
        /// Why, and what to do.
        reason: String,
    },
    /// Invalid user name.
    #[error("--user {name:?}: give 1 to 31 characters of a-z, 0-9, underscore and hyphen, beginning with a letter")]
    User {
        /// The given name.
        name: String,
    },
    /// The program's path has characters that a systemd unit cannot hold.
    #[error("the program is at {}: move it to a path without spaces, quotes, % and \\, such as {PACKED_PROGRAM}", path.printable())]
    Program {
        /// Path of the program.
        path: PathBuf,
    },
}

/// What to install, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Folder used as `/`.
    pub root: PathBuf,
    /// The program that the unit starts.
    pub program: PathBuf,
    /// The service's user.
    pub user: String,
}

/// What happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It was missing and was written.
    Written,
    /// It existed with other content and was replaced.
    Updated,
    /// It was up to date.
    Unchanged,
    /// It was left alone: it may hold the user's settings.
    Kept,
    /// It was removed.
    Removed,
    /// It does not exist.
    Absent,
}

impl Change {
    /// Its name in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Written => "written",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Kept => "kept",
            Self::Removed => "removed",
            Self::Absent => "absent",
        }
    }
}

/// A file and what happened to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The file.
    pub path: PathBuf,
    /// The change.
    pub change: Change,
}

/// A file to install.
struct Target {
    /// Path below the root.
    path: &'static str,
    content: String,
    /// Whether an existing file is kept.
    is_users: bool,
}

impl Plan {
    fn targets(&self) -> Result<Vec<Target>, InstallError> {
        let program = self.checked_program()?;
        let user = self.checked_user()?;
        let unit = UNIT
            .replace(&format!("ExecStart={PACKED_PROGRAM} "), &format!("ExecStart={program} "))
            .replace("\nUser=blastscope\n", &format!("\nUser={user}\n"));
        let sysusers =
            SYSUSERS.replace("u blastscope ", &format!("u {user} ")).replace("m blastscope ", &format!("m {user} "));
        let avahi = AVAHI.replace("<port>8080<", &format!("<port>{}<", self.config().server.listen.port()));
        let target = |path, content: String| Target { path, content, is_users: false };
        Ok(vec![
            target("etc/systemd/system/blastscope.service", unit),
            target("etc/sysusers.d/blastscope.conf", sysusers),
            target("etc/udev/rules.d/60-blastscope-gpio.rules", GPIO_RULES.into()),
            Target { is_users: self.packaged(), ..target("etc/avahi/services/blastscope.service", avahi) },
            Target { path: CONFIGURATION, content: config::DEFAULT_TEXT.into(), is_users: true },
        ])
    }

    /// The existing configuration, or the one to be written. Errors in it are left for `live` to report.
    fn config(&self) -> Config {
        Config::read(&self.root.join(CONFIGURATION)).unwrap_or_default()
    }

    fn checked_user(&self) -> Result<&str, InstallError> {
        let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
        let name = self.user.as_str();
        let begins_well = name.bytes().next().is_some_and(|first| first.is_ascii_lowercase());
        if begins_well && name.len() <= 31 && name.bytes().all(letters) {
            return Ok(name);
        }
        Err(InstallError::User { name: name.chars().take(80).collect() })
    }

    fn checked_program(&self) -> Result<&str, InstallError> {
        let wrong = |letter: char| letter.is_whitespace() || letter.is_control() || "%\\\"'$;".contains(letter);
        self.program
            .to_str()
            .filter(|path| path.starts_with('/') && !path.contains(wrong))
            .ok_or_else(|| InstallError::Program { path: self.program.clone() })
    }

    /// Whether the Debian package is installed: it has its own copies of these files.
    fn packaged(&self) -> bool {
        self.root.join(PACKED_UNIT).exists()
    }

    /// Remarks for the user, one sentence each.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        let packaged = self.packaged().then(|| {
            "the Debian package has installed the service already; the files in /etc take precedence over the package's and \
             stay when it is removed: unless you want that, run blastscope install-service --uninstall"
                .to_owned()
        });
        let alone = self.config().server.listen.ip().is_loopback().then(|| {
            "the page is for this machine only; to open it on a phone or another screen, write listen = \"0.0.0.0:8080\" \
             below [server] in /etc/blastscope.toml, restart the service, and run sudo blastscope token"
                .to_owned()
        });
        let hidden = ["/home/", "/root/", "/run/user/", "/tmp/", "/var/tmp/"];
        let program = self.program.display();
        hidden
            .iter()
            .filter(|folder| self.program.starts_with(folder))
            .map(|folder| {
                format!(
                    "the program is in {folder}, which the service cannot see: sudo install {program} /usr/local/bin/ and \
                     run /usr/local/bin/blastscope install-service"
                )
            })
            .chain(packaged)
            .chain(alone)
            .collect()
    }
}

/// Writes the files, each atomically. Files that are up to date are left alone; the configuration is written only if there
/// is none.
///
/// # Errors
/// [`InstallError`]; after [`InstallError::File`], earlier files may have been written.
pub fn install(plan: &Plan) -> Result<Vec<Outcome>, InstallError> {
    plan.targets()?
        .into_iter()
        .map(|target| {
            let path = plan.root.join(target.path);
            let change = put(&path, &target)?;
            Ok(Outcome { path, change })
        })
        .collect()
}

fn put(path: &Path, target: &Target) -> Result<Change, InstallError> {
    let change = match fs::read(path) {
        Ok(_) if target.is_users => return Ok(Change::Kept),
        Ok(content) if content == target.content.as_bytes() => return Ok(Change::Unchanged),
        Ok(_) => Change::Updated,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Change::Written,
        Err(error) => return Err(failed(path, "read", &error)),
    };
    let written = || {
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/")))?;
        atomic_file::write(path, target.content.as_bytes())?;
        readable_by_all(path)
    };
    written().map_err(|error| failed(path, "written", &error))?;
    Ok(change)
}

#[cfg(unix)]
fn readable_by_all(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable_by_all(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Removes the files, but not the configuration, the record, or files from other programs.
///
/// # Errors
/// [`InstallError`]; after [`InstallError::File`], earlier files may be gone.
pub fn uninstall(plan: &Plan) -> Result<Vec<Outcome>, InstallError> {
    plan.targets()?
        .into_iter()
        .map(|target| {
            let path = plan.root.join(target.path);
            let change = match fs::read(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Change::Absent,
                Err(error) => return Err(failed(&path, "read", &error)),
                Ok(content) if target.is_users || !String::from_utf8_lossy(&content).contains(MARK) => Change::Kept,
                Ok(_) => {
                    fs::remove_file(&path).map_err(|error| failed(&path, "removed", &error))?;
                    Change::Removed
                }
            };
            Ok(Outcome { path, change })
        })
        .collect()
}

fn failed(path: &Path, action: &'static str, error: &io::Error) -> InstallError {
    let reason = match error.kind() {
        io::ErrorKind::PermissionDenied => "permission denied; run the command with sudo".into(),
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only; mount it writable".into(),
        io::ErrorKind::NotFound => files::reason(error),
        _ => error.to_string(),
    };
    InstallError::File { path: path.to_path_buf(), action, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(root: &Path) -> Plan {
        Plan { root: root.into(), program: "/opt/bs/blastscope".into(), user: "scope".into() }
    }

    fn changes(outcomes: &[Outcome]) -> Vec<Change> {
        outcomes.iter().map(|outcome| outcome.change).collect()
    }

    #[test]
    fn installing_twice_changes_nothing_and_uninstalling_leaves_what_is_the_users() {
        let root = tempfile::tempdir().expect("a folder");
        let plan = plan(root.path());
        assert_eq!(changes(&install(&plan).expect("written")), [Change::Written; 5]);
        let again = changes(&install(&plan).expect("written"));
        assert_eq!(again, [Change::Unchanged, Change::Unchanged, Change::Unchanged, Change::Unchanged, Change::Kept]);
        let unit = root.path().join("etc/systemd/system/blastscope.service");
        let text = fs::read_to_string(&unit).expect("read");
        assert!(
            text.contains("\nExecStart=/opt/bs/blastscope live --listen\n") && text.contains("\nUser=scope\n"),
            "{text}"
        );
        assert!(!text.contains(PACKED_PROGRAM) && !text.contains("User=blastscope"), "{text}");
        fs::write(&unit, "# somebody's own\n").expect("written");
        let toml = root.path().join("etc/blastscope.toml");
        fs::write(&toml, "[report]\nmin_fields = 7\n").expect("written");
        let gone = changes(&uninstall(&plan).expect("removed"));
        assert_eq!(gone, [Change::Kept, Change::Removed, Change::Removed, Change::Removed, Change::Kept]);
        assert_eq!(changes(&install(&plan).expect("written"))[0], Change::Updated);
        assert_eq!(fs::read_to_string(&toml).expect("read"), "[report]\nmin_fields = 7\n");
    }

    #[test]
    fn names_and_paths_that_would_break_a_unit_are_refused() {
        let root = tempfile::tempdir().expect("a folder");
        for user in ["", "Root", "a b", "a\nUser=root", "1a", &"a".repeat(32)] {
            let error = install(&Plan { user: user.into(), ..plan(root.path()) }).expect_err(user);
            assert!(matches!(error, InstallError::User { .. }), "{error}");
        }
        for program in ["blastscope", "/a b", "/a%n", "/a\n/b", "/a\"b"] {
            let error = install(&Plan { program: program.into(), ..plan(root.path()) }).expect_err(program);
            assert!(matches!(error, InstallError::Program { .. }), "{error}");
        }
        assert_eq!(fs::read_dir(root.path()).expect("listed").count(), 0);
    }

    #[test]
    fn files_that_are_packed_name_their_origin() {
        for content in [UNIT, AVAHI, SYSUSERS, GPIO_RULES] {
            assert!(content.contains(MARK), "{content}");
        }
        assert!(UNIT.contains(&format!("ExecStart={PACKED_PROGRAM} ")) && UNIT.contains("\nUser=blastscope\n"));
    }
}
