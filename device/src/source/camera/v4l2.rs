//! Frames from a camera through Video4Linux.

mod controls;
mod formats;
mod nodes;

use std::{
    io,
    time::{Duration, Instant},
};

use v4l::{
    Device,
    buffer::{self, Type},
    io::{mmap, traits::CaptureStream},
    video::Capture as _,
};

use super::{Camera, Lock};
use crate::source::{Capture, Encoding, RawFrame, STALL, SourceError};
pub use nodes::{Delivers, connected, details, examine};

/// The kernel's error for every call once a camera is unplugged.
const ENODEV: i32 = 19;
/// Frames until a camera has adjusted itself and its values can be locked.
const ADJUSTED: Duration = Duration::from_secs(2);

/// A streaming camera.
pub struct Stream {
    stream: mmap::Stream<'static>,
    device: Device,
    encoding: Encoding,
    start: Instant,
    stalled: bool,
    /// The pending lock; `None` once done.
    lock: Option<Lock>,
}

impl Stream {
    /// Opens `camera`, with the values of an earlier `lock` or to lock it later.
    pub fn open(camera: &Camera, lock: Option<Lock>) -> Result<Self, SourceError> {
        let fail = |reason: String| SourceError::Unusable { name: camera.to_string(), reason };
        let told = |what: &'static str| {
            move |error: io::Error| match error.kind() {
                io::ErrorKind::PermissionDenied => fail("permission denied: add your user to the group `video`".into()),
                io::ErrorKind::ResourceBusy => fail("another program holds it: close that program".into()),
                _ => fail(format!("{what} failed ({error})")),
            }
        };
        let device = Device::new(camera.index as usize).map_err(told("opening it"))?;
        let format = formats::choose(&device)
            .map_err(told("asking for its formats"))?
            .ok_or_else(|| fail(format!("it has none of the formats {}", formats::UNDERSTOOD)))?;
        let format = device.set_format(&format).map_err(told("setting its format"))?;
        let encoding = formats::encoding(&format)
            .ok_or_else(|| fail(format!("it forces the unsupported format {}", format.fourcc)))?;
        let mut stream =
            mmap::Stream::with_buffers(&device, Type::VideoCapture, 4).map_err(told("getting its buffers"))?;
        stream.set_timeout(STALL);
        Ok(Self { stream, device, encoding, start: Instant::now(), stalled: false, lock })
    }

    /// Locks exposure, gain and white balance once: with earlier values immediately, else after they have settled.
    fn lock_when_due(&mut self) {
        let adjusted = self.start.elapsed() >= ADJUSTED;
        let device = &self.device;
        if self.lock.as_ref().is_some_and(|lock| lock.apply(adjusted, |earlier| controls::lock(device, earlier))) {
            self.lock = None;
        }
    }
}

impl Capture for Stream {
    fn capture(&mut self) -> Result<Option<RawFrame>, SourceError> {
        self.lock_when_due();
        if self.stalled {
            // After a time-out the driver still holds every buffer, and `next` would queue one twice: first get one back.
            match CaptureStream::dequeue(&mut self.stream) {
                Ok(_) => self.stalled = false,
                Err(error) => return passing(&error),
            }
        }
        match CaptureStream::next(&mut self.stream) {
            Ok((buffer, metadata)) => {
                let sequence = u64::from(metadata.sequence);
                let corrupt = |reason: &str| {
                    Err(SourceError::Corrupt { what: format!("frame {sequence}"), reason: reason.to_string() })
                };
                if metadata.flags.contains(buffer::Flags::ERROR) {
                    return corrupt("is marked as damaged by the camera's driver");
                }
                // Beyond the used bytes the buffer holds remains of an older frame.
                match buffer.get(..metadata.bytesused as usize) {
                    Some([]) | None => corrupt("has an impossible length"),
                    Some(used) => {
                        let bytes = used.to_vec();
                        let encoding = self.encoding;
                        let time = self.start.elapsed();
                        Ok(Some(RawFrame { bytes, encoding, sequence, time, name: None }))
                    }
                }
            }
            Err(error) => {
                self.stalled = error.kind() == io::ErrorKind::TimedOut;
                passing(&error)
            }
        }
    }
}

fn passing(error: &io::Error) -> Result<Option<RawFrame>, SourceError> {
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::Interrupted => Ok(None),
        _ if error.raw_os_error() == Some(ENODEV) => Err(SourceError::Lost("it was unplugged".into())),
        _ => Err(SourceError::Lost(error.to_string())),
    }
}
