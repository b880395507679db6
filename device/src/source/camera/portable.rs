//! Frames from a camera through nokhwa, on systems other than Linux.
//!
//! A camera that stalls blocks here for ever; the mailbox that this runs behind reports it.

use std::time::Instant;

use nokhwa::{
    pixel_format::RgbFormat,
    utils::{CameraIndex, FrameFormat, RequestedFormat, RequestedFormatType},
};

use super::Camera;
use crate::source::{Capture, Encoding, RawFrame, SourceError};

/// Every listed device delivers pictures on these systems.
pub fn delivers_pictures(_index: u32) -> bool {
    true
}

/// A streaming camera.
pub struct Stream {
    camera: nokhwa::Camera,
    start: Instant,
    sequence: u64,
}

impl Stream {
    pub fn open(camera: &Camera) -> Result<Self, SourceError> {
        let fail = |error: nokhwa::NokhwaError| SourceError::Unusable {
            name: camera.to_string(),
            reason: format!("opening it failed ({error})"),
        };
        let requested = RequestedFormat::new::<RgbFormat>(RequestedFormatType::None);
        let mut opened = nokhwa::Camera::new(CameraIndex::Index(camera.index), requested).map_err(fail)?;
        opened.open_stream().map_err(fail)?;
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
            other => return Err(SourceError::Lost(format!("it delivers {other}, which is not understood here"))),
        };
        let sequence = self.sequence;
        self.sequence += 1;
        let bytes = buffer.buffer().to_vec();
        Ok(Some(RawFrame { bytes, encoding, sequence, time: self.start.elapsed(), name: None }))
    }
}
