//! The file as written, each value with its position; and the allowed ranges.

use std::{
    fmt::Display,
    net::SocketAddr,
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use toml::Spanned;

use super::{Camera, Config, Data, Log, Model, Pipeline, Report, Server};

/// Last clause of every message about a key.
const HELP: &str = "`blastscope config --print-default` shows all keys";

/// An error and its position in bytes.
#[derive(Debug)]
pub(super) struct Wrong {
    pub at: Option<usize>,
    pub reason: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawConfig {
    camera: RawCamera,
    model: RawModel,
    pipeline: RawPipeline,
    report: RawReport,
    server: RawServer,
    data: RawData,
    log: RawLog,
    hardware: Option<toml::Table>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawCamera {
    source: Option<Spanned<String>>,
    lock_exposure: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawModel {
    file: Option<Spanned<PathBuf>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawPipeline {
    settle: Option<Spanned<u32>>,
    take_after: Option<Spanned<u32>>,
    min_probability: Option<Spanned<f32>>,
    max_novelty: Option<Spanned<f32>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawReport {
    min_fields: Option<Spanned<u32>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawServer {
    listen: Option<Spanned<String>>,
    allowed_hosts: Option<Vec<Spanned<String>>>,
    trusted_proxies: Option<Vec<Spanned<String>>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawData {
    dir: Option<Spanned<PathBuf>>,
    min_free_mb: Option<Spanned<u32>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawLog {
    level: Option<Spanned<String>>,
}

/// Reads and checks a text.
pub(super) fn parse(text: &str) -> Result<Config, Wrong> {
    let raw: RawConfig = toml::from_str(text).map_err(|error| Wrong {
        at: error.span().map(|span| span.start),
        reason: format!("{}; {HELP}", error.message().replace('\n', " ").trim()),
    })?;
    let default = Config::default();
    let camera = Camera {
        source: text_of("camera.source", raw.camera.source, default.camera.source)?,
        lock_exposure: raw.camera.lock_exposure.unwrap_or(default.camera.lock_exposure),
    };
    let take_after = number("pipeline.take_after", raw.pipeline.take_after, 1..=1000, "frames")?;
    let pipeline = Pipeline {
        take_after: take_after.unwrap_or(default.pipeline.take_after),
        settle: number("pipeline.settle", raw.pipeline.settle, 1..=100, "frames")?.unwrap_or(default.pipeline.settle),
        min_probability: number("pipeline.min_probability", raw.pipeline.min_probability, 0.0..=1.0, "as a share")?,
        max_novelty: number("pipeline.max_novelty", raw.pipeline.max_novelty, 0.001..=1e6, "where 1 is usual")?,
    };
    let fields = number("report.min_fields", raw.report.min_fields, 1..=100_000, "fields")?;
    let free = number("data.min_free_mb", raw.data.min_free_mb, 1..=1_000_000, "megabytes")?;
    Ok(Config {
        camera,
        model: Model { file: absolute("model.file", raw.model.file)? },
        pipeline,
        report: Report { min_fields: fields.unwrap_or(default.report.min_fields) },
        server: Server {
            listen: listen(raw.server.listen, default.server.listen)?,
            allowed_hosts: each("server.allowed_hosts", raw.server.allowed_hosts, str::parse)?,
            trusted_proxies: each("server.trusted_proxies", raw.server.trusted_proxies, |text| {
                text.parse().map_err(|_| "give the address of a proxy, such as \"127.0.0.1\"".to_owned())
            })?,
        },
        data: Data {
            dir: absolute("data.dir", raw.data.dir)?.unwrap_or(default.data.dir),
            min_free_mb: free.unwrap_or(default.data.min_free_mb),
        },
        log: level(raw.log.level)?,
        hardware: raw.hardware,
        file: None,
    })
}

fn wrong<T>(key: &str, value: &Spanned<T>, shown: impl Display, remedy: impl Display) -> Wrong {
    Wrong { at: Some(value.span().start), reason: format!("{key} = {shown}: {remedy}") }
}

fn number<T: PartialOrd + Display + Copy>(
    key: &str,
    value: Option<Spanned<T>>,
    range: RangeInclusive<T>,
    unit: &str,
) -> Result<Option<T>, Wrong> {
    let Some(value) = value else { return Ok(None) };
    let number = *value.get_ref();
    // NaN is outside every range.
    if range.contains(&number) {
        return Ok(Some(number));
    }
    Err(wrong(key, &value, number, format_args!("give {} to {} {unit}", range.start(), range.end())))
}

fn text_of(key: &str, value: Option<Spanned<String>>, default: String) -> Result<String, Wrong> {
    let Some(value) = value else { return Ok(default) };
    let text = value.get_ref();
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        return Err(wrong(key, &value, format_args!("{text:?}"), "give a text that is not empty, or omit the key"));
    }
    Ok(value.into_inner())
}

fn absolute(key: &str, value: Option<Spanned<PathBuf>>) -> Result<Option<PathBuf>, Wrong> {
    let Some(value) = value else { return Ok(None) };
    if Path::is_absolute(value.get_ref()) {
        return Ok(Some(value.into_inner()));
    }
    let shown = format!("{:?}", value.get_ref());
    Err(wrong(key, &value, shown, "give an absolute path: a service has no working folder"))
}

fn listen(value: Option<Spanned<String>>, default: SocketAddr) -> Result<SocketAddr, Wrong> {
    let Some(value) = value else { return Ok(default) };
    super::address(value.get_ref())
        .map_err(|remedy| wrong("server.listen", &value, format_args!("{:?}", value.get_ref()), remedy))
}

/// A list of texts, each parsed by `read`.
fn each<T>(
    key: &str,
    values: Option<Vec<Spanned<String>>>,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, Wrong> {
    let values = values.unwrap_or_default();
    let read = |value: &Spanned<String>| {
        read(value.get_ref()).map_err(|remedy| wrong(key, value, format_args!("{:?}", value.get_ref()), remedy))
    };
    values.iter().map(read).collect()
}

fn level(value: Option<Spanned<String>>) -> Result<Log, Wrong> {
    let Some(value) = value else { return Ok(Log::default()) };
    let level = value.get_ref().parse();
    let level =
        level.map_err(|remedy: String| wrong("log.level", &value, format_args!("{:?}", value.get_ref()), remedy))?;
    Ok(Log { level })
}
