//! The source as named on the command line and in the settings.

use std::{fmt, path::PathBuf, str::FromStr};

use super::camera::CameraName;

/// A source of frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceName {
    /// A camera.
    Camera(CameraName),
    /// A folder of pictures.
    Folder(PathBuf),
}

impl FromStr for SourceName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("camera") {
            Some("") => Ok(Self::Camera(CameraName::Auto)),
            Some(rest) if rest.starts_with(':') => match rest[1..].parse() {
                Ok(number) => Ok(Self::Camera(CameraName::Number(number))),
                Err(_) => Err("give a camera number after the colon, such as camera:0".into()),
            },
            _ if text.is_empty() => Err("name a folder or a camera".into()),
            _ => Ok(Self::Folder(text.into())),
        }
    }
}

/// As in the settings: a camera's name, or a folder.
impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Camera(name) => name.fmt(f),
            Self::Folder(folder) => folder.display().fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_told_apart() {
        assert_eq!("camera".parse(), Ok(SourceName::Camera(CameraName::Auto)));
        assert_eq!("camera:2".parse(), Ok(SourceName::Camera(CameraName::Number(2))));
        assert_eq!("cameras".parse(), Ok(SourceName::Folder("cameras".into())));
        assert!("camera:x".parse::<SourceName>().is_err());
        assert!("".parse::<SourceName>().is_err());
    }
}
