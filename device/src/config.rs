//! The configuration: one TOML file, checked value by value.
//!
//! ```text
//! text --toml, serde--> raw (every value with its position) --ranges--> Config --canonical--> SHA-256 for the record
//! ```
//! Unknown keys are errors: a mistyped key would otherwise be ignored silently.

mod allowed_host;
mod raw;

use std::{
    env, fs,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use blastscope_files::Printable as _;
use blastscope_shared::{Classifier, hex};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

pub use self::allowed_host::AllowedHost;
use crate::{
    source::{SourceName, camera::CameraName},
    support::{files, logging::Level},
};

/// Default path of the configuration.
pub const PLACE: &str = "/etc/blastscope.toml";
/// Environment variable with another path.
pub const VARIABLE: &str = "BLASTSCOPE_CONFIG";
/// The commented file equal to [`Config::default`].
pub const DEFAULT_TEXT: &str = include_str!("../assets/blastscope.toml");

/// Why a configuration is rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}: {reason}", path.printable(), place.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default())]
pub struct ConfigError {
    /// The file.
    pub path: PathBuf,
    /// Line and column of the error, from 1; `None` if it concerns the whole file.
    pub place: Option<(usize, usize)>,
    /// What is wrong, and the remedy.
    pub reason: String,
}

/// All settings.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Config {
    /// Source of frames.
    pub camera: Camera,
    /// The model file.
    pub model: Model,
    /// Thresholds and timing of verdicts.
    pub pipeline: Pipeline,
    /// Limits of reports.
    pub report: Report,
    /// Address and names of the page.
    pub server: Server,
    /// Folder and disk limit of the record.
    pub data: Data,
    /// The log level.
    pub log: Log,
    /// Lamps, buzzer and buttons as in the file, kept here for the hash. Their module reads them from [`Self::file`], so that its
    /// errors name the position.
    pub hardware: Option<toml::Table>,
    /// The file that was read.
    #[serde(skip)]
    pub file: Option<PathBuf>,
}

/// Table `[camera]`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Camera {
    /// `auto`, a number, a device or a folder.
    pub source: String,
    /// Whether to lock exposure, gain and white balance.
    pub lock_exposure: bool,
}

/// Table `[model]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Model {
    /// The file; `None` for the default places.
    pub file: Option<PathBuf>,
}

/// Table `[pipeline]`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pipeline {
    /// Frames of a view that must agree, 1..=100.
    pub settle: u32,
    /// Frames for which a class must hold before its field is taken into the record, 1..=1000.
    pub take_after: u32,
    /// Minimum probability for naming a class, 0..=1; `None` for the model's.
    pub min_probability: Option<f32>,
    /// Maximum novelty for naming a class, above 0; `None` for the model's.
    pub max_novelty: Option<f32>,
}

/// Table `[report]`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// A report with fewer fields called benign or malignant says "Insufficient"; 1..=100,000.
    pub min_fields: u32,
}

/// Table `[server]`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Server {
    /// Address and port.
    pub listen: SocketAddr,
    /// Additional names under which the page may be reached.
    pub allowed_hosts: Vec<AllowedHost>,
    /// Addresses of proxies whose statement of the client's address is trusted.
    pub trusted_proxies: Vec<IpAddr>,
}

impl Server {
    /// Whether others reach the page through a proxy, even if it listens on the loopback address.
    #[must_use]
    pub fn is_proxied(&self) -> bool {
        !self.trusted_proxies.is_empty() || self.allowed_hosts.iter().any(|host| host.secure().is_some())
    }
}

/// Table `[data]`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Data {
    /// Folder of the record, absolute.
    pub dir: PathBuf,
    /// Disk space to keep free, in megabytes (2^20 bytes), 1..=1,000,000.
    pub min_free_mb: u32,
}

/// Table `[log]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Log {
    /// Log level: less important messages are dropped.
    pub level: Level,
}

impl Default for Camera {
    fn default() -> Self {
        Self { source: "auto".into(), lock_exposure: false }
    }
}

impl Default for Pipeline {
    fn default() -> Self {
        Self { settle: 3, take_after: 5, min_probability: None, max_novelty: None }
    }
}

impl Default for Report {
    fn default() -> Self {
        Self { min_fields: blastscope_core::session::MIN_FIELDS }
    }
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080),
            allowed_hosts: Vec::new(),
            trusted_proxies: Vec::new(),
        }
    }
}

impl Default for Data {
    fn default() -> Self {
        Self { dir: "/var/lib/blastscope".into(), min_free_mb: 64 }
    }
}

impl Camera {
    /// The source for `live`: a folder if one of that name exists, else a camera.
    #[must_use]
    pub fn live_source(&self) -> SourceName {
        if Path::new(&self.source).is_dir() {
            return SourceName::Folder(self.source.clone().into());
        }
        SourceName::Camera(self.source.parse().unwrap_or(CameraName::Auto))
    }
}

impl Data {
    /// Disk space to keep free, in bytes.
    #[must_use]
    pub const fn min_free_bytes(&self) -> u64 {
        (self.min_free_mb as u64) << 20
    }
}

impl Pipeline {
    /// The model with the stricter of its own and these thresholds, never laxer. All verdicts of the device come from it.
    #[must_use]
    pub fn judged(&self, model: Classifier) -> Classifier {
        model.stricter(self.min_probability, self.max_novelty)
    }
}

impl Config {
    /// Reads and checks the file `named`, else the one in the environment, else [`PLACE`] if it exists, else the defaults.
    ///
    /// # Errors
    /// [`ConfigError`], with the position of the error.
    pub fn find(named: Option<&Path>) -> Result<Self, ConfigError> {
        let named = named
            .map(Path::to_path_buf)
            .or_else(|| env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from));
        match named {
            Some(path) => Self::read(&path),
            None if Path::new(PLACE).exists() => Self::read(Path::new(PLACE)),
            None => Ok(Self::default()),
        }
    }

    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`ConfigError`], with the position of the error.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let fail = |place, reason| ConfigError { path: path.to_path_buf(), place, reason };
        let text = fs::read_to_string(path).map_err(|error| fail(None, files::reason(&error)))?;
        Self::parse(&text, path)
    }

    /// Checks the content `text` of the file `path`.
    ///
    /// # Errors
    /// [`ConfigError`], with the position of the error.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let fail = |place, reason| ConfigError { path: path.to_path_buf(), place, reason };
        let config = raw::parse(text).map_err(|wrong| fail(wrong.at.map(|at| place(text, at)), wrong.reason))?;
        Ok(Self { file: Some(path.to_path_buf()), ..config })
    }

    /// All settings as one line of JSON, always in the same order.
    #[must_use]
    pub fn canonical(&self) -> String {
        serde_json::json!(self).to_string()
    }

    /// SHA-256 of [`Self::canonical`], 64 hexadecimal digits.
    #[must_use]
    pub fn sha256(&self) -> String {
        hex(&Sha256::digest(self.canonical()))
    }
}

/// An address to listen on.
///
/// # Errors
/// A remedy: what to give instead.
pub fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "give an address and a port, such as \"127.0.0.1:8080\" or \"[::1]:8080\"".into())
}

/// Line and column of a byte, from 1.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at.min(text.len())).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
}

#[cfg(test)]
mod tests;
