//! Cameras: lists them, opens one, and finds it again after it was unplugged.
//!
//! On Linux this uses Video4Linux directly (the `v4l` crate, below nokhwa), because nokhwa 0.10 returns the
//! whole buffer instead of its used bytes, ignores the driver's error flag, waits for ever for a stalled
//! camera, and panics on a file such as `/dev/video-left` among the nodes. Other systems use nokhwa.

mod finder;
mod name;
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

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError, mpsc},
};

use serde::Serialize;

pub use self::{finder::Finder, name::CameraName};

/// A connected camera.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Camera {
    /// Number for `--camera N`; on Linux that of its node, which may change when it is plugged in again.
    pub index: u32,
    /// Name from its maker.
    pub name: String,
    /// Its socket, as named by the system; `None` if unknown.
    pub bus: Option<String>,
    /// Serial number, if it has one.
    pub serial: Option<String>,
}

impl fmt::Display for Camera {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "camera:{} ({})", self.index, self.name)
    }
}

impl Camera {
    /// Certainty that this is the camera known as `before`, higher is surer; 0 if it is another one.
    fn likeness(&self, before: &Self) -> u8 {
        if self.name != before.name {
            return 0;
        }
        match (&self.serial, &before.serial) {
            (Some(now), Some(before)) => {
                if now == before {
                    3
                } else {
                    0
                }
            }
            _ if self.bus == before.bus => 2,
            _ => 1,
        }
    }
}

/// The one of `cameras` that was known as `before`, in whatever socket it is now. `None` if it is missing or if
/// several candidates match.
fn again<'a>(cameras: &'a [Camera], before: &Camera) -> Option<&'a Camera> {
    let best = cameras.iter().map(|camera| camera.likeness(before)).max().filter(|&best| best > 0)?;
    let mut alike = cameras.iter().filter(|camera| camera.likeness(before) == best);
    alike.next().filter(|_| alike.next().is_none())
}

/// The connected cameras, in order of their numbers. Nodes without pictures, such as the metadata node of every USB
/// camera on Linux, are left out.
#[must_use]
pub fn connected() -> Vec<Camera> {
    let mut cameras = system::connected();
    cameras.sort_by_key(|camera| camera.index);
    cameras.dedup_by_key(|camera| camera.index);
    cameras
}

/// A picture format of a camera.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CameraFormat {
    /// Four letters, such as `MJPG`.
    pub name: String,
    /// Whether this program supports it.
    pub understood: bool,
    /// Width and height in pixels.
    pub sizes: Vec<(u32, u32)>,
}

/// A camera control for brightness or colour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CameraControl {
    /// Its name: `exposure`, `gain`, `white balance`.
    pub name: &'static str,
    /// Its value, in the camera's own unit.
    pub value: Option<i64>,
    /// Whether the camera adjusts it automatically now; `None` if it never does.
    pub automatic: Option<bool>,
}

/// Details of a camera that are known without taking pictures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Details {
    /// The camera.
    #[serde(flatten)]
    pub camera: Camera,
    /// All its nodes, the one with pictures first.
    pub nodes: Vec<String>,
    /// Its picture formats.
    pub formats: Vec<CameraFormat>,
    /// Controls that can be locked.
    pub controls: Vec<CameraControl>,
    /// Why details are missing, if the system refused.
    pub problem: Option<String>,
}

/// Asks a connected camera for its formats and controls.
#[must_use]
pub fn details(camera: &Camera) -> Details {
    system::details(camera)
}

