//! Opens the camera that a person named, and later the same camera again, wherever it turns up.

use std::sync::{Arc, Mutex, mpsc};

use super::{Camera, CameraName, Lock, again, connected, system};
use crate::source::{Background, SourceError};

/// Knows which camera is meant, and after the first opening which it was.
#[derive(Debug)]
pub struct Finder {
    wanted: CameraName,
    known: Option<Camera>,
    lock: Option<Lock>,
    notes: mpsc::Receiver<String>,
}

impl Finder {
    /// For the camera `wanted`; with `lock_exposure` its exposure, gain and white balance are locked at the values that they
    /// have after two seconds of pictures.
    #[must_use]
    pub fn new(wanted: CameraName, lock_exposure: bool) -> Self {
        let (sender, notes) = mpsc::channel();
        let lock = lock_exposure.then(|| Lock { values: Arc::new(Mutex::new(None)), notes: sender });
        Self { wanted, known: None, lock, notes }
    }

    /// Opens the camera; from the second time on, the one that it was the first time.
    ///
    /// # Errors
    /// [`SourceError::NoCamera`], [`SourceError::NoSuchCamera`] or [`SourceError::Unusable`].
    pub fn open(&mut self) -> Result<(Camera, Background), SourceError> {
        let cameras = connected();
        let camera = self.choose(&cameras)?.clone();
        let (opening, lock) = (camera.clone(), self.lock.clone());
        let source = Background::start(move || system::Stream::open(&opening, lock))?;
        self.known = Some(camera.clone());
        Ok((camera, source))
    }

    fn choose<'a>(&self, cameras: &'a [Camera]) -> Result<&'a Camera, SourceError> {
        if cameras.is_empty() {
            return Err(SourceError::NoCamera);
        }
        let (chosen, wanted) = match &self.known {
            Some(known) => (again(cameras, known), &known.name),
            None => (self.wanted.choose(cameras), &self.wanted.to_string()),
        };
        chosen.ok_or_else(|| SourceError::NoSuchCamera {
            wanted: wanted.clone(),
            found: cameras.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        })
    }

    /// What there is to say about the camera since the last time.
    pub fn notes(&self) -> Vec<String> {
        self.notes.try_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_the_first_time_only_the_same_camera_will_do() {
        let camera = |index, name: &str| Camera { index, name: name.into(), bus: None, serial: None };
        let mut finder = Finder::new(CameraName::Auto, false);
        let (scope, webcam) = (camera(3, "Scope"), camera(0, "Webcam"));
        assert_eq!(finder.choose(&[]), Err(SourceError::NoCamera));
        assert_eq!(finder.choose(&[webcam.clone(), scope.clone()]), Ok(&webcam));
        finder.known = Some(scope.clone());
        assert_eq!(finder.choose(&[webcam.clone(), scope.clone()]), Ok(&scope));
        let error = finder.choose(&[webcam]).expect_err("another camera");
        assert_eq!(error.to_string(), "there is no camera Scope; connected: camera:0 (Webcam)");
    }
}
