//! The command `cameras`: lists the connected cameras, their formats and controls.

use std::io::{self, Write};

use serde::Serialize;

use crate::{
    source::camera::{self, CameraControl, CameraFormat, Details},
    support::text::harmless,
};

#[derive(Serialize)]
struct List<'a> {
    cameras: &'a [Details],
}

/// Writes the connected cameras to `out`, as a list or as one JSON object. True if there are any.
///
/// # Errors
/// When `out` cannot be written.
pub fn run(json: bool, mut out: impl Write) -> io::Result<bool> {
    let cameras: Vec<Details> = camera::connected().iter().map(camera::details).collect();
    if json {
        serde_json::to_writer(&mut out, &List { cameras: &cameras })?;
        writeln!(out)?;
    } else {
        cameras.iter().try_for_each(|camera| write(camera, &mut out))?;
    }
    Ok(!cameras.is_empty())
}

fn write(details: &Details, out: &mut impl Write) -> io::Result<()> {
    let Details { camera, nodes, formats, controls, problem } = details;
    writeln!(out, "{}", harmless(&camera.to_string()))?;
    let mut row = |name: &str, value: &str| writeln!(out, "  {name:9}{}", harmless(value));
    if !nodes.is_empty() {
        row("nodes", &nodes.join(", "))?;
    }
    if let Some(bus) = &camera.bus {
        row("socket", bus)?;
    }
    if let Some(serial) = &camera.serial {
        row("serial", serial)?;
    }
    for format in formats {
        row("format", &format_text(format))?;
    }
    for control in controls {
        row("control", &control_text(control))?;
    }
    if let Some(problem) = problem {
        row("problem", problem)?;
    }
    Ok(())
}

fn format_text(CameraFormat { name, understood, sizes }: &CameraFormat) -> String {
    let sizes: Vec<String> = sizes.iter().map(|(width, height)| format!("{width}x{height}")).collect();
    let but = if *understood { "" } else { " (not supported)" };
    format!("{name} {}{but}", sizes.join(" "))
}

fn control_text(CameraControl { name, value, automatic }: &CameraControl) -> String {
    let value = value.map(|value| format!(" {value}")).unwrap_or_default();
    let by = match automatic {
        Some(true) => ", automatic: --lock-exposure fixes it",
        Some(false) => ", fixed",
        None => "",
    };
    format!("{name}{value}{by}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::camera::Camera;

    #[test]
    fn a_camera_is_described_in_lines_and_in_json() {
        let details = Details {
            camera: Camera {
                index: 2,
                name: "Scope\u{1b}[31m".into(),
                bus: Some("usb1/1-2".into()),
                serial: Some("S7".into()),
            },
            nodes: vec!["/dev/video2".into(), "/dev/video3".into()],
            formats: vec![
                CameraFormat { name: "MJPG".into(), understood: true, sizes: vec![(640, 480), (1280, 960)] },
                CameraFormat { name: "H264".into(), understood: false, sizes: vec![(640, 480)] },
            ],
            controls: vec![
                CameraControl { name: "exposure", value: Some(157), automatic: Some(true) },
                CameraControl { name: "gain", value: Some(64), automatic: None },
            ],
            problem: None,
        };
        let mut text = Vec::new();
        write(&details, &mut text).expect("memory");
        let text = String::from_utf8(text).expect("UTF-8");
        let expected = "  nodes    /dev/video2, /dev/video3\n  socket   usb1/1-2\n  serial   S7\n  \
            format   MJPG 640x480 1280x960\n  format   H264 640x480 (not supported)\n  \
            control  exposure 157, automatic: --lock-exposure fixes it\n  control  gain 64\n";
        let (first, rest) = text.split_once('\n').expect("lines");
        assert!(first.starts_with("camera:2 (Scope") && !first.contains('\u{1b}'), "{first}");
        assert_eq!(rest, expected);
        let json = serde_json::to_value(List { cameras: &[details] }).expect("JSON");
        let camera = &json["cameras"][0];
        assert_eq!((&camera["index"], &camera["serial"]), (&2.into(), &"S7".into()));
        assert_eq!(camera["formats"][0]["sizes"][1], serde_json::json!([1280, 960]));
        assert_eq!(camera["controls"][0]["automatic"], true);
    }
}
