//! Cameras, GPIO chips and disks of Linux.

use std::{fs::File, io, path::Path};

use super::Files;
use crate::{
    commands::doctor::examination::facts::{Disk, GpioChip, GpioState, VideoKind, VideoNode},
    source::camera::{self, Delivers},
};

pub(super) fn video_nodes(files: &Files) -> Vec<VideoNode> {
    let node = |name: String| {
        let path = files.path("dev").join(&name);
        VideoNode {
            kind: match camera::examine(&path) {
                Ok(Delivers::Pictures) => VideoKind::Camera,
                Ok(Delivers::UnknownFormats) => VideoKind::UnknownFormats,
                Ok(Delivers::Metadata) => VideoKind::Metadata,
                Ok(Delivers::Nothing) => VideoKind::Other,
                Err(error) => match error.kind() {
                    io::ErrorKind::PermissionDenied => VideoKind::Denied,
                    io::ErrorKind::ResourceBusy => VideoKind::Busy,
                    _ => VideoKind::Failed { reason: error.to_string() },
                },
            },
            path: format!("/dev/{name}"),
            // Readable for everybody, even if the node is not.
            name: files.text(&format!("sys/class/video4linux/{name}/name")),
        }
    };
    files.numbered("dev", "video").into_iter().map(node).collect()
}

pub(super) fn gpio_chips(files: &Files) -> Vec<GpioChip> {
    let chip = |name: String| {
        let path = files.path("dev").join(&name);
        // gpio-cdev hides the kind of an error.
        let opened = File::open(&path).map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => GpioState::Denied,
            _ => GpioState::Failed { reason: error.to_string() },
        });
        let asked = opened
            .and_then(|_| gpio_cdev::Chip::new(&path).map_err(|error| GpioState::Failed { reason: error.to_string() }));
        GpioChip {
            path: format!("/dev/{name}"),
            state: match asked {
                Ok(chip) => GpioState::Open { label: chip.label().to_owned(), lines: chip.num_lines() },
                Err(state) => state,
            },
        }
    };
    files.numbered("dev", "gpiochip").into_iter().map(chip).collect()
}

/// The file system that `path` lies on.
pub(super) fn disk(path: &Path) -> Option<Disk> {
    let told = nix::sys::statvfs::statvfs(path).ok()?;
    let unit = told.fragment_size();
    let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf()).display().to_string();
    Some(Disk { path, free: bytes(told.blocks_available(), unit), total: bytes(told.blocks(), unit) })
}

/// Converts the system's types, which have 32 bits on some boards.
fn bytes(blocks: impl Into<u64>, unit: impl Into<u64>) -> u64 {
    blocks.into().saturating_mul(unit.into())
}
