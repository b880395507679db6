//! Cameras on systems other than Linux; no other facts are collected there.

use std::path::Path;

use super::Files;
use crate::{
    commands::doctor::examination::facts::{Disk, GpioChip, VideoKind, VideoNode},
    source::camera,
};

pub(super) fn video_nodes(_: &Files) -> Vec<VideoNode> {
    let node = |camera: camera::Camera| VideoNode {
        path: format!("camera:{}", camera.index),
        name: Some(camera.name),
        kind: VideoKind::Camera,
    };
    camera::connected().into_iter().map(node).collect()
}

pub(super) fn gpio_chips(_: &Files) -> Vec<GpioChip> {
    Vec::new()
}

pub(super) fn disk(_: &Path) -> Option<Disk> {
    None
}
