//! Cameras through nokhwa, on systems other than Linux.
//!
//! A stalled camera blocks for ever here; the mailbox around it reports the stall.

use std::time::Instant;

use nokhwa::{
    pixel_format::RgbFormat,
    utils::{ApiBackend, CameraIndex, FrameFormat, RequestedFormat, RequestedFormatType},
};

use super::{Camera, Details, Lock};
use crate::source::{Capture, Encoding, RawFrame, SourceError};

/// Every listed device delivers pictures on these systems.
pub fn connected() -> Vec<Camera> {
    let camera = |info: nokhwa::utils::CameraInfo| {
        Some(Camera { index: info.index().as_index().ok()?, name: info.human_name(), bus: None, serial: None })
    };
    nokhwa::query(ApiBackend::Auto).unwrap_or_default().into_iter().filter_map(camera).collect()
}

/// Only the camera's identity.
pub fn details(camera: &Camera) -> Details {
    Details {
        camera: camera.clone(),
        nodes: Vec::new(),
        formats: Vec::new(),
        controls: Vec::new(),
        problem: Some("formats and controls are available on Linux only".into()),
    }
}

/// A streaming camera.
pub struct Stream {
    camera: nokhwa::Camera,
    start: Instant,
    sequence: u64,
}

impl Stream {
    pub fn open(camera: &Camera, lock: Option<Lock>) -> Result<Self, SourceError> {
        let fail = |error: nokhwa::NokhwaError| SourceError::Unusable {
            name: camera.to_string(),
            reason: format!("opening it failed ({error})"),
        };
        let requested = RequestedFormat::new::<RgbFormat>(RequestedFormatType::None);
        let mut opened = nokhwa::Camera::new(CameraIndex::Index(camera.index), requested).map_err(fail)?;
        opened.open_stream().map_err(fail)?;
        if let Some(lock) = lock {
            // The receiver may be gone at the end of the program.
            let _ = lock.notes.send("exposure, gain and white balance can be locked on Linux only".into());
            drop(lock.values);
        }
        Ok(Self { camera: opened, start: Instant::now(), sequence: 0 })
    }
}

impl Capture for Stream {
    fn capture(&mut self) -> Result<Option<RawFrame>, SourceError> {
        let buffer = self.camera.frame().map_err(|error| SourceError::Lost(error.to_string()))?;
        let size = buffer.resolution();
        let (width, height) = (size.width() as usize, size.height() as usize);
        let encoding = match buffer.source_frame_format() {
            FrameFormat::MJPEG => Encoding::Mjpeg,
            FrameFormat::YUYV => Encoding::Yuyv { width, height, stride: width * 2 },
            FrameFormat::NV12 => Encoding::Nv12 { width, height, stride: width },
            FrameFormat::GRAY => Encoding::Grey { width, height, stride: width },
            FrameFormat::RAWRGB => Encoding::Rgb { width, height, stride: width * 3 },
            FrameFormat::RAWBGR => Encoding::Bgr { width, height, stride: width * 3 },
        };
        let sequence = self.sequence;
        self.sequence += 1;
        let bytes = buffer.buffer().to_vec();
        Ok(Some(RawFrame { bytes, encoding, sequence, time: self.start.elapsed(), name: None }))
    }
}
