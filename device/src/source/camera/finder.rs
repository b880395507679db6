//! Opens the camera that a person named, and later the same camera again, wherever it turns up.

use std::{
    sync::{Arc, Mutex, PoisonError, mpsc},
    time::Duration,
};

use super::{Camera, CameraName, Lock, again, connected, system};
use crate::source::{Background, Guard, STALL, SourceError};

/// Without any sign for so long, a camera's driver is given up; a capture says something after each [`STALL`].
const GIVEN_UP: Duration = STALL.saturating_mul(6);

/// Knows which camera is meant, and after the first opening which it was.
#[derive(Debug)]
pub struct Finder {
    wanted: CameraName,
    /// Held for a moment only, never while a driver is asked something.
    known: Arc<Mutex<Option<Camera>>>,
    lock: Option<Lock>,
    guard: Guard,
    notes: mpsc::Receiver<String>,
}

impl Finder {
    /// For the camera `wanted`; with `lock_exposure` its exposure, gain and white balance are locked at the values that they
    /// have after two seconds of pictures.
    #[must_use]
    pub fn new(wanted: CameraName, lock_exposure: bool) -> Self {
        let (sender, notes) = mpsc::channel();
        let lock = lock_exposure.then(|| Lock { values: Arc::new(Mutex::new(None)), notes: sender });
        Self { wanted, known: Arc::default(), lock, guard: Guard::new(GIVEN_UP), notes }
    }

    /// Opens the camera; from the second time on, the one that it was the first time. Drivers are asked in a thread of its own: one
    /// that never answers keeps nobody.
    ///
    /// # Errors
    /// [`SourceError::NoCamera`], [`SourceError::NoSuchCamera`] or [`SourceError::Unusable`]; from the source itself where that
    /// takes longer than a moment.
    pub fn open(&mut self) -> Result<Background, SourceError> {
        let (wanted, lock, known) = (self.wanted.clone(), self.lock.clone(), Arc::clone(&self.known));
        let before = self.known();
        Background::guarded(&self.guard, move || {
            let cameras = connected();
            let camera = choose(&wanted, before.as_ref(), &cameras)?;
            let stream = system::Stream::open(camera, lock)?;
            *known.lock().unwrap_or_else(PoisonError::into_inner) = Some(camera.clone());
            Ok(stream)
        })
    }

    /// The camera that was opened last.
    #[must_use]
    pub fn known(&self) -> Option<Camera> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What there is to say about the camera since the last time.
    pub fn notes(&self) -> Vec<String> {
        self.notes.try_iter().collect()
    }
}

fn choose<'a>(wanted: &CameraName, known: Option<&Camera>, cameras: &'a [Camera]) -> Result<&'a Camera, SourceError> {
    if cameras.is_empty() {
        return Err(SourceError::NoCamera);
    }
    let (chosen, wanted) = match known {
        Some(known) => (again(cameras, known), &known.name),
        None => (wanted.choose(cameras), &wanted.to_string()),
    };
    chosen.ok_or_else(|| SourceError::NoSuchCamera {
        wanted: wanted.clone(),
        found: cameras.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_the_first_time_only_the_same_camera_will_do() {
        let camera = |index, name: &str| Camera { index, name: name.into(), bus: None, serial: None };
        let auto = CameraName::Auto;
        let (scope, webcam) = (camera(3, "Scope"), camera(0, "Webcam"));
        assert_eq!(choose(&auto, None, &[]), Err(SourceError::NoCamera));
        assert_eq!(choose(&auto, None, &[webcam.clone(), scope.clone()]), Ok(&webcam));
        assert_eq!(choose(&auto, Some(&scope), &[webcam.clone(), scope.clone()]), Ok(&scope));
        let cameras = [webcam];
        let error = choose(&auto, Some(&scope), &cameras).expect_err("another camera");
        assert_eq!(error.to_string(), "there is no camera Scope; connected: camera:0 (Webcam)");
    }
}
