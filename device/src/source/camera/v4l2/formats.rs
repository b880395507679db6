//! Chooses the format and size of a camera.

use std::io;

use v4l::{Device, Format, FourCC, framesize::FrameSizeEnum, video::Capture as _};

use crate::source::{Encoding, camera::CameraFormat};

/// Wanted minimum size, in pixels; larger frames cost time and are squashed anyway.
const WANTED: (u32, u32) = (1024, 768);
/// Supported formats, best first: MJPEG fits USB 2 at full rate, GREY has no colour to judge.
const FORMATS: [[u8; 4]; 6] = [*b"MJPG", *b"YUYV", *b"NV12", *b"RGB3", *b"BGR3", *b"GREY"];

/// The supported formats for messages.
pub const UNDERSTOOD: &str = "MJPEG, YUYV, NV12, RGB24, BGR24 and GREY";

/// The format and size to request; `None` if none is supported.
pub fn choose(device: &Device) -> io::Result<Option<Format>> {
    let offered: Vec<FourCC> = device.enum_formats()?.into_iter().map(|format| format.fourcc).collect();
    let Some(fourcc) = FORMATS.iter().map(FourCC::new).find(|known| offered.contains(known)) else { return Ok(None) };
    let (width, height) = choose_size(&sizes(device, fourcc));
    Ok(Some(Format::new(width, height, fourcc)))
}

/// All formats and sizes of the camera.
pub fn offered(device: &Device) -> io::Result<Vec<CameraFormat>> {
    let formats = device.enum_formats()?.into_iter().map(|format| CameraFormat {
        name: String::from_utf8_lossy(&format.fourcc.repr).trim_end().to_string(),
        understood: FORMATS.contains(&format.fourcc.repr),
        sizes: sizes(device, format.fourcc),
    });
    Ok(formats.collect())
}

/// The sizes of a format; for a range, the one nearest to the wanted size.
fn sizes(device: &Device, fourcc: FourCC) -> Vec<(u32, u32)> {
    let sizes = device.enum_framesizes(fourcc).unwrap_or_default();
    let size = |size: FrameSizeEnum| match size {
        FrameSizeEnum::Discrete(size) => (size.width, size.height),
        FrameSizeEnum::Stepwise(range) => (
            stepped(WANTED.0, range.min_width, range.max_width, range.step_width),
            stepped(WANTED.1, range.min_height, range.max_height, range.step_height),
        ),
    };
    sizes.into_iter().map(|offered| size(offered.size)).collect()
}

/// The smallest size that is at least [`WANTED`], else the largest.
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

/// The encoding of a format; `None` if unsupported.
pub fn encoding(format: &Format) -> Option<Encoding> {
    let (width, height) = (format.width as usize, format.height as usize);
    let stride_or = |least: usize| (format.stride as usize).max(least);
    match &format.fourcc.repr {
        b"MJPG" => Some(Encoding::Mjpeg),
        b"YUYV" => Some(Encoding::Yuyv { width, height, stride: stride_or(width * 2) }),
        b"NV12" => Some(Encoding::Nv12 { width, height, stride: stride_or(width) }),
        b"RGB3" => Some(Encoding::Rgb { width, height, stride: stride_or(width * 3) }),
        b"BGR3" => Some(Encoding::Bgr { width, height, stride: stride_or(width * 3) }),
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

    #[test]
    fn every_format_that_is_asked_for_has_a_meaning() {
        for fourcc in FORMATS {
            assert!(encoding(&Format::new(64, 48, FourCC::new(&fourcc))).is_some(), "{fourcc:?}");
        }
        assert_eq!(encoding(&Format::new(64, 48, FourCC::new(b"H264"))), None);
    }
}
