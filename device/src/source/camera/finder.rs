//! Opens the requested camera, and later the same camera again, in whatever socket.

use std::{
    sync::{Arc, Mutex, PoisonError, mpsc},
    time::Duration,
};

use super::{Camera, CameraName, Lock, again, connected, system};
use crate::source::{Background, Guard, STALL, SourceError};

/// Silence after which a camera's driver is abandoned; a capture gives a sign after each [`STALL`].
const GIVEN_UP: Duration = STALL.saturating_mul(6);

/// Remembers the requested camera and, after the first opening, the actual one.
#[derive(Debug)]
pub struct Finder {
    wanted: CameraName,
    /// Locked only briefly, never during a call to a driver.
    known: Arc<Mutex<Option<Camera>>>,
    lock: Option<Lock>,
    guard: Guard,
    notes: mpsc::Receiver<String>,
}

impl Finder {
    /// For the camera `wanted`; with `lock_exposure` its exposure, gain and white balance are locked at their values
    /// after two seconds of pictures.
    #[must_use]
    pub fn new(wanted: CameraName, lock_exposure: bool) -> Self {
        let (sender, notes) = mpsc::channel();
        let lock = lock_exposure.then(|| Lock { values: Arc::new(Mutex::new(None)), notes: sender });
        Self { wanted, known: Arc::default(), lock, guard: Guard::new(GIVEN_UP), notes }
    }

    /// Opens the camera; from the second time on, the same one as the first time. Drivers are called in a separate thread: a
    /// driver that hangs blocks nobody.
    ///
    /// # Errors
    /// [`SourceError::NoCamera`], [`SourceError::NoSuchCamera`] or [`SourceError::Unusable`]; if opening is slow, the source
    /// returns them later.
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

    /// Notes about the camera since the last call.
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
