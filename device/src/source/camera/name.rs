//! How a user names a camera.

use std::{fmt, path::PathBuf, str::FromStr};

use super::Camera;

/// The requested camera.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CameraName {
    /// The first camera.
    Auto,
    /// The camera at `/dev/videoN`, or the Nth on other systems.
    Number(u32),
    /// By node: `/dev/video2`, or a link to one, as in `/dev/v4l/by-path`.
    Node(PathBuf),
    /// By name in `/dev/v4l/by-path` or `/dev/v4l/by-id`, by socket, serial number, or the maker's name.
    Named(String),
}

impl FromStr for CameraName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "" => Err("name a camera: auto, a number, a node such as /dev/video0, or its name".into()),
            "auto" => Ok(Self::Auto),
            _ if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                text.parse().map(Self::Number).map_err(|_| format!("{text} is too large for a camera number"))
            }
            _ if text.starts_with('/') => Ok(Self::Node(text.into())),
            _ => Ok(Self::Named(text.into())),
        }
    }
}

impl fmt::Display for CameraName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Node(path) => write!(f, "{}", path.display()),
            Self::Named(name) => f.write_str(name),
        }
    }
}

impl CameraName {
    /// The requested one of `cameras`, which must be sorted by number.
    pub(super) fn choose<'a>(&self, cameras: &'a [Camera]) -> Option<&'a Camera> {
        let numbered = |wanted: Option<u32>| cameras.iter().find(|camera| Some(camera.index) == wanted);
        match self {
            Self::Auto => cameras.first(),
            Self::Number(number) => numbered(Some(*number)),
            Self::Node(path) => numbered(node_number(path)),
            Self::Named(name) => {
                let link = |folder: &str| node_number(&PathBuf::from(folder).join(name));
                let linked = link("/dev/v4l/by-path").or_else(|| link("/dev/v4l/by-id"));
                numbered(linked).or_else(|| {
                    cameras.iter().find(|camera| {
                        let socket = camera.bus.as_deref();
                        camera.name == *name
                            || camera.serial.as_deref() == Some(name)
                            || socket == Some(name)
                            || socket.and_then(|socket| socket.rsplit('/').next()) == Some(name)
                    })
                })
            }
        }
    }
}

/// The number of the node at `path`, after resolving links.
fn node_number(path: &std::path::Path) -> Option<u32> {
    let real = path.canonicalize().ok()?;
    real.file_name()?.to_str()?.strip_prefix("video")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart_and_come_back() {
        for (text, name) in [
            ("auto", CameraName::Auto),
            ("2", CameraName::Number(2)),
            ("/dev/video2", CameraName::Node("/dev/video2".into())),
            ("pci-0000:00:14.0-usb-0:1:1.0-video-index0", {
                CameraName::Named("pci-0000:00:14.0-usb-0:1:1.0-video-index0".into())
            }),
        ] {
            assert_eq!(text.parse(), Ok(name.clone()));
            assert_eq!(name.to_string(), text);
        }
        assert!("".parse::<CameraName>().is_err());
        assert!("99999999999".parse::<CameraName>().is_err());
    }

    #[test]
    fn a_camera_is_chosen_by_number_link_socket_serial_and_name() {
        let camera = |index, name: &str, bus: &str, serial: Option<&str>| Camera {
            index,
            name: name.into(),
            bus: Some(bus.into()),
            serial: serial.map(Into::into),
        };
        let cameras = [camera(0, "Webcam", "pci/usb1/1-4", None), camera(2, "Scope 9", "pci/usb1/1-1", Some("S7"))];
        let chosen =
            |text: &str| text.parse::<CameraName>().expect("a name").choose(&cameras).map(|camera| camera.index);
        assert_eq!(chosen("auto"), Some(0));
        for text in ["2", "Scope 9", "1-1", "pci/usb1/1-1", "S7"] {
            assert_eq!(chosen(text), Some(2), "{text}");
        }
        for text in ["1", "Scope", "/dev/null", "/nowhere/video2"] {
            assert_eq!(chosen(text), None, "{text}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_leads_to_its_node() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("video12"), b"").expect("a file");
        let link = folder.path().join("by-path");
        std::os::unix::fs::symlink("video12", &link).expect("a link");
        assert_eq!(node_number(&link), Some(12));
        assert_eq!(node_number(&folder.path().join("absent")), None);
    }
}
