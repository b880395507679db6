//! The configuration: one TOML file, checked value by value.
//!
//! ```text
//! text --toml, serde--> raw (every value with its place) --ranges--> Config --canonical--> SHA-256 for the record
//! ```
//! Unknown keys are errors: a key with a typing mistake would otherwise be ignored in silence.

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

/// Where the configuration lies, unless another file is named.
pub const PLACE: &str = "/etc/blastscope.toml";
/// Environment variable that names another file.
pub const VARIABLE: &str = "BLASTSCOPE_CONFIG";
/// The commented file that says the same as [`Config::default`].
pub const DEFAULT_TEXT: &str = include_str!("../assets/blastscope.toml");

/// Why a file is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}: {reason}", path.printable(), place.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default())]
pub struct ConfigError {
    /// The file.
    pub path: PathBuf,
    /// Line and column that are wrong, from 1; `None` where the whole file is.
    pub place: Option<(usize, usize)>,
    /// What is wrong, and what to do about it.
    pub reason: String,
}

/// All settings.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Config {
    /// Where frames come from.
    pub camera: Camera,
    /// Which model is used.
    pub model: Model,
    /// How verdicts are made.
    pub pipeline: Pipeline,
    /// How sessions are reported.
    pub report: Report,
    /// Where the page is served.
    pub server: Server,
    /// Where the record lies.
    pub data: Data,
    /// What is logged.
    pub log: Log,
    /// Lamps, buzzer and buttons, as they stand in the file. Their module reads them from [`Self::file`], so that it can name
    /// the place of what is wrong; here they are part of the hash.
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
    /// Whether exposure, gain and white balance are held.
    pub lock_exposure: bool,
}

/// Table `[model]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Model {
    /// The file; `None` for the usual places.
    pub file: Option<PathBuf>,
}

/// Table `[pipeline]`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pipeline {
    /// Frames of a view that must agree, 1..=100.
    pub settle: u32,
    /// Frames for which a class must stand before its field is taken into the record, 1..=1000.
    pub take_after: u32,
    /// Least probability of a class that is named, 0..=1; `None` for the model's.
    pub min_probability: Option<f32>,
    /// Largest novelty of a field that is classified, above 0; `None` for the model's.
    pub max_novelty: Option<f32>,
}

/// Table `[report]`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Fields with a class below which a report says "Insufficient", 1..=100,000.
    pub min_fields: u32,
}

/// Table `[server]`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Server {
    /// Address and port.
    pub listen: SocketAddr,
    /// Names besides the machine's own under which the page is reached.
    pub allowed_hosts: Vec<AllowedHost>,
    /// Addresses of proxies that are believed when they name whom they speak for.
    pub trusted_proxies: Vec<IpAddr>,
}

impl Server {
    /// Whether others reach the page through a proxy, also where it listens on the loopback address.
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
    /// Megabytes (2^20 bytes) that stay free, 1..=1,000,000.
    pub min_free_mb: u32,
}

/// Table `[log]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Log {
    /// The least important messages that are written.
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
    /// The source as `live` takes it: a folder where there is one of that name, else a camera.
    #[must_use]
    pub fn live_source(&self) -> SourceName {
        if Path::new(&self.source).is_dir() {
            return SourceName::Folder(self.source.clone().into());
        }
        SourceName::Camera(self.source.parse().unwrap_or(CameraName::Auto))
    }
}

impl Data {
    /// Bytes that stay free.
    #[must_use]
    pub const fn min_free_bytes(&self) -> u64 {
        (self.min_free_mb as u64) << 20
    }
}

impl Pipeline {
    /// The model with a judge that is stricter where this table asks for it, and never laxer. Every verdict of the device is its.
    #[must_use]
    pub fn judged(&self, model: Classifier) -> Classifier {
        model.stricter(self.min_probability, self.max_novelty)
    }
}

impl Config {
    /// Reads and checks the file `named`, or that of the environment, or [`PLACE`] where it exists; else the defaults.
    ///
    /// # Errors
    /// [`ConfigError`], with the place that is wrong.
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
    /// [`ConfigError`], with the place that is wrong.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let fail = |place, reason| ConfigError { path: path.to_path_buf(), place, reason };
        let text = fs::read_to_string(path).map_err(|error| fail(None, files::reason(&error)))?;
        Self::parse(&text, path)
    }

    /// Checks the content `text` of the file `path`.
    ///
    /// # Errors
    /// [`ConfigError`], with the place that is wrong.
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
/// What to give instead.
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