/// Locked controls: name and value.
type Locked = Vec<(&'static str, i64)>;

/// A request to lock exposure, gain and white balance.
#[derive(Clone, Debug)]
struct Lock {
    /// The locked values; a camera that comes back gets the same ones.
    values: Arc<Mutex<Option<Locked>>>,
    /// Channel for notes about it.
    notes: mpsc::Sender<String>,
}

impl Lock {
    /// Locks the controls through `set`: at earlier values if there are any, else once the camera has `adjusted` itself.
    /// True if it was done.
    ///
    /// No lock is held while `set` waits for the driver: a driver that hangs must not prevent reopening the camera.
    fn apply(&self, adjusted: bool, set: impl FnOnce(Option<&Locked>) -> (Locked, String)) -> bool {
        let earlier = self.values.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if earlier.is_none() && !adjusted {
            return false;
        }
        let (locked, sentence) = set(earlier.as_ref());
        self.values.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(locked);
        // The receiver may be gone at the end of the program.
        let _ = self.notes.send(sentence);
        true
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc::channel, thread, time::Duration};

    use super::*;

    fn lock() -> (Lock, mpsc::Receiver<String>) {
        let (notes, heard) = channel();
        (Lock { values: Arc::default(), notes }, heard)
    }

    /// A driver that hangs blocks only its own thread.
    #[test]
    fn a_driver_that_hangs_does_not_keep_the_camera_from_being_locked_again() {
        let (lock, heard) = lock();
        let (hung, entered) = (lock.clone(), channel());
        let enter = entered.0;
        thread::spawn(move || {
            hung.apply(true, |_| {
                let _ = enter.send(());
                loop {
                    thread::park();
                }
            })
        });
        entered.1.recv().expect("the thread is in the driver");
        let again = lock.clone();
        let (done, outcome) = channel();
        thread::spawn(move || {
            done.send(again.apply(true, |earlier| (earlier.cloned().unwrap_or_default(), "locked".into())))
        });
        assert_eq!(outcome.recv_timeout(Duration::from_secs(20)), Ok(true), "the second waits for the first");
        assert_eq!(heard.try_recv().as_deref(), Ok("locked"));
    }

    #[test]
    fn controls_are_locked_once_they_have_settled_and_later_at_the_same_values() {
        let (lock, heard) = lock();
        let never = |_: Option<&Locked>| -> (Locked, String) { panic!("the camera still adjusts itself") };
        assert!(!lock.apply(false, never));
        assert!(lock.apply(true, |earlier| {
            assert_eq!(earlier, None);
            (vec![("gain", 7)], "first".into())
        }));
        assert!(lock.apply(false, |earlier| {
            assert_eq!(earlier, Some(&vec![("gain", 7)]));
            (vec![("gain", 9)], "second".into())
        }));
        assert_eq!(*lock.values.lock().expect("no panic"), Some(vec![("gain", 7)]), "locked values stay");
        assert_eq!(heard.try_iter().collect::<Vec<_>>(), ["first", "second"]);
    }

    fn camera(index: u32, name: &str, bus: &str, serial: Option<&str>) -> Camera {
        Camera { index, name: name.into(), bus: Some(bus.into()), serial: serial.map(Into::into) }
    }

    #[test]
    fn a_camera_is_found_again_by_serial_then_socket_then_name() {
        let before = camera(0, "Scope", "1-1", Some("A"));
        let moved = camera(4, "Scope", "1-2", Some("A"));
        let twin = camera(2, "Scope", "1-1", Some("B"));
        let other = camera(0, "Webcam", "1-1", None);
        assert_eq!(again(&[other.clone(), twin.clone(), moved.clone()], &before), Some(&moved));
        assert_eq!(again(&[other.clone(), twin], &before), None, "another serial number is another camera");
        let nameless = camera(0, "Scope", "1-1", None);
        let (here, there) = (camera(3, "Scope", "1-1", None), camera(2, "Scope", "1-4", None));
        assert_eq!(again(&[there.clone(), here.clone()], &nameless), Some(&here));
        assert_eq!(again(&[other.clone(), there.clone()], &nameless), Some(&there));
        let third = camera(5, "Scope", "1-5", None);
        assert_eq!(again(&[there, third], &nameless), None, "two candidates");
        assert_eq!(again(&[other], &nameless), None);
    }
}
