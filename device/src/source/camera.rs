//! Cameras: which are connected, and opening one.
//!
//! `nokhwa` lists cameras on every system. On Linux the frames come straight from Video4Linux (the `v4l` crate, which nokhwa
//! stands on): nokhwa 0.10 hands over a whole buffer instead of the bytes that are used in it, ignores the driver's error flag
//! and waits for ever for a camera that stalls.

#[cfg(not(target_os = "linux"))]
mod portable;
#[cfg(target_os = "linux")]
mod v4l2;

#[cfg(not(target_os = "linux"))]
use portable as system;
#[cfg(target_os = "linux")]
use v4l2 as system;
#[cfg(target_os = "linux")]
pub(crate) use v4l2::{Delivers, examine};

use std::fmt;

use nokhwa::utils::ApiBackend;

use super::{Background, SourceError};

/// A connected camera.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Camera {
    /// The number that `--source camera:N` takes.
    pub index: u32,
    /// Its name, as its maker gave it.
    pub name: String,
}

impl fmt::Display for Camera {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "camera:{} ({})", self.index, self.name)
    }
}

/// The connected cameras, in order of their numbers. Nodes that deliver no pictures, such as the metadata node that every USB
/// camera has on Linux, are left out.
#[must_use]
pub fn connected() -> Vec<Camera> {
    let mut cameras: Vec<Camera> = nokhwa::query(ApiBackend::Auto)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|info| Some(Camera { index: info.index().as_index().ok()?, name: info.human_name() }))
        .filter(|camera| system::delivers_pictures(camera.index))
        .collect();
    cameras.sort_by_key(|camera| camera.index);
    cameras.dedup_by_key(|camera| camera.index);
    cameras
}

/// Opens the camera with the number `wanted`, or the first.
///
/// # Errors
/// [`SourceError::NoCamera`], [`SourceError::NoSuchCamera`] or [`SourceError::Unusable`].
pub fn open(wanted: Option<u32>) -> Result<(Camera, Background), SourceError> {
    let cameras = connected();
    let camera = match wanted {
        _ if cameras.is_empty() => return Err(SourceError::NoCamera),
        None => cameras[0].clone(),
        Some(wanted) => match cameras.iter().find(|camera| camera.index == wanted) {
            Some(camera) => camera.clone(),
            None => {
                let found = cameras.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                return Err(SourceError::NoSuchCamera { wanted, found });
            }
        },
    };
    let opening = camera.clone();
    let source = Background::start(move || system::Stream::open(&opening))?;
    Ok((camera, source))
}
