//! The video nodes of Linux and their cameras. Files are read below a root, so that tests can simulate a machine.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use v4l::{Device, capability, video::Capture as _};

use super::{controls, formats};
use crate::source::camera::{Camera, Details};

/// Kind of a video node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivers {
    /// Pictures in a supported format.
    Pictures,
    /// Pictures in unsupported formats only.
    UnknownFormats,
    /// Metadata of pictures.
    Metadata,
    /// Not a camera: a codec, a converter, an output.
    Nothing,
}

/// The nodes that deliver pictures.
pub fn connected() -> Vec<Camera> {
    nodes(Path::new("/")).into_iter().filter(|camera| delivers_pictures(camera.index)).collect()
}

/// Every node `/dev/videoN` below `root`; other names that begin so are ignored.
fn nodes(root: &Path) -> Vec<Camera> {
    let entries = fs::read_dir(root.join("dev")).into_iter().flatten().flatten();
    let mut numbers: Vec<u32> = entries
        .filter_map(|entry| {
            let name = entry.file_name();
            let digits = name.to_str()?.strip_prefix("video")?;
            // `+1` parses as a number, but is not a node.
            digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
        })
        .collect();
    numbers.sort_unstable();
    numbers.into_iter().map(|index| node(root, index)).collect()
}

fn node(root: &Path, index: u32) -> Camera {
    let text = |path: PathBuf| {
        let text = String::from_utf8_lossy(&fs::read(path).ok()?).trim().to_string();
        (!text.is_empty()).then_some(text)
    };
    let folder = root.join("sys/class/video4linux").join(format!("video{index}"));
    // For a USB camera this is one of its interfaces, in the folder of the camera itself.
    let device = folder.join("device").canonicalize().ok();
    let interface = device.as_ref().is_some_and(|device| device.join("bInterfaceNumber").exists());
    let device = if interface { device.and_then(|device| device.parent().map(Path::to_path_buf)) } else { device };
    let devices = root.join("sys/devices").canonicalize().ok();
    let bus = device.as_ref().map(|device| {
        let below = devices.and_then(|devices| Some(device.strip_prefix(devices).ok()?.to_path_buf()));
        below.unwrap_or_else(|| device.clone()).display().to_string()
    });
    Camera {
        index,
        name: text(folder.join("name")).unwrap_or_else(|| format!("video{index}")),
        bus,
        serial: device.and_then(|device| text(device.join("serial"))),
    }
}

/// Whether the node `/dev/video{index}` is a camera. A USB camera's second node delivers metadata only.
fn delivers_pictures(index: u32) -> bool {
    let capabilities = Device::new(index as usize).and_then(|device| device.query_caps());
    match capabilities {
        Ok(capabilities) => captures(capabilities.capabilities),
        // A node without permission is listed, so that opening it reports the reason.
        Err(error) => error.kind() == io::ErrorKind::PermissionDenied,
    }
}

fn captures(capabilities: capability::Flags) -> bool {
    capabilities.contains(capability::Flags::VIDEO_CAPTURE | capability::Flags::STREAMING)
}

/// Opens the node at `path` and finds its kind.
///
/// # Errors
/// When it is unusable: `PermissionDenied`, or `ResourceBusy` while another program streams.
pub fn examine(path: &Path) -> io::Result<Delivers> {
    let device = Device::with_path(path)?;
    let capabilities = device.query_caps()?.capabilities;
    if !captures(capabilities) {
        let metadata = capabilities.contains(capability::Flags::META_CAPTURE);
        return Ok(if metadata { Delivers::Metadata } else { Delivers::Nothing });
    }
    if formats::choose(&device)?.is_none() {
        return Ok(Delivers::UnknownFormats);
    }
    // Setting its current format changes nothing, and fails while another program streams.
    device.format().and_then(|format| device.set_format(&format))?;
    Ok(Delivers::Pictures)
}

/// Reads a camera's formats and controls.
pub fn details(camera: &Camera) -> Details {
    let path = |index: u32| format!("/dev/video{index}");
    let mut paths = vec![path(camera.index)];
    // Without a socket its other nodes are unknown.
    let others = nodes(Path::new("/")).into_iter().filter(|_| camera.bus.is_some());
    let others = others.filter(|node| node.bus == camera.bus && node.index != camera.index);
    paths.extend(others.map(|node| path(node.index)));
    let asked = Device::new(camera.index as usize)
        .and_then(|device| Ok((formats::offered(&device)?, controls::present(&device))));
    let (formats, controls, problem) = match asked {
        Ok((formats, controls)) => (formats, controls, None),
        Err(error) => (Vec::new(), Vec::new(), Some(format!("it cannot be queried ({error})"))),
    };
    Details { camera: camera.clone(), nodes: paths, formats, controls, problem }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn nodes_know_their_camera_and_odd_names_are_no_nodes() {
        let root = tempfile::tempdir().expect("a folder");
        let usb = root.path().join("sys/devices/pci0/usb1/1-2");
        let interface = usb.join("1-2:1.0");
        let class = root.path().join("sys/class/video4linux/video2");
        let ribbon = root.path().join("sys/devices/platform/unicam");
        for folder in [&interface, &class, &ribbon, &root.path().join("dev")] {
            fs::create_dir_all(folder).expect("a folder");
        }
        for name in ["video2", "video10", "video", "video-left", "video+3", "videos", "video99999999999"] {
            fs::write(root.path().join("dev").join(name), b"").expect("a node");
        }
        for (path, text) in [
            (usb.join("serial"), "S-77\n"),
            (interface.join("bInterfaceNumber"), "00\n"),
            (class.join("name"), "Scope 9: Scope 9\n"),
        ] {
            fs::write(path, text).expect("a file");
        }
        symlink(&interface, class.join("device")).expect("a link");
        let found = nodes(root.path());
        assert_eq!(found.len(), 2, "{found:?}");
        let scope = Camera {
            index: 2,
            name: "Scope 9: Scope 9".into(),
            bus: Some("pci0/usb1/1-2".into()),
            serial: Some("S-77".into()),
        };
        assert_eq!(found[0], scope);
        assert_eq!(found[1], Camera { index: 10, name: "video10".into(), bus: None, serial: None });
    }
}
