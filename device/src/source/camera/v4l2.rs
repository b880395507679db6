//! Frames from a camera through Video4Linux.

use std::{io, path::Path, time::Instant};

use v4l::{
    Device, Format, FourCC,
    buffer::{self, Type},
    capability,
    framesize::FrameSizeEnum,
    io::{mmap, traits::CaptureStream},
    video::Capture as _,
};

use super::Camera;
use crate::source::{Capture, Encoding, RawFrame, STALL, SourceError};

/// Frames at least this large are asked for, when the camera has them; larger ones cost time and are squashed anyway.
const WANTED: (u32, u32) = (1024, 768);
/// The kernel's answer to everything once a camera is unplugged.
const ENODEV: i32 = 19;
/// Formats that are understood, the best first: MJPEG goes through USB 2 at full rate, GREY has no colour to judge.
const FORMATS: [[u8; 4]; 5] = [*b"MJPG", *b"YUYV", *b"NV12", *b"RGB3", *b"GREY"];

/// What a video node delivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivers {
    /// Pictures in a format that is understood.
    Pictures,
    /// Pictures in none of the formats that are understood.
    UnknownFormats,
    /// Data about pictures.
    Metadata,
    /// Nothing that a camera delivers: a codec, a converter, an output.
    Nothing,
}

/// Whether the node `/dev/video{index}` is a camera. A USB camera's second node delivers metadata only.
pub fn delivers_pictures(index: u32) -> bool {
    let capabilities = Device::new(index as usize).and_then(|device| device.query_caps());
    capabilities.is_ok_and(|capabilities| captures(capabilities.capabilities))
}

fn captures(capabilities: capability::Flags) -> bool {
    capabilities.contains(capability::Flags::VIDEO_CAPTURE | capability::Flags::STREAMING)
}

/// Opens the node at `path` and asks what it delivers.
///
/// # Errors
/// Whatever keeps it from being used, such as `PermissionDenied`, or `ResourceBusy` while another program streams.
pub fn examine(path: &Path) -> io::Result<Delivers> {
    let device = Device::with_path(path)?;
    let capabilities = device.query_caps()?.capabilities;
    if !captures(capabilities) {
        let metadata = capabilities.contains(capability::Flags::META_CAPTURE);
        return Ok(if metadata { Delivers::Metadata } else { Delivers::Nothing });
    }
    if choose_format(&device)?.is_none() {
        return Ok(Delivers::UnknownFormats);
    }
    // To set the format that it has changes nothing, and is refused while another program streams.
    device.format().and_then(|format| device.set_format(&format))?;
    Ok(Delivers::Pictures)
}

/// A streaming camera.
pub struct Stream {
    stream: mmap::Stream<'static>,
    encoding: Encoding,
    start: Instant,
    stalled: bool,
}

impl Stream {
    pub fn open(camera: &Camera) -> Result<Self, SourceError> {
        let fail = |reason: String| SourceError::Unusable { name: camera.to_string(), reason };
        let told = |what: &'static str| {
            move |error: io::Error| match error.kind() {
                io::ErrorKind::PermissionDenied => fail("permission denied: add your user to the group `video`".into()),
                io::ErrorKind::ResourceBusy => fail("another program holds it: close that program".into()),
                _ => fail(format!("{what} failed ({error})")),
            }
        };
        let device = Device::new(camera.index as usize).map_err(told("opening it"))?;
        let format = choose_format(&device)
            .map_err(told("asking for its formats"))?
            .ok_or_else(|| fail("it has none of the formats MJPEG, YUYV, NV12, RGB24 and GREY".to_string()))?;
        let format = device.set_format(&format).map_err(told("setting its format"))?;
        let encoding = encoding(&format).ok_or_else(|| fail(format!("it insists on the format {}", format.fourcc)))?;
        let mut stream =
            mmap::Stream::with_buffers(&device, Type::VideoCapture, 4).map_err(told("getting its buffers"))?;
        stream.set_timeout(STALL);
        Ok(Self { stream, encoding, start: Instant::now(), stalled: false })
    }
}

impl Capture for Stream {
    fn capture(&mut self) -> Result<Option<RawFrame>, SourceError> {
        if self.stalled {
            // After a time-out every buffer is still with the driver, and `next` would queue one twice: first get one back.
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
                // Beyond the used bytes lies what an older frame left in the buffer.
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

fn choose_format(device: &Device) -> io::Result<Option<Format>> {
    let offered: Vec<FourCC> = device.enum_formats()?.into_iter().map(|format| format.fourcc).collect();
    let Some(fourcc) = FORMATS.iter().map(FourCC::new).find(|known| offered.contains(known)) else { return Ok(None) };
    let sizes = device.enum_framesizes(fourcc).unwrap_or_default();
    let sizes: Vec<(u32, u32)> = sizes
        .into_iter()
        .map(|size| match size.size {
            FrameSizeEnum::Discrete(size) => (size.width, size.height),
            FrameSizeEnum::Stepwise(range) => (
                stepped(WANTED.0, range.min_width, range.max_width, range.step_width),
                stepped(WANTED.1, range.min_height, range.max_height, range.step_height),
            ),
        })
        .collect();
    let (width, height) = choose_size(&sizes);
    Ok(Some(Format::new(width, height, fourcc)))
}

/// The smallest size that is at least [`WANTED`], else the largest there is.
fn choose_size(sizes: &[(u32, u32)]) -> (u32, u32) {
    let area = |size: &(u32, u32)| u64::from(size.0) * u64::from(size.1);
    let enough = |size: &(u32, u32)| size.0 >= WANTED.0 && size.1 >= WANTED.1;
    sizes
        .iter()
        .copied()
        .filter(enough)
        .min_by_key(area)
        .or_else(|| sizes.iter().copied().max_by_key(area))
        .unwrap_or(WANTED)
}

fn stepped(wanted: u32, least: u32, most: u32, step: u32) -> u32 {
    let steps = wanted.saturating_sub(least).div_ceil(step.max(1));
    least.saturating_add(steps.saturating_mul(step.max(1))).min(most)
}

fn encoding(format: &Format) -> Option<Encoding> {
    let (width, height) = (format.width as usize, format.height as usize);
    let stride_or = |least: usize| (format.stride as usize).max(least);
    match &format.fourcc.repr {
        b"MJPG" => Some(Encoding::Mjpeg),
        b"YUYV" => Some(Encoding::Yuyv { width, height, stride: stride_or(width * 2) }),
        b"NV12" => Some(Encoding::Nv12 { width, height, stride: stride_or(width) }),
        b"RGB3" => Some(Encoding::Rgb { width, height, stride: stride_or(width * 3) }),
        b"GREY" => Some(Encoding::Grey { width, height, stride: stride_or(width) }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_sufficient_size_is_chosen_or_the_largest() {
        for (sizes, expected) in [
            (vec![(640, 480), (2560, 1920), (1280, 960), (1920, 1080)], (1280, 960)),
            (vec![(320, 240), (640, 480)], (640, 480)),
            (vec![(1920, 720), (1024, 768)], (1024, 768)),
            (vec![], WANTED),
        ] {
            assert_eq!(choose_size(&sizes), expected, "{sizes:?}");
        }
        assert_eq!(stepped(1024, 16, 4096, 16), 1024);
        assert_eq!(stepped(768, 2, 4096, 100), 802);
        assert_eq!(stepped(768, 16, 600, 0), 600);
    }
}
